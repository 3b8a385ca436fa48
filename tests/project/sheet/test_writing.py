"""The data file changed from the page: its format, its other bytes and every answer stay as they are."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bakeoff.errors import DataError, ProjectError, UsageError
from bakeoff.project import Project
from bakeoff.project.planning import RunOptions
from bakeoff.project.sheet.writing import add_rows, change_cell
from tests.project.common import LABELS, candidate, make_project
from tests.project.sheet.common import answer, fill

PLAIN = "http://127.0.0.1:9/v1"
LONG = "x" * 1_000_001
NEW = {"text": 'Ánh "sáng",\nline; tab\t|', "label": "neutral"}


def written(folder: Path, name: str, data: bytes, *, more: str = "") -> Project:
    """A project with this data file."""
    make_project(folder, candidate("a", PLAIN), rows=1)
    (folder / "data.csv").unlink()
    (folder / name).write_bytes(data)
    file = folder / "bakeoff.toml"
    text = file.read_text(encoding="utf-8").replace('file = "data.csv"', f'file = "{name}"{more}')
    file.write_text(text, encoding="utf-8")
    return Project(folder)


CSV = 'id,text,label\n1,one,positive\n\n2,"two\nlines",negative\n'
FILES = [
    ("a.csv", CSV.encode(), ""),
    ("a.csv", CSV.rstrip("\n").encode(), ""),
    ("a.csv", b"\xef\xbb\xbf" + CSV.replace("\n", "\r\n").replace(",", ";").encode(), ""),
    ("a.csv", CSV.encode("utf-16"), '\nencoding = "utf-16"'),
    ("a.tsv", CSV.replace(",", "\t").encode(), ""),
    ("a.csv.gz", gzip.compress(CSV.encode()), ""),
    ("a.jsonl", b'{"id": 1, "text": "one", "label": "positive"}\n\n{"id":2,"text":"t","label":"negative"}', ""),
    ("a.json", b'[\n {"id": "1", "text": "one", "label": "positive"},{"id":"2","text":"t","label":"negative"}\n]', ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "more"), FILES, ids=[f"{i} {one[0]}" for i, one in enumerate(FILES)])
def test_rows_are_added_and_cells_changed(tmp_path: Path, name: str, data: bytes, more: str) -> None:
    project = written(tmp_path / "p", name, data, more=more)
    before = list(project.table().rows)
    assert add_rows(project, [NEW, {"id": "9", "text": "e\u0302\u0301", "label": "neutral"}]) == ["10", "9"]
    after = Project(project.folder).table()
    assert list(after.rows[:2]) == before
    assert [row.values["text"] for row in after.rows[2:]] == [NEW["text"], "ế"]
    change_cell(Project(project.folder), "2", "text", 'changed, "and" how')
    change_cell(Project(project.folder), "9", "label", "positive")
    final = Project(project.folder).table()
    assert [row.values["text"] for row in final.rows] == ["one", 'changed, "and" how', NEW["text"], "ế"]
    assert final.rows[3].values["label"] == "positive"
    assert [path.name for path in project.folder.iterdir() if "new" in path.name] == []


def test_bytes_that_are_not_meant_stay(tmp_path: Path) -> None:
    data = b'id;text;label\r\n"1" ;x;positive\r\n2;"y";negative\r\n'.replace(b'"1" ', b'"1"')
    project = written(tmp_path / "p", "a.csv", data)
    (project.folder / "a.csv").chmod(0o640)
    change_cell(project, "2", "text", "z;z")
    add_rows(Project(project.folder), [{"text": "w", "label": "neutral"}])
    expected = b'id;text;label\r\n"1";x;positive\r\n2;"z;z";negative\r\n3;w;neutral\r\n'
    assert (project.folder / "a.csv").read_bytes() == expected
    assert (project.folder / "a.csv").stat().st_mode & 0o777 == 0o640


def test_a_file_without_quotes_refuses_what_it_cannot_hold(tmp_path: Path) -> None:
    project = written(
        tmp_path / "p",
        "a.tsv",
        b'id\ttext\tlabel\n1\tan "open quote\tpositive\n2\t"x\ty\n'.replace(b"\ty", b"\tnegative"),
    )
    add_rows(project, [{"text": 'said "so', "label": "neutral"}])
    assert (project.folder / "a.tsv").read_bytes().endswith(b'3\tsaid "so\tneutral\n')
    with pytest.raises(UsageError):
        add_rows(Project(project.folder), [{"text": "a\tb", "label": "neutral"}])


def test_numbers_and_truth_keep_their_type(tmp_path: Path) -> None:
    line = b'{"id": 1, "text": "x", "label": "neutral", "n": 1.5, "yes": true}\n'
    project = written(tmp_path / "p", "a.jsonl", line)
    add_rows(
        project,
        [{"text": "y", "label": "neutral", "n": "2.25", "yes": "False"}, {"text": "z", "label": "neutral", "n": "1e3"}],
    )
    rows = Project(project.folder).table().rows
    assert [(row.values["n"], row.values["yes"]) for row in rows] == [(1.5, True), (2.25, False), ("1e3", None)]


def test_excel_and_parquet_are_copied_once(tmp_path: Path) -> None:
    from bakeoff.evaluate.exchange.layout import Field, Layout
    from bakeoff.evaluate.exchange.writing import write_table

    folder = make_project(tmp_path / "p", candidate("a", PLAIN), rows=1)
    fields = (Field("id", "text"), Field("text", "text"), Field("label", "text"), Field("n", "number"))
    lines: list[list[Any]] = [["x1", "one", "positive", 1.5], ["x2", "two", "negative", None]]
    write_table(folder / "rows.xlsx", Layout(fields, iter(lines), 2))
    file = folder / "bakeoff.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("data.csv", "rows.xlsx"), encoding="utf-8")
    before = Project(folder).table()
    kept = (folder / "rows.xlsx").read_bytes()
    fill(Project(folder), {("a", "x1"): answer("positive"), ("a", "x2"): answer("negative")})
    assert add_rows(Project(folder), [{"text": "three", "label": "neutral"}]) == ["x3"]
    after = Project(folder)
    assert after.config.data.file == "rows.jsonl"
    assert list(after.table().rows[:2]) == list(before.rows)
    assert (folder / "rows.xlsx").read_bytes() == kept
    assert [cell.state for cell in after.columns()[0].cells] == ["answered", "answered", "missing"]
    add_rows(after, [{"text": "four", "label": "neutral"}])
    assert sorted(path.name for path in folder.glob("*.jsonl")) == ["rows.jsonl"]


def test_three_new_rows_owe_three_calls_of_each_candidate(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", candidate("a", PLAIN), candidate("b", PLAIN), rows=10)
    fill(Project(folder), {(name, str(i)): answer(LABELS[i % 3]) for name in "ab" for i in range(10)})
    assert Project(folder).quote(RunOptions()).calls == 0
    add_rows(Project(folder), [{"text": f"new {i}", "label": "neutral"} for i in range(3)])
    assert Project(folder).quote(RunOptions()).calls == 6
    change_cell(Project(folder), "4", "text", "another")
    assert Project(folder).quote(RunOptions()).calls == 8
    change_cell(Project(folder), "4", "text", "text 4 <negative>")
    assert Project(folder).quote(RunOptions()).calls == 6


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([], UsageError), ([{}], UsageError), ([{"text": "  "}], UsageError), ([{"nothing": "x"}], UsageError),
        ([{"text": "x", "label": "neutral", "id": "1"}], UsageError),
        ([{"text": "x", "label": "neutral", "id": "77"}] * 2, UsageError),
        ([{"text": ["x"], "label": "neutral"}], UsageError),
        ([{"text": {"a": 1}, "label": "neutral"}], UsageError),
        ([{"text": "\ud800", "label": "neutral"}], UsageError), ([{"text": "a\0", "label": "neutral"}], UsageError),
        ([{"text": float("nan"), "label": "neutral"}], UsageError),
        ([{"text": LONG, "label": "neutral"}], UsageError),
        ([{"text": "x", "label": "no label"}], ProjectError), ([{"text": "x"}], ProjectError),
    ],
)  # fmt: skip
def test_what_cannot_be_added_leaves_the_file_alone(tmp_path: Path, rows: list[dict[str, Any]], error: type) -> None:
    folder = make_project(tmp_path / "p", candidate("a", PLAIN), rows=3)
    before = (folder / "data.csv").read_bytes()
    with pytest.raises(error):
        add_rows(Project(folder), rows)
    assert (folder / "data.csv").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["bakeoff.toml", "data.csv"]


def test_an_id_that_is_taken_is_refused(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", candidate("a", PLAIN), rows=3)
    with pytest.raises(DataError):
        change_cell(Project(folder), "1", "id", "2")
    with pytest.raises(UsageError):
        change_cell(Project(folder), "77", "text", "x")
    change_cell(Project(folder), "1", "id", "new")
    assert [row.id for row in Project(folder).table().rows] == ["0", "new", "2"]


def test_rows_without_an_id_column_are_numbered_on(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", candidate("a", PLAIN), rows=3)
    file = folder / "bakeoff.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('id = "id"\n', ""), encoding="utf-8")
    assert add_rows(Project(folder), [{"text": "x", "label": "neutral"}]) == ["4"]


@pytest.mark.parametrize(
    ("there", "made"),
    [
        (["r8", "r9"], "r10"),
        (["007", "009"], "010"),
        (["x"], "added-1"),
        (["a-1", "b"], "added-1"),
        (["5", "added-1"], "added-2"),
    ],
)
def test_new_ids_follow_the_last_one(tmp_path: Path, there: list[str], made: str) -> None:
    lines = "".join(f"{one},t,neutral\n" for one in there)
    project = written(tmp_path / "p", "a.csv", f"id,text,label\n{lines}".encode())
    assert add_rows(project, [{"text": "x", "label": "neutral"}]) == [made]


CELL = st.text(alphabet=st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=12)


@given(cells=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5), place=st.integers(0, 4), value=CELL)
@example(cells=[("0", "")], place=0, value="0")  # a text of digits stays one, where the file knows numbers
@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.json"])
def test_one_cell_changes_and_no_other(
    tmp_path_factory: pytest.TempPathFactory, name: str, cells: list[tuple[str, str]], place: int, value: str
) -> None:
    place %= len(cells)
    rows = [{"id": f"i{i}", "a": a, "b": b} for i, (a, b) in enumerate(cells)]
    folder = tmp_path_factory.mktemp("cell") / "p"
    make_project(folder, candidate("a", PLAIN), rows=1)
    path, delimiter = folder / name, "," if name == "a.csv" else "\t"
    if name.endswith(("csv", "tsv")):
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, ["id", "a", "b"], delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)
    else:
        lines = [json.dumps(row) for row in rows]
        path.write_text("\n".join(lines) if name == "a.jsonl" else f"[{','.join(lines)}]", encoding="utf-8")
    text = (folder / "bakeoff.toml").read_text(encoding="utf-8").replace("{{ text }}", "{{ a }}")
    text = text.replace('file = "data.csv"', f'file = "{name}"\ndelimiter = {json.dumps(delimiter)}')
    text = text[: text.index("[[graders]]")] + '[[graders]]\nkind = "exact"\ntarget = "{{ b }}"\n'
    (folder / "bakeoff.toml").write_text(text, encoding="utf-8")
    before = [dict(row.values) for row in Project(folder).table().rows]
    change_cell(Project(folder), f"i{place}", "a", value)
    after = [dict(row.values) for row in Project(folder).table().rows]
    assert (after[place]["a"] or "") == normalize("NFC", value)
    before[place]["a"] = after[place]["a"]
    assert after == before
