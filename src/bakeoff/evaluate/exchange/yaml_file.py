"""YAML from people one does not know: plain values only, in bounded time and memory.

`yaml.safe_load` makes no objects, but a few lines of aliases can stand for billions of values, and brackets in brackets
end the process (PyYAML's C parser overflows the stack). So the document's depth is looked at first, and its values are
counted with every alias written out, before anything is made of it.
"""

import re
from pathlib import Path
from typing import Any, ClassVar

import yaml

from bakeoff.errors import DataError
from bakeoff.units import show_bytes

LARGEST_BYTES = 16 * 1024 * 1024
MOST_VALUES = 500_000
"""With every alias written out."""

DEEPEST = 100
"""Levels of nesting."""

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(_Base):  # type: ignore[misc]
    """YAML 1.2's plain values: `yes`, `on`, `1:30`, `007` and `2026-01-01` are texts, as they are to most programs.
    PyYAML by itself reads YAML 1.1, where `Yes` is true.
    """

    yaml_implicit_resolvers: ClassVar[dict[str, list[Any]]] = {}


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)", "-+0123456789"),
    ("merge", r"<<", "<"),
):
    Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), ["" if each == "\0" else each for each in _first]
    )


def read_yaml(path: Path) -> Any:
    """Read one YAML document, or JSON, which is YAML as well.

    Raises:
        DataError: it is missing, is not YAML, or is far too large.
    """
    try:
        data = path.read_bytes() if path.stat().st_size <= LARGEST_BYTES else None
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}", hint="check the path") from None
    if data is None:
        raise DataError(f"{path.name} has {show_bytes(path.stat().st_size)}", hint="keep large tests in a csv file")
    try:
        _check_shape(data, path.name)
        node = yaml.compose(data, Loader)
        if node is not None and _count(node, {}, ()) > MOST_VALUES:
            raise DataError(
                f"{path.name} stands for more than {MOST_VALUES:,} values", hint="write the aliases (*name) out"
            )
        loader = Loader(b"")
        try:
            return loader.construct_document(node) if node is not None else None
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1:,}" if mark is not None else ""
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise DataError(f"{path.name}{where}: {what}", hint="the file must be YAML; check its indentation") from None


def _check_shape(data: bytes, name: str) -> None:
    depth = 0
    for number, event in enumerate(yaml.parse(data, Loader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise DataError(f"{name} is nested more than {DEEPEST} levels deep", hint="is it the right file?")
        if number > MOST_VALUES:
            raise DataError(f"{name} has more than {MOST_VALUES:,} values", hint="keep large tests in a csv file")


def _count(node: Any, known: dict[int, int], above: tuple[int, ...]) -> int:
    """Values under a node, each alias counted as what it stands for."""
    if id(node) in above:
        raise yaml.constructor.ConstructorError(None, None, "an alias (*name) stands inside itself", node.start_mark)
    if id(node) not in known:
        total = 1
        parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        for part in parts if isinstance(node, yaml.CollectionNode) else ():
            total = min(total + _count(part, known, (*above, id(node))), MOST_VALUES + 1)
        known[id(node)] = total
    return known[id(node)]
