"""What tests of the page share: a stub model server, a workspace with a finished project, a client, a real server."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from benchmarks.common import stub_server
from starlette.testclient import TestClient

from bakeoff.web.app import guarded
from bakeoff.web.serve import listen
from bakeoff.web.settings import Settings
from tests.web.projects import run_project, write_project


@pytest.fixture(scope="session")
def stub_port() -> Iterator[int]:
    """A model server that answers at once."""
    with stub_server() as port:
        yield port


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, stub_port: int) -> Path:
    """A finished project, for tests that only read: 30 rows, two models. Do not write into it."""
    folder = write_project(tmp_path_factory.mktemp("finished") / "tickets", stub_port)
    run_project(folder)
    return folder


@pytest.fixture
def project(tmp_path: Path, stub_port: int) -> Path:
    """A finished project of one's own, for tests that write."""
    folder = write_project(tmp_path / "tickets", stub_port)
    run_project(folder)
    return folder


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory, stub_port: int) -> Path:
    """Two candidates that the catalog knows. Do not write into it."""
    folder = tmp_path_factory.mktemp("known") / "tickets"
    write_project(folder, stub_port, rows=6, models=("Qwen/Qwen3-8B", "Qwen/Qwen3-0.6B"))
    run_project(folder)
    return folder


Call = Callable[..., TestClient]


@pytest.fixture
def client() -> Iterator[Call]:
    """`client(folder)` calls the guarded app as a browser on this machine would; further settings by name."""
    made: list[TestClient] = []

    def make(folder: Path, **settings: Any) -> TestClient:
        found = TestClient(
            guarded(Settings(folder, **settings)), base_url="http://127.0.0.1:8642", raise_server_exceptions=False
        )
        made.append(found)
        return found

    yield make
    for one in made:
        one.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """`serve(folder)` serves it for real on a free port and returns the address, with a slash at the end."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(folder: Path, **settings: Any) -> str:
        chosen = Settings(folder, port=0, **settings)
        listening = listen(chosen)
        server = uvicorn.Server(uvicorn.Config(guarded(chosen), log_level="warning", lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{listening.getsockname()[1]}/"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(20)
