"""The only file that knows Ray: a process of its own, which does what its parent asks, one thing after the other.

Ray prints on standard output, takes signals over, waits eighty seconds at an address where nobody is, and ends its
process when the node that it is attached to dies. So it lives in a child (`ray_process.RayProcess` is the other end):
all of that stays here, its words go to a log, and what the parent started ends with the parent, however that ends.

Orders come on standard input and answers go to standard output, pickled: (name of a method of `Door`, arguments), and
("done", value) or ("failed", kind, text).
"""

import logging
import os
import pickle
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

KNOCK_SECONDS = 10.0
"""For somebody to answer at an address."""

LOOK_SECONDS = 60.0
"""For a node to start a process and look around in it."""

STOP_SECONDS = 10.0
"""For workers to give their leases back."""

OBJECT_STORE_BYTES = 100 * 1024 * 1024
"""Of a cluster that we start ourselves: nothing but orders goes through it."""

QUIET: Any = {
    "log_to_driver": False,
    "configure_logging": False,
    "logging_level": logging.ERROR,
    "namespace": "bakeoff",
}

Event = tuple[str, str, Any]
"""("heard" or "ended", worker, bytes from it), or ("died" or "lost", worker, why): its process is gone for certain, or
nobody can tell."""


class Refused(Exception):
    """Ray did not do it; `kind` says why, as `ray_process` turns it into an error for people."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


@dataclass(slots=True)
class _Placed:
    actor: Any
    work: Any
    """Future of its end."""

    heard: Any
    """Future of the next that it has to tell."""


class Door:
    """What can be asked of Ray."""

    def __init__(self) -> None:
        self._placed: dict[str, _Placed] = {}

    def connect(self, address: str | None, cpus: int, folder: str) -> str:
        """Join a cluster, or start one on this machine.

        Args:
            address: `HOST:PORT` or `auto`; None starts one.
            cpus: logical ones of a cluster that is started.
            folder: for its files.

        Returns:
            The version of Ray.
        """
        import ray

        if address is None:
            ray.init(
                address="local",
                num_cpus=cpus,
                include_dashboard=False,
                object_store_memory=OBJECT_STORE_BYTES,
                _temp_dir=folder,
                **QUIET,
            )
            return str(ray.__version__)
        if address != "auto":
            _knock(address)
            if not _node_here():
                raise Refused("apart", "")
        try:
            ray.init(address=address, **QUIET)
        except ConnectionError as error:
            raise Refused("nobody", str(error)) from None
        except Exception as error:
            raise Refused(_kind(error), str(error)) from None
        return str(ray.__version__)

    def nodes(self) -> list[dict[str, Any]]:
        """The nodes that live."""
        import ray

        return [
            {
                "id": node["NodeID"],
                "address": node["NodeManagerAddress"],
                "host": node["NodeManagerHostname"],
                "cpus": float(node["Resources"].get("CPU", 0)),
                "gpus": float(node["Resources"].get("GPU", 0)),
            }
            for node in ray.nodes()  # type: ignore[no-untyped-call]
            if node["Alive"]
        ]

    def look(self, nodes: Sequence[str], wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Look around on nodes: what is installed, which of the wanted keys and files are there.

        Returns:
            Node id to what `_looker` found; the text of a failure where a node could not be looked at.
        """
        import ray

        look = ray.remote(_looker())
        asked = {
            look.options(num_cpus=0, max_retries=0, scheduling_strategy=_on(node)).remote(dict(wanted)): node
            for node in nodes
        }
        ready, late = ray.wait(list(asked), num_returns=len(asked), timeout=LOOK_SECONDS)
        found: dict[str, Any] = {asked[one]: f"no answer within {LOOK_SECONDS:.0f} s" for one in late}
        for one in ready:
            try:
                found[asked[one]] = ray.get(one)
            except Exception as error:
                found[asked[one]] = _first_line(error)
        return found

    def place(self, name: str, node: str, cpus: float, order: bytes) -> None:
        """Start a worker on a node and let it begin. Waits for neither."""
        import ray

        from bakeoff.cluster.at_node import AtNode

        actor: Any = (
            ray.remote(AtNode)
            .options(num_cpus=cpus, max_restarts=0, max_task_retries=0, scheduling_strategy=_on(node))
            .remote()
        )
        self._placed[name] = _Placed(actor, actor.work.remote(order), actor.heard.remote())

    def poll(self, seconds: float) -> list[Event]:
        """What workers told, and which of them ended or died.

        Args:
            seconds: that are waited where there is nothing yet.
        """
        import ray

        futures = {one.work: name for name, one in self._placed.items()}
        futures |= {one.heard: name for name, one in self._placed.items()}
        if not futures:
            time.sleep(seconds)
            return []
        ready, _ = ray.wait(list(futures), num_returns=1, timeout=seconds)
        if ready:
            ready, _ = ray.wait(list(futures), num_returns=len(futures), timeout=0)
        events: list[Event] = []
        for future in sorted(ready, key=lambda one: one == self._placed[futures[one]].work):  # its last words first
            name = futures[future]
            if name in self._placed:
                events.append(self._event(name, future))
        return events

    def _event(self, name: str, future: Any) -> Event:
        import ray

        placed = self._placed[name]
        try:
            told = ray.get(future)
        except Exception as error:
            del self._placed[name]
            ray.kill(placed.actor)  # one that only cannot be reached must not go on unseen
            return "died" if type(error) is ray.exceptions.ActorDiedError else "lost", name, _first_line(error)
        if future == placed.work:
            del self._placed[name]
            ray.kill(placed.actor)
            return "ended", name, told
        placed.heard = placed.actor.heard.remote()
        return "heard", name, told

    def stop(self) -> list[Event]:
        """End all workers: they give their leases back, where they can."""
        import ray

        works = {one.work: name for name, one in self._placed.items()}
        for one in self._placed.values():
            one.actor.stop.remote()
        ready, _ = ray.wait(list(works), num_returns=len(works), timeout=STOP_SECONDS) if works else ([], [])
        events = [self._event(works[future], future) for future in ready]
        for one in self._placed.values():
            ray.kill(one.actor)
        self._placed.clear()
        return events

    def leave(self) -> None:
        """Leave the cluster; one that was started here ends. Who still works is stopped: the parent was killed."""
        import ray

        if self._placed:
            with suppress(Exception):
                self.stop()
        ray.shutdown()


def _knock(address: str) -> None:
    """See whether anybody is there: Ray itself takes eighty seconds to say that nobody is."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_SECONDS).close()
    except OSError as error:
        raise Refused("nobody", error.strerror or str(error)) from None


def _node_here() -> bool:
    """Whether any node runs on this machine: a driver needs one, and Ray waits a minute for it to appear."""
    try:
        from ray._private.services import find_node_ids
    except ImportError:  # of Ray's own matters: another version may have it elsewhere
        return True
    return bool(find_node_ids())  # type: ignore[no-untyped-call]


def _kind(error: Exception) -> str:
    text = str(error)
    if "Version mismatch" in text:
        return "version"
    if type(error).__name__ in ("ObjectStoreFullError", "OutOfDiskError"):
        return "full"
    if type(error).__name__ == "AuthenticationError" or "authentication token" in text:
        return "token"
    return "other"


def _first_line(error: Exception) -> str:
    """What happened, without Ray's advice and traceback."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, Exception):
        return f"{type(cause).__name__}: {cause}"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = next((line for line in lines if line.startswith("The actor is dead because")), lines[0] if lines else "")
    return told.partition(" Some common causes")[0] or type(error).__name__


def _on(node: str) -> Any:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(node, soft=False)


def _looker() -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A function that looks around where it runs. It is sent whole, so that it runs where there is no Bakeoff."""

    def look(wanted: Mapping[str, Any]) -> dict[str, Any]:
        import os
        import socket
        from importlib.metadata import PackageNotFoundError, version
        from pathlib import Path

        def installed(name: str) -> str | None:
            try:
                return version(name)
            except PackageNotFoundError:
                return None

        def stamp(path: str) -> tuple[int, int, int] | None:
            try:
                found = os.stat(path)
            except OSError:
                return None
            return found.st_dev, found.st_ino, found.st_size

        def machine() -> bytes:
            import pickle

            from bakeoff.hardware import detect

            return pickle.dumps(detect())

        try:
            from bakeoff.version import __version__ as bakeoff
        except ImportError:
            bakeoff = ""
        kept: set[str] = set()
        if bakeoff:
            try:
                from bakeoff.project.keys import stored_key

                kept = {name for name in wanted["keys"] if stored_key(name)}
            except Exception:  # a file of keys that others can read: the worker says it
                kept = set()
        try:
            boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        except OSError:
            boot = ""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return {
            "host": socket.gethostname(),
            "boot": boot,
            "bakeoff": bakeoff,
            "packages": {name: installed(name) for name in wanted["packages"]},
            "cores": cores,
            "no_keys": [name for name in wanted["keys"] if not os.environ.get(name, "").strip() and name not in kept],
            "files": {path: stamp(path) for path in wanted["files"]},
            "machine": machine() if bakeoff and wanted.get("machine") else None,
        }

    return look


def main() -> None:
    """Do what comes on standard input until it ends."""
    orders = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # whatever Ray and its libraries print is for the log
    door = Door()
    try:
        while (order := _next(orders)) is not None:
            name, arguments = order
            answer: tuple[Any, ...]
            try:
                answer = ("done", getattr(door, name)(*arguments))
            except Refused as error:
                answer = ("failed", error.kind, str(error))
            except Exception as error:
                traceback.print_exc()
                answer = ("failed", _kind(error), f"{type(error).__name__}: {error}")
            pickle.dump(answer, answers)
            answers.flush()
    except BrokenPipeError:
        pass
    finally:
        if "ray" in sys.modules:
            door.leave()


def _next(orders: Any) -> Any:
    try:
        return pickle.load(orders)
    except EOFError:
        return None
