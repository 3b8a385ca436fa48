"""`bakeoff probe`: how fast a server is when several ask at once."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bakeoff.cli.output import Language, answer, language_option, print_json, print_table, say

if TYPE_CHECKING:
    from bakeoff.evaluate.probe import Level, Spread
    from bakeoff.project.probing import Probed


@click.command("probe")
@click.argument("target")
@click.option("--project", type=click.Path(path_type=Path), default=Path(), help="Folder [default: this one].")
@click.option("--model", help="Id in the requests to a URL [the only one that the server offers].")
@click.option("--key", metavar="NAME", help="Environment variable that holds the key for a URL.")
@click.option("--levels", metavar="N,N,...", help="Requests at a time. [1,2,4,...,64; embedded engine 1,2,4,8]")
@click.option("--requests", type=click.IntRange(1), help="Requests of each level. [twice the level, at least 8]")
@click.option("--prompt-tokens", type=click.IntRange(16), help="Tokens of each prompt. [needs, else 700]")
@click.option("--output-tokens", type=click.IntRange(2), help="Tokens of each answer. [needs]")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON (schema bakeoff.probe).")
@click.option("--quiet", is_flag=True, help="No progress, no notes.")
@language_option
def probe_command(
    target: str, project: Path, levels: str | None, as_json: bool, quiet: bool, lang: Language, **asked: Any
) -> int:
    """Measure TARGET, a base URL or a candidate of the project, at more and more requests at once.

    Stops at the first level that breaks the latency needs or fails more than 1 request in 100. Prompts are all
    different, so that no cache helps. Exit code 1: not even one request at a time keeps the needs.

    \b
    Examples:
      bakeoff probe http://127.0.0.1:8080/v1 --levels 1,4,16 --output-tokens 200
      bakeoff probe https://openrouter.ai/api/v1 --model qwen/qwen3-8b --key OPENROUTER_API_KEY
      bakeoff probe "SmolLM2-135M-Instruct Q4_1" --json
    """
    from bakeoff.project.probing import Wanted, probe_target
    from bakeoff.report.words import sentence

    wanted = Wanted(_levels(levels), asked["requests"], asked["prompt_tokens"], asked["output_tokens"])
    found = probe_target(
        target,
        project,
        wanted,
        model=asked["model"],
        key=asked["key"],
        on_level=None if quiet else lambda level: say(_line(level, lang)),
        note=None if quiet else lambda one: say(sentence(one, lang)),
    )
    if as_json:
        print_json(document(found))
    else:
        _show(found, lang)
    return 0 if found.highest is not None else 1


def _levels(text: str | None) -> tuple[int, ...] | None:
    from bakeoff.errors import UsageError

    if text is None:
        return None
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() and 1 <= int(part) <= 1024 for part in parts):
        raise UsageError(f"--levels {text[:40]!r} is not a list of numbers up to 1024", hint="write --levels 1,2,4,8")
    return tuple(sorted({int(part) for part in parts}))


def _line(level: "Level", lang: Language) -> str:
    from bakeoff.report.words import label

    return label("probe.progress", lang, n=level.concurrency, requests=level.requests, failed=level.failed)


def _show(found: "Probed", lang: Language) -> None:
    from bakeoff.report import numbers
    from bakeoff.report.probe_json import verdict
    from bakeoff.report.words import label, sentence

    def spread(value: "Spread | None") -> str:
        if value is None:
            return "-"
        return " / ".join(numbers.milliseconds(one, lang) for one in (value.p50, value.p95, value.p99))

    lines = []
    for level in found.levels:
        rate = "-" if level.tokens_per_second is None else numbers.rate(level.tokens_per_second, lang)
        errors = numbers.percent(level.error_rate, lang, trim=True)
        first, per_token = spread(level.first_token_ms), spread(level.per_token_ms)
        lines.append([str(level.concurrency), str(level.requests), errors, first, per_token, rate])
    names = ("concurrency", "requests", "errors", "first_token", "per_token", "rate")
    print_table([label(f"probe.column.{name}", lang) for name in names], lines, numeric=set(range(6)))
    for level in found.levels:
        for one in level.broken:
            answer(f"{level.concurrency}: {sentence(one, lang)}")
    answer(sentence(verdict(found.target, found.levels, found.limits), lang))


def document(found: "Probed") -> dict[str, Any]:
    """The schema `bakeoff.probe`, version 1 (docs/reference/json.md)."""
    from bakeoff.report.probe_json import SCHEMA, VERSION, levels_json, verdict
    from bakeoff.report.reasons_json import reason_json
    from bakeoff.values import to_json

    return {
        "schema": SCHEMA,
        "version": VERSION,
        "target": found.target,
        "where": found.where,
        "model": found.model,
        "prompt_tokens": found.prompt_tokens,
        "output_tokens": found.output_tokens,
        "limits": to_json(found.limits),
        "highest_concurrency": found.highest,
        "sentence": reason_json(verdict(found.target, found.levels, found.limits)),
        "levels": levels_json(found.levels),
    }
