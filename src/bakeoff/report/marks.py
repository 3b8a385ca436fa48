"""Markdown (GitHub flavour) from text that may hold anything: spans, blocks, tables, lists."""

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(
    r"([\\`*\[\]<>|~$])"  # emphasis, code, links, HTML, tables, strikethrough, mathematics
    r"|(?<![^\W_])(_)|(_)(?![^\W_])"  # emphasis; not inside a word
    r"|^\s*([-+=#])|(#)(?=\d)|(@)(?=\w)|(&)(?=[#\w])"  # lists, headings, issue numbers, mentions, entities
    r"|(?<=^\d)([.)])(?=\s)|(?<=^\d\d)([.)])(?=\s)|(:)(?=//)|(?<=\bwww)(\.)"  # numbered lists, bare links
)


def escape(value: str) -> str:
    """Text that shows as it is: no markup, no link, no mention, no HTML, no list or heading at the start of a line."""
    return _SPECIAL.sub(lambda match: f"{match[0][:-1]}\\{match[0][-1]}", value)


def code(value: str) -> str:
    """A code span around any one-line text (CommonMark 6.1: a fence longer than every run of backticks inside)."""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", value)), default=0))
    pad = " " if value.startswith("`") or value.endswith("`") or not value.strip() else ""
    return f"{fence}{pad}{value}{pad}{fence}"


def block(value: str) -> str:
    """A fenced code block around any text (CommonMark 4.5)."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", value)), default=0))
    return f"{fence}text\n{value}\n{fence}"


def grid(header: Sequence[str], lines: Iterable[Sequence[str]], *, text_columns: int) -> str:
    """A table; the first so many columns are text, the others numbers."""
    rule = ["---" if index < text_columns else "--:" for index in range(len(header))]
    return "\n".join(
        [_line(map(escape, header)), _line(rule), *(_line(map(escape, cells)) for cells in lines)],
    )


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def bullets(items: Iterable[str]) -> str:
    """A list; the items are Markdown already."""
    return "\n".join(f"- {item}" for item in items)
