"""`run` and `judge` on a real Ray: two nodes in processes of their own, and a cluster that is started for the run."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.common import stub_process

from bakeoff.cluster.driver import judge_on_cluster, machines_at, run_on_cluster
from bakeoff.cluster.ray_process import RayProcess
from bakeoff.cluster.site import Where
from bakeoff.errors import ClusterError, KeyMissing
from bakeoff.project import Project
from bakeoff.project.listening import Listener
from bakeoff.project.planning import RunOptions
from bakeoff.values import Reason
from tests.cluster.common import arrivals
from tests.cluster.killing import Kind, command, finished, killed_run, make_project, table_of
from tests.cluster.poison import POISON, poison_server
from tests.cluster.ray_nodes import ENVIRONMENT, RayNodes

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are found by /proc"),
]

ROWS = 1500
KEY = "BAKEOFF_TEST_KEY"


class Hearing(Listener):
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[Reason] = []

    def note(self, note: Reason) -> None:
        self.notes.append(note)

    def codes(self) -> list[str]:
        return [note.code for note in self.notes]


@pytest.fixture(scope="module")
def nodes() -> Iterator[RayNodes]:
    """A cluster of two nodes, and one to be killed; the second lacks a key that the others have."""
    made = RayNodes(cpus=3)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        try:
            made.add({KEY: "a-secret"})
            made.add({}, {KEY: "a-secret"})
            yield made
        finally:
            made.close()


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[object, ...]]:
    """What one machine finds."""
    folder = tmp_path_factory.mktemp("one")
    with stub_process() as server:
        project = Project(make_project(folder / "project", f"{server}/ok", ROWS))
        project.run()
    return table_of(folder / "project")


def ran(folder: Path, where: Where, options: RunOptions | None = None) -> tuple[list[object], Hearing]:
    """A run in this process: (errors of the candidates, what was heard)."""
    heard = Hearing()
    outcomes = run_on_cluster(Project(folder, listener=heard), options or RunOptions(), where)
    return [outcome.error for outcome in outcomes], heard


def test_whatever_is_killed_nothing_is_lost_and_nothing_that_is_kept_is_asked_again(
    nodes: RayNodes, table: dict[tuple[str, str], tuple[object, ...]], tmp_path: Path, postgres: str
) -> None:
    """A worker, the command and a node in one run; `benchmarks.cluster_kill` kills each in a run of its own."""
    log = tmp_path / "asked"
    with stub_process(latency_ms=20, log=log) as server:
        folder = make_project(tmp_path / "project", f"{server}/ok", ROWS, more="[cluster]\nlease_seconds = 5\n")
        kinds: list[Kind] = ["worker", "driver", "node"]
        found = killed_run(kinds, folder, nodes=nodes, ledger=postgres, log=log, n_calls=ROWS, share=0.25)
        assert table_of(folder) == table
    assert found.kept > ROWS / 2
    assert found.kept_again == 0
    assert found.calls == ROWS
    assert found.lost_again <= 3 * 2 * 16  # at each death what was on its way: requests, and answers not kept yet


def test_a_row_that_kills_is_skipped_after_three_deaths_and_listed(tmp_path: Path) -> None:
    """On a cluster that is started for the run, with the project's own ledger."""
    with poison_server() as server:
        folder = make_project(tmp_path / "project", server.address, 40, concurrency=4)
        code, _, said = finished(command(folder, "--on-cluster", "local", "--quiet", "--lang", "en"))
        assert code == 1, said
        assert "1 row got no answer" in said
        assert server.deaths == 4  # the first time nobody knew which of those on their way it was
        states = {cell: found[0] for cell, found in table_of(folder).items()}
        assert [cell for cell, state in states.items() if state != "answered"] == [("stub", "r17")]
        assert max(n for text, n in server.asked.items() if not text.startswith(POISON)) <= 2


def test_an_engine_on_a_node_gives_the_answers_of_this_machine(
    nodes: RayNodes, tmp_path: Path, real_cache: Path
) -> None:
    model = 'model = "HuggingFaceTB/SmolLM2-135M-Instruct"\nbuild = "gguf:Q4_1"'
    tables = []
    for name in ("here", "there"):
        folder = make_project(tmp_path / name, "http://127.0.0.1:9/ok", 4)
        text = (folder / "bakeoff.toml").read_text()
        old = text[text.index('model = "model-a"') : text.index("[[graders]]")]
        (folder / "bakeoff.toml").write_text(text.replace(old, model + "\n\n"))
        if name == "here":
            Project(folder).run()
        else:
            errors, _ = ran(folder, Where(nodes.address))
            assert errors == [None]
        tables.append(table_of(folder))
    assert tables[0] == tables[1]
    assert all(cell[3] for cell in tables[0].values())


def test_a_node_without_the_key_does_not_ask_and_says_so(
    nodes: RayNodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "of this machine, which is not sent")
    with stub_process(log=tmp_path / "asked") as server:
        folder = make_project(tmp_path / "project", f"{server}/ok", 20)
        path = folder / "bakeoff.toml"
        path.write_text(path.read_text().replace("concurrency", f'key = "{KEY}"\nconcurrency'))
        errors, heard = ran(folder, Where(nodes.address))
        assert errors == [None]
        (note,) = [note for note in heard.notes if note.code == "cluster.no_key"]
        assert note.parameters["key"] == KEY
        assert note.parameters["n"] == 1
        assert {state for state, *_ in table_of(folder).values()} == {"answered"}
        path.write_text(path.read_text().replace(KEY, "NOBODY_HAS_IT"))
        (error,), _ = ran(folder, Where(nodes.address), RunOptions(repeats=2))
    assert isinstance(error, KeyMissing)
    assert "NOBODY_HAS_IT is not set on node" in error.message


def test_a_judge_is_asked_on_the_nodes(nodes: RayNodes, tmp_path: Path) -> None:
    judge = (
        '[judge]\nform = "rubric"\n\n[[judge.criteria]]\nname = "right"\nlow = 0\nhigh = 1\n\n'
        '[[judge.models]]\nname = "judge"\nmodel = "judge-model"\nvia = "{}/ok/v1"\n'
    )
    log = tmp_path / "asked"
    with stub_process(log=log) as server:
        folder = make_project(tmp_path / "project", f"{server}/ok", 6, more=judge.format(server))
        Project(folder).run()
        before = len(arrivals(log))
        (outcome,) = judge_on_cluster(Project(folder), Where(nodes.address))
        assert outcome.error is None
        assert outcome.answered == len(arrivals(log)) - before > 0
        judged = Project(folder).judged()
        assert judged.habits.asked > 0
        assert judged.owed == 0
        heard = Hearing()
        judge_on_cluster(Project(folder, listener=heard), Where("127.0.0.1:9"))
        assert heard.codes() == ["cluster.all_answered"], "nobody is at that address, and nobody was asked"


def test_two_nodes_of_one_machine_are_quoted_as_one_machine(nodes: RayNodes, tmp_path: Path) -> None:
    folder = make_project(tmp_path / "project", "http://127.0.0.1:9/ok", 3)
    (group,) = machines_at(Project(folder), Where(nodes.address))
    assert group.count == 1


def test_a_cluster_with_another_token_is_told_apart(
    nodes: RayNodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", "1" * 64)
    with pytest.raises(ClusterError, match="wants a token"), RayProcess(nodes.address, tmp_path / "log" / "ray.log"):
        pass


def test_ray_of_another_version_is_told_apart(nodes: RayNodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nif 'ray_door' in ' '.join(sys.orig_argv):\n    import ray\n    ray.__version__ = '2.1.0'\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ClusterError, match=r"other versions.*2\.1\.0"), RayProcess(nodes.address, tmp_path / "ray.log"):
        pass
