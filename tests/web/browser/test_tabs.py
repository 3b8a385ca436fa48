"""One project in eight tabs of one browser: it has six connections to a server, and all tabs follow a run."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.web.projects import run_project, write_project

Open = Callable[..., Any]
AT = "#/p/tickets/sheet"


def test_eight_tabs_follow_one_run(serve: Callable[..., str], open_page: Open, tmp_path: Path, stub_port: int) -> None:
    folder = write_project(tmp_path / "tickets", stub_port)
    first = open_page(serve(folder) + AT)
    tabs = [first]
    for place in [AT] + 6 * [AT.replace("sheet", "label")]:  # which is a light one
        tabs.append(first.context.new_page())
        tabs[-1].goto(first.url.replace(AT, place), wait_until="commit")
    began = time.monotonic()
    for tab in tabs:
        tab.locator(".cell.answer.missing, .page-inner h1, main h1:not(.hidden)").first.wait_for()
    assert time.monotonic() - began < 15
    run_project(folder)
    began = time.monotonic()
    for tab in tabs:
        tab.locator(".job-button.finished").wait_for()
        tab.locator(".cell.answer.missing").first.wait_for(state="detached")
    assert time.monotonic() - began < 10
    # Whoever asked for all of them goes; another one takes over.
    first.close()
    api = tabs[1].url.split("#")[0] + "api/projects/tickets/"
    nobody = {"name": "nobody", "model": "x", "via": "http://127.0.0.1:9/v1"}
    assert tabs[1].request.post(api + "candidates", data=nobody).ok
    assert tabs[1].request.post(api + "jobs", data={"verb": "run", "options": {}}).status == 202
    for tab in tabs[1:]:
        tab.locator(".job-button.errors").wait_for()
    asked: list[str] = []
    for tab in tabs[1:]:
        tab.on("request", lambda request: asked.append(request.url) if "/job?" in request.url else None)
    tabs[1].wait_for_timeout(1000)
    assert len(asked) <= 1  # one of them waits for all
