"""A model server that is started by its own command, on this machine and for as long as it is needed."""

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bakeoff.errors import EngineError, StorageError
from bakeoff.evaluate.client import Client

LOOK_SECONDS = 0.25
"""Between two looks whether it is ready."""

STOP_SECONDS = 10.0
"""Servers with a GPU need a moment to leave; then they are killed."""

SHOWN_LINES, SHOWN_BYTES = 6, 4000
"""Of the log's end, where the server did not come up."""


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers."""

    base_url: str
    load_seconds: float
    """From starting it to its being ready."""


@asynccontextmanager
async def start_command(words: Sequence[str], *, log_path: Path, seconds: float, health: bool) -> AsyncIterator[Served]:
    """Start a server at a free port of this machine, and stop it with all its children.

    Args:
        words: the program and its arguments; `--host` and `--port` are added.
        log_path: what it says; an older log is overwritten.
        seconds: within which it must be ready.
        health: it listens before its model is loaded, and says at /health, in JSON, when it is (llama-server). Others
            listen when they are done (vLLM, SGLang).

    Raises:
        EngineError: it cannot be started, ends, or is not ready in time; with the end of its log.
        StorageError: the log cannot be written.
    """
    port = _free_port()
    command = [*words, "--host", "127.0.0.1", "--port", str(port)]
    started = time.monotonic()
    process = _spawn(command, log_path)
    try:
        base_url = f"http://127.0.0.1:{port}/v1"
        async with Client(base_url, connections=1) as client:
            while not await _is_ready(client, health=health):
                _check(process, words[0], log_path, late=time.monotonic() - started > seconds)
                await asyncio.sleep(LOOK_SECONDS)
        yield Served(base_url, time.monotonic() - started)
    finally:
        await _stop(process)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _spawn(command: Sequence[str], log_path: Path) -> "subprocess.Popen[bytes]":
    """In a session of its own: Ctrl-C of the terminal does not reach it, and its children can be ended with it."""
    try:
        log_path.parent.mkdir(parents=True, exist_ok=True)
        log = log_path.open("wb")
    except OSError as error:
        raise StorageError(
            f"{log_path}: {error.strerror or error}", hint="can the project's folder be written?"
        ) from None
    with log:
        try:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        except OSError as error:
            raise EngineError(
                f"{command[0]} cannot be started: {error.strerror or error}", hint="does it run in a terminal?"
            ) from None


async def _is_ready(client: Client, *, health: bool) -> bool:
    return bool(await client.models()) and (not health or await client.aside("/health") is not None)


def _check(process: "subprocess.Popen[bytes]", name: str, log_path: Path, *, late: bool) -> None:
    """Whether waiting makes sense.

    Raises:
        EngineError: it does not.
    """
    if process.poll() is not None:
        raise EngineError(
            f"{name} ended with exit code {process.returncode}{_end_of(log_path)}", hint=f"its log is {log_path}"
        )
    if late:
        raise EngineError(f"{name} was not ready in time{_end_of(log_path)}", hint=f"its log is {log_path}")


def _end_of(log_path: Path) -> str:
    """The last lines of the log, after a colon."""
    try:
        with log_path.open("rb") as log:
            log.seek(max(0, log_path.stat().st_size - SHOWN_BYTES))
            lines = log.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    shown = [line.strip() for line in lines if line.strip()][-SHOWN_LINES:]
    return ": " + " | ".join(shown) if shown else ""


async def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask it to leave, then make it."""
    try:
        _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
    finally:
        _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))  # its children, too, where they stayed
        process.kill()
        process.wait()


def _signal(process: "subprocess.Popen[bytes]", number: int) -> None:
    """To the process and its children."""
    if os.name != "posix":
        process.terminate()
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
