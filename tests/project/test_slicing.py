"""Results by the value of a column, by command: who is better where, and what is too small to say."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.common import stub_process
from click.testing import CliRunner

from bakeoff.cli.show import show_command
from bakeoff.errors import UsageError
from bakeoff.project import Project
from bakeoff.project.slicing import slices_by
from tests.json_page import keys, mentioned, promised
from tests.project.common import candidate


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with stub_process() as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path, address: str) -> Path:
    """90 rows in three kinds: a server that answers, and one that answers nothing."""
    kinds = ["a"] * 45 + ["b"] * 40 + ["c"] * 4 + [""]
    rows = []
    for i, kind in enumerate(kinds):
        label = "positive" if i % 2 else "negative"
        rows.append(f"{i},ticket {i} {'long ' * (i % 9)}<{label}>,{label},{kind},{i}")
    (tmp_path / "rows.csv").write_text("id,text,label,kind,number\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "bakeoff.toml").write_text(
        '[data]\nfile = "rows.csv"\nid = "id"\n[prompt]\nuser = "{{ text }}"\n[preflight]\nprobe = false\n'
        + candidate("good", f"{address}/ok/v1")
        + candidate("mute", f"{address}/empty/v1")
        + '[[graders]]\nkind = "label"\ntarget = "{{ label }}"\nlabels = ["positive", "negative"]\n',
        encoding="utf-8",
    )
    Project(tmp_path).run()
    return tmp_path


def test_each_value_has_its_own_results_and_small_ones_are_counted(folder: Path) -> None:
    found = slices_by(Project(folder), "kind")
    assert [(one.label, one.n) for one in found.slices] == [("a", 45), ("b", 40)]
    assert (found.n_small, found.n_blank) == (4, 1)
    whole = Project(folder).compare()
    for one in found.slices:
        names = [name for name, _ in one.qualities]
        assert names == [model.model for model in whole.models]


def test_numbers_and_lengths_become_ranges(folder: Path) -> None:
    numbers = slices_by(Project(folder), "number")
    assert [one.low is not None for one in numbers.slices] == [True] * 4
    assert sum(one.n for one in numbers.slices) == 90
    lengths = slices_by(Project(folder), "length:text")
    assert lengths.name == "length:text"
    assert all(one.high is not None and one.high < 100 for one in lengths.slices)


def test_the_command_prints_a_line_for_each_slice_and_the_documented_keys(folder: Path) -> None:
    shown = CliRunner().invoke(show_command, [str(folder), "--by", "kind", "--lang", "en"], catch_exceptions=False)
    assert [line.split("\t")[:2] for line in shown.stdout.splitlines()[:3]] == [
        ["kind", "Rows"], ["a", "45"], ["b", "40"],
    ]  # fmt: skip
    assert "4 rows are in slices too small" in shown.stderr
    asked = [str(folder), "--by", "kind", "--json"]
    document = json.loads(CliRunner().invoke(show_command, asked, catch_exceptions=False).stdout)
    assert (document["schema"], document["version"]) == ("bakeoff.slices", 1)
    found = keys(document, set())
    assert promised("bakeoff.slices") - found == set()
    assert found - mentioned("bakeoff.slices", "bakeoff.decide") == set()


def test_an_unknown_column_is_refused_with_those_there_are(folder: Path) -> None:
    for by in ("kinds", "length:kinds"):
        with pytest.raises(UsageError, match="no column 'kinds'") as caught:
            slices_by(Project(folder), by)
        assert "kind" in (caught.value.hint or "")
