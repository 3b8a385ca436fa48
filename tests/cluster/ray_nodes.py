"""A Ray cluster of several nodes on this machine, as `ray start` in a terminal makes it: for tests and benchmarks."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

START_SECONDS = 60.0
END_SECONDS = 20.0
TOKEN = "0" * 64
"""That the nodes and whoever joins them need; without one Ray writes one into the home folder."""

ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}


def environment() -> dict[str, str]:
    """For whoever joins the cluster; nothing of the caller's own Ray."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    return own | ENVIRONMENT


class RayNodes:
    """Nodes that are started, killed and ended one by one; each is a process with all of Ray's own below it."""

    def __init__(self, cpus: int) -> None:
        """Start nothing.

        Args:
            cpus: logical ones of each node.
        """
        self._cpus = cpus
        self._folder = Path(tempfile.mkdtemp(prefix="bakeoff-nodes-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.address = f"127.0.0.1:{self.port}"
        self.nodes: list[subprocess.Popen[bytes]] = []

    def add(self, more: Mapping[str, str] | None = None) -> None:
        """Start one more node, the first as the head, and wait until it is there.

        Args:
            more: environment variables of this node, and so of the workers on it.
        """
        number = len(self.nodes)
        command = [Path(sys.executable).with_name("ray"), "start", "--block", f"--num-cpus={self._cpus}"]
        command += [f"--temp-dir={self._folder / str(number)}", "--object-store-memory=100000000"]
        command += [f"--address={self.address}"] if self.nodes else ["--head", f"--port={self.port}"]
        command += [] if self.nodes else ["--include-dashboard=false"]
        log = self._folder / f"{number}.log"
        with log.open("wb") as said:
            env = environment() | dict(more or {})
            self.nodes.append(subprocess.Popen(command, env=env, stdout=said, stderr=said, start_new_session=True))
        until = time.monotonic() + START_SECONDS
        while "Ray runtime started" not in log.read_text("utf-8", "replace"):
            assert self.nodes[-1].poll() is None, log.read_text("utf-8", "replace")
            assert time.monotonic() < until, log.read_text("utf-8", "replace")
            time.sleep(0.05)

    def workers(self, number: int) -> list[int]:
        """Process ids of our workers on a node."""
        found = descendants(self.nodes[number].pid)
        return [pid for pid in found if title(pid).startswith("ray::AtNode")]

    def kill(self, number: int) -> None:
        """As if its machine lost power: everything at once, and no last words."""
        for pid in [self.nodes[number].pid, *descendants(self.nodes[number].pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.nodes[number].wait(END_SECONDS)

    def close(self) -> None:
        """End all nodes, the head last, and take their files away."""
        for number in reversed(range(len(self.nodes))):
            node = self.nodes[number]
            below = descendants(node.pid)
            if node.poll() is None:
                node.terminate()
                with suppress(subprocess.TimeoutExpired):
                    node.wait(END_SECONDS)
            for pid in [node.pid, *below] if node.poll() is None else below:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            node.wait(END_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)


def descendants(pid: int) -> list[int]:
    """All processes below one, those nearest first."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                after = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
                parents.setdefault(int(after[1]), []).append(int(entry.name))
    found, ahead = [], [pid]
    while ahead:
        children = parents.get(ahead.pop(0), [])
        found += children
        ahead += children
    return found


def title(pid: int) -> str:
    """What a process calls itself; empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


@contextmanager
def ray_nodes(count: int = 2, *, cpus: int = 3) -> Iterator[RayNodes]:
    """So many nodes, ended at the end."""
    nodes = RayNodes(cpus)
    try:
        for _ in range(count):
            nodes.add()
        yield nodes
    finally:
        nodes.close()
