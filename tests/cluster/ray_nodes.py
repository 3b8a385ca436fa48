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

ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": TOKEN,
    "RAY_prestart_worker_first_driver": "0",  # else each node starts a process for each of its processors
}


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

    def add(self, *several: Mapping[str, str]) -> None:
        """Start one more node or several at the same time, and wait until they are there. The first is the head.

        Args:
            several: for each node environment variables for it, and so for the workers on it; none: one, without.
        """
        logs = [self._start(more) for more in several or ({},)]
        until = time.monotonic() + START_SECONDS
        for node, log in zip(self.nodes[-len(logs) :], logs, strict=True):
            while "Ray runtime started" not in log.read_text("utf-8", "replace"):
                assert node.poll() is None, log.read_text("utf-8", "replace")
                assert time.monotonic() < until, log.read_text("utf-8", "replace")
                time.sleep(0.05)

    def _start(self, more: Mapping[str, str]) -> Path:
        number = len(self.nodes)
        command = [Path(sys.executable).with_name("ray"), "start", "--block", f"--num-cpus={self._cpus}"]
        command += [f"--temp-dir={self._folder / str(number)}", "--object-store-memory=100000000"]
        command += [f"--address={self.address}"] if self.nodes else ["--head", f"--port={self.port}"]
        command += [] if self.nodes else ["--include-dashboard=false"]
        log = self._folder / f"{number}.log"
        with log.open("wb") as said:
            env = environment() | more
            self.nodes.append(subprocess.Popen(command, env=env, stdout=said, stderr=said, start_new_session=True))
        return log

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
