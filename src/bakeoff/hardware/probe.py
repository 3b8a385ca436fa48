"""The seam to the system: every file read, command run and library loaded while detecting goes through `Probe`.

Tests hand in a recording. Nothing here raises for what is not there, and nothing waits for longer than its limit.
"""

import contextlib
import ctypes
import os
import platform
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

COMMAND_SECONDS = 5.0
"""`nvidia-smi` takes up to 2 s when the driver is not kept loaded; one that takes longer hangs."""

HUNG = 124
"""Exit code of a command that did not end in time, as of timeout(1)."""

MOST_BYTES = 4 * 1024 * 1024


class Probe:
    """The system that the program runs on."""

    system: str
    """`linux`, `darwin` or `windows`."""

    environment: Mapping[str, str]

    def __init__(self) -> None:
        self.system = {"Darwin": "darwin", "Windows": "windows"}.get(platform.system(), "linux")
        self.environment = os.environ

    def read(self, path: str) -> str | None:
        """A small text file; None where it is not there or not ours to read."""
        try:
            with open(path, "rb") as stream:
                return stream.read(MOST_BYTES).decode("utf-8", "replace")
        except (OSError, ValueError):
            return None

    def children(self, path: str) -> list[str]:
        """Names in a folder, sorted; empty where there is none."""
        try:
            return sorted(os.listdir(path))
        except OSError:
            return []

    def exists(self, path: str) -> bool:
        """There is such a file or folder."""
        return os.path.exists(path)

    def resolve(self, path: str) -> str | None:
        """Where a link leads; None where there is nothing."""
        return str(Path(path).resolve()) if os.path.exists(path) else None

    def run(self, command: list[str], *, seconds: float = COMMAND_SECONDS) -> tuple[int, str] | None:
        """(exit code, standard output then error) of a command.

        None where there is no such command; `(HUNG, "")` where it did not end in time. It is killed then, and left
        alone if even that does not end it, as happens to a process that waits for a dead driver.
        """
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self._clean()
            )
        except (OSError, ValueError):
            return None
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            _give_up(process)
            return HUNG, ""
        return process.returncode, (out + err)[:MOST_BYTES].decode("utf-8", "replace")

    def library(self, *names: str) -> Any | None:
        """The first of the shared libraries that can be loaded."""
        for name in names:
            try:
                return ctypes.CDLL(name)
            except OSError:
                continue
        return None

    def affinity(self) -> frozenset[int] | None:
        """Logical CPUs that this process may run on; None where the system does not say."""
        try:
            return frozenset(os.sched_getaffinity(0))
        except (AttributeError, OSError):
            return None

    def logical_cpus(self) -> int:
        """Logical CPUs of the machine, at least one."""
        return os.cpu_count() or 1

    def _clean(self) -> dict[str, str]:
        """The environment with figures in the C locale, so that output can be parsed."""
        return {**self.environment, "LC_ALL": "C", "LANG": "C"}


def _give_up(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=1.0)
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def within(seconds: float, work: Callable[[], T]) -> T | None:
    """The result of `work`, or None when it takes longer: a driver call can hang for ever.

    The work goes on in a thread that does not keep the program alive. Its exceptions come out here.
    """
    result: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            result.append(work())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True, name="bakeoff-hardware")
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    return result[0] if result else None
