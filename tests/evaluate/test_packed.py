"""Packed rows are the rows that were put in, wherever they lie; and JSON arrays are read a piece at a time."""

import json
import os
import sys
import tracemalloc
from array import array
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.errors import DataError, StorageError
from bakeoff.evaluate.files import read_table
from bakeoff.evaluate.tables import json_lines, packed
from bakeoff.evaluate.tables.build import _repeated, build, shown
from bakeoff.evaluate.tables.packed import Packer
from bakeoff.evaluate.tables.source import Source
from bakeoff.evaluate.types import Row

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
CELLS = st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False))


def pack(rows: list[list[Any]], width: int = 3, **names: str | None) -> packed.PackedRows:
    columns = tuple("abcdef"[:width])
    packer = Packer(columns)
    for cells in rows:
        packer.add("\0".join(map(shown, cells)).encode(), cells)
    return packer.rows(id_column=names.get("id"), group_column=names.get("group"))


@settings(deadline=None)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=20))
def test_every_cell_comes_back_with_its_type(rows: list[list[Any]]) -> None:
    again = [list(row.values.values()) for row in pack(rows)]
    assert again == rows
    assert [[type(cell) for cell in row] for row in again] == [[type(cell) for cell in row] for row in rows]


def test_rows_behave_like_a_tuple_of_rows() -> None:
    rows = pack([["x", "1", " g "], ["y", "2", ""], ["z", "3", "g"]], id="a", group="c")
    same = (
        Row("x", 1, {"a": "x", "b": "1", "c": " g "}, "g"),
        Row("y", 2, {"a": "y", "b": "2", "c": ""}, None),
        Row("z", 3, {"a": "z", "b": "3", "c": "g"}, "g"),
    )
    assert rows == same
    assert tuple(rows) == same
    assert (rows[0], rows[-1], rows[1:], rows[::-1]) == (same[0], same[-1], same[1:], same[::-1])
    assert rows != same[:2]
    assert rows.index(same[1]) == 1
    for outside in (3, -4):
        with pytest.raises(IndexError):
            rows[outside]


def test_rows_of_a_small_table_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [[f"text {i}", i, None] for i in range(9)]
    small = pack(cells)
    assert [one is two for one, two in zip(small, small, strict=True)] == [True] * 9
    for name in ("KEPT_ROWS", "KEPT_BYTES"):
        with monkeypatch.context() as patch:
            patch.setattr(packed, name, 8)
            large = pack(cells)
            assert [one is two for one, two in zip(large, large, strict=True)] == [False] * 9
            assert list(large) == list(small)


def test_a_large_table_lies_on_the_disk_and_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [[f"text {i} Việt", i, None] for i in range(3000)]
    whole = pack(rows)
    monkeypatch.setattr(packed, "IN_MEMORY_BYTES", 1000)
    monkeypatch.setattr(packed, "SPILL_BYTES", 500)
    spilled = pack(rows)
    assert spilled == whole
    assert [spilled[i] for i in (2999, 0, 1500)] == [whole[i] for i in (2999, 0, 1500)]
    assert spilled.text(7) == whole.text(7)
    assert list(spilled.ids()) == list(whole.ids())
    for size in (1, 50, 10_000):  # blocks that are smaller than a row, that cut rows, and that hold many
        monkeypatch.setattr(packed, "BLOCK_BYTES", size)
        assert list(spilled.column("b")) == list(whole.column("b"))
        assert list(spilled) == list(whole)
        for some in (slice(5, 900), slice(0, 0), slice(9, 7), slice(2990, 9999), slice(3000, 3001), slice(-3, None)):
            assert spilled[some] == tuple(whole)[some]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="open files are counted in /proc")
def test_the_temporary_file_ends_with_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "IN_MEMORY_BYTES", 1000)
    before = len(os.listdir("/proc/self/fd"))
    spilled = pack([["x" * 100, 1, None]] * 50)
    assert len(os.listdir("/proc/self/fd")) == before + 1
    del spilled
    assert len(os.listdir("/proc/self/fd")) == before


def test_rows_that_repeat_others_are_counted_whatever_their_hash() -> None:
    values = [5, 5, 5, -1, -1, 2**40, 7, 21, 5 + 16, -(2**63), -(2**63)]
    assert _repeated(array("q", values)) == len(values) - len(set(values)) == 5
    assert _repeated(array("q")) == 0


def test_no_room_for_the_temporary_file_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(packed, "IN_MEMORY_BYTES", 1)
    monkeypatch.setattr(packed.tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(StorageError, match="no room for a table of more than"):
        pack([["x", "y", "z"]])


def test_a_table_takes_little_more_than_its_text() -> None:
    """20,000 rows of 100 characters: 2.0 MB. As dictionaries of strings they took about five times as much."""
    source = Source(["text"], ((i, [f"{i:0100d}"]) for i in range(20_000)), "row")
    tracemalloc.start()
    table = build(source, "t")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(table.rows) == 20_000
    assert kept < 4_000_000


def test_replacing_the_rows_of_a_table_works_as_before(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n3,4\n")
    table = read_table(tmp_path / "a.csv")
    one = replace(table, rows=(table.rows[1],))
    assert [row.values for row in one.rows] == [{"a": "3", "b": "4"}]


def test_ids_with_one_hash_are_only_the_same_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bakeoff.evaluate.tables.build.hash", lambda _: 7, raising=False)
    rows = [(i, [f"id{i}", "t"]) for i in range(5)]
    assert len(build(Source(["id", "t"], iter(rows), "row"), "f", id_column="id").rows) == 5
    with pytest.raises(DataError, match=r"1 id is used more than once: 'id3' \(rows 3, 9\)"):
        build(Source(["id", "t"], iter([*rows, (9, ["id3", "u"])]), "row"), "f", id_column="id")


# JSON arrays


@settings(deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.one_of(TEXTS, st.integers(), st.lists(TEXTS)), min_size=1)),
    st.integers(1, 50),
    st.sampled_from([None, 1]),
)
def test_an_array_in_pieces_is_the_array(items: list[dict[str, Any]], size: int, indent: int | None) -> None:
    from io import StringIO

    text = json.dumps(items, indent=indent, ensure_ascii=False)
    before, json_lines.PIECE_CHARACTERS = json_lines.PIECE_CHARACTERS, size
    try:
        assert [item for _, item in json_lines._array(StringIO(text), "a.json", json_lines.STRICT)] == items
    finally:
        json_lines.PIECE_CHARACTERS = before


@pytest.mark.parametrize("size", [1, 7, 65_536])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[{"a": 1}', "the file ends"),
        ('[{"a": 1} {"a": 2}]', "',' is expected, '{' found"),
        ('[{"a": 1},]', "Expecting value"),
        ('[{"a": "x}]', "character 7: Unterminated string"),
        ('[{"a": 1}] x', "character 11: more after the array"),
        ('[{"a": tru}]', "Expecting value"),
        ('[{"a": 1, "a": 2}]', "the key 'a' occurs twice"),
        ('[{"a": Infinity}]', "not a JSON number"),
        ("[[1, 2]]", r"row 1 is \[1, 2\] and not an object"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_a_broken_array_is_refused_with_its_place(
    text: str, says: str, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_lines, "PIECE_CHARACTERS", size)
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match=says):
        read_table(tmp_path / "a.json")


def test_an_error_early_in_a_large_array_does_not_read_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"a": oops}' + ', {"a": "x"}' * 200_000 + "]")
    tracemalloc.start()
    with pytest.raises(DataError, match="character 7"):
        read_table(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_500_000


def test_a_quote_that_is_never_closed_does_not_take_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bakeoff.evaluate.tables import delimited

    monkeypatch.setattr(delimited, "LONGEST_CELL", 10_000)
    (tmp_path / "a.csv").write_text('a,b\n1,2\n"3,4\n' + "5,6\n" * 10_000)
    with pytest.raises(DataError, match=r"the record at line 3 has a cell of more than 10,000 characters"):
        read_table(tmp_path / "a.csv")


def test_a_line_that_never_ends_does_not_take_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "LONGEST_OBJECT", 10_000)
    (tmp_path / "a.jsonl").write_text('{"a": "' + "x" * 20_000)
    with pytest.raises(DataError, match=r"line 1 has more than 10,000 characters"):
        read_table(tmp_path / "a.jsonl")
    (tmp_path / "a.json").write_text('[{"a": "' + "x" * 200_000)
    with pytest.raises(DataError, match="Unterminated string"):
        read_table(tmp_path / "a.json")
