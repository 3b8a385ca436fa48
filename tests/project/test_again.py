"""The lock, the history of decisions, and what changed between two of them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.common import stub_process
from click.testing import CliRunner

from bakeoff.cli.add import add_command
from bakeoff.cli.decide import decide_command
from bakeoff.cli.report import report_command
from bakeoff.cli.show import show_command
from bakeoff.errors import EndpointError, ProjectError, UsageError
from bakeoff.evaluate.run import Progress
from bakeoff.project import Listener, Project
from bakeoff.project.adding import add
from bakeoff.project.changes import changes
from bakeoff.project.history import decisions, since_then
from bakeoff.project.lockfile import LOCK_NAME, Lock, lock_text, read_lock
from bakeoff.project.locking import keep, lock_for
from bakeoff.report.numbers import LANGUAGES
from bakeoff.report.words import sentence
from tests.judge import bench
from tests.project.common import candidate, make_project


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two candidates whose rows are all answered."""
    with stub_process() as address:
        via = f"{address}/ok/v1"
        folder = make_project(tmp_path_factory.mktemp("again") / "p", candidate("a", via), candidate("b", via))
        Project(folder).run()
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    import shutil

    return Path(shutil.copytree(finished, tmp_path / "p"))


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "bakeoff.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def lock_of(folder: Path) -> Lock:
    project = Project(folder)
    return lock_for(project, project.decide())


def codes(old: Lock, new: Lock) -> set[tuple[str, str]]:
    """(code, what) of everything that changed; each has words in both languages."""
    found = changes(old, new)
    for one in found:
        assert all(sentence(one, lang) for lang in LANGUAGES)
    return {(one.code, str(one.parameters.get("what", one.parameters.get("candidate", "")))) for one in found}


def test_the_same_project_gives_the_same_lock_and_the_same_report(folder: Path) -> None:
    first, second = Project(folder), Project(folder)
    assert lock_text(keep(first, first.decide())) == lock_text(keep(second, second.decide()))
    assert first.report("json") == second.report("json")
    before = (folder / LOCK_NAME).stat()
    keep(second, second.decide())
    assert (folder / LOCK_NAME).stat().st_mtime_ns == before.st_mtime_ns
    assert read_lock(folder / LOCK_NAME) == lock_of(folder)


def test_decide_writes_the_lock_and_each_new_decision_once(folder: Path) -> None:
    for _ in range(2):
        CliRunner().invoke(decide_command, [str(folder), "--no-run"], catch_exceptions=False, standalone_mode=False)
    lock = read_lock(folder / LOCK_NAME)
    assert (lock.rows, set(lock.candidates), lock.candidates["a"].answered) == (30, {"a", "b"}, 30)
    assert lock.candidates["a"].served == ("model-a",)
    assert [finding.number for finding, _ in decisions(Project(folder))] == [1]
    edit(folder, "\n[preflight]", "\n[decide]\nsmallest_gap_that_matters = 0.2\n[preflight]")
    CliRunner().invoke(decide_command, [str(folder), "--no-run"], catch_exceptions=False, standalone_mode=False)
    assert [finding.number for finding, _ in decisions(Project(folder))] == [1, 2]
    shown = CliRunner().invoke(show_command, [str(folder), "--history"], catch_exceptions=False, standalone_mode=False)
    assert len(shown.stdout.splitlines()) == 3


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("{{ text }}", "Say: {{ text }}", ("changed.whole", "prompt")),
        ('"neutral"]', '"neutral", "mixed"]', ("changed.whole", "graders")),
        ("\n[preflight]", "\n[decide]\nsmallest_gap_that_matters = 0.2\n[preflight]", ("changed.gap", "")),
        ("\n[preflight]", '\n[decide]\nrule = "best"\n[preflight]', ("changed.said", "rule")),
        ("\n[preflight]", "\n[needs]\ncontext_tokens = 512\n[preflight]", ("changed.whole", "needs")),
        ("\n[preflight]", "\n[parameters]\ntemperature = 0.5\n[preflight]", ("changed.candidate_parameters", "a")),
        ('model = "model-a"', 'model = "model-c"', ("changed.candidate", "model")),
        ('name = "a"', 'name = "c"', ("changed.candidate_gone", "a")),
        ('name = "a"', 'name = "c"', ("changed.candidate_new", "c")),
    ],
)
def test_what_changed_is_named(folder: Path, old: str, new: str, code: tuple[str, str]) -> None:
    before = lock_of(folder)
    edit(folder, old, new)
    assert code in codes(before, lock_of(folder))


def test_another_row_is_another_data_file_and_nothing_is_no_change(folder: Path) -> None:
    before = lock_of(folder)
    assert codes(before, lock_of(folder)) == set()
    with (folder / "data.csv").open("a", encoding="utf-8") as file:
        file.write("x,one more <neutral>,neutral\n")
    assert ("changed.data", "") in codes(before, lock_of(folder))


def test_every_part_of_a_lock_that_can_differ_is_told(folder: Path) -> None:
    lock = lock_of(folder)
    for name in ("judge", "labels", "metric", "catalog", "prices", "bakeoff", "choice"):
        assert codes(lock, replace(lock, **{name: "other"})), name
    assert codes(lock, replace(lock, verdict="only one")) == {("changed.verdict", "")}
    one = lock.candidates["a"]
    for name in ("build", "endpoint", "api", "sha256", "answers"):
        assert codes(lock, replace(lock, candidates={**lock.candidates, "a": replace(one, **{name: "other"})})), name
    for name in ("served", "providers", "fingerprints"):
        other = replace(one, **{name: ("x", "y")})
        assert codes(lock, replace(lock, candidates={**lock.candidates, "a": other})) == {("changed.candidate", name)}
    better = replace(lock.qualities["a"], value=0.999)
    assert codes(lock, replace(lock, qualities={**lock.qualities, "a": better})) == {("changed.quality", "a")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"schema": "bakeoff.lock", "version": 2, "bakeoff": "9.0"}', "version 2, written by Bakeoff 9.0"),
        ('{"schema": "bakeoff.lock", "version": 1}', "is damaged"),
        ("[]", "is not a bakeoff.lock"),
        ("<<<<<<< HEAD\n", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("\x00\xff", "cannot be read"),
    ],
)
def test_a_lock_that_cannot_be_used_says_why(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / LOCK_NAME).write_bytes(text.encode("latin-1"))
    with pytest.raises(ProjectError, match=said) as error:
        read_lock(tmp_path / LOCK_NAME)
    assert "bakeoff decide" in (error.value.hint or "")


def test_a_project_without_a_lock_says_what_writes_it(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="nothing was decided yet"):
        read_lock(tmp_path / LOCK_NAME)


Compare = Callable[[Path], str]


@pytest.mark.parametrize("kind", ["md", "html", "json"])
@pytest.mark.parametrize("by", ["number", "lock", "decision"])
def test_a_report_tells_what_changed_since(folder: Path, tmp_path: Path, kind: str, by: str) -> None:
    project = Project(folder)
    keep(project, project.decide())
    old = {"number": "1", "lock": str(tmp_path / "old.lock"), "decision": str(tmp_path / "old.json")}[by]
    if by == "lock":
        (folder / LOCK_NAME).rename(old)
    if by == "decision":
        from bakeoff.report.decision_json import decision_json

        Path(old).write_text(json.dumps(decision_json(project.decide())), encoding="utf-8")
    edit(folder, '"neutral"]', '"neutral", "mixed"]')
    edit(folder, 'target = "{{ label }}"', 'target = "positive"')
    command = [str(folder), "--format", kind, "--output", "-", "--compare", old, "--lang", "en"]
    text = CliRunner().invoke(report_command, command, catch_exceptions=False, standalone_mode=False).stdout
    assert ("The graders changed" in text) == (by != "decision")
    assert "accuracy was" in text
    assert (json.loads(text)["since"] is not None) if kind == "json" else "What changed since decision" in text


def test_a_decision_that_was_not_made_cannot_be_compared_with(folder: Path) -> None:
    project = Project(folder)
    with pytest.raises(UsageError, match="no decision was kept"):
        since_then(project, "1")
    keep(project, project.decide())
    with pytest.raises(UsageError, match="no decision 7"):
        since_then(project, "7")
    for odd in ("no.lock", "\u00b2", "-1", str(folder)):
        with pytest.raises(UsageError, match="neither the number"):
            since_then(project, odd)


def asked(log: Path) -> int:
    return log.read_text().count(">") if log.exists() else 0


def test_a_new_model_costs_exactly_its_own_rows(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with stub_process(log=log) as address:
        via = f"{address}/ok/v1"
        folder = make_project(tmp_path / "p", *(candidate(name, via) for name in "abcde"), rows=40)
        toml = folder / "bakeoff.toml"
        toml.write_text("# ours\n" + toml.read_text())
        Project(folder).run()
        champion = Project(folder).decide().choice
        before = asked(log)
        added = add(folder, {"model": "model-f", "via": via, "name": "f"})
        assert asked(log) - before == 40
        assert (added.name, added.champion) == ("f", champion)
        ((pair,), names) = added.pairs, [model.model for model in added.decision.models]
        assert (pair.a, pair.b, pair.n) == ("f", champion, 40)
        quality = {model.model: model.quality.value for model in added.decision.models if model.quality}
        assert pair.difference == pytest.approx(quality["f"] - quality[str(champion)])
        assert pair.low <= pair.difference <= pair.high
        assert names == [*"abcde", "f"]
        assert toml.read_text().startswith("# ours")
        again = add(folder, {"model": "model-f", "via": via, "name": "f"})
        assert asked(log) - before == 40
        assert (again.name, again.champion, again.pairs) == ("f", champion, added.pairs)


def test_a_candidate_that_cannot_be_is_not_left_in_the_file(folder: Path) -> None:
    before = (folder / "bakeoff.toml").read_bytes()
    with pytest.raises(ProjectError, match="two candidates"):
        add(folder, {"model": "x", "via": "http://127.0.0.1:9/v1", "name": "a"})
    with pytest.raises(ProjectError, match="not a route"):
        add(folder, {"model": "x", "via": "olama"})
    with pytest.raises(EndpointError):
        add(folder, {"model": "x", "via": "http://127.0.0.1:9/v1"})
    assert (folder / "bakeoff.toml").read_bytes() == before


def test_an_edit_made_while_a_candidate_fails_is_not_lost(folder: Path) -> None:
    file = folder / "bakeoff.toml"

    class Editing(Listener):
        def progress(self, progress: Progress) -> None:
            file.write_text(file.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")

    with pytest.raises(EndpointError):
        add(folder, {"model": "x", "via": "http://127.0.0.1:9/v1"}, listener=Editing())
    assert "# mine" in file.read_text(encoding="utf-8")


def test_the_command_says_who_is_ahead(folder: Path) -> None:
    with stub_process() as address:
        command = ["model-z", "--project", str(folder), "--via", f"{address}/empty/v1", "--name", "z", "--lang", "en"]
        found = CliRunner().invoke(add_command, command, catch_exceptions=False, standalone_mode=False)
    assert "the choice before, z is " in found.stdout
    assert "points behind on 30 rows" in found.stdout.replace("\u00a0", " ")
    assert found.return_value == 0
    assert set(read_lock(folder / LOCK_NAME).candidates) == {"a", "b", "z"}


def questions(server: bench.Server) -> list[str]:
    """What the judge was asked."""
    return [body["messages"][0]["content"] for body in server.bodies if body["model"] == "themis-70"]


def test_a_judge_is_asked_about_the_new_answers_only(tmp_path: Path) -> None:
    rates = {"alpha-7": 0.8, "beta-7": 0.5, "gamma-7": 0.9}
    server = bench.Server(rates, {"themis-70": bench.honest()})
    with bench.serving(server) as address:
        folder = bench.make_project(tmp_path / "p", address, rows=20)
        project = Project(folder)
        project.run()
        project.judge()
        before = questions(server)
        server.asked.clear()
        server.bodies.clear()
        added = add(folder, {"model": "gamma-7", "name": "g", "via": address})
        plan = Project(folder).judged().plan
    new = [item for item in plan.items if "g" in (item.left, item.right) and item.settled is None]
    assert (server.asked["gamma-7"], server.asked["alpha-7"], server.asked["beta-7"]) == (21, 0, 0), "and one probe"
    asked_now = questions(server)
    assert 0 < len(set(asked_now)) == len(asked_now) <= 2 * len(new), "each question once; equal ones are one call"
    assert set(before).isdisjoint(asked_now)
    assert {one.candidate for one in added.outcomes} == {"g", "themis-70"}
