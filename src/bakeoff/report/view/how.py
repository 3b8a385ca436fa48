"""How it was done, as names and values: data, prompt, grading, rule, candidates, machine. Knows no markup."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bakeoff.evaluate.graders import GraderFacts
from bakeoff.evaluate.request import json_digest
from bakeoff.evaluate.types import Prompt
from bakeoff.report import numbers
from bakeoff.report.data import CandidateFacts, MachineFacts, ReportData
from bakeoff.report.numbers import Language
from bakeoff.report.text import clean, one_line, shorten
from bakeoff.report.words import label
from bakeoff.values import to_json

MOST_PROMPT, MOST_LINE, MOST_PARAMETER = 20_000, 1000, 300
"""Characters of a template, of a line, and of one parameter (a grammar can be long), that the report shows."""


SYSTEMS = {"linux": "Linux", "darwin": "macOS", "windows": "Windows"}


@dataclass(frozen=True, slots=True)
class CandidateView:
    """One candidate: its name, and lines of (what, value)."""

    name: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class HowView:
    """What somebody needs to do it again."""

    facts: tuple[tuple[str, str], ...]
    """(what, value) in words."""

    prompt: tuple[tuple[str, str], ...]
    """(part, template) exactly as sent."""

    examples: tuple[tuple[str, str], ...]
    """Few-shot examples: (user, assistant)."""

    candidates: tuple[CandidateView, ...]
    digests: tuple[tuple[str, str], ...]


def how(data: ReportData, lang: Language) -> HowView:
    """How the report's numbers came about."""
    prompt = data.prompt
    parts = [part for variant in (data.variants or (prompt,)) for part in _prompt(variant, lang)]
    files = [(one_line(c.name), c.sha256) for c in data.candidates if c.sha256]
    return HowView(
        facts=tuple(_facts(data, lang)),
        prompt=tuple((name, shorten(clean(part), MOST_PROMPT)) for name, part in parts if part),
        examples=tuple((clean(example.user), clean(example.assistant)) for example in prompt.examples),
        candidates=tuple(_candidate(candidate, lang) for candidate in data.candidates),
        digests=(
            (label("how.data_digest", lang), data.data.digest),
            (label("how.prompt_digest", lang), data.prompt_digest),
            (label("how.parameters_digest", lang), parameters_digest(data)),
            *_judge_digest(data, lang),
            *files,
            *_sources(data, lang),
        ),
    )


def parameters_digest(data: ReportData) -> str:
    """SHA-256 over every candidate's sampling parameters, as sent."""
    return json_digest([[one.name, to_json(one.parameters)] for one in data.candidates])


def _judge_digest(data: ReportData, lang: Language) -> Iterator[tuple[str, str]]:
    if data.judged is not None:
        yield label("how.judge_digest", lang), data.judged.settings.template_digest


def _sources(data: ReportData, lang: Language) -> Iterator[tuple[str, str]]:
    """Facts from outside the project, and the programs."""
    sources = data.stages.sources
    if sources is not None:
        yield label("how.catalog_date", lang), sources.catalog
        yield (
            label("how.prices_list", lang),
            label("how.prices_value", lang, prices=sources.prices, date=sources.prices_as_of),
        )
    engines = sorted({one_line(one.engine) for one in data.candidates if one.engine})
    yield label("how.versions", lang), shorten(", ".join([f"Bakeoff {data.bakeoff}", *engines]), MOST_LINE)


def _prompt(prompt: Prompt, lang: Language) -> list[tuple[str, str | None]]:
    """(part, template) of one variant; its name stands with each part, where it has one."""
    of = f" · {one_line(prompt.name)}" if prompt.name else ""
    return [
        (label("how.system", lang) + of, prompt.system),
        (label("how.user", lang) + of, prompt.user),
        (label("how.completion", lang) + of, prompt.completion),
        (label("how.images", lang) + of, "\n".join(prompt.images)),
    ]


def _facts(data: ReportData, lang: Language) -> list[tuple[str, str]]:
    decision = data.decision
    gap = numbers.points_in_words(decision.smallest_gap_that_matters, lang)
    found = [
        (label("how.data", lang), label("how.data_value", lang, file=data.data.file, n=data.data.n_rows)),
        *((label("how.grading", lang), _grader(grader, lang)) for grader in data.graders),
        (label("how.rule", lang), label("how.rule_value", lang, rule=label(f"rule.{decision.rule}", lang), gap=gap)),
    ]
    if data.machine is not None:
        found.append((label("how.machine", lang), _machine(data.machine, lang)))
    return found


def _machine(machine: MachineFacts, lang: Language) -> str:
    text = label(
        "how.machine_value",
        lang,
        processor=machine.processor,
        cores=machine.cores,
        memory=machine.memory_bytes,
        system=SYSTEMS.get(machine.system, machine.system),
    )
    return f"{text}; {label('how.devices', lang, devices=list(machine.devices))}" if machine.devices else text


def _grader(grader: GraderFacts, lang: Language) -> str:
    target = shorten(one_line(grader.target), MOST_PARAMETER)
    text = label(f"grader.{grader.kind}", lang, target=target)
    if labels := grader.options.get("labels"):
        text = f"{text} {label('grader.labels', lang, labels=labels)}"
    options = {name: value for name, value in grader.options.items() if name != "labels"}
    return f"{text} {label('grader.options', lang, options=_parameters(options))}" if options else text


def _candidate(candidate: CandidateFacts, lang: Language) -> CandidateView:
    places = {"embedded": label("how.embedded", lang), "file": label("how.file", lang)}
    where = places.get(candidate.via, candidate.via)
    asked = [candidate.api]
    if candidate.context_tokens is not None:
        asked.append(label("how.context", lang, n=candidate.context_tokens))
    if candidate.concurrency is not None:
        asked.append(label("how.concurrency", lang, n=candidate.concurrency))
    license = [candidate.license or label("how.unknown", lang), candidate.license_terms]
    lines = [
        (label("how.model", lang), f"{candidate.model}, {candidate.build}"),
        (label("how.where", lang), f"{where}, {candidate.engine}" if candidate.engine else where),
        (label("how.api", lang), ", ".join(asked)),
        (label("how.parameters", lang), _parameters(candidate.parameters)),
        (label("how.license", lang), ", ".join(part for part in license if part)),
    ]
    shown = ((name, shorten(one_line(value), MOST_LINE)) for name, value in lines)
    return CandidateView(
        name=shorten(one_line(candidate.name), MOST_PARAMETER),
        lines=tuple((name, value) for name, value in shown if value),
    )


def _parameters(parameters: Mapping[str, Any]) -> str:
    """`temperature = 0, max_tokens = 8`, as in the project file."""
    texts = ((name, json.dumps(value, ensure_ascii=False, sort_keys=True)) for name, value in parameters.items())
    return ", ".join(f"{name} = {shorten(value, MOST_PARAMETER)}" for name, value in texts)
