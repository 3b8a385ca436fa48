"""`run` with its options: order, rows, candidates, repeats, caps, races; against a server that answers at once."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from benchmarks.common import stub_process

from bakeoff.errors import ProjectError, UsageError
from bakeoff.evaluate.order import shuffled
from bakeoff.evaluate.store import Ledger
from bakeoff.project import Listener, Project
from bakeoff.project.planning import RunOptions
from bakeoff.values import Reason

LABELS = ("positive", "negative", "neutral")

TOML = """
[data]
file = "data.csv"
id = "id"
{group}

[prompt]
user = "{{{{ text }}}}"

[preflight]
probe = false

[run]
{run}

{candidates}

[[graders]]
kind = "label"
target = "{{{{ label }}}}"
labels = ["positive", "negative", "neutral"]
"""

CANDIDATE = """
[[candidates]]
name = "{name}"
model = "{name}"
via = "{address}/{fault}/v1"
concurrency = 8
{more}
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with stub_process() as found:
        yield found


class Notes(Listener):
    def __init__(self) -> None:
        self.codes: Counter[str] = Counter()

    def note(self, note: Reason) -> None:
        self.codes[note.code] += 1


Make = Callable[..., Project]


@pytest.fixture
def make(tmp_path: Path, address: str) -> Make:
    def made(*names: str, rows: int = 40, run: str = "", more: str = "", fault: str = "ok", group: int = 0) -> Project:
        lines = [f"r{i},text {i} <{LABELS[i % 3]}>,{LABELS[i % 3]},g{i // max(group, 1)}" for i in range(rows)]
        (tmp_path / "data.csv").write_text("id,text,label,grp\n" + "\n".join(lines) + "\n")
        candidates = "".join(
            CANDIDATE.format(name=name, address=address, fault="empty" if name == "blank" else fault, more=more)
            for name in names
        )
        text = TOML.format(run=run, candidates=candidates, group='group = "grp"' if group else "")
        (tmp_path / "bakeoff.toml").write_text(text)
        return Project(tmp_path, listener=Notes())

    return made


def answered(project: Project) -> dict[str, list[str]]:
    """Row ids that have an answer, by candidate, in the order in which they were stored."""
    with Ledger(project.folder / "bakeoff.db") as ledger:
        rows = ledger.database.rows("SELECT candidate, row_id FROM call WHERE state = 'answered' ORDER BY seq")
        found: dict[str, list[str]] = {}
        for candidate, row_id in rows:
            found.setdefault(candidate, []).append(row_id)
    return found


def manifest(project: Project) -> dict[str, Any]:
    with Ledger(project.folder / "bakeoff.db") as ledger:
        return ledger.manifest(ledger.runs()[-1]["run"]) or {}


def test_rows_come_in_the_order_of_the_stored_seed_the_same_for_all(make: Make) -> None:
    project = make("a", "b", run="seed = 7")
    project.run(RunOptions(rows="10"))
    found = answered(project)
    wanted = [project.table().rows[int(i)].id for i in shuffled(project.table(), 7)[:10]]
    assert set(found["a"]) == set(found["b"]) == set(wanted)
    assert wanted != [row.id for row in project.table().rows[:10]]
    assert manifest(project)["seed"] == 7


def test_rows_that_are_added_do_not_change_the_order_of_the_others(make: Make) -> None:
    few, many = (make("a", rows=n).table() for n in (30, 60))
    order = [many.rows[int(i)].id for i in shuffled(many, 0)]
    ids = {row.id for row in few.rows}
    assert [one for one in order if one in ids] == [few.rows[int(i)].id for i in shuffled(few, 0)]


def test_groups_stay_together_where_that_is_asked(make: Make) -> None:
    table = make("a", group=4).table()
    groups = [table.rows[int(i)].group for i in shuffled(table, 0, whole_groups=True)]
    assert all(len(set(groups[i : i + 4])) == 1 for i in range(0, 40, 4))


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (RunOptions(only=("b",)), {"b": 40}),
        (RunOptions(rows="r3,r5"), {"a": 2, "b": 2}),
        (RunOptions(rows="r3,", only=("a",)), {"a": 1}),
        (RunOptions(repeats=3, rows="5"), {"a": 15, "b": 15}),
        (RunOptions(retry_failed=True), {}),
    ],
)
def test_only_what_is_asked_for(make: Make, options: RunOptions, wanted: dict[str, int]) -> None:
    project = make("a", "b")
    project.run(options)
    assert {name: len(rows) for name, rows in answered(project).items()} == wanted


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (RunOptions(only=("bb",)), "no candidate 'bb'"),
        (RunOptions(rows="r99"), "no row 'r99'"),
        (RunOptions(rows="0"), "asks nothing"),
        (RunOptions(rows=","), "no row"),
        (RunOptions(race=True, only=("a",)), "two candidates"),
    ],
)
def test_what_does_not_exist_is_refused_before_anything_is_asked(make: Make, options: RunOptions, words: str) -> None:
    project = make("a", "b")
    with pytest.raises(UsageError, match=words) as caught:
        project.run(options)
    assert caught.value.hint
    assert answered(project) == {}


def test_repetitions_are_calls_of_their_own_with_seeds_of_their_own(make: Make) -> None:
    project = make("a", rows=4, run="repeats = 3", more="seed = 5\ntemperature = 0.7")
    project.run()
    with Ledger(project.folder / "bakeoff.db") as ledger:
        bodies = [json.loads(body)["seed"] for (body,) in ledger.database.rows("SELECT body FROM request")]
    assert Counter(bodies) == {5: 4, 6: 4, 7: 4}
    assert all(len(cell.repeat_scores) == 3 for cell in project.columns()[0].cells)


def test_a_failure_that_is_tried_again_is_a_new_attempt_and_nothing_else_is_asked(make: Make) -> None:
    project = make("a", rows=6, fault="400")
    project.run(RunOptions(rows="4"))
    project.run(RunOptions(retry_failed=True))
    with Ledger(project.folder / "bakeoff.db") as ledger:
        rows = ledger.database.rows("SELECT row_id, attempt FROM call ORDER BY seq")
    assert Counter(attempt for _, attempt in rows) == {1: 4, 2: 4}


def test_what_other_settings_answered_is_counted_and_said(make: Make) -> None:
    make("a", rows=6).run()
    project = make("a", rows=6, more="top_p = 0.5")
    project.run()
    assert isinstance(project.listener, Notes)
    assert project.listener.codes["run.owed"] == 1
    assert len(answered(project)["a"]) == 12


PRICE = "price_per_million = { input = 1000, output = 2000 }\nmax_tokens = 20"


def spent(project: Project) -> Decimal:
    with Ledger(project.folder / "bakeoff.db") as ledger:
        (found,) = ledger.database.rows("SELECT total(prompt_tokens), total(output_tokens) FROM call")
    return (Decimal(found[0]) * 1000 + Decimal(found[1]) * 2000) / 1_000_000


@pytest.mark.parametrize("cap", ["0.30", "1", "2"])
def test_a_cap_on_money_holds_with_many_in_flight_and_is_used(make: Make, cap: str) -> None:
    project = make("a", "b", rows=100, more=PRICE)
    outcomes = project.run(RunOptions(max_cost_usd=Decimal(cap)))
    most = Decimal("0.3")  # of one call: up to 250 bytes and 20 tokens of output
    assert Decimal(cap) - most <= spent(project) <= Decimal(cap)
    assert {outcome.capped for outcome in outcomes} == {"cost"}
    assert sum(outcome.left + outcome.answered for outcome in outcomes) == 200


def test_answers_have_a_cost_where_there_is_a_price_and_none_where_there_is_not(make: Make) -> None:
    project = make("a", rows=10, more=PRICE)
    project.run()
    assert Decimal(project.columns()[0].cost_usd or "") == spent(project)
    assert make("a", rows=10).columns()[0].cost_usd is None


def test_a_cap_on_money_needs_a_price(make: Make) -> None:
    text = (project := make("a")).folder.joinpath("bakeoff.toml").read_text()
    project.folder.joinpath("bakeoff.toml").write_text(text.replace("http://127.0.0.1", "http://models.invalid"))
    with pytest.raises(ProjectError, match="price is not known") as caught:
        Project(project.folder).run(RunOptions(max_cost_usd=Decimal(1)))
    assert "price_per_million" in str(caught.value.hint)


def test_a_cap_on_time_ends_the_run(make: Make) -> None:
    project = make("a", rows=3000)
    (outcome,) = project.run(RunOptions(max_minutes=0.002))
    assert outcome.capped == "time"
    assert outcome.answered + outcome.left == 3000
    assert outcome.left > 0


@pytest.mark.parametrize("group", [0, 3])
def test_a_race_drops_who_is_clearly_worse_and_asks_less(make: Make, group: int) -> None:
    project = make("a", "blank", rows=900, group=group)
    outcomes = project.run(RunOptions(race=True))
    assert isinstance(project.listener, Notes)
    assert project.listener.codes == {"race.dropped": 1, "race.won": 1}
    assert sum(outcome.answered for outcome in outcomes) < 900
    assert all(outcome.left == 0 and outcome.capped is None for outcome in outcomes)
    caveats = [caveat for caveat in project.compare().caveats if caveat.code.startswith(("race", "cells.missing"))]
    assert [caveat.code for caveat in caveats] == ["race.dropped", "race.won"]
    assert caveats[0].parameters["model"] == "blank"
    assert caveats[0].parameters["evidence"] >= 40  # two candidates at 5 %: 2(k-1)/alpha

    again = Project(project.folder, listener=Notes())
    assert sum(outcome.answered for outcome in again.run(RunOptions(race=True))) == 0
    again.run()
    assert [caveat.code for caveat in again.compare().caveats if caveat.code == "cells.missing"] == []


def test_equal_candidates_stay_in_the_race(make: Make) -> None:
    project = make("a", "b", rows=60)
    text = project.folder.joinpath("bakeoff.toml").read_text()
    project.folder.joinpath("bakeoff.toml").write_text(text.replace('model = "b"', 'model = "a"\ntop_p = 0.9'))
    project = Project(project.folder, listener=Notes())
    project.run(RunOptions(race=True))
    assert isinstance(project.listener, Notes)
    assert project.listener.codes["race.open"] == 1
    assert {name: len(rows) for name, rows in answered(project).items()} == {"a": 60, "b": 60}


def test_a_drop_holds_for_as_long_as_nothing_changed(make: Make) -> None:
    make("a", "blank", rows=300).run(RunOptions(race=True))
    changed = make("a", "blank", rows=300, more="top_p = 0.9")
    codes = {caveat.code for caveat in changed.compare().caveats}
    assert "race.dropped" not in codes
