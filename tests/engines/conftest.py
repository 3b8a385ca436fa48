"""A tiny model, and how the tests start engines and ask them. Tests in this folder may be coroutines."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bakeoff.evaluate.client import Client
from bakeoff.evaluate.engines import Engine, EngineParameters, start_engine
from bakeoff.evaluate.types import Answer
from tests.engines import tiny

Start = Callable[..., AbstractAsyncContextManager[Engine]]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that is loaded in milliseconds."""
    return tiny.write(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture
def start(tmp_path: Path, tiny_model: Path) -> Start:
    """`start_engine` with a log of its own, one thread, one slot and a small context unless the test says otherwise.

    One thread, because the cores of a test machine are seldom free, and threads that wait for each other then crawl.
    """
    count = 0

    @asynccontextmanager
    async def started(path: Path = tiny_model, **parameters: Any) -> AsyncIterator[Engine]:
        nonlocal count
        count += 1
        log = tmp_path / f"engine-{count}.log"
        settings = EngineParameters(**({"threads": 1, "n_slots": 1, "context_per_slot": 512} | parameters))
        async with start_engine(path, parameters=settings, log_path=log) as engine:
            yield engine

    return started


async def ask(client: Client, path: str, **body: Any) -> Answer:
    """One request as `bakeoff run` makes it."""
    usual = {"temperature": 0, "max_tokens": 8, "stream": True, "stream_options": {"include_usage": True}}
    return await client.ask(path, json.dumps({**usual, "cache_prompt": False, **body}).encode())


def chat(client: Client, user: str, **body: Any) -> Awaitable[Answer]:
    """One chat request."""
    return ask(client, "/chat/completions", messages=[{"role": "user", "content": user}], **body)


def complete(client: Client, prompt: str, **body: Any) -> Awaitable[Answer]:
    """One text to complete."""
    return ask(client, "/completions", prompt=prompt, **body)
