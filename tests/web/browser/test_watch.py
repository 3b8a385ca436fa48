"""One tab of a browser asks what is at work, for all of them: when it goes, however it goes, another one asks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web.projects import run_project, write_project

Open = Callable[..., Any]
Serve = Callable[..., str]
AT = "#/p/tickets/label"
LEASE_MS = 23_000
"""How long others wait for one that is silent: longer than any wait of a test, so the clock is set forward."""

HIDE = """() => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def asks(request: Any) -> bool:
    """It waits for news, and holds one of six connections."""
    return "/job?" in request.url and "wait=20" in request.url


@pytest.fixture
def tabs(serve: Serve, open_page: Open, tmp_path: Path, stub_port: int) -> tuple[Any, Any]:
    """The tab that asks, and one that listens, on a project that was not asked yet; their clock can be set."""
    url = serve(write_project(tmp_path / "tickets", stub_port, rows=4)) + AT
    first = open_page("about:blank", quiet=False)  # a tab that goes leaves its question unanswered
    first.context.clock.install()
    second = first.context.new_page()
    second.set_default_timeout(10_000)
    held: dict[Any, list[Any]] = {first: [], second: []}
    for tab, mine in held.items():
        tab.on("request", lambda request, mine=mine: mine.append(request) if asks(request) else None)
        for end in ("requestfailed", "requestfinished"):
            tab.on(end, lambda request, mine=mine: mine.remove(request) if request in mine else None)
        with tab.expect_request(asks):  # a new one asks once; then they agree on one of them
            tab.goto(url)
    for _ in range(100):
        if sum(map(len, held.values())) == 1:
            break
        first.wait_for_timeout(100)
    ((asking, _),) = ((tab, mine) for tab, mine in held.items() if mine)
    return (first, second) if asking is first else (second, first)


def hide(tab: Any) -> None:
    tab.evaluate(HIDE)


def close(tab: Any) -> None:
    tab.close()


def die(tab: Any) -> None:
    """It goes as in a crash: without a word to the others."""
    tab.evaluate("() => { BroadcastChannel.prototype.postMessage = () => {}; }")
    tab.close()


@pytest.mark.parametrize("go", [hide, close])
def test_one_that_is_hidden_or_closed_hands_over_at_once(
    tabs: tuple[Any, Any], tmp_path: Path, go: Callable[[Any], None]
) -> None:
    asking, listening = tabs
    with listening.expect_request(asks):
        go(asking)
    run_project(tmp_path / "tickets")
    listening.locator(".job-button.finished").wait_for()
    if not asking.is_closed():
        asking.locator(".job-button.finished").wait_for()  # it is told


def test_one_that_says_nothing_more_is_waited_for_once(tabs: tuple[Any, Any], tmp_path: Path) -> None:
    asking, listening = tabs
    die(asking)
    with listening.expect_request(asks):
        listening.clock.fast_forward(LEASE_MS)
    run_project(tmp_path / "tickets")
    listening.locator(".job-button.finished").wait_for()


def test_all_hidden_look_now_and_then_and_hold_nothing(tabs: tuple[Any, Any], tmp_path: Path) -> None:
    held: list[str] = []
    for tab in tabs:
        hide(tab)
        tab.wait_for_timeout(300)
        tab.on("request", lambda request: held.append(request.url) if asks(request) else None)
    run_project(tmp_path / "tickets")
    for tab in reversed(tabs):
        tab.clock.fast_forward(LEASE_MS)
        tab.locator(".job-button.finished").wait_for()
    assert held == []
