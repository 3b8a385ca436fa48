"""The end of a large run moves its oldest calls into parts; results, exports and what is owed stay as they are."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.common import stub_process

from bakeoff.evaluate.store import folding
from bakeoff.project import Project
from bakeoff.project.planning import RunOptions
from tests.project.common import candidate, make_project
from tests.project.sheet.common import cells_of, open_sheet


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with stub_process() as found:
        yield found


def results(folder: Path, name: str) -> tuple[str, bytes, list[dict[str, object]]]:
    """A report, an export and the sheet."""
    project = Project(folder)
    project.export(folder / name)
    return project.report("json"), (folder / name).read_bytes(), cells_of(open_sheet(folder))


def test_a_project_with_parts_shows_and_owes_the_same(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidates = [candidate(name, f"{address}/ok/v1") for name in ("a", "b")]
    folder = make_project(tmp_path / "p", *candidates)
    Project(folder).run(RunOptions(rows="20"))
    before = results(folder, "before.csv")
    monkeypatch.setattr(folding, "FOLD_ABOVE", 25)
    monkeypatch.setattr(folding, "PART_CALLS", 9)
    with Project(folder).ledger() as ledger:
        assert ledger.fold() == 18
    assert results(folder, "after.csv") == before
    outcomes = Project(folder).run()
    assert {outcome.candidate: outcome.answered for outcome in outcomes} == {"a": 10, "b": 10}
    with Project(folder).ledger() as ledger:
        assert [part.calls for part in ledger.noted_parts()] == [9, 9, 9, 9], "the run folded at its end"
        assert ledger.count_answers("a") == ledger.count_answers("b") == 30
    assert all(outcome.answered == 0 for outcome in Project(folder).run())
    assert len(Project(folder).row("3")) == 2
