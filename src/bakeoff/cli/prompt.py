"""`bakeoff prompt`: what is sent, looked at before it is sent."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bakeoff.cli.output import answer, print_json, say

if TYPE_CHECKING:
    from bakeoff.project.preview import Preview

MOST_SHOWN = 2000
"""Characters of one text in the readable form; pictures in base64 are long. `--raw` is whole."""


@click.group("prompt")
def prompt_command() -> None:
    """Look at prompts before they are sent.

    \b
    Examples:
      bakeoff prompt preview
      bakeoff prompt preview 17 --candidate "qwen3:8b"
      bakeoff prompt preview 17 --raw > request.json
    """


@prompt_command.command("preview")
@click.argument("row_id", metavar="[ROW]", required=False)
@click.option("--project", type=click.Path(path_type=Path), default=".", help="The project folder (default: this one).")
@click.option("--candidate", "names", multiple=True, help="Only this candidate; can be given several times.")
@click.option("--raw", is_flag=True, help="The exact bytes of the request and nothing else; needs one candidate.")
@click.option("--no-engine", is_flag=True, help="Do not start the embedded engine to see what it makes of the prompt.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON (schema bakeoff.prompt).")
def preview_command(
    row_id: str | None, project: Path, names: tuple[str, ...], raw: bool, no_engine: bool, as_json: bool
) -> None:
    """Show ROW (an id; default: the first) as each candidate gets it. No model is asked.

    \b
    Examples:
      bakeoff prompt preview
      bakeoff prompt preview 17 --candidate "qwen3:8b" --raw

    For the embedded engine and for a llama-server also the text after the chat template, and its tokens.
    """
    from bakeoff.errors import UsageError
    from bakeoff.project import Project

    found = Project(project).preview(row_id, candidates=names, engines=not (no_engine or raw))
    if raw:
        if len(found) != 1:
            raise UsageError(
                f"--raw shows one request, and there are {len(found)}", hint='choose one: --candidate "NAME"'
            )
        if found[0].error is not None:
            raise found[0].error
        sys.stdout.buffer.write(found[0].body)
        sys.stdout.buffer.flush()
        return
    if as_json:
        print_json({"schema": "bakeoff.prompt", "version": 1, "previews": [_as_json(one) for one in found]})
        return
    for one in found:
        _show(one)


def _as_json(one: "Preview") -> dict[str, Any]:
    return {
        "candidate": one.candidate,
        "where": one.where,
        "path": one.path,
        "body": json.loads(one.body) if one.body else None,
        "text": one.text,
        "n_tokens": None if one.tokens is None else len(one.tokens),
        "tokens": None if one.tokens is None else list(one.tokens),
        "error": one.error.message if one.error is not None else None,
    }


def _show(one: "Preview") -> None:
    """The request in readable form, then what the model reads."""
    from bakeoff.report.text import clean

    answer(f"== {clean(one.candidate)}")
    if one.body:
        answer(f"POST {clean(one.where)}{one.path}, {len(one.body):,} bytes")
        answer(clean(json.dumps(_shortened(json.loads(one.body)), ensure_ascii=False, indent=2)))
    if one.text is not None:
        answer(f"-- what the model reads, {len(one.tokens or ()):,} tokens")
        answer(clean(one.text))
    answer("")
    if one.error is not None:
        say(f"{clean(one.candidate)}: {one.error.message}")


def _shortened(value: Any) -> Any:
    """The body with very long texts cut, so that a picture does not fill the screen."""
    if isinstance(value, dict):
        return {name: _shortened(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    if isinstance(value, str) and value.startswith("data:") and len(value) > MOST_SHOWN:
        return f"{value[:60]}… ({len(value):,} characters)"
    return value
