"""What is exported can be read back, is whole or not there, and runs nothing in a spreadsheet."""

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from bakeoff.errors import StorageError, UsageError
from bakeoff.evaluate.exchange import workbook
from bakeoff.evaluate.exchange.layout import Field, Layout, layout
from bakeoff.evaluate.exchange.writing import replacing, safe_text, write_table
from bakeoff.evaluate.files import read_table
from tests.evaluate.exchange.common import FIRST, SECOND, TABLE


def table(*, wide: bool = False) -> Layout:
    return layout(TABLE, [FIRST, SECOND], ["label", "contains"], wide=wide)


def simple(*lines: list[Any], type: Any = "text") -> Layout:
    return Layout(tuple(Field(f"c{i}", type) for i in range(len(lines[0]))), iter(lines), len(lines))


def test_long_has_a_line_for_each_row_and_candidate() -> None:
    made = table()
    names = [field.name for field in made.fields]
    lines = [dict(zip(names, line, strict=True)) for line in made.lines]
    assert made.count == len(lines) == 6
    assert names[:7] == ["row_id", "group", "text", "n", "data.answer", "candidate", "build"]
    assert [(line["row_id"], line["candidate"], line["state"]) for line in lines] == [
        ("a-1", "tiny one", "answered"), ("a-1", "=two", "blank"), ("a-2", "tiny one", "cut"),
        ("a-2", "=two", "missing"), ("@3", "tiny one", "failed"), ("@3", "=two", "missing"),
    ]  # fmt: skip
    assert lines[0] == {
        "row_id": "a-1", "group": "g1", "text": '=HYPERLINK("http://evil","x")', "n": 3, "data.answer": "gold",
        "candidate": "tiny one", "build": "Q4_1 abc", "state": "answered", "answer": "yes", "thinking": "hm",
        "faults": None, "excluded": False, "score": 1.0,
        "grade.1.label": 1.0, "grade.2.contains": 0.5, "label": "yes", "target": "yes",
        "latency_ms": 120.5, "time_to_first_token_ms": 30.25, "prompt_tokens": 10, "output_tokens": 4,
        "thinking_tokens": 2, "cost_usd": 10 * 1e-6 + 4 * 4e-6, "finish_reason": "stop",
        "correction": None, "correction_author": None,
    }  # fmt: skip
    # A blank answer is a text of no length; where there is no answer there is none.
    assert (lines[1]["answer"], lines[3]["answer"], lines[4]["answer"]) == ("", None, None)
    assert (lines[2]["faults"], lines[2]["finish_reason"]) == ("cut loop", "length")


def test_wide_has_a_line_for_each_row_and_columns_for_each_candidate() -> None:
    made = table(wide=True)
    names = [field.name for field in made.fields]
    lines = [dict(zip(names, line, strict=True)) for line in made.lines]
    assert len(lines) == made.count == 3
    assert lines[0]["tiny one: answer"] == "yes"
    assert lines[0]["=two: state"] == "blank"
    assert lines[2]["text"] == "Tiếng Việt 🎉"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"), ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"), ("-2+3", "'-2+3"), ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"), ("\r=1", "'\r=1"), ("\n=1", "'\n=1"), ("＝1+1", "'＝1+1"), ("-", "'-"), ("+A1", "'+A1"),
        ("-5", "-5"), ("+3.25", "+3.25"), ("-1,5", "-1,5"), ("-2e-3", "-2e-3"), ("- item", "'- item"),
        ("a=1", "a=1"), ("", ""), ("'=1", "'=1"),
    ],
)  # fmt: skip
def test_a_formula_is_made_text(text: str, safe: str) -> None:
    assert safe_text(text) == safe


def test_csv_is_safe_unless_asked_otherwise(tmp_path: Path) -> None:
    (note,) = write_table(tmp_path / "a.csv", table())
    assert (note.code, note.parameters["n"]) == ("export.formulas", 8)
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert lines[0]["text"] == "'" + TABLE.rows[0].values["text"]
    assert lines[1]["candidate"] == "'=two"
    assert lines[2]["text"] == TABLE.rows[1].values["text"]
    assert lines[4]["n"] == "-5"
    assert lines[4]["row_id"] == "'@3"
    assert not any(cell.startswith(("=", "@")) for line in lines for cell in line.values())
    assert write_table(tmp_path / "b.csv", table(), keep_formulas=True) == []
    again = read_table(tmp_path / "b.csv")
    assert again.rows[0].values["text"] == TABLE.rows[0].values["text"]


@pytest.mark.parametrize("ending", ["jsonl", "parquet", "tsv"])
def test_other_formats_read_back_as_they_were(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{ending}"
    write_table(path, table(), keep_formulas=True)
    again = read_table(path)
    made = table()
    assert again.columns == tuple(field.name for field in made.fields)

    def plain(value: Any) -> Any:
        return ("" if value is None else str(value)) if ending == "tsv" else value

    assert [list(row.values.values()) for row in again.rows] == [[plain(v) for v in line] for line in made.lines]


def test_parquet_has_types(tmp_path: Path) -> None:
    write_table(tmp_path / "a.parquet", table())
    found = duckdb.execute(f"DESCRIBE SELECT * FROM '{tmp_path / 'a.parquet'}'").fetchall()
    kinds = {name: kind for name, kind, *_ in found}
    assert (kinds["n"], kinds["text"], kinds["score"], kinds["prompt_tokens"]) == (
        "BIGINT", "VARCHAR", "DOUBLE", "BIGINT",
    )  # fmt: skip
    assert kinds["data.answer"] == kinds["thinking"] == "VARCHAR"


def test_xlsx_holds_texts_that_are_no_formulas(tmp_path: Path) -> None:
    import zipfile

    assert write_table(tmp_path / "a.xlsx", table()) == []
    with CalamineWorkbook.from_path(tmp_path / "a.xlsx") as book:
        rows = book.get_sheet_by_index(0).to_python()
    head = rows[0]
    first = dict(zip(head, rows[1], strict=True))
    assert first["text"] == TABLE.rows[0].values["text"]
    assert (first["n"], first["latency_ms"]) == (3, 120.5)
    sheet = zipfile.ZipFile(tmp_path / "a.xlsx").read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert 'quotePrefix="1"' in zipfile.ZipFile(tmp_path / "a.xlsx").read("xl/styles.xml").decode()


def test_a_text_too_long_for_a_cell_is_cut_and_says_so(tmp_path: Path) -> None:
    fits, astral, long = "x" * 32_767, "🎉" * 16_384, "y" * 100_000
    (note,) = write_table(tmp_path / "a.xlsx", simple([fits], [astral], [long]))
    assert (note.code, note.parameters["n"]) == ("export.cells_cut", 2)
    with CalamineWorkbook.from_path(tmp_path / "a.xlsx") as book:
        (_,), (a,), (b,), (c,) = book.get_sheet_by_index(0).to_python()
    assert a == fits
    assert b.endswith("[... cut: 16,384 characters]")
    assert len(b.encode("utf-16-le")) // 2 <= 32_767
    assert c.startswith("yyy")
    assert c.endswith("[... cut: 100,000 characters]")


def test_more_than_excel_holds_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"1,048,576 lines and 1 columns are more than an Excel sheet holds"):
        write_table(tmp_path / "a.xlsx", Layout((Field("a", "text"),), iter(()), workbook.MOST_ROWS))
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20), min_size=1, max_size=5
    )
)
def test_no_text_runs_in_csv(texts: list[str]) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        write_table(path, simple(["k", *texts]))
        with path.open(newline="", encoding="utf-8") as file:
            cells = list(csv.reader(file))[1][1:]
    assert [cell.removeprefix("'") for cell in cells] == [text.removeprefix("'") for text in texts]
    assert not any(cell[:1] in ("=", "@", "\t", "\r") for cell in cells)


def test_an_existing_file_is_kept_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        write_table(path, simple(["x"]))
    assert path.read_text() == "mine"
    write_table(path, simple(["x"]), force=True)
    assert path.read_text() == "c0\nx\n"
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        write_table(tmp_path / "b.csv", simple(["x"]), force=True)


def test_a_write_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    def lines() -> Iterator[list[Any]]:
        yield ["x"]
        raise RuntimeError("the power is gone")

    path = tmp_path / "a.xlsx"
    for path in (tmp_path / f"a{ending}" for ending in (".csv", ".jsonl", ".parquet", ".xlsx")):
        path.write_text("mine")
        with pytest.raises(RuntimeError):
            write_table(path, Layout((Field("a", "text"),), lines(), 1), force=True)
        assert path.read_text() == "mine"
    assert sorted(entry.suffix for entry in tmp_path.iterdir()) == [".csv", ".jsonl", ".parquet", ".xlsx"]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        write_table(tmp_path / "none" / "a.csv", simple(["x"]))
    with pytest.raises(UsageError, match="does not tell a format"):
        write_table(tmp_path / "a.doc", simple(["x"]))


def test_a_new_file_can_be_read_by_others_as_any_other(tmp_path: Path) -> None:
    with replacing(tmp_path / "a", force=False) as target:
        target.write_text("x")
    (tmp_path / "b").write_text("x")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_json_lines_have_no_infinities_and_text_columns_only_text(tmp_path: Path) -> None:
    made = Layout((Field("a", "number"), Field("b", "text")), iter([[float("inf"), 3], [1.5, None]]), 2)
    write_table(tmp_path / "a.jsonl", made)
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert lines == [{"a": None, "b": "3"}, {"a": 1.5, "b": None}]


FULL_DISK = """
import os, resource, sys
from pathlib import Path
from bakeoff.errors import StorageError
from bakeoff.evaluate.exchange.layout import Field, Layout
from bakeoff.evaluate.exchange.writing import write_table
import bakeoff.evaluate.exchange.workbook, bakeoff.evaluate.tables.parquet
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
for ending in ("csv", "jsonl", "parquet", "xlsx"):
    lines = ([os.urandom(30).hex()] for _ in range(10_000))
    try:
        write_table(Path(sys.argv[1]) / f"a.{ending}", Layout((Field("a", "text"),), lines, 10_000))
    except StorageError as error:
        print(ending, error.message)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["csv", "jsonl", "parquet", "xlsx"]
    assert list(tmp_path.iterdir()) == []
