"""Several files as one table: the same columns in any order, counted over all, and errors that name the file."""

import gzip
from pathlib import Path

import pytest

from bakeoff.errors import DataError
from bakeoff.evaluate.files import read_table


def write(folder: Path, files: dict[str, bytes]) -> tuple[Path, ...]:
    for name, data in files.items():
        (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return tuple(folder / name for name in files)


def values(paths: tuple[Path, ...]) -> list[dict[str, object]]:
    return [dict(row.values) for row in read_table(paths[0], others=paths[1:]).rows]


@pytest.mark.parametrize(
    "files",
    [
        {"a.csv": b"x,y\n1,2\n", "b.csv": b"y,x\n4,3\n", "c.csv": b"x,y\n\n5,6\n"},
        {"a.csv": b"x;y\n1;2\n", "b.csv": b"x\ty\n3\t4\n5\t6\n"},
        {"a.tsv.gz": b"x\ty\n1\t2\n", "b.tsv.gz": b"x\ty\n3\t4\n5\t6\n"},
    ],
)
def test_separated_values_follow_one_another(tmp_path: Path, files: dict[str, bytes]) -> None:
    paths = write(tmp_path, files)
    assert values(paths) == [{"x": "1", "y": "2"}, {"x": "3", "y": "4"}, {"x": "5", "y": "6"}]
    whole = write(tmp_path, {"whole.csv": b"x,y\n1,2\n3,4\n5,6\n"})
    assert read_table(paths[0], others=paths[1:]).digest == read_table(whole[0]).digest


def test_json_parts_may_lack_columns(tmp_path: Path) -> None:
    paths = write(tmp_path, {"a.jsonl": b'{"x": 1}\n', "b.jsonl": b'{"y": [2], "x": 3}\n'})
    assert values(paths) == [{"x": 1, "y": None}, {"x": 3, "y": "[2]"}]
    assert [(note.code, note.parameters.get("n")) for note in read_table(paths[0], others=paths[1:]).notes] == [
        ("data.nested", 1),
        ("data.blank_cells", 1),
        ("data.ids_made", 2),
    ]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.csv": b"x,y\n1,2\n", "b.csv": b"x,z\n3,4\n"}, "b.csv has no column 'y', unlike a.csv"),
        ({"a.csv": b"x\n1\n", "b.csv": b"x,z\n3,4\n"}, "b.csv has a column 'z', unlike a.csv"),
        ({"a.csv": b"x,y\n1,2\n", "b.csv": b"x,y\n3,4\n5\n"}, "b.csv: line 3 has 1 cell, the header has 2"),
        ({"a.csv": b"x,y\n1,2\n", "b.csv": b"x,y\n3,\xff\n"}, "b.csv: byte 6"),
        ({"a.csv": b"x,x\n1,2\n", "b.csv": b"x,x\n3,4\n"}, "a.csv and 1 more: columns 1 and 2 are both called 'x'"),
    ],
)
def test_what_is_wrong_with_a_part_names_it(tmp_path: Path, files: dict[str, bytes], message: str) -> None:
    with pytest.raises(DataError) as caught:
        values(write(tmp_path, files))
    assert message in caught.value.message
