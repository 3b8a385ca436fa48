"""What nodes must have, who works where, and which of them are this machine."""

import os
import pickle
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bakeoff.cluster import nodes as module
from bakeoff.cluster.nodes import Node, check_packages, nodes_of, one_machine, places, without_folder
from bakeoff.cluster.site import needs_folder
from bakeoff.errors import ClusterError
from bakeoff.evaluate.graders import Grader, grader
from bakeoff.version import __version__


def node(name: str = "a", *, cpus: float = 4.0, **more: Any) -> Node:
    return Node(name, "10.0.0.1", f"host-{name}", cpus, 0.0, bakeoff=__version__, **{"cores": 4, **more})


class FakeRay:
    """A cluster that says what it is told to."""

    address = "head:6379"

    def __init__(self, *told: Any, cpus: Sequence[float] = ()) -> None:
        self.told = dict(enumerate(told))
        self.cpus = cpus or [4.0] * len(told)
        self.wanted: Mapping[str, Any] = {}

    def nodes(self) -> list[dict[str, Any]]:
        return [
            {"id": str(i), "address": f"10.0.0.{i}", "host": f"h{i}", "cpus": cpus, "gpus": 0.0}
            for i, cpus in enumerate(self.cpus)
        ]

    def look(self, nodes: Sequence[str], wanted: Mapping[str, Any]) -> dict[str, Any]:
        self.wanted = wanted
        return {name: self.told[int(name)] for name in nodes}


def seen(**more: Any) -> dict[str, Any]:
    usual = {
        "host": "h",
        "boot": "b",
        "bakeoff": __version__,
        "packages": {"xllamacpp": "1", "psycopg": "3"},
        "cores": 2,
        "no_keys": [],
        "files": {},
        "machine": None,
    }
    return usual | more


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("no answer within 60 s", "cannot be looked at: no answer"),
        (seen(bakeoff=""), "Bakeoff is not installed on node h"),
        (seen(bakeoff="0.0.1"), "has Bakeoff 0.0.1, this machine has"),
    ],
)
def test_a_node_that_cannot_take_part_is_named(told: Any, message: str) -> None:
    with pytest.raises(ClusterError, match=message):
        nodes_of(FakeRay(seen(), told))  # type: ignore[arg-type]


def test_a_node_that_died_a_moment_ago_is_left_out() -> None:
    class Shrinking(FakeRay):
        def look(self, nodes: Sequence[str], wanted: Mapping[str, Any]) -> dict[str, Any]:
            told = super().look(nodes, wanted)
            self.cpus = self.cpus[:1]
            return told

    found = nodes_of(Shrinking(seen(), "unreachable"))  # type: ignore[arg-type]
    assert [node.id for node in found] == ["0"]


def test_nodes_without_a_processor_are_left_out() -> None:
    ray = FakeRay(seen(), seen(no_keys=["K"]), cpus=[0.0, 2.0])
    (found,) = nodes_of(ray, keys=["K", "K"], files=[Path("/p")])  # type: ignore[arg-type]
    assert (found.id, found.no_keys, found.cores) == ("1", {"K"}, 2)
    assert ray.wanted["keys"] == ["K"]
    assert ray.wanted["files"] == ["/p"]
    with pytest.raises(ClusterError, match="has a processor to give"):
        nodes_of(FakeRay(seen(), cpus=[0.0]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("packages", "kinds", "message"),
    [
        ({"psycopg": None}, {"engines": False, "postgresql": True}, "psycopg is not installed on node host-b"),
        ({"psycopg": None}, {"engines": False, "postgresql": False}, None),
        ({"xllamacpp": "1.0"}, {"engines": True, "postgresql": False}, "has xllamacpp 1.0, this machine has"),
        ({"xllamacpp": None}, {"engines": True, "postgresql": False}, r"has xllamacpp \(none\)"),
        ({"xllamacpp": "1.0"}, {"engines": False, "postgresql": False}, None),
    ],
)
def test_packages_are_asked_for_where_they_are_needed(
    packages: dict[str, str | None], kinds: dict[str, bool], message: str | None
) -> None:
    ours = {"psycopg": "3", "xllamacpp": module._installed("xllamacpp")}
    found = [node("a", packages=ours), node("b", packages=ours | packages)]
    if message is None:
        check_packages(found, **kinds)
    else:
        with pytest.raises(ClusterError, match=message):
            check_packages(found, **kinds)


def test_many_nodes_are_named_and_counted() -> None:
    found = [node(str(i), packages={}) for i in range(8)]
    with pytest.raises(ClusterError, match=r"host-4 \(10.0.0.1, 4\) and 3 more"):
        check_packages(found, engines=False, postgresql=True)


@pytest.mark.parametrize(
    ("cpus", "servers", "engines", "workers", "expected"),
    [
        (4.0, {0: "ab", 1: "a"}, [], 1, [("a", (0, 1), 1.0), ("b", (0,), 1.0)]),
        (4.0, {0: "ab"}, [], 2, [("a", (0,), 1.0)] * 2 + [("b", (0,), 1.0)] * 2),
        (4.0, {}, [0], 1, [("a", (0,), 4.0), ("b", (0,), 4.0)]),
        (4.0, {0: "a"}, [1], 1, [("a", (0,), 1.0), ("a", (1,), 3.0), ("b", (1,), 4.0)]),
        (1.0, {0: "a"}, [1], 1, [("a", (0,), 0.5), ("a", (1,), 0.5), ("b", (1,), 1.0)]),
        (64.0, {}, [0], 1, [("a", (0,), 4.0), ("b", (0,), 4.0)]),
        (4.0, {0: ""}, [], 1, []),
    ],
)
def test_who_works_where(
    cpus: float, servers: dict[int, str], engines: list[int], workers: int, expected: list[Any]
) -> None:
    found = places([node("a", cpus=cpus), node("b", cpus=cpus)], servers, engines, workers=workers)
    assert [(one.node.id, one.columns, one.cpus) for one in found] == expected


def test_one_machine_is_one_system_that_sees_one_file(tmp_path: Path) -> None:
    file = tmp_path / "bakeoff.db"
    file.write_bytes(b"")
    stat = os.stat(file)
    here = node(boot=module._boot(), files={str(file): (stat.st_dev, stat.st_ino, 0)})
    assert one_machine([here, here], file)
    assert not one_machine([here, replace(here, boot="another")], file)
    assert not one_machine([here, replace(here, files={str(file): (stat.st_dev, stat.st_ino + 1, 0)})], file)
    assert not one_machine([here, replace(here, files={str(file): None})], file)
    assert not one_machine([here], tmp_path / "none.db")


def test_a_folder_is_there_where_its_file_is_as_long(tmp_path: Path) -> None:
    file = tmp_path / "bakeoff.toml"
    file.write_text("[data]")
    same, other, none = (node(files={str(file): found}) for found in ((1, 2, 6), (1, 2, 7), None))
    assert without_folder([same, other, none], file) == [other, none]
    assert without_folder([same], tmp_path / "none.toml") == [same]


@pytest.mark.parametrize(
    ("made", "needs"),
    [
        (grader("exact", "{{ label }}"), False),
        (grader("label", "{{ label }}"), False),
        (grader("function", function="mine.py:judge"), True),
        (grader("json", schema_file="schema.json"), True),
    ],
)
def test_graders_that_read_files_need_the_folder(made: Grader, needs: bool, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def judge(answer, row): return True\n")
    (tmp_path / "schema.json").write_text("{}")
    assert needs_folder(replace(made, folder=tmp_path)) is needs


def test_nodes_are_looked_at_without_bakeoff(tmp_path: Path) -> None:
    """The function is sent whole: a node without Bakeoff must be able to say so."""
    import ray.cloudpickle as cloudpickle

    from bakeoff.cluster.ray_door import _looker

    (tmp_path / "look").write_bytes(cloudpickle.dumps(_looker()))
    code = f"""
import pickle, sys
class No:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "bakeoff":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, No())
import ray.cloudpickle
look = pickle.load(open({str(tmp_path / "look")!r}, "rb"))
found = look({{"keys": ["PATH", "NOPE"], "packages": ["pytest", "none-such"], "files": [{str(tmp_path)!r}, "/none"]}})
sys.stdout.buffer.write(pickle.dumps(found))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    found = pickle.loads(done.stdout)
    assert found["bakeoff"] == ""
    assert found["no_keys"] == ["NOPE"]
    assert found["packages"]["none-such"] is None
    assert found["packages"]["pytest"]
    assert found["files"]["/none"] is None
    assert found["files"][str(tmp_path)][1] == os.stat(tmp_path).st_ino
    assert found["machine"] is None
