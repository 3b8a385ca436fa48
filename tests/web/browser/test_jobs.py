"""What is at work, as the page shows it: started, watched from two tabs, stopped, resumed, and without its server."""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmarks.common import stub_server

from tests.web.browser.conftest import violations
from tests.web.projects import write_project

Open = Callable[..., Any]
ROOT = Path(__file__).parents[3]

OPEN_DIALOG = """async (rows) => {
  const { html, render, useId, useState } = await import(new URL("page/vendor/preact.js", location));
  const { RunDialog } = await import(new URL("page/parts/job.js", location));
  const box = document.body.appendChild(document.createElement("div"));
  const Opened = () => {
    const [open, set] = useState(true);
    for (let i = 0; i < 500; i += 1) useId(); // a second root counts from 0 again; the ids must not be the page's
    return open && html`<${RunDialog} project="tickets" rows=${rows ?? undefined} onClose=${() => set(false)} />`;
  };
  render(html`<${Opened} />`, box);
}"""
"""The window that starts a run, as pages open it."""


@pytest.fixture(scope="module")
def slow_port() -> Iterator[int]:
    """A model server that takes 60 ms for an answer."""
    with stub_server(latency_ms=60) as port:
        yield port


@pytest.fixture
def folder(tmp_path: Path, slow_port: int) -> Path:
    """Nothing was asked yet."""
    return write_project(tmp_path / "tickets", slow_port, rows=30)


def test_from_the_quote_to_the_end_with_a_stop_between(
    serve: Callable[..., str], open_page: Open, folder: Path
) -> None:
    url = f"{serve(folder)}#/p/tickets/playground"
    page, other = open_page(url), open_page(url)
    page.locator("main .composer").wait_for()
    page.evaluate(OPEN_DIALOG)
    page.get_by_text("60 calls").wait_for()
    page.get_by_role("checkbox", name="beta").uncheck()
    page.get_by_text("30 calls").wait_for()
    page.get_by_role("radio", name="Some").check()
    page.get_by_label("How many rows").fill("0")
    page.get_by_text("Write a number above zero.").wait_for()
    assert page.get_by_role("button", name="Start").is_disabled()
    page.get_by_role("radio", name="All 30").check()
    page.get_by_role("button", name="Start").click()
    for tab in (page, other):
        tab.locator(".job-button", has_text="/ 30").wait_for()
    page.locator(".job-button").click()
    page.get_by_role("button", name="Stop").click()
    page.locator("dialog").get_by_text("Every answer so far is kept").wait_for()
    other.locator(".job-button.stopped").wait_for()
    page.get_by_role("button", name="Go on").click()
    page.locator("dialog").get_by_text("Every cell that was asked for has its answer.").wait_for()
    page.get_by_role("button", name="Close").last.click()
    assert page.locator(".job-button").count() == 0  # it was looked at
    other.locator(".job-button.finished").wait_for()


def test_a_run_in_a_terminal_shows_while_the_server_goes_and_comes(open_page: Open, folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def server() -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "bakeoff.web", str(folder), str(port)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert process.stdout is not None
        assert process.stdout.readline().startswith(f"http://127.0.0.1:{port}/")
        return process

    with server() as first:
        page = open_page(f"http://127.0.0.1:{port}/#/p/tickets/playground", quiet=False)  # it logs that it is gone
        page.locator("main .composer").wait_for()
        command = [sys.executable, "-m", "bakeoff", "run", str(folder), "--quiet"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
            page.locator(".job-button", has_text="/ 60").wait_for()
            first.send_signal(signal.SIGKILL)
            first.wait()
            page.get_by_role("alert").get_by_text("The server does not answer").wait_for()
            assert run.wait(30) == 0
    with server() as second:
        page.locator(".job-button.finished").wait_for()
        assert page.locator(".gone").count() == 0
        page.close()  # else the server waits two seconds for what it asks
        second.terminate()


LOOKS = [("vi", True, 1280), ("en", False, 390)]


@pytest.mark.parametrize(("lang", "dark", "width"), LOOKS)
def test_everybody_can_use_it(
    serve: Callable[..., str], open_page: Open, tmp_path: Path, slow_port: int, lang: str, dark: bool, width: int
) -> None:
    folder = write_project(tmp_path / "tickets", slow_port, rows=400, models=("alpha", "<i>β</i>"))
    text = (folder / "bakeoff.toml").read_text("utf-8")
    (folder / "bakeoff.toml").write_text(text.replace("/ok/v1", "/401/v1", 1), "utf-8")
    page = open_page(f"{serve(folder)}#/p/tickets/playground", lang=lang, dark=dark, width=width)
    page.locator("main .composer").wait_for()
    page.evaluate(OPEN_DIALOG)
    page.locator(".run-sum").wait_for()
    assert page.locator("dialog bdi", has_text="<i>β</i>").count() == 2
    assert violations(page) == []
    page.locator("dialog footer .primary").click()
    page.locator(".job-button").click()
    page.locator(".job-candidates li").nth(1).wait_for()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.locator("dialog .danger").click()
    page.locator("dialog .notice").first.wait_for()
    assert violations(page) == []
