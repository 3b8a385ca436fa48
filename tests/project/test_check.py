"""`check`: a planted change is found, none is invented, and what was kept is never touched."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.common import stub_process
from click.testing import CliRunner, Result
from scipy.stats import binomtest

from bakeoff.cli.check import check_command
from bakeoff.errors import BusyError, ProjectError
from bakeoff.evaluate.drift import ALPHA, Asked, drifts, odd_ones
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.stored import CHECKS
from bakeoff.evaluate.types import Candidate
from bakeoff.project import Project
from bakeoff.project.checking import check
from bakeoff.project.contestants import Contestant
from bakeoff.project.lock import running
from bakeoff.project.locking import keep
from bakeoff.project.renewing import renewed
from bakeoff.report.numbers import LANGUAGES
from bakeoff.report.words import sentence
from tests.json_page import keys, mentioned, promised
from tests.judge import bench
from tests.project.common import LABELS, candidate, make_project
from tests.project.test_again import asked, edit


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    with stub_process(log=tmp_path / "log") as address:
        yield address, tmp_path / "log"


@pytest.fixture
def folder(tmp_path: Path, stub: tuple[str, Path]) -> Path:
    """A project that is finished and decided, with 60 rows."""
    address, _ = stub
    via = f"{address}/ok/v1"
    made = make_project(tmp_path / "p", candidate("a", via), candidate("b", via), rows=60)
    project = Project(made)
    project.run()
    keep(project, project.decide())
    return made


def other_answers(folder: Path, name: str, say: str = "other") -> None:
    """As if the server had answered differently at the time of the run: every fifth answer is another text."""
    with Ledger(folder / "bakeoff.db") as ledger:
        ledger.database.run(
            "UPDATE call SET text = ? WHERE candidate = ? AND CAST(row_id AS INTEGER) % 5 = 0", (say, name)
        )


def run(*arguments: str | Path) -> Result:
    command = [*map(str, arguments), "--offline", "--lang", "en"]
    return CliRunner().invoke(check_command, command, catch_exceptions=False, standalone_mode=False)


def test_a_server_that_did_not_change_holds_and_costs_one_call_for_each_row(
    folder: Path, stub: tuple[str, Path]
) -> None:
    before, quality = asked(stub[1]), Project(folder).decide().models
    found = check(Project(folder), rows=20, offline=True)
    assert asked(stub[1]) - before == 40
    assert (found.holds, found.drifted, found.changes, found.rows) == (True, (), (), 20)
    assert [(one.n, one.changed) for one in found.drifts] == [(20, 0), (20, 0)]
    assert Project(folder).decide().models == quality
    check(Project(folder), rows=20, offline=True)
    assert asked(stub[1]) - before == 80, "another check asks anew"


def test_a_quantization_that_changes_midway_is_found_and_nobody_else_is_accused(tmp_path: Path) -> None:
    """The same address, model id and requests; from one day to the next a fifth of alpha's answers are others."""
    server = bench.Server({"alpha-7": 0.8, "beta-7": 0.5}, {"themis-70": bench.honest()})
    with bench.serving(server) as address:
        folder = bench.make_project(tmp_path / "p", address, rows=60, metric="accuracy")
        project = Project(folder)
        project.run()
        keep(project, project.decide())
        assert check(Project(folder), offline=True).drifted == ()
        server.rates["alpha-7"] = 0.6
        server.asked.clear()
        found = check(Project(folder), offline=True)
    (a, b) = found.drifts
    lost = [row for row in range(60) if 0.6 <= bench.chance("alpha-7", row) < 0.8]
    assert 5 <= a.changed <= len(lost)
    assert (a.settled, a.old_is_odd, a.signs[0]) == (a.changed, a.changed, "answers")
    assert (b.changed, b.signs) == (0, ())
    assert server.asked == {"alpha-7": 50 + a.changed, "beta-7": 50}
    assert (found.drifted, found.holds) == (("a",), False)


def test_a_check_that_was_stopped_is_gone_on_with(folder: Path, stub: tuple[str, Path]) -> None:
    check(Project(folder), rows=20, offline=True)
    with Ledger(folder / "bakeoff.db") as ledger:
        ledger.database.run("UPDATE run_end SET state = 'stopped' WHERE run = (SELECT max(run) FROM run_end)")
        ledger.database.run("DELETE FROM call WHERE seq IN (SELECT seq FROM call WHERE repeat >= ? LIMIT 7)", (CHECKS,))
    before = asked(stub[1])
    assert check(Project(folder), rows=20, offline=True).holds
    assert asked(stub[1]) - before == 7
    check(Project(folder), rows=20, offline=True)
    assert asked(stub[1]) - before == 7 + 40, "the one after that asks anew"


def test_two_checks_at_once_are_one(folder: Path) -> None:
    with running(folder), pytest.raises(BusyError):
        check(Project(folder), rows=5, offline=True)


def test_another_name_of_the_model_or_build_is_found(folder: Path) -> None:
    with Ledger(folder / "bakeoff.db") as ledger:
        ledger.database.run("UPDATE call SET served_model = 'model-a-q8' WHERE candidate = 'a'")
        ledger.database.run("UPDATE call SET further = '{\"fingerprint\": \"b1\"}' WHERE candidate = 'b'")
    found = check(Project(folder), rows=5, offline=True)
    assert {one.asked.candidate: one.signs for one in found.drifts} == {"a": ("model",), "b": ()}
    assert found.drifts[0].asked.new_models == ("model-a",)


def test_new_answers_never_take_the_place_of_old_ones(folder: Path) -> None:
    other_answers(folder, "a")
    cells = Project(folder).columns()[0].cells
    check(Project(folder), rows=50, offline=True)
    assert Project(folder).columns()[0].cells == cells
    with Ledger(folder / "bakeoff.db") as ledger:
        kinds = [(ledger.manifest(one["run"]) or {}).get("kind") for one in ledger.runs()]
        ((least,),) = ledger.database.rows("SELECT min(repeat) FROM call WHERE repeat > 0")
        assert ledger.count_answers("a") == 60
    assert kinds == [None, "check"]
    assert least == CHECKS


def test_a_seed_is_sent_as_it_was_the_first_time(folder: Path) -> None:
    project = Project(folder)
    route = project.contestants()[0].resolved
    assert route is not None
    seeded = replace(route.route, parameters={**route.route.parameters, "seed": 7})
    row = project.table().rows[0]
    assert seeded.request(row, repeat=CHECKS + 1) == seeded.request(row)
    assert seeded.request(row, repeat=1) != seeded.request(row)
    assert len({seeded.digest(row, repeat=repeat) for repeat in (0, CHECKS, CHECKS + 1)}) == 3


def test_a_choice_that_would_be_another_one_is_exit_code_1(tmp_path: Path, stub: tuple[str, Path]) -> None:
    """B was right on every row then, and talks without end now."""
    ways = (candidate("a", f"{stub[0]}/ok/v1"), candidate("b", f"{stub[0]}/loop/v1"))
    folder = make_project(tmp_path / "q", *ways, rows=60)
    project = Project(folder)
    project.run()
    with Ledger(folder / "bakeoff.db") as ledger:
        for place, label in enumerate(LABELS):
            ledger.database.run(
                "UPDATE call SET text = ? WHERE candidate = 'b' AND CAST(row_id AS INTEGER) % 3 = ?", (label, place)
            )
        ledger.database.run("DELETE FROM score")
    assert keep(project, project.decide()).choice == "b"
    found = run(folder)
    assert found.return_value == 1
    assert "The decision does not hold" in found.stdout
    assert check(Project(folder), offline=True).decision.choice == "a"


def test_the_answer_is_a_table_and_a_sentence_and_the_exit_code(folder: Path) -> None:
    found = run(folder, "--rows", "10")
    assert found.return_value == 0
    assert found.stdout.splitlines()[-1].startswith("The decision holds: ")
    other_answers(folder, "b")
    found = run(folder)
    assert found.return_value == 1
    assert "the old answer stands alone" in found.stdout
    assert Project(folder).folder == folder


def test_the_document_has_the_documented_keys(folder: Path) -> None:
    other_answers(folder, "b")
    edit(folder, '"neutral"]', '"neutral", "mixed"]')
    found = json.loads(run(folder, "--json").stdout)
    assert (found["schema"], found["version"], found["holds"]) == ("bakeoff.check", 1, False)
    del found["decision"]
    there = keys(found, {"parameters"})
    assert promised("bakeoff.check") - there == {"decision"}
    assert there - mentioned("bakeoff.check", "bakeoff.decide") == set()


def test_changed_inputs_are_told_and_nothing_is_compared_with_other_requests(folder: Path) -> None:
    edit(folder, "{{ text }}", "Say: {{ text }}")
    found = check(Project(folder), rows=10, offline=True)
    assert "changed.whole" in {one.code for one in found.changes}
    assert {one.code for one in found.notes} == {"check.not_asked"}
    assert (found.drifts, found.holds) == ((), False)


def test_without_a_lock_it_says_what_to_do(tmp_path: Path, folder: Path) -> None:
    (folder / "bakeoff.lock").unlink()
    with pytest.raises(ProjectError, match="nothing was decided yet"):
        check(Project(folder), offline=True)


@pytest.mark.parametrize(
    ("before", "now", "again", "wanted"),
    [
        ("aaaa", "aaaa", "____", (4, 0, 0, 0)),
        ("aaaaaa", "bbbbba", "bbbbb_", (6, 5, 5, 5)),
        ("aaaa", "bbbb", "abca", (4, 4, 3, 1)),
        ("a_a", "_ab", "__b", (1, 1, 1, 1)),
        ("", "", "", (0, 0, 0, 0)),
    ],
)
def test_the_odd_one_out_is_counted(before: str, now: str, again: str, wanted: tuple[int, ...]) -> None:
    """An underscore is no answer. The probability is that of an exact sign test, by scipy's own."""
    one, two, three = ([None if c == "_" else c for c in text] for text in (before, now, again))
    *counts, p = odd_ones(one, two, three)
    assert tuple(counts) == wanted
    old, settled = wanted[3], wanted[2]
    assert p == pytest.approx(binomtest(old, settled, 0.5, alternative="greater").pvalue if settled else 1.0)


def test_servers_that_only_vary_are_rarely_accused() -> None:
    """2,000 checks of three servers that answer one of four texts by chance, each time anew."""
    chance = random.Random(1)
    accused = 0
    for _ in range(2000):
        samples = []
        for name in "abc":
            before, now, third = ([chance.choice("wxyz") for _ in range(50)] for _ in range(3))
            again = [c if a != b else None for a, b, c in zip(before, now, third, strict=True)]
            samples.append(Asked(name, False, before, now, again))
        accused += any(one.signs for one in drifts(samples))
    assert accused / 2000 <= ALPHA


def test_an_exact_engine_may_not_change_at_all() -> None:
    exact, hosted = (Asked("m", one, ["a"] * 9, ["b", *"a" * 8], ["b"] + [None] * 8) for one in (True, False))
    assert [one.signs for one in drifts([exact, hosted])] == [("answer",), ()]


def test_without_a_network_it_says_how_old_the_facts_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("BAKEOFF_CATALOG", str(tmp_path / "own.jsonl"))
    known, own = (Contestant(Candidate(name="m", model=model), None, None, None) for model in ("Qwen/Qwen3-8B", "mine"))
    assert [one.code for one in renewed([known, own])] == ["check.not_renewed", "check.prices"]
    (prices,) = renewed([own])
    for one in (*renewed([known]), prices):
        assert all(sentence(one, lang) for lang in LANGUAGES)
