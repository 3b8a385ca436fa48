"""Templates filled from a row: nothing is escaped and nothing is added, what is typed is what is sent.

Most templates are text and plain columns, `{{ text }}`: they are put together here. Every other one, and every one of
these that something is wrong with, is for `template_sandbox`, so that there is one place that says what is an error.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from keyword import iskeyword
from typing import Any
from unicodedata import normalize

PLAIN_CHARACTERS = 1_000_000
"""Of a result that is put together here; the sandbox has the limits."""

_OPENING = re.compile(r"\{[{%#]")
_COLUMN = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_LINE_END = re.compile(r"\r\n|\r|\n")

_NOT_COLUMNS = frozenset(
    (
        "true", "false", "none", "self", "super", "loop", "caller", "varargs", "kwargs",
        "range", "dict", "cycler", "joiner", "namespace",
    )
)  # fmt: skip
"""Names that mean something to Jinja2; as Python's keywords, they are left to it."""

Parts = tuple[tuple[str, ...], tuple[str, ...]]
"""(texts, columns): a text before each column, and one after the last."""


@lru_cache(maxsize=256)
def _plain(source: str) -> Parts | None:
    """The parts of a template that is only text and plain columns; None for any other."""
    source = _LINE_END.sub("\n", source)  # as Jinja2 does
    texts, columns, at = [], [], 0
    while opening := _OPENING.search(source, at):
        column = _COLUMN.match(source, opening.start())
        if column is None or not _is_column(column[1]):
            return None
        texts.append(source[at : column.start()])
        columns.append(column[1])
        at = column.end()
    return (*texts, source[at:]), tuple(columns)


def _is_column(name: str) -> bool:
    return name.isidentifier() and normalize("NFKC", name) == name and not iskeyword(name) and name not in _NOT_COLUMNS


def _put_together(parts: Parts, values: Mapping[str, Any]) -> str | None:
    """The filled template; None where a column is missing, holds something else than a cell, or is very long."""
    texts, columns = parts
    found = [texts[0]]
    for column, text in zip(columns, texts[1:], strict=True):
        value = values.get(column, values)
        kind = type(value)
        if kind is str:
            found.append(value)
        elif kind is float or kind is bool or (kind is int and -(2**63) < value < 2**63):
            found.append(str(value))
        elif value is not None:
            return None
        found.append(text)
    filled = "".join(found)
    return filled if len(filled) <= PLAIN_CHARACTERS else None


def template_names(source: str) -> set[str]:
    """Variables that one template needs.

    Raises:
        ProjectError: it is not valid Jinja2; the message gives the line.
    """
    parts = _plain(source)
    if parts is not None:
        return set(parts[1])
    from bakeoff.evaluate.template_sandbox import names_in_sandbox

    return names_in_sandbox(source)


def render(source: str, values: Mapping[str, Any]) -> str:
    """Fill one template. A column whose name is not a plain word is written `{{ row["its name"] }}`.

    Raises:
        ProjectError: a name has no value, the template does something forbidden, or too much.
    """
    parts = _plain(source)
    filled = _put_together(parts, values) if parts is not None else None
    if filled is not None:
        return filled
    from bakeoff.evaluate.template_sandbox import render_in_sandbox

    return render_in_sandbox(source, values)
