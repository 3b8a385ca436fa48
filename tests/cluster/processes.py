"""Workers as processes, which tests stop and kill."""

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

from bakeoff.cluster.assignment import Assignment
from bakeoff.cluster.worker import Worker
from bakeoff.evaluate.client import Client
from tests.cluster.common import Quiet

processes = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
"""Children of a server that has imported the package once: their starts would be most of the test."""


@pytest.fixture(scope="module")
def preloaded() -> Iterator[None]:
    """The server, which ends with the module."""
    if sys.platform != "win32":
        processes.set_forkserver_preload(["bakeoff.cluster.worker", "tests.cluster.processes"])
    yield
    if sys.platform != "win32":
        from multiprocessing import forkserver

        forkserver._forkserver._stop()  # type: ignore[attr-defined]


def start(given: Assignment, name: str, *, dies_of: bytes | None = None) -> BaseProcess:
    """A worker of all columns.

    Args:
        given: the assignment.
        name: of the worker.
        dies_of: it kills itself before it sends a request with these bytes in it.
    """
    process = processes.Process(target=_work, args=(given, name, dies_of), daemon=True)
    process.start()
    return process


def _work(given: Assignment, name: str, dies_of: bytes | None) -> None:
    if dies_of is not None:
        _poison(dies_of)
    asyncio.run(Worker(given, name=name, columns=range(len(given.columns)), on=Quiet()).work())


def _poison(dies_of: bytes) -> None:
    ask = Client.ask

    async def deadly(self: Client, path: str, body: bytes, **more: Any) -> Any:
        if dies_of in body:
            os.kill(os.getpid(), signal.SIGKILL)
        return await ask(self, path, body, **more)

    Client.ask = deadly  # type: ignore[method-assign]
