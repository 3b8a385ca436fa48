"""The server dies and comes back: the page says so, recovers by itself, and keeps what was being written."""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bakeoff.project import Project
from tests.web.projects import write_project


@pytest.fixture
def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
    return port


@contextmanager
def served(folder: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    """A server in a process of its own, answering."""
    command = [sys.executable, "-m", "bakeoff.web", str(folder), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("http://")
            yield process
        finally:
            process.kill()


def test_the_page_outlives_its_server(open_page: Callable[..., Any], tmp_path: Path, free_port: int) -> None:
    write_project(tmp_path / "tickets", free_port)
    with served(tmp_path, free_port) as first:
        page = open_page(f"http://127.0.0.1:{free_port}/", quiet=False)
        page.wait_for_selector(".projects")
        page.fill("textarea", "text\tlabel\nhalf\twri")
        first.send_signal(signal.SIGKILL)
        first.wait()
        page.click("text=Use these rows")
        page.wait_for_selector("text=The server does not answer. Runs go on by themselves")
    (tmp_path / "tickets").rename(tmp_path / "renamed meanwhile")
    with served(tmp_path, free_port):
        page.wait_for_selector(".gone", state="detached")
        page.wait_for_selector("text=renamed meanwhile")  # what is shown is asked for again
        assert page.input_value("textarea") == "text\tlabel\nhalf\twri"
        page.click("text=Use these rows")
        page.wait_for_selector("text=What is in your file?")
        page.close()


def test_a_correction_that_is_being_written_outlives_the_server(
    open_page: Callable[..., Any], project: Path, free_port: int
) -> None:
    with served(project, free_port) as first:
        page = open_page(f"http://127.0.0.1:{free_port}/#/p/tickets/sheet", quiet=False)
        page.locator('.ag-row[row-id="r0"] .ag-cell[col-id="answer:alpha"]').dblclick()
        page.get_by_role("button", name="good").click()
        page.get_by_label("Your name").fill("Lan")
        page.get_by_label("Your name").press("Enter")
        page.get_by_role("button", name="Correct this answer").click()
        page.get_by_label("The answer as it should be").fill("half wri")
        first.send_signal(signal.SIGKILL)
        first.wait()
        page.wait_for_selector("text=The server does not answer. Runs go on by themselves")
        page.get_by_label("The answer as it should be").fill("half written, now whole")
        page.get_by_role("button", name="Save", exact=True).click()
        page.locator(".correction [role=alert]").wait_for()
    with served(project, free_port):
        page.wait_for_selector(".gone", state="detached")
        assert page.get_by_label("The answer as it should be").input_value() == "half written, now whole"
        page.get_by_role("button", name="Save", exact=True).click()
        page.locator(".corrected").get_by_text("half written, now whole").wait_for()
        page.close()
    with Project(project).ledger() as ledger:
        assert [one.value["text"] for one in ledger.findings("correction")] == ["half written, now whole"]
