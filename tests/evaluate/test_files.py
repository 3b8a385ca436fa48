"""A data file is read exactly, or refused with the place that is wrong."""

import csv
import gzip
import io
import json
import os
import unicodedata
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.errors import DataError
from bakeoff.evaluate.files import read_table
from bakeoff.evaluate.request import render
from bakeoff.evaluate.tables import source, text
from bakeoff.evaluate.types import Table
from tests.evaluate.excel import number, row, write_excel
from tests.evaluate.excel import text as cell


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def cells(table: Table) -> list[tuple[Any, ...]]:
    return [tuple(row.values[column] for column in table.columns) for row in table.rows]


def notes(table: Table) -> dict[str, dict[str, Any]]:
    return {note.code: dict(note.parameters) for note in table.notes}


def parquet(path: Path, query: str) -> Path:
    duckdb.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path


# what is read


def test_csv_cells_are_text_exactly_as_typed(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", 'id,text,label\n007,"say ""hi"",\r\nthen go",1\n08, 2.50 ,TRUE\n')
    table = read_table(path, id_column="id")
    assert table.columns == ("id", "text", "label")
    assert cells(table) == [("007", 'say "hi",\r\nthen go', "1"), ("08", " 2.50 ", "TRUE")]
    assert [row.id for row in table.rows] == ["007", "08"]
    assert [row.number for row in table.rows] == [1, 2]
    assert table.notes == ()


def test_json_lines_keep_numbers_booleans_and_null(tmp_path: Path) -> None:
    path = put(tmp_path, "a.jsonl", '{"a": 3, "b": 2.5, "c": true, "d": null}\n\n{"a": NaN, "e": "x"}\n')
    table = read_table(path)
    assert table.columns == ("a", "b", "c", "d", "e")
    assert cells(table) == [(3, 2.5, True, None, None), (None, None, None, None, "x")]


def test_nested_json_is_kept_as_json_text(tmp_path: Path) -> None:
    table = read_table(put(tmp_path, "a.jsonl", '{"a": {"k": [1, "é"]}, "b": []}\n'))
    assert cells(table) == [('{"k": [1, "é"]}', "[]")]
    assert [note.parameters["column"] for note in table.notes if note.code == "data.nested"] == ["a", "b"]


def test_a_json_array_is_a_table(tmp_path: Path) -> None:
    assert cells(read_table(put(tmp_path, "a.json", ' [{"a": 1},\n {"a": 2}]'))) == [(1,), (2,)]
    assert cells(read_table(put(tmp_path, "b.json", '{"a": 1}\n{"a": 2}\n'))) == [(1,), (2,)]


def test_parquet_types_become_plain_values(tmp_path: Path) -> None:
    path = parquet(
        tmp_path / "a[1].parquet",
        "SELECT 7::TINYINT i, 2.5::DOUBLE f, 'NaN'::DOUBLE nan, true b, 'x' t, NULL::INT z, 12.50::DECIMAL(9,2) d, "
        "3::DECIMAL(9,2) whole, DATE '2024-01-02' AS day_, TIMESTAMPTZ '2024-01-02 03:04:05+07' moment, [1, 2] list, "
        "{'k': 'v'} struct, 'bytes'::BLOB raw",
    )
    table = read_table(path)
    assert cells(table) == [
        (7, 2.5, None, True, "x", None, 12.5, 3, "2024-01-02", "2024-01-01T20:04:05+00:00", "[1,2]", '{"k":"v"}',
         "bytes")
    ]  # fmt: skip


def test_a_pattern_in_the_name_means_this_file_only(tmp_path: Path) -> None:
    """DuckDB would read every file that `a*.parquet` stands for."""
    parquet(tmp_path / "a*.parquet", "SELECT 1 a")
    parquet(tmp_path / "ab.parquet", "SELECT 2 a")
    assert cells(read_table(tmp_path / "a*.parquet")) == [(1,)]


def test_excel_types_become_plain_values(tmp_path: Path) -> None:
    path = write_excel(
        tmp_path / "a.xlsx",
        {
            "Data": row(2, cell("B2", "text"), cell("C2", "n"), cell("D2", "day"), cell("E2", "flag"))
            + row(3, cell("B3", " Hà Nội "), number("C3", 3), number("D3", 45000, date=True))
            + row(4, cell("B4", "007"), number("C4", 2.5), '<c r="E4" t="b"><v>1</v></c>'),
            "Second": row(1, cell("A1", "other")) + row(2, cell("A2", "x")),
        },
    )
    table = read_table(path)
    assert table.columns == ("text", "n", "day", "flag")
    assert cells(table) == [(" Hà Nội ", 3, "2023-03-15", None), ("007", 2.5, None, True)]
    assert notes(table)["data.sheet"] == {"sheet": "Data", "others": 1}
    assert cells(read_table(path, sheet="Second")) == [("x",)]


def test_the_same_data_in_another_format_is_the_same(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "id;n;x\na;3;Hà\nb;4;\n")
    put(tmp_path, "a.tsv", "id\tn\tx\r\na\t3\tHa\u0300\r\nb\t4\t\r\n")
    put(tmp_path, "a.csv.gz", gzip.compress("id,n,x\na,3,Hà\nb,4,\n".encode("utf-16")))
    put(tmp_path, "a.jsonl", '{"id": "a", "n": 3, "x": "Hà"}\n{"id": "b", "n": 4, "x": null}\n')
    put(tmp_path, "a.json", '[{"id": "a", "n": 3, "x": "Hà"}, {"id": "b", "n": "4"}]')
    parquet(tmp_path / "a.parquet", "SELECT * FROM (VALUES ('a', 3, 'Hà'), ('b', 4, NULL)) t(id, n, x)")
    write_excel(
        tmp_path / "a.xlsx",
        {
            "S": row(1, cell("A1", "id"), cell("B1", "n"), cell("C1", "x"))
            + row(2, cell("A2", "a"), number("B2", 3), cell("C2", "Hà"))
            + row(3, cell("A3", "b"), number("B3", 4))
        },
    )
    digests = {path.name: read_table(path, id_column="id").digest for path in tmp_path.iterdir()}
    assert len(digests) == 7
    assert len(set(digests.values())) == 1
    for changed in ("id,n,x\na,3,Hà\nb,4,-\n", "id,n,y\na,3,Hà\nb,4,\n", "id,x,n\na,Hà,3\nb,,4\n", "id,n,x\na,3,Hà\n"):
        assert read_table(put(tmp_path, "b.csv", changed)).digest not in digests.values()


def test_an_empty_cell_shows_nothing_in_a_prompt_whatever_the_format(tmp_path: Path) -> None:
    """The digest takes an empty text and a missing value for the same, so a prompt must as well."""
    for path in (put(tmp_path, "a.csv", "a,b\nx,\n"), put(tmp_path, "a.jsonl", '{"a": "x", "b": null}\n')):
        assert render("{{ a }}[{{ b }}]", read_table(path).rows[0].values) == "x[]"


def test_cells_that_run_into_one_another_have_another_digest(tmp_path: Path) -> None:
    for one, two in (("xy,z\n", "x,yz\n"), ("x,y\nz,w\n", "x,yz\n,w\n")):
        tables = [read_table(put(tmp_path, "a.csv", f"a,b\n{rows}")) for rows in (one, two)]
        assert tables[0].digest != tables[1].digest


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=2, max_size=2),
        min_size=1,
    ).filter(lambda rows: any("".join(row).strip() for row in rows)),
    st.sampled_from([",", ";", "\t", "|"]),
)
def test_what_a_csv_writer_writes_is_read_back(rows: list[list[str]], delimiter: str) -> None:
    """Any text, any delimiter, line ends and quotes inside cells: nothing changes but the Unicode form."""
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter).writerows([["one", "two"], *rows])
    with TemporaryDirectory() as folder:
        table = read_table(put(Path(folder), "a.csv", stream.getvalue()), delimiter=delimiter)
    kept = [tuple(unicodedata.normalize("NFC", text) for text in row) for row in rows if "".join(row).strip()]
    blank = "\0 \t\r\n\u00a0"
    assert [pair for pair in cells(table) if "".join(pair).strip()] == kept
    assert all("".join(pair).strip(blank) for pair in cells(table))


# what is noted


@pytest.mark.parametrize(
    ("content", "delimiter", "expected"),
    [
        ("text,label\na;b,1\n", None, [("a;b", "1")]),
        ("text;score\na,b;1,5\nc;2,5\n", "semicolon", [("a,b", "1,5"), ("c", "2,5")]),
        ("text\tlabel\na,b\t1\n", "tab", [("a,b", "1")]),
        ("text|label\na,b|1\n", "bar", [("a,b", "1")]),
        ("text\nno delimiter at all\n", None, [("no delimiter at all",)]),
        ('text;label\n"a;b,c,d,e";1\n', "semicolon", [("a;b,c,d,e", "1")]),
    ],
)
def test_the_delimiter_is_found_and_noted(
    tmp_path: Path, content: str, delimiter: str | None, expected: list[tuple[str, ...]]
) -> None:
    table = read_table(put(tmp_path, "a.csv", content))
    assert cells(table) == expected
    assert notes(table).get("data.delimiter", {}).get("delimiter") == delimiter


def test_a_delimiter_can_be_named(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", "a,b;c\n1,2;3\n")
    assert read_table(path, delimiter=",").columns == ("a", "b;c")
    assert read_table(put(tmp_path, "b.csv", "a b\tc\n1\t2\n"), delimiter="tab").columns == ("a b", "c")
    with pytest.raises(DataError, match="'ab' is not a delimiter"):
        read_table(path, delimiter="ab")


def test_quotes_in_tsv_are_quotes_where_they_pair_and_characters_where_not(tmp_path: Path) -> None:
    assert cells(read_table(put(tmp_path, "a.tsv", 'a\tb\n"x\ty"\t1\n'))) == [("x\ty", "1")]
    table = read_table(put(tmp_path, "b.tsv", 'a\tb\n"Great" he said\t1\n"oh\t0\n'))
    assert cells(table) == [('"Great" he said', "1"), ('"oh', "0")]
    assert "data.quotes_kept" in notes(table)


@pytest.mark.parametrize(
    ("name", "content", "code", "parameters"),
    [
        ("a.csv", "a,b\n1,x\n", "data.ids_made", {"n": 1}),
        ("a.csv", "a,b\n1,\n2,x\n,\n", "data.blank_cells", {"column": "b", "n": 1, "total": 2}),
        ("a.csv", "a,b\n1,x\n,\n , \n2,y\n", "data.blank_rows", {"n": 2, "first": 3}),
        ("a.csv", "a\n1\n\n2\n", "data.blank_rows", {"n": 1, "first": 3}),
        ("a.csv", ",b,\n1,2,3\n", "data.columns_named", {"columns": "column_1, column_3", "n": 2}),
        ("a.csv", "a, b \n1,2\n", "data.columns_trimmed", {"columns": "b", "n": 1}),
        ("a.csv", "a\nHa\u0300\nHà\n", "data.normalized", {"n": 1}),
        ("a.csv", "a,b\n1,x\ufffd\n", "data.replaced_characters", {"n": 1, "row": "1"}),
        ("a.csv", "a,b\n1,x\n2,y\n1,x\n", "data.repeated_rows", {"n": 1}),
        ("a.csv", "a\nx\n".encode("utf-16"), "data.encoding", {"encoding": "UTF-16"}),
    ],
)
def test_what_was_found_is_noted(
    tmp_path: Path, name: str, content: str | bytes, code: str, parameters: dict[str, Any]
) -> None:
    assert notes(read_table(put(tmp_path, name, content)))[code] == parameters


def test_lines_after_the_last_row_are_no_rows(tmp_path: Path) -> None:
    assert "data.blank_rows" not in notes(read_table(put(tmp_path, "a.csv", "a,b\n1,x\n\n\n")))


def test_a_made_name_does_not_collide(tmp_path: Path) -> None:
    assert read_table(put(tmp_path, "a.csv", ",column_1\n1,2\n")).columns == ("column_1_2", "column_1")


def test_groups_come_from_a_column(tmp_path: Path) -> None:
    table = read_table(put(tmp_path, "a.csv", "a,customer\n1,K7\n2,\n3,K7\n"), group_column="customer")
    assert [row.group for row in table.rows] == ["K7", None, "K7"]
    assert notes(table)["data.blank_groups"] == {"column": "customer", "n": 1}


def test_column_names_may_hold_anything_but_nothing(tmp_path: Path) -> None:
    table = read_table(put(tmp_path, "a.csv", 'full text,"a ""b""\nc",Nhãn\n1,2,3\n'))
    assert table.columns == ("full text", 'a "b"\nc', "Nhãn")


# encodings


def test_utf8_and_utf16_with_a_mark_are_read(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        table = read_table(put(tmp_path, "a.csv", "chữ,b\nđường,1\n".encode(encoding)))
        assert (table.columns, cells(table)) == (("chữ", "b"), [("đường", "1")])


def test_another_encoding_is_refused_with_byte_and_line_and_read_when_named(tmp_path: Path) -> None:
    content = "a,b\r\nxin ch\u00e0o,1\r\n".encode("cp1258")
    path = put(tmp_path, "a.csv", content)
    with pytest.raises(DataError, match=r"byte 11 \(0xe0, line 2\) is not UTF-8") as caught:
        read_table(path)
    assert content[11] == 0xE0
    assert 'encoding = "cp1258"' in (caught.value.hint or "")
    assert cells(read_table(path, encoding="cp1258")) == [("xin chào", "1")]


def test_a_wrong_byte_far_into_the_file_is_found(tmp_path: Path) -> None:
    """Decoders count from the beginning of a chunk; the message counts from the beginning of the file."""
    good = f"chữ{'x' * 1000},b\n" * 3000
    for name, pack in (("a.csv", bytes), ("a.csv.gz", gzip.compress)):
        path = put(tmp_path, name, pack(good.encode() + b"x\xff,1\n"))
        offset = len(good.encode()) + 1
        with pytest.raises(DataError, match=rf"byte {offset:,} \(0xff, line 3,001\) is not UTF-8"):
            read_table(path)


@pytest.mark.parametrize("encoding", ["latin-99", "hex", "zip"])
def test_an_unknown_encoding_is_refused(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(DataError, match="is not an encoding"):
        read_table(put(tmp_path, "a.csv", "a\nb\n"), encoding=encoding)


def test_utf16_without_a_mark_is_recognised_but_not_guessed(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", "text,label\nabc,1\n".encode("utf-16-le"))
    with pytest.raises(DataError) as caught:
        read_table(path)
    assert caught.value.hint == 'if it is UTF-16, write encoding = "utf-16-le" under [data]'
    assert cells(read_table(path, encoding="utf-16-le")) == [("abc", "1")]


# ids


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,a\n1,x\n1,y\n2,z\n1,q\n", r"1 id is used more than once: '1' \(lines 2, 3, 5\)"),
        ("id,a\n1,x\n1,y\n2,z\n2,q\n", r"2 ids are used more than once: '1' \(lines 2, 3\), '2' \(lines 4, 5\)"),
        ("id,a\n1,x\n,y\n", r"1 row has no id in column 'id': line 3"),
        ("id,a\n" + " ,y\n" * 9, r"9 rows have no id in column 'id': lines 2, 3, 4, 5, 6 and 4 more"),
        ("a,b\n1,2\n", "a.csv has no column 'id'"),
    ],
)
def test_ids_that_do_not_identify_are_refused_with_their_lines(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_table(put(tmp_path, "a.csv", content), id_column="id")


def test_numbers_can_be_ids(tmp_path: Path) -> None:
    table = read_table(put(tmp_path, "a.jsonl", '{"id": 7, "a": 1}\n{"id": "8", "a": 1}\n'), id_column="id")
    assert [row.id for row in table.rows] == ["7", "8"]


# what is refused


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "a.csv is empty"),
        ("a.csv", b"\n\n", "a.csv is empty"),
        ("a.csv", b"a,b\n", "has a header and no rows"),
        ("a.csv", b"a,b\n,\n \n", "has a header and no rows"),
        ("a.csv", b"a,b\n1,2\n3\n", "line 3 has 1 cell, the header has 2"),
        ("a.csv", b'a,b\n1,"2\n\n"\n1,2,3\n', "line 5 has 3 cells, the header has 2"),
        ("a.csv", b'a,b\n1,2\n3,"4\n5,6\n', r"the quote \(\"\) that opens in the record at line 3 is never closed"),
        ("a.csv", b'a,b\n1,"2"3\n', "line 2: ',' expected after '\"'"),
        ("a.tsv", b'a\tb\n1\t"2"3\n4\n', "line 2: '\t' expected after '\"'"),
        ("a.csv", b"a,b,a\n1,2,3\n", "columns 1 and 3 are both called 'a'"),
        ("a.csv", "e\u0301,é\n1,2\n".encode(), "columns 1 and 2 are both called 'é'"),
        ("a.csv", b"a,b\n1,x\0y\n", r"line 2, column 'b' holds a zero byte \(NUL\)"),
        ("a.csv", b"\x80\x00\xff\x00" * 50, "a.csv is not text: byte 1 is zero"),
        ("a.csv", b"PK\x03\x04rest", "it is a zip archive or an Excel file"),
        ("a.csv", b"PAR1rest", "it is a Parquet file"),
        ("a.csv", gzip.compress(b"a\nb\n"), "it is compressed with gzip"),
        ("a.csv", ",".join(f"c{i}" for i in range(16_385)).encode() + b"\n", "16,385 columns; at most 16,384"),
        ("a.csv.gz", b"a,b\n1,2\n", "Not a gzipped file"),
        ("a.csv.gz", gzip.compress(os.urandom(4000))[:500], "ended before the end-of-stream"),
        ("a.jsonl", b'{"a": 1}\n[1]\n', r"line 2 is \[1\] and not an object"),
        ("a.jsonl", b'{"a": 1}\n\n{"a": \n', r"line 3 is not JSON: Expecting value \(column 6\)"),
        ("a.jsonl", b'{"a": 1, "b": {"c": 1, "c": 2}}\n', "the key 'c' occurs twice"),
        ("a.jsonl", b'{"a": "\\ud800"}\n', r"line 1, column 'a' holds half of a character \(surrogate U\+D800\)"),
        ("a.jsonl", b'{"a": "x\\u0000"}\n', r"line 1, column 'a' holds a zero byte"),
        ("a.jsonl", b'{"a": -Infinity}\n', "-Infinity is not a JSON number"),
        ("a.jsonl", b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "line 1 is not JSON: maximum recursion"),
        ("a.jsonl", b"{}\n{}\n", "a.jsonl is empty"),
        ("a.json", b'[{"a": 1}, 2]', "row 2 is 2 and not an object"),
        ("a.json", b'[{"a": 1},', "a.json is not JSON"),
        ("a.parquet", b"PAR1" + b"x" * 50 + b"PAR1", "cannot be read as Parquet"),
        ("a.parquet", b"a,b\n1,2\n", "cannot be read as Parquet"),
        ("a.xlsx", b"PK\x03\x04junk", "cannot be read as an Excel file"),
        ("a.xlsx", b"a,b\n1,2\n", "cannot be read as an Excel file"),
        ("a.txt", b"a\n", "the ending does not tell a format"),
        ("a.parquet.gz", b"a\n", "the ending does not tell a format"),
        ("data", b"a\n", "the ending does not tell a format"),
    ],
)
def test_what_cannot_be_read_exactly_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_table(put(tmp_path, name, content))
    assert caught.value.hint


def test_parquet_bytes_that_are_not_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="row 1, column 'b': bytes that are not text"):
        read_table(parquet(tmp_path / "a.parquet", r"SELECT '\xFF'::BLOB b"))


def test_a_truncated_parquet_or_excel_file_is_refused(tmp_path: Path) -> None:
    whole = parquet(tmp_path / "a.parquet", "SELECT range a FROM range(1000)").read_bytes()
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        read_table(put(tmp_path, "b.parquet", whole[: len(whole) // 2]))
    book = write_excel(tmp_path / "a.xlsx", {"S": row(1, cell("A1", "a")) + row(2, cell("A2", "b"))}).read_bytes()
    with pytest.raises(DataError, match="cannot be read as an Excel file"):
        read_table(put(tmp_path, "b.xlsx", book[: len(book) // 2]))


def test_a_sheet_that_does_not_exist_is_refused_with_the_nearest(tmp_path: Path) -> None:
    path = write_excel(tmp_path / "a.xlsx", {"Tickets": row(1, cell("A1", "a")), "Empty": ""})
    with pytest.raises(DataError, match="no sheet 'Ticket'") as caught:
        read_table(path, sheet="Ticket")
    assert caught.value.hint == "did you mean 'Tickets'?"
    with pytest.raises(DataError, match="is empty"):
        read_table(path, sheet="Empty")


def test_two_cells_in_opposite_corners_do_not_take_the_memory(tmp_path: Path) -> None:
    """Calamine asks for the whole rectangle, 550 GB, and the process ends. So the corners are looked at before."""
    far = row(1, cell("A1", "a")) + row(1_048_576, cell("XFD1048576", "x"))
    with pytest.raises(DataError, match="uses 1,048,576 rows and 16,384 columns"):
        read_table(write_excel(tmp_path / "a.xlsx", {"S": far}))
    styled = row(1, cell("A1", "a")) + row(2, cell("A2", "x")) + row(1_048_576, '<c r="XFD1048576" s="1"/>')
    assert cells(read_table(write_excel(tmp_path / "b.xlsx", {"S": styled}))) == [("x",)]


def test_limits_are_said_before_the_memory_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "a.csv").open("wb") as file:
        file.truncate(source.LARGEST_BYTES + 1)
    with pytest.raises(DataError, match=r"at most 2.0 GiB are read"):
        read_table(tmp_path / "a.csv")
    parquet(tmp_path / "a.parquet", "SELECT 1 a FROM range(10000001)")
    with pytest.raises(DataError, match="holds 10,000,001 cells; at most 10,000,000"):
        read_table(tmp_path / "a.parquet")
    monkeypatch.setattr(text, "LARGEST_BYTES", 1000)
    with pytest.raises(DataError, match="unpacks to more than 1000 B"):
        read_table(put(tmp_path, "b.csv.gz", gzip.compress(b"a,b\n" + b"1,2\n" * 100_000)))


def test_a_cell_of_fifty_megabytes_is_read(tmp_path: Path) -> None:
    long = "x\n" * 25_000_000
    table = read_table(put(tmp_path, "a.csv", f'a,b\n"{long}",1\n'))
    assert len(table.rows[0].values["a"]) == 50_000_000


def test_a_missing_file_is_answered_with_the_nearest_name(tmp_path: Path) -> None:
    put(tmp_path, "Tickets.csv", "a\n1\n")
    with pytest.raises(DataError, match="there is no file") as caught:
        read_table(tmp_path / "tickets.cvs")
    assert caught.value.hint == f"did you mean {str(tmp_path / 'Tickets.csv')!r}?"
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / "something else")
    assert caught.value.hint == "data files here: Tickets.csv"
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / "nowhere" / "a.csv")
    assert "there is no folder" in (caught.value.hint or "")
    with pytest.raises(DataError, match="is a folder"):
        read_table(tmp_path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything can be read here")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", "a\n1\n")
    path.chmod(0)
    with pytest.raises(DataError, match="Permission denied"):
        read_table(path)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["csv", "tsv", "jsonl", "json", "parquet", "xlsx", "csv.gz"]))
def test_any_bytes_are_read_or_refused(content: bytes, ending: str) -> None:
    with TemporaryDirectory() as folder:
        path = put(Path(folder), f"a.{ending}", content)
        with suppress(DataError):
            assert read_table(path).rows


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["a", "b"]), JSON_VALUES, min_size=1), min_size=1, max_size=4))
def test_what_json_writes_is_read_back(rows: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        path = put(Path(folder), "a.jsonl", "\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
        found: list[dict[str, Any]] = []
        with suppress(DataError):  # only where no cell holds anything, which the comparison below sees
            found = [dict(row.values) for row in read_table(path).rows]
    expected = [{key: plain(value) for key, value in row.items()} for row in rows]
    blank = "\0 \t\r\n\u00a0"
    kept = [row for row in expected if any(str("" if v is None else v).strip(blank) for v in row.values())]
    assert [
        {key: value for key, value in row.items() if key in want} for row, want in zip(found, kept, strict=True)
    ] == kept


def plain(value: Any) -> Any:
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value
