"""The one place that prints. Standard output is the answer; everything else goes to standard error.

Without a terminal there is no colour, no box and nothing is cut off. Imports nothing heavy: every `--help` loads it.
"""

import json
import os
import sys
from typing import Any, Literal

import click

Language = Literal["en", "vi"]


def print_json(value: Any) -> None:
    """One JSON document on standard output, readable, never cut."""
    print(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def say(text: str) -> None:
    """A line for people, beside the answer: standard error."""
    print(text, file=sys.stderr)


def answer(text: str) -> None:
    """A line of the answer: standard output."""
    print(text)


def default_language() -> Language:
    """`BAKEOFF_LANG`, else Vietnamese where the system's language is, else English."""
    for name in ("BAKEOFF_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "vi" if value.lower().startswith("vi") else "en"
    return "en"


def language_option(command: Any) -> Any:
    """`--lang en|vi`, for tables and sentences; names and JSON keys stay English."""
    return click.option(
        "--lang",
        type=click.Choice(["en", "vi"]),
        default=default_language,
        show_default="BAKEOFF_LANG or the system's",
        help="Language of tables and sentences.",
    )(command)


def print_table(header: list[str], rows: list[list[str]], *, numeric: set[int] | None = None) -> None:
    """A table on standard output: aligned on a terminal, tab-separated and whole off it.

    On a terminal that is too narrow for the longest words of all columns, the lines stand one below the other.
    """
    right = numeric or set()
    if not sys.stdout.isatty():
        for line in [header, *rows]:
            print("\t".join(line))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for index, name in enumerate(header):
        table.add_column(name, justify="right" if index in right else "left", overflow="fold")
    for line in rows:
        table.add_row(*(Text(cell) for cell in line))
    console = Console(highlight=False)
    if console.measure(table, options=console.options.update(max_width=1_000_000)).minimum <= console.width:
        console.print(table)
        return
    print("\n" + "\n\n".join(_stacked(header, line) for line in rows) + "\n")


def _stacked(header: list[str], line: list[str]) -> str:
    """One line of a table as lines of its own: what has no heading and the first cell, then `heading: cell`."""
    first = next((index for index, name in enumerate(header) if name), 0)
    title = " ".join(cell for cell in line[: first + 1] if cell)
    named = zip(header[first + 1 :], line[first + 1 :], strict=False)
    return "\n".join([title, *(f"  {name}: {cell}" if name else f"  {cell}" for name, cell in named if cell)])
