"""How to run the choice for real: one command and the first steps. Knows no markup."""

from dataclasses import dataclass
from shlex import quote

from bakeoff.report.numbers import Language
from bakeoff.report.stages import DeployFacts
from bakeoff.report.text import clean, one_line
from bakeoff.report.words import label, sentence


@dataclass(frozen=True, slots=True)
class RunningView:
    """The whole section."""

    lead: str
    """Empty where a provider hosts it."""

    command: str
    """Empty where there is none."""

    steps: tuple[str, ...]
    more: str
    """Where the other files are; empty where a provider hosts it."""


def running(found: DeployFacts | None, lang: Language) -> RunningView | None:
    """The section; None where nothing is known that could run the choice."""
    if found is None:
        return None
    steps = tuple(sentence(step, lang) for step in found.steps)
    if found.command is None:
        return RunningView("", "", steps, "")
    named = {"model": found.model, "build": found.build, "engine": found.engine, "machine": found.machine}
    return RunningView(
        lead=label("running.lead", lang, candidate=found.candidate, **named),
        command=clean(found.command),
        steps=steps,
        more=label("running.more", lang, candidate=quote(one_line(found.candidate))),
    )
