"""A run with nothing to ask joins no cluster; one with anything to ask does."""

from pathlib import Path

import pytest
from benchmarks.common import stub_process

from bakeoff.cluster import driver, settled
from bakeoff.cluster.driver import run_on_cluster
from bakeoff.cluster.settled import all_answered
from bakeoff.cluster.site import Where
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Answer
from bakeoff.project import Project
from bakeoff.project.listening import Listener
from bakeoff.project.planning import RunOptions
from bakeoff.values import Reason
from tests.cluster.common import resolved, rows
from tests.cluster.killing import make_project
from tests.project.sheet.common import made_call

ROWS = 30


class Joined(Exception):
    """A cluster was to be joined."""


class Hearing(Listener):
    """Keeps the notes."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def note(self, note: Reason) -> None:
        self.codes.append(note.code)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that is answered on one machine; its server is gone."""

    def join(*_: object, **__: object) -> None:
        raise Joined

    monkeypatch.setattr(driver, "site_of", join)
    with stub_process() as server:
        made = make_project(tmp_path / "project", f"{server}/ok", ROWS)
        Project(made).run()
    return made


@pytest.mark.parametrize("options", [RunOptions(), RunOptions(rows="7"), RunOptions(rows="r3,r17")])
def test_with_nothing_to_ask_no_cluster_is_joined(folder: Path, options: RunOptions) -> None:
    with Ledger(folder / "bakeoff.db") as ledger:
        ledger.database.run("INSERT INTO row_range (work, first, last, rows) VALUES ('other', 0, 1, ?)", (b"x",))
    heard = Hearing()
    (outcome,) = run_on_cluster(Project(folder, listener=heard), options, Where("local"))
    assert (outcome.candidate, outcome.answered, outcome.failed, outcome.error) == ("stub", 0, 0, None)
    assert heard.codes == ["cluster.all_answered"]
    with Ledger(folder / "bakeoff.db") as ledger:
        assert ledger.database.rows("SELECT work FROM row_range") == [("other",)], "of another work"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{{ text }}", "Say: {{ text }}"),
        ("max_tokens = 8", "max_tokens = 9"),
        ("[[cand", "[run]\nrepeats = 2\n\n[[cand"),
    ],
)
def test_with_something_to_ask_it_is(folder: Path, old: str, new: str) -> None:
    path = folder / "bakeoff.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(Joined):
        run_on_cluster(Project(folder), RunOptions(), Where("local"))


def test_one_new_row_is_something_to_ask(folder: Path) -> None:
    with (folder / "rows.jsonl").open("a") as file:
        file.write('\n{"id": "new", "text": "new", "label": "neutral"}')
    with pytest.raises(Joined):
        run_on_cluster(Project(folder), RunOptions(), Where("local"))


@pytest.mark.parametrize("missing", [None, 0, 5, 11])
def test_each_block_of_rows_is_looked_at(missing: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough answers in number, and one of them not to any of these rows."""
    monkeypatch.setattr(settled, "FIRST_LOOK", 2)
    monkeypatch.setattr(settled, "LOOK", 4)
    some, route = rows(12), resolved("http://127.0.0.1:9", "a").route
    with Ledger(tmp_path / "l.db") as ledger:
        other = rows(13)[12]
        asked = [other if place == missing else row for place, row in enumerate(some)]
        ledger.record([made_call(route, row, Answer("x", "stop", 1.0, 2.0, 3, 4)) for row in asked])
        found = all_answered([route], iter(some), count=12, repeats=1, ledger=ledger)
        assert found is (missing is None)
        assert not all_answered([route], iter(some), count=13, repeats=1, ledger=ledger), "fewer answers than calls"
