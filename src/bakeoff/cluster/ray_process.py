"""The other end of `ray_door`: starts the process that knows Ray, asks it, and makes its failures errors for people."""

import os
import pickle
import queue
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any

from bakeoff.cluster.ray_door import Event
from bakeoff.errors import ClusterError, UsageError

LOCAL = "local"
"""The address of a cluster that is started for the run, on this machine alone."""

AUTO = "auto"
"""The cluster that this machine is a node of."""

LEAST_CPUS = 6
"""Logical ones, of a cluster that we start: with two, Ray's own helpers and our workers wait for each other."""

CONNECT_SECONDS, START_SECONDS, CALL_SECONDS, END_SECONDS = 20.0, 120.0, 90.0, 20.0
"""To join a cluster; to start one; for anything else; to leave. What takes longer hangs."""

LOOK_SECONDS = 0.5
"""Between two looks into the log while a cluster is joined."""

LONGEST_LOG = 100_000

IN_LOG = {b"InvalidAuthToken": "token", b"Received http2 header with status": "stranger"}
"""What Ray only writes down while it tries again and again, to what it means."""


class RayProcess:
    """A cluster that can be asked. Use it in a `with`: leaving it ends what was started."""

    def __init__(self, address: str, log: Path) -> None:
        """Prepare; nothing is started.

        Args:
            address: `HOST:PORT`, `auto` or `local`.
            log: for what Ray prints.

        Raises:
            UsageError: Ray is not installed, or the address is none.
        """
        if find_spec("ray") is None:
            raise UsageError(
                "--on-cluster needs Ray, which is not installed", hint='pip install "bakeoff[ray]", on every node'
            )
        check_address(address)
        self.address = address
        self.seconds = 0.0
        """That joining or starting the cluster took."""

        self.version = ""
        """Of Ray."""

        self._log, self._since = log, 0
        self._answers: queue.Queue[tuple[Any, ...] | None] = queue.Queue()
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None
        self._folder: str | None = None

    def __enter__(self) -> "RayProcess":
        """Join the cluster, or start it.

        Raises:
            ClusterError: nobody is there, it has other versions, or it refuses.
        """
        begun = time.monotonic()
        local = self.address == LOCAL
        if local:
            self._folder = tempfile.mkdtemp(prefix="bakeoff-ray-")
        self._log.parent.mkdir(exist_ok=True)
        with self._log.open("ab") as log:
            self._since = log.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from bakeoff.cluster.ray_door import main; main()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=_environment(os.environ, local=local),
                start_new_session=True,  # Ctrl-C in the terminal is for us: workers then give their leases back
            )
        self._listener = threading.Thread(target=self._listen, name="bakeoff-ray", daemon=True)
        self._listener.start()
        try:
            cpus = max(LEAST_CPUS, os.cpu_count() or 1)
            limit = START_SECONDS if local else CONNECT_SECONDS
            self.version = self.ask("connect", None if local else self.address, cpus, self._folder, limit=limit)
        except BaseException:
            self._end()
            raise
        self.seconds = time.monotonic() - begun
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def ask(self, what: str, *arguments: Any, limit: float = CALL_SECONDS) -> Any:
        """Let the process do something and wait for its answer.

        Args:
            what: a method of `ray_door.Door`.
            arguments: its arguments.
            limit: seconds after which it is taken for hung.

        Raises:
            ClusterError: Ray refused, hangs, or is gone.
        """
        process = self._process
        assert process is not None
        assert process.stdin is not None
        try:
            process.stdin.write(pickle.dumps((what, arguments)))
            process.stdin.flush()
            answer = self._answer(limit)
        except (OSError, ValueError):
            answer = None
        except queue.Empty:
            process.kill()
            raise self._refused("silent", f"no answer within {limit:.0f} s") from None
        if answer is None:
            raise self._refused("gone", "")
        if answer[0] == "failed":
            raise self._refused(answer[1], answer[2])
        return answer[1]

    def _answer(self, limit: float) -> tuple[Any, ...] | None:
        """What the process says; where Ray tries in vain and only its log knows, that it does."""
        until = time.monotonic() + limit
        while True:
            left = until - time.monotonic()
            try:
                return self._answers.get(timeout=max(0.0, min(left, LOOK_SECONDS)))
            except queue.Empty:
                if not self.version and (kind := self._told()) is not None:
                    assert self._process is not None
                    self._process.kill()
                    return "failed", kind, ""
                if left <= 0:
                    raise

    def _told(self) -> str | None:
        """Why the cluster cannot be joined, in the words that Ray wrote to its log meanwhile."""
        with self._log.open("rb") as log:
            log.seek(self._since)
            said = log.read(LONGEST_LOG)
        return next((kind for words, kind in IN_LOG.items() if words in said), None)

    def nodes(self) -> list[dict[str, Any]]:
        """As `Door.nodes`."""
        found: list[dict[str, Any]] = self.ask("nodes")
        return found

    def look(self, nodes: Sequence[str], wanted: Mapping[str, Any]) -> dict[str, Any]:
        """As `Door.look`."""
        found: dict[str, Any] = self.ask("look", list(nodes), dict(wanted))
        return found

    def place(self, name: str, node: str, cpus: float, order: bytes) -> None:
        """As `Door.place`."""
        self.ask("place", name, node, cpus, order)

    def poll(self, seconds: float) -> list[Event]:
        """As `Door.poll`."""
        found: list[Event] = self.ask("poll", seconds)
        return found

    def stop(self) -> list[Event]:
        """As `Door.stop`."""
        found: list[Event] = self.ask("stop")
        return found

    def _listen(self) -> None:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        try:
            while True:
                self._answers.put(pickle.load(process.stdout))
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            self._answers.put(None)

    def _end(self) -> None:
        process = self._process
        if process is not None:
            assert process.stdin is not None
            assert process.stdout is not None
            with suppress(OSError):
                process.stdin.close()
            try:
                process.wait(timeout=END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if self._listener is not None:
                self._listener.join()
            process.stdout.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _refused(self, kind: str, text: str) -> ClusterError:
        return refused(kind, text, self.address, self._log)


def check_address(address: str) -> None:
    """See whether an address can be one.

    Raises:
        UsageError: it cannot.
    """
    if address in (LOCAL, AUTO):
        return
    hint = "write HOST:PORT of the head node (ray start --head prints it; the port is usually 6379), auto, or local"
    if address.startswith(("ray://", "http://", "https://")):
        scheme = address.partition("://")[0]
        raise UsageError(
            f"--on-cluster {address}: {scheme}:// is not supported",
            hint="run bakeoff on a node of the cluster (ray start --address=HOST:PORT makes this machine one), with "
            "HOST:PORT or auto",
        )
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isdigit() and 0 < int(port) < 65536):
        raise UsageError(f"--on-cluster {address!r} is no address of a cluster", hint=hint)


def refused(kind: str, text: str, address: str, log: Path) -> ClusterError:
    """A failure of `ray_door` as an error for people.

    Args:
        kind: as the door says.
        text: in Ray's words.
        address: of the cluster.
        log: where the rest of Ray's words are.
    """
    more = f"Ray's own words are in {log}"
    if kind == "nobody":
        where = "this machine is not a node of a running cluster" if address == AUTO else f"no cluster at {address}"
        hint = "is it running (ray status), and is the port that of `ray start --head`? To try without one: local"
        return ClusterError(f"{where}: {text}" if address != AUTO else where, hint=hint)
    if kind == "apart":
        return ClusterError(
            f"this machine is not a node of the cluster at {address}",
            hint=f"make it one first (ray start --address={address} --num-cpus=0), or run the command on the head node",
        )
    if kind == "version":
        told = " ".join(text.removeprefix("Version mismatch:").split())
        return ClusterError(
            f"the cluster at {address} has other versions than this machine: {told}",
            hint="install the same Ray and the same Python on all of them",
        )
    if kind == "token":
        return ClusterError(
            f"the cluster at {address} wants a token, and ours is missing or another",
            hint="set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN (or ~/.ray/auth_token) as on the head node",
        )
    if kind == "stranger":
        return ClusterError(
            f"something answers at {address}, but it is not the head of a Ray cluster",
            hint="the port is the one that `ray start --head` prints, usually 6379, and not that of the dashboard",
        )
    if kind == "full":
        return ClusterError(
            f"the object store of the cluster at {address} is full: {text.strip().splitlines()[0][:300]}",
            hint="other programs on the cluster fill it (`ray memory` shows them); every answer so far is kept",
        )
    if kind == "silent":
        return ClusterError(f"Ray at {address}: {text}", hint=f"does a Ray head listen there? {more}")
    if kind == "gone":
        return ClusterError(
            f"Ray's process on this machine ended (cluster {address})",
            hint=f"the node that it was attached to may have died; every answer so far is kept. {more}",
        )
    return ClusterError(f"Ray at {address}: {text.strip()[:600]}", hint=more)


def _environment(given: Mapping[str, str], *, local: bool) -> dict[str, str]:
    """For the process: nothing is told to anybody, nothing is uploaded; a cluster of our own has a token of its own."""
    found = dict(given)
    found["RAY_USAGE_STATS_ENABLED"] = "0"
    found["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"
    found.pop("RAY_RUNTIME_ENV_HOOK", None)
    if local:
        # Else Ray writes one to the home folder.
        found["RAY_AUTH_MODE"], found["RAY_AUTH_TOKEN"] = "token", secrets.token_hex(32)
    return found
