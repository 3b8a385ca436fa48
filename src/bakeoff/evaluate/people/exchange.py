"""Labels in and out of files: csv and jsonl, one label per line.

Columns: row_id, left, right, said, author, and what else is known. Out of a csv no cell can start a formula; texts of
answers are not in it, only their digests.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from bakeoff.errors import DataError
from bakeoff.evaluate.exchange.writing import FORMULA
from bakeoff.evaluate.files import read_table
from bakeoff.evaluate.people.labels import SAID_OF, Label, LabelKind, NewLabel, Said

COLUMNS = tuple(field.name for field in fields(Label))
NEEDED = ("row_id", "left", "said")

MOST_NAME = 200
"""Characters of an author's name."""

WORDS: Mapping[str, Said] = {
    "a": "left", "b": "right", "x": "both bad", "both_bad": "both bad", "equal": "tie", "right answer": "correct",
    "true": "correct", "false": "wrong", "pass": "correct", "fail": "wrong", "incorrect": "wrong", "1": "correct",
    "0": "wrong",
}  # fmt: skip
"""Other words that files use for a verdict."""


def write_labels(labels: Sequence[Label], kind: str) -> str:
    """All labels as the text of a file.

    Args:
        labels: any.
        kind: `csv` or `jsonl`.
    """
    if kind == "jsonl":
        lines = [{name: getattr(label, name) for name in COLUMNS} for label in labels]
        return "".join(json.dumps(line, ensure_ascii=True) + "\n" for line in lines)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for label in labels:
        writer.writerow([_cell(getattr(label, name)) for name in COLUMNS])
    return text.getvalue()


def _cell(value: Any) -> Any:
    """A cell that no spreadsheet computes: text that looks like a formula gets an apostrophe before it."""
    if isinstance(value, str):
        whole = value.encode("utf-8", "replace").decode("utf-8")
        return f"'{whole}" if FORMULA.match(whole) else whole
    return "" if value is None else value


def read_labels(path: Path, *, candidates: Sequence[str], row_ids: frozenset[str], author: str) -> list[NewLabel]:
    """Read a file of labels.

    Args:
        path: csv, tsv, jsonl, parquet or xlsx.
        candidates: names that a label may be about.
        row_ids: of the data.
        author: of labels that name none.

    Raises:
        DataError: the file cannot be read, lacks a column, or a line says something impossible; with the line.
    """
    table = read_table(path)
    missing = [name for name in NEEDED if name not in table.columns]
    if missing:
        raise DataError(
            f"{path.name} has no column {missing[0]!r}",
            hint=f"labels need the columns {', '.join(NEEDED)}, and `right` for pairs; see `bakeoff label --export`",
        )
    found = []
    for row in table.rows:
        values = {name: _text(row.values.get(name)) for name in COLUMNS}
        found.append(_label(values, frozenset(candidates), row_ids, author, f"{path.name}, label {row.number}"))
    return found


def _label(
    values: Mapping[str, str], candidates: frozenset[str], row_ids: frozenset[str], author: str, where: str
) -> NewLabel:
    left, right = values["left"], values["right"] or None
    kind: LabelKind = "point" if right is None else "pair"
    said = values["said"].casefold()
    verdict: Said = WORDS.get(said, said)  # type: ignore[arg-type]
    allowed = SAID_OF[kind]
    problem = None
    if values["row_id"] not in row_ids:
        problem = f"there is no row {values['row_id'][:60]!r}"
    elif {left, right} - {None} - candidates:
        problem = f"{sorted({left, right} - {None} - candidates)[0]!r} is no candidate"  # type: ignore[type-var]
    elif left == right:
        problem = "both sides are the same candidate"
    elif verdict not in allowed:
        problem = f"{values['said'][:60]!r} is not one of {', '.join(allowed)}"
    if problem is not None:
        raise DataError(f"{where}: {problem}", hint="nothing was imported; mend the line and import the file again")
    return NewLabel(
        kind=kind,
        row_id=values["row_id"],
        left=left,
        right=right,
        said=verdict,
        author=(values["author"] or author)[:MOST_NAME],
        left_answer=values["left_answer"],
        right_answer=values["right_answer"] if right is not None else None,
        drawn="imported",
    )


def _text(value: Any) -> str:
    """A cell as text; the apostrophe that `_cell` put before a formula is taken off again."""
    text = "" if value is None else str(value).strip()
    return text[1:] if text.startswith("'") and FORMULA.match(text[1:]) else text
