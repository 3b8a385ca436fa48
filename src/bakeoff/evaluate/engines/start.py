"""Start an engine, wait until it answers, interrupt the work if it dies, and end it in any case."""

import asyncio
import glob
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any

from bakeoff.errors import EngineError, WeightsError
from bakeoff.evaluate.client import Client
from bakeoff.evaluate.engines import server
from bakeoff.evaluate.engines.engine import Engine
from bakeoff.evaluate.engines.facts import read_facts
from bakeoff.evaluate.engines.failures import too_slow, why_gone
from bakeoff.evaluate.engines.log import EngineLog
from bakeoff.evaluate.engines.parameters import EngineParameters
from bakeoff.hardware import cgroup, linux
from bakeoff.hardware.probe import Probe

READY_SECONDS = 120.0
"""For starting a process and warming up a small model on a machine that is busy with other things."""

LOAD_BYTES_PER_SECOND = 20e6
"""A file that comes more slowly than this is taken for a disk that hangs; a network drive gives five times as much."""

STOP_SECONDS = 2.0
"""After that an engine that was asked to leave is killed. It leaves within milliseconds."""

_PART = re.compile(r"(.+)-\d{5}-of-(\d{5})\.gguf")
"""Name of a part of a model that is split (`llama_split_path` of llama.cpp)."""

SPIN_COUNT = "1000"
"""Turns that OpenMP's threads spin before they sleep (`GOMP_SPINCOUNT`). By default they spin for milliseconds, which
on cores that have other work too makes the engine more than ten times slower (docs/concepts/engine.md)."""


@asynccontextmanager
async def start_engine(path: Path, *, parameters: EngineParameters, log_path: Path) -> AsyncIterator[Engine]:
    """Run a model in a process of its own for as long as the `async with` block lasts.

    When the engine dies, the block is cancelled, as `asyncio.timeout` does it, and the reason is raised in its place.

    Args:
        path: a GGUF file, or the first of a model in several.
        parameters: how to run it.
        log_path: where llama.cpp's log goes; an older one is overwritten.

    Raises:
        WeightsError: the file is not a model, or is damaged.
        EngineError: it could not be started, or died.
        StorageError: the log cannot be written.
    """
    limit_seconds = READY_SECONDS + _size(path) / LOAD_BYTES_PER_SECOND
    log = EngineLog(log_path)
    started = time.perf_counter()
    try:
        process = _spawn(parameters)
    except EngineError:
        log.close()
        raise
    try:
        ended = _follow(log, process)
        try:
            async with asyncio.timeout(limit_seconds):
                engine = await _ready(process, log, path, parameters, started)
        except TimeoutError:
            raise too_slow(path, limit_seconds, log_path) from None
        async with _interrupted_by(ended, engine):
            yield engine
    finally:
        await _stop(process, log)


def _size(path: Path) -> int:
    """Bytes of the file, or of all its parts."""
    try:
        size = path.stat().st_size
        if part := _PART.fullmatch(path.name):
            others = path.parent.glob(f"{glob.escape(part[1])}-*-of-{part[2]}.gguf")
            size = sum(other.stat().st_size for other in others)
    except OSError as error:
        raise WeightsError(
            f"{path} cannot be read: {error.strerror}", hint="look at the path and at the file's permissions"
        ) from None
    return size


def _spawn(parameters: EngineParameters) -> "subprocess.Popen[bytes]":
    """The process, waiting for its order. A session of its own keeps the terminal's Ctrl-C from it."""
    command = [sys.executable, "-P", "-X", "utf8", str(Path(server.__file__).resolve())]
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(parameters),
            start_new_session=True,
            creationflags=flags,
        )
    except OSError as error:
        raise EngineError(
            f"the engine's process cannot be started: {error.strerror}",
            hint="is the machine out of processes or memory?",
        ) from None


def environment(parameters: EngineParameters) -> dict[str, str]:
    """Of the engine's process. Its libraries read these variables once, so they must be there before it starts."""
    return {
        "GOMP_SPINCOUNT": SPIN_COUNT,
        **os.environ,
        "GGML_CPU_TILED_MM": "0" if parameters.batch_invariant else "1",
        "GGML_CPU_TILED_MM_FORCE": "0",
    }


def _order(path: Path, parameters: EngineParameters) -> bytes:
    order: Mapping[str, Any] = {
        "model": str(path),
        "parameters": asdict(parameters),
        "memory_limit": _memory_left(Probe()),
    }
    return json.dumps(order).encode() + b"\n"


def _memory_left(probe: Probe) -> int | None:
    """Bytes that the system could still give, swap included; None where that is not known (only Linux tells)."""
    memory = linux.meminfo(probe)
    if "MemAvailable" not in memory:
        return None
    left = cgroup.limits(probe).memory_left_bytes
    free = int(memory["MemAvailable"] + memory.get("SwapFree", 0.0))
    return free if left is None else min(free, left)


def _follow(log: EngineLog, process: "subprocess.Popen[bytes]") -> asyncio.Event:
    """Read the log from now on; the event is set when it ends, which it does with the process."""
    assert process.stderr is not None
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def on_end() -> None:
        with suppress(RuntimeError):  # The loop is closed; no one waits any more.
            loop.call_soon_threadsafe(ended.set)

    log.follow(process.stderr, on_end=on_end)
    return ended


async def _ready(
    process: "subprocess.Popen[bytes]", log: EngineLog, path: Path, parameters: EngineParameters, started: float
) -> Engine:
    """Give the order and wait until the server listens and answers."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError):  # It is gone already; the log says why.
        process.stdin.write(_order(path, parameters))
        process.stdin.flush()
    answer = await _first_line(process.stdout)
    if not answer:
        await _leave(process)
        log.join(1.0)
        raise why_gone(
            list(log.last),
            process.poll(),
            path=path,
            parameters=parameters,
            version=_installed_version(),
            log_path=log.path,
        )
    said = json.loads(answer)
    load_seconds = time.perf_counter() - started
    while not log.listening.is_set() and process.poll() is None:
        await asyncio.sleep(0.01)  # llama.cpp writes its log in a thread of its own, which may be behind.
    engine = Engine(
        process,
        log,
        path=path,
        parameters=parameters,
        facts=read_facts(log.first),
        address=said["address"],
        version=said["version"],
        load_seconds=load_seconds,
    )
    async with Client(engine.base_url, connections=1) as client:
        if not await client.models():
            engine.check()
            raise EngineError(
                f"{path}: the engine started, but does not answer at {engine.base_url}",
                hint=f"does a firewall or security software block programs on this machine? The log is {log.path}",
            )
    return engine


async def _first_line(pipe: IO[bytes]) -> bytes:
    """One line, read by a thread that ends with the process at the latest; empty where the pipe ended before."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[bytes] = loop.create_future()

    def give(line: bytes) -> None:
        if not found.done():
            found.set_result(line)

    def read() -> None:
        with pipe:
            line = pipe.readline()
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(give, line)

    threading.Thread(target=read, name="engine answer", daemon=True).start()
    return await found


def _installed_version() -> str:
    try:
        return version("xllamacpp")
    except PackageNotFoundError:
        return "(not installed)"


@asynccontextmanager
async def _interrupted_by(ended: asyncio.Event, engine: Engine) -> AsyncIterator[None]:
    """Cancel the block when the engine dies and raise why in its place."""
    task = asyncio.current_task()
    assert task is not None
    before = task.cancelling()
    died = False

    async def watch() -> None:
        nonlocal died
        await ended.wait()
        died = True
        task.cancel()

    watcher = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if died and task.uncancel() <= before:
            raise engine.why_gone() from None
        raise
    finally:
        watcher.cancel()


async def _stop(process: "subprocess.Popen[bytes]", log: EngineLog) -> None:
    """End the process: it leaves when its standard input ends, else it is killed."""
    assert process.stdin is not None
    try:
        with suppress(OSError):
            process.stdin.close()
        await _leave(process)
    finally:
        process.kill()  # Does nothing to a process that has been waited for.
        process.wait()
        log.join(1.0)


async def _leave(process: "subprocess.Popen[bytes]") -> None:
    """Wait a moment for a process that is about to end."""
    deadline = time.monotonic() + STOP_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
