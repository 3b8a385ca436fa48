"""The nodes of a cluster: what is on each, whether it can take part, and who works where."""

import os
import pickle
import socket
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bakeoff.cluster.ray_process import RayProcess
from bakeoff.errors import ClusterError
from bakeoff.hardware.machine import Machine
from bakeoff.version import __version__

PACKAGES = ("xllamacpp", "psycopg")

NAMED = 5
"""So many nodes are named in a message."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node that lives."""

    id: str
    """Of Ray."""

    address: str
    host: str
    cpus: float
    """Logical ones that Ray gives away; 0 where nothing is to run."""

    gpus: float
    boot: str = ""
    """Of the system since it was started; empty where it does not tell."""

    bakeoff: str = ""
    """Its version; empty where it is not installed."""

    packages: Mapping[str, str | None] | None = None
    """Name to version; None where it is not installed."""

    cores: int = 1
    no_keys: frozenset[str] = frozenset()
    """Of the keys that were asked for, those that it lacks."""

    files: Mapping[str, tuple[int, int, int] | None] | None = None
    """Of the paths that were asked for: device, inode and size; None where there is nothing."""

    machine: Machine | None = None
    """Its hardware, where that was asked for."""

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.host} ({self.address}, {self.id[:6]})"

    @property
    def is_here(self) -> bool:
        """Its system is this machine's; it may still be another container."""
        return self.boot == _boot() if self.boot else self.host == socket.gethostname()


def nodes_of(
    ray: RayProcess, *, keys: Iterable[str] = (), files: Iterable[Path] = (), machines: bool = False
) -> list[Node]:
    """The nodes that work is placed on, looked at.

    Args:
        ray: the cluster.
        keys: names of environment variables that workers need.
        files: paths that are looked for.
        machines: find out what hardware they have.

    Raises:
        ClusterError: none has a processor to give, one cannot be looked at, or has another Bakeoff.
    """
    found = [Node(**one) for one in ray.nodes() if one["cpus"] > 0]
    if not found:
        raise ClusterError(
            f"no node of the cluster at {ray.address} has a processor to give",
            hint="start nodes with `ray start --address=HOST:PORT` (without --num-cpus=0), and see `ray status`",
        )
    seen = ray.look(
        [node.id for node in found],
        {
            "keys": sorted(set(keys)),
            "packages": PACKAGES,
            "files": [str(path) for path in files],
            "machine": machines,
        },
    )
    if any(isinstance(one, str) for one in seen.values()):  # one may have died a moment ago
        living = {node["id"] for node in ray.nodes()}
        found = [node for node in found if node.id in living]
        if not found:
            raise ClusterError(f"every node of the cluster at {ray.address} is gone", hint="start it again")
    looked_at = [_seen(node, seen[node.id]) for node in found]
    _same_version(looked_at)
    return looked_at


def _seen(node: Node, told: Any) -> Node:
    if isinstance(told, str):
        raise ClusterError(
            f"node {node.name} cannot be looked at: {told}", hint="see `ray status`, and the logs of Ray on that node"
        )
    return replace(
        node,
        host=told["host"],
        boot=told["boot"],
        bakeoff=told["bakeoff"],
        packages=told["packages"],
        cores=told["cores"],
        no_keys=frozenset(told["no_keys"]),
        files=told["files"],
        machine=pickle.loads(told["machine"]) if told["machine"] and told["bakeoff"] == __version__ else None,
    )


def _same_version(nodes: Sequence[Node]) -> None:
    without = [node for node in nodes if not node.bakeoff]
    if without:
        raise ClusterError(
            f"Bakeoff is not installed on {_names(without)}", hint=f'there: pip install "bakeoff[ray]=={__version__}"'
        )
    other = [node for node in nodes if node.bakeoff != __version__]
    if other:
        raise ClusterError(
            f"{_names(other)} has Bakeoff {other[0].bakeoff}, this machine has {__version__}",
            hint=f'there: pip install "bakeoff[ray]=={__version__}"',
        )


def check_packages(nodes: Sequence[Node], *, engines: bool, postgresql: bool) -> None:
    """See whether nodes have what the work takes.

    Args:
        nodes: all that work.
        engines: some run llama.cpp.
        postgresql: the shared ledger is there.

    Raises:
        ClusterError: one lacks it, or has another build of llama.cpp, whose answers are others.
    """
    if postgresql and (without := [node for node in nodes if not _package(node, "psycopg")]):
        raise ClusterError(f"psycopg is not installed on {_names(without)}", hint='there: pip install "bakeoff[ray]"')
    ours = _installed("xllamacpp")
    if engines and (other := [node for node in nodes if _package(node, "xllamacpp") != ours]):
        raise ClusterError(
            f"{_names(other)} has xllamacpp {_package(other[0], 'xllamacpp') or '(none)'}, this machine has {ours}: "
            "their answers would not be the same",
            hint=f"there: pip install xllamacpp=={ours}",
        )


def one_machine(nodes: Sequence[Node], file: Path) -> bool:
    """Whether all nodes are this machine, and see this file as the same: they can then share it as a database.

    A file on a network drive, and one of another container on this machine, are not.
    """
    try:
        found = os.stat(file)
    except OSError:
        return False
    ours = (found.st_dev, found.st_ino)
    here = [
        node.is_here and (stamp := (node.files or {}).get(str(file))) is not None and stamp[:2] == ours
        for node in nodes
    ]
    return all(here)


def without_folder(nodes: Sequence[Node], file: Path) -> list[Node]:
    """Nodes that do not see the project's folder under its path.

    Args:
        nodes: asked for this file.
        file: of the project, which is never empty.
    """
    try:
        size = os.stat(file).st_size
    except OSError:
        return list(nodes)
    return [node for node in nodes if ((node.files or {}).get(str(file)) or (0, 0, -1))[2] != size]


@dataclass(frozen=True, slots=True)
class Place:
    """A worker that is to be."""

    node: Node
    columns: tuple[int, ...]
    cpus: float
    """Logical ones that Ray counts for it."""


def places(
    nodes: Sequence[Node], servers: Mapping[int, Collection[str]], engines: Sequence[int], *, workers: int = 1
) -> list[Place]:
    """Who works where: on each node so many workers for the columns on servers, and one for those with engines.

    Args:
        nodes: all that take part.
        servers: column to the ids of the nodes that can ask its server.
        engines: columns whose model runs on the node.
        workers: for servers, on each node.
    """
    found = []
    for node in nodes:
        asked = tuple(column for column, able in servers.items() if node.id in able)
        clients = workers if asked else 0
        wanted = clients + bool(engines)
        if not wanted:
            continue
        share = min(1.0, node.cpus / wanted)
        found += [Place(node, asked, share)] * clients
        if engines:
            rest = node.cpus - share * clients
            found.append(Place(node, tuple(engines), max(share, min(float(node.cores), rest))))
    return found


def _names(nodes: Sequence[Node]) -> str:
    shown = ", ".join(node.name for node in nodes[:NAMED])
    return f"node {shown}" + (f" and {len(nodes) - NAMED} more" if len(nodes) > NAMED else "")


def _package(node: Node, name: str) -> str | None:
    return (node.packages or {}).get(name)


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
