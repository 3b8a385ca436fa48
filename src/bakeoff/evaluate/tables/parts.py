"""A table in several files, one after the other: a folder of parts, as Spark and other programs write it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from bakeoff.errors import DataError
from bakeoff.evaluate.tables.source import Source, wrong_width

Opened = Callable[[Path], AbstractContextManager[Source]]


@contextmanager
def parts(opened: Opened, files: Sequence[Path], *, may_lack: bool) -> Iterator[Source]:
    """Open files as one. Rows are counted over all of them; one file is open at a time.

    Args:
        opened: opens one.
        files: in order, at least one.
        may_lack: a file may lack columns that another has, and its cells are empty there (JSON Lines).

    Raises:
        DataError: what `opened` raises, or a file has other columns than the first.
    """
    header: list[Any] = []
    for file in files if may_lack else files[:1]:
        with opened(file) as part:
            header += [name for name in part.header if name not in header] if header else part.header
    source = Source(header, iter(()), "row")
    source.rows = _rows(opened, files, source, may_lack)
    yield source


def _rows(opened: Opened, files: Sequence[Path], source: Source, may_lack: bool) -> Iterator[tuple[int, Sequence[Any]]]:
    number = 0
    for file in files:
        with opened(file) as part:
            if not may_lack:
                _check_same(source.header, part.header, files[0], file)
            width = len(part.header)
            order = [part.header.index(name) if name in part.header else None for name in source.header]
            for position, cells in part.rows:
                number += 1
                if cells and len(cells) != width:
                    raise wrong_width(file.name, part.unit, position, cells, width)
                yield number, [None if index is None else cells[index] for index in order] if cells else cells
        source.notes += [note for note in part.notes if note not in source.notes]


def _check_same(header: Sequence[Any], other: Sequence[Any], first: Path, file: Path) -> None:
    if sorted(map(str, header)) == sorted(map(str, other)):
        return
    missing = [str(name) for name in header if name not in other]
    further = [str(name) for name in other if name not in header]
    what = f"no column {missing[0]!r}" if missing else f"a column {further[0]!r}" if further else "a column twice"
    raise DataError(f"{file.name} has {what}, unlike {first.name}", hint="the parts of one table have the same columns")
