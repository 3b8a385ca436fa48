"""The project file, edited: what is not of the promised shape is said, and nothing around an edit changes."""

from pathlib import Path

import pytest

from bakeoff.errors import ProjectError
from bakeoff.project.editing import append_tables, read_document, set_table, table, tables


@pytest.mark.parametrize("text", ["candidates = 3\n", "candidates = [1, 2]\n", "[candidates]\na = 1\n"])
def test_what_is_no_array_of_tables_is_said_and_kept(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bakeoff.toml"
    file.write_text(text, encoding="utf-8")
    for act in (
        lambda: tables(tmp_path, "candidates"),
        lambda: append_tables(tmp_path, "candidates", [{"model": "m"}]),
    ):
        with pytest.raises(ProjectError, match="not an array of tables") as caught:
            act()
        assert caught.value.hint == "write it as [[candidates]]"
    assert file.read_text(encoding="utf-8") == text


def test_what_is_no_table_is_said_and_kept(tmp_path: Path) -> None:
    (tmp_path / "bakeoff.toml").write_text("needs = 3\n", encoding="utf-8")
    with pytest.raises(ProjectError, match="not a table"):
        table(tmp_path, "needs")
    with pytest.raises(ProjectError, match="not a table"):
        set_table(tmp_path, "needs", {"task": "rag"})


def test_entries_stand_apart_by_one_blank_line(tmp_path: Path) -> None:
    file = tmp_path / "bakeoff.toml"
    file.write_text('# mine\n[[candidates]]\nmodel = "a"\n\n[decide]\nrule = "best"\n', encoding="utf-8")
    append_tables(tmp_path, "candidates", [{"model": "b"}, {"model": "c", "build": None}])
    assert file.read_text(encoding="utf-8").startswith('# mine\n[[candidates]]\nmodel = "a"\n')
    assert "\n\n\n" not in file.read_text(encoding="utf-8")
    assert [one["model"] for one in tables(tmp_path, "candidates")] == ["a", "b", "c"]
    assert read_document(tmp_path).unwrap()["decide"] == {"rule": "best"}


def test_a_folder_without_a_file_has_nothing(tmp_path: Path) -> None:
    assert (table(tmp_path, "needs"), tables(tmp_path, "candidates")) == (None, [])
