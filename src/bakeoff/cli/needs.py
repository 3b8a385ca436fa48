"""`bakeoff needs`: a short wizard on a terminal, plain options off it; writes `[needs]` of the project file."""

import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bakeoff.cli.output import Language, answer, language_option, print_json, print_table, say

if TYPE_CHECKING:
    from bakeoff.needs import Needs, Question

OPTIONS: tuple[tuple[str, str], ...] = (
    ("task", "What the model is asked to do: chat, classification, extraction, rag, coding, ..."),
    ("languages", "ISO codes with commas: vi,en."),
    ("inputs", "text, image, audio, video; with commas."),
    ("domain", "A subject that is worth a specialised model: medical, legal, ..."),
    ("hardware", '"this machine", a machine by name, or "none" for hosted models only.'),
    ("context_tokens", "Prompt and answer of one request have room in it."),
    ("prompt_tokens", "Of a usual request."),
    ("output_tokens", "Of a usual answer, thinking included."),
    ("concurrent_users", "Requests at the same time."),
    ("min_decode_tokens_per_second", "Slower is too slow."),
    ("max_time_to_first_token_ms", "Later is too late."),
    ("prefer", "quality, balanced, speed, or cost."),
    ("license", "any, commercial, or osi-approved."),
    ("openness", "weights, weights+data, or fully-open."),
    ("privacy", "local-only, private-cloud, or any."),
    ("budget_usd_per_month", "At most so much."),
    ("requests_per_day", "The load."),
    ("growth_per_year", "0.5: half as many again each year."),
    ("fine_tuning", "yes, where the model will be fine-tuned."),
    ("max_age_months", "Nothing that was released longer ago."),
)


def needs_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """One option for each need."""
    for key, text in reversed(OPTIONS):
        command = click.option(f"--{key.replace('_', '-')}", key, help=text)(command)
    return command


@click.command("needs")
@click.option("--project", type=click.Path(path_type=Path), default=Path(), help="Folder [default: this one].")
@click.option("--template", "template_", metavar="NAME", help="Start from a usual situation; `list` shows them.")
@needs_options
@click.option("--ask/--no-ask", default=None, help="Ask the questions [default: on a terminal without options].")
@click.option("--json", "as_json", is_flag=True, help="Print the needs as JSON (schema bakeoff.needs).")
@language_option
def needs_command(
    project: Path, template_: str | None, ask: bool | None, as_json: bool, lang: Language, **values: str | None
) -> None:
    """Say what you need; writes [needs] of bakeoff.toml.

    \b
    Examples:
      bakeoff needs
      bakeoff needs --template support-triage --languages vi,en
      bakeoff needs --task coding --hardware "RTX 4090, 64 GB RAM" --license commercial
    """
    from bakeoff.needs import Needs, parse_needs, template
    from bakeoff.project.needs import read_needs, write_needs

    if template_ == "list":
        _print_templates(lang)
        return
    before = read_needs(project)
    start = before or Needs()
    if template_ is not None:
        start = parse_needs(template(template_).needs, start)
    given = {key: value for key, value in values.items() if value is not None}
    found = parse_needs(given, start)
    _check_machine(found)
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if ask or (ask is None and terminal and not given and template_ is None and not as_json):
        found = _asked(found, lang)
    _refuse_contradictions(found, lang)
    if found != before:
        path = write_needs(project, found)
        say(_sentence("needs.written", lang, path=str(path)))
    if as_json:
        from bakeoff.values import to_json

        print_json({"schema": "bakeoff.needs", "version": 1, "needs": to_json(found)})
        return
    print_table([_word("key", lang), _word("value", lang)], _rows(found))
    if template_ is not None:
        _propose_graders(template_, lang)


def _rows(needs: "Needs") -> list[list[str]]:
    return [[field.name, _shown(getattr(needs, field.name))] for field in fields(needs)]


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:,g}" if isinstance(value, float) else str(value)


def _print_templates(lang: Language) -> None:
    from bakeoff.needs import TEMPLATES

    rows = [[one.name, str(one.needs["task"]), ", ".join(str(g["kind"]) for g in one.graders)] for one in TEMPLATES]
    print_table([_word("template", lang), "task", "graders"], rows)


def _propose_graders(name: str, lang: Language) -> None:
    """The graders that such rows are usually judged by, as they are written into the project file."""
    from bakeoff.needs import template

    say(_sentence("needs.graders", lang))
    for grader in template(name).graders:
        lines = ["[[graders]]", *(f"{key} = {_toml(value)}" for key, value in grader.items())]
        answer("\n".join(lines))


def _toml(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _asked(needs: "Needs", lang: Language) -> "Needs":
    """Ask every question that matters; what contradicts is asked again."""
    from bakeoff.needs import QUESTIONS, contradictions

    say(_sentence("needs.wizard", lang))
    for question in QUESTIONS:
        if question.asked(needs):
            needs = _ask(question, needs, lang)
    while found := contradictions(needs):
        say(f"! {_reason(found[0], lang)}")
        key = str(found[0].parameters["key"])
        needs = _ask(next(question for question in QUESTIONS if question.key == key), needs, lang)
    return needs


def _ask(question: "Question", needs: "Needs", lang: Language) -> "Needs":
    from bakeoff.errors import UsageError
    from bakeoff.needs import parse_needs

    say(f"\n{_reason(question.why, lang)}")
    if question.choices:
        say(f"  {' | '.join(question.choices)}")
    while True:
        text = click.prompt(
            _reason(question.words, lang), default=_shown(getattr(needs, question.key)), err=True, prompt_suffix=": "
        ).strip()
        if text == _shown(getattr(needs, question.key)):
            return needs
        try:
            found = parse_needs({question.key: None if text == "-" else text}, needs)
            _check_machine(found)
            return found
        except UsageError as error:
            say(f"! {error.message}: {error.hint}")


def _check_machine(needs: "Needs") -> None:
    """Refuse a machine that means nothing now, and not when it is first planned for.

    Raises:
        UsageError: with the nearest names.
    """
    from bakeoff.hardware import machine
    from bakeoff.needs.needs import NO_HARDWARE, THIS_MACHINE

    if needs.hardware not in (NO_HARDWARE, THIS_MACHINE):
        machine(needs.hardware)


def _refuse_contradictions(needs: "Needs", lang: Language) -> None:
    from bakeoff.errors import UsageError
    from bakeoff.needs import contradictions

    found = contradictions(needs)
    if found:
        raise UsageError("\n".join(_reason(one, lang) for one in found), hint="nothing was written")


def _reason(reason: Any, lang: Language) -> str:
    from bakeoff.report.words import sentence

    return sentence(reason, lang)


def _sentence(code: str, lang: Language, **parameters: Any) -> str:
    from bakeoff.values import Reason

    return _reason(Reason(code, parameters), lang)


def _word(name: str, lang: Language) -> str:
    return _sentence("needs.word", lang, name=name)
