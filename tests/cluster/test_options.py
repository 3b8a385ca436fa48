"""`--on-cluster`, `--ledger`, `[cluster]`: what is refused before anything is started; and the recipes."""

from pathlib import Path

import pytest
import yaml

from bakeoff.cli.on_cluster import where_of
from bakeoff.cluster import ray_process
from bakeoff.cluster.driver import run_on_cluster
from bakeoff.cluster.site import Where
from bakeoff.errors import ProjectError, UsageError
from bakeoff.project import Project
from bakeoff.project.planning import RunOptions
from tests.cluster.killing import make_project

RECIPES = Path(__file__).resolve().parents[2] / "docs" / "recipes"


def test_where() -> None:
    assert where_of(None, None) is None
    assert where_of("auto", "postgresql://h/d") == Where("auto", "postgresql://h/d")
    with pytest.raises(UsageError, match="--ledger is for a run on a cluster"):
        where_of(None, "postgresql://h/d")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('ledger = "bakeoff.db"', "write the address of a PostgreSQL database"),
        ('ledger = "postgresql://me:secret@host/d"', "take the password out"),
        ('ledger = "postgresql://me@host/d?password=secret"', "take the password out"),
        ("workers = 0", "workers"),
        ("rows_per_lease = 0", "rows_per_lease"),
        ("lease_seconds = 1", "lease_seconds"),
        ('address = "auto"', "address"),
    ],
)
def test_what_the_project_file_must_not_say(line: str, message: str, tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", "http://127.0.0.1:9/ok", 3, more=f"[cluster]\n{line}\n")
    with pytest.raises(ProjectError, match=message) as found:
        Project(folder)
    assert "secret" not in found.value.message


def test_what_the_project_file_may_say(tmp_path: Path) -> None:
    lines = '[cluster]\nledger = "postgresql://me@host:5432/d"\nworkers = 2\nrows_per_lease = 50\n'
    section = Project(make_project(tmp_path / "p", "http://127.0.0.1:9/ok", 3, more=lines)).config.cluster
    assert (section.ledger, section.workers, section.rows_per_lease) == ("postgresql://me@host:5432/d", 2, 50)


@pytest.mark.parametrize(
    ("where", "options", "message"),
    [
        (Where("local"), RunOptions(race=True), "--race does not go with --on-cluster"),
        (Where("nowhere"), RunOptions(), "is no address of a cluster"),
        (Where("local", "mysql://host/d"), RunOptions(), "--ledger: write the address of a PostgreSQL database"),
        (Where("local", "postgresql://me:secret@host/d"), RunOptions(), "take the password out"),
        (Where("local"), RunOptions(only=("b",)), "there is no candidate 'b'"),
        (Where("local"), RunOptions(rows="r99,"), "there is no row"),
    ],
)
def test_what_a_run_refuses(where: Where, options: RunOptions, message: str, tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", "http://127.0.0.1:9/ok", 3)
    with pytest.raises(UsageError, match=message):
        run_on_cluster(Project(folder), options, where)


def test_without_ray_a_run_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_process, "find_spec", lambda _: None)
    folder = make_project(tmp_path / "p", "http://127.0.0.1:9/ok", 3)
    with pytest.raises(UsageError, match="which is not installed"):
        run_on_cluster(Project(folder), RunOptions(), Where("local"))


@pytest.mark.parametrize("name", ["kuberay.yaml", "skypilot.yaml", "vllm-on-ray.yaml"])
def test_recipes_are_what_their_programs_read(name: str) -> None:
    recipe = yaml.safe_load((RECIPES / name).read_text("utf-8"))
    if name == "kuberay.yaml":
        assert (recipe["apiVersion"], recipe["kind"]) == ("ray.io/v1", "RayCluster")
        groups = [recipe["spec"]["headGroupSpec"], *recipe["spec"]["workerGroupSpecs"]]
        assert all(group["template"]["spec"]["containers"] for group in groups)
    elif name == "skypilot.yaml":
        assert recipe["num_nodes"] > 1
        assert "--on-cluster" in recipe["run"]
    else:
        (application,) = recipe["applications"]
        assert application["import_path"] == "ray.serve.llm:build_openai_app"
        assert application["args"]["llm_configs"][0]["model_loading_config"]["model_id"]
