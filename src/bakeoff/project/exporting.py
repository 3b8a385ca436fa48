"""`export`: a project's rows, answers and grades as a table, or as logs of inspect_ai."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypedDict

from bakeoff.errors import UsageError
from bakeoff.evaluate.caps import PricePerToken
from bakeoff.evaluate.exchange.inspect_write import Origin, log_name, write_log
from bakeoff.evaluate.exchange.layout import Exported, layout
from bakeoff.evaluate.exchange.writing import write_table
from bakeoff.evaluate.results import Column
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Table
from bakeoff.project.contestants import Contestant
from bakeoff.project.planning import chosen_names
from bakeoff.project.pricing import price_of
from bakeoff.project.sheet.corrections import Correction, corrections_of
from bakeoff.values import Reason

ExportFormat = Literal["table", "inspect"]


class ExportOptions(TypedDict, total=False):
    """The keywords of `export`."""

    format: ExportFormat
    wide: bool
    candidates: Sequence[str]
    force: bool
    keep_formulas: bool


NEVER = "1970-01-01T00:00:00.000+00:00"
"""When a project without any answer was answered."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a project has to export."""

    project: str
    data_file: str
    table: Table
    graders: tuple[str, ...]
    """Kind of each, in the order of the project file."""

    contestants: Sequence[Contestant]
    columns: Sequence[Column]
    """In the order of the contestants."""

    prices: Mapping[str, PricePerToken] = field(default_factory=dict)
    """Of the project file, by name of the candidate."""


def export(
    path: Path,
    contents: Contents,
    ledger: Ledger,
    *,
    format: ExportFormat = "table",
    wide: bool = False,
    candidates: Sequence[str] = (),
    force: bool = False,
    keep_formulas: bool = False,
) -> tuple[list[Path], list[Reason]]:
    """Write what a project has.

    Args:
        path: a file, whose ending tells the format; for inspect_ai a folder, which gets one log per candidate.
        contents: rows and graded cells.
        ledger: knows what the cells do not: why each answer ended.
        format: `table`, or `inspect`.
        wide: one line per row instead of one per row and candidate.
        candidates: only these, by name; none means all.
        force: existing files may be replaced.
        keep_formulas: see `write_table`.

    Returns:
        (files written, what was changed on the way).

    Raises:
        UsageError: a name is unknown, a file exists, or the ending tells no format.
        StorageError: the disk refused.
    """
    corrected = corrections_of(ledger)
    names = [column.candidate for column in contents.columns]
    wanted = chosen_names(candidates, names, names)
    chosen = [
        Exported(
            column,
            _finish_reasons(contestant, ledger, len(contents.table.rows)),
            _price(contestant, contents.prices),
            _corrections(contestant, corrected),
        )
        for contestant, column in zip(contents.contestants, contents.columns, strict=True)
        if column.candidate in wanted
    ]
    if format == "inspect":
        return _logs(path, contents, chosen, ledger, force=force), []
    table = layout(contents.table, chosen, contents.graders, wide=wide)
    return [path], write_table(path, table, force=force, keep_formulas=keep_formulas)


def _price(contestant: Contestant, prices: Mapping[str, PricePerToken]) -> PricePerToken | None:
    if contestant.resolved is None:
        return None
    return price_of(contestant.candidate, contestant.resolved, prices)


def _corrections(contestant: Contestant, corrected: Mapping[str, Correction]) -> dict[int, tuple[str, str]]:
    """Per row, what stands in the place of the first answer, and who wrote it."""
    digests = contestant.digests[0] if contestant.digests and corrected else ()
    return {
        index: (found.text, found.author)
        for index, digest in enumerate(digests)
        if (found := corrected.get(digest)) is not None and found.text is not None
    }


def _finish_reasons(contestant: Contestant, ledger: Ledger, rows: int) -> list[str | None]:
    """Per row, why the answer ended, as its server said."""
    if not contestant.digests:
        return [None] * rows
    return ledger.finish_reasons(contestant.digests[0])


def _logs(path: Path, contents: Contents, chosen: Sequence[Exported], ledger: Ledger, *, force: bool) -> list[Path]:
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path} is a file", hint="--format inspect writes into a folder, one log per candidate")
    written = []
    graders = _different(contents.graders)
    for one in chosen:
        contestant = next(c for c in contents.contestants if c.candidate.name == one.column.candidate)
        latest = ledger.answered_until(contestant.digests[0]) if contestant.digests else None
        origin = Origin(contents.project, contents.data_file, latest or NEVER, graders)
        target = path / log_name(origin, one.column.candidate)
        path.mkdir(parents=True, exist_ok=True)
        write_log(target, contents.table, one, origin, force=force)
        written.append(target)
    return written


def _different(names: Sequence[str]) -> tuple[str, ...]:
    """The names, with a number where one occurs twice."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return tuple(found)
