"""The page Compare, in a browser: from the sentence to the rows, by mouse and by keyboard, whatever a model wrote."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bakeoff.project.planning import RunOptions
from tests.web.browser.conftest import faults, violations
from tests.web.projects import run_project, write_project

Open = Callable[..., Any]
AT = "#/p/tickets/compare"


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_it_reads_in_every_look_and_language(
    serve: Callable[..., str], open_page: Open, finished: Path, lang: str
) -> None:
    page = open_page(serve(finished) + AT, lang=lang)
    assert (
        page.locator("h1").inner_text()
        == page.request.get(page.url.split("#")[0] + f"api/projects/tickets/compare?lang={lang}").json()["sentence"]
    )
    for part in page.locator(".compare > section").all():
        part.scroll_into_view_if_needed()
    page.locator(".compare-tradeoffs svg").wait_for()
    page.locator(".compare-times svg").wait_for()
    page.locator(".compare-rows").wait_for()
    assert faults(page) == []


def test_every_number_leads_to_its_rows(serve: Callable[..., str], open_page: Open, finished: Path) -> None:
    page = open_page(serve(finished) + AT)
    # A field of the confusion matrix, by keyboard.
    page.locator(".compare-field:not(.hit) button").first.focus()
    n = int(page.locator(".compare-field:not(.hit) button").first.inner_text())
    page.keyboard.press("Enter")
    page.locator(".compare-opened .compare-row").first.wait_for()
    assert page.locator(".compare-opened .compare-row").count() == min(n, 8)
    # From a pair to its flips, with both names in the address.
    page.get_by_role("link", name="Read them").first.click()
    page.wait_for_url("**/compare/flips?a=*&b=*")
    page.locator(".compare-flips .compare-row").first.wait_for()
    row = page.locator(".compare-flips .compare-row").first
    assert (row.get_by_text("right").count(), row.get_by_text("wrong").count()) == (1, 1)
    link = row.locator("a").first
    assert link.get_attribute("href") == f"#/p/tickets/sheet?row={link.inner_text()}"
    # A point of the chart opens the model's column.
    page.locator(".compare-tradeoffs").scroll_into_view_if_needed()
    page.locator(".compare-tradeoffs .mark-symbol path").first.dispatch_event("click")
    page.wait_for_url("**/sheet?sort=score**")


def test_before_a_run_it_says_what_would_be_here(
    serve: Callable[..., str], open_page: Open, tmp_path: Path, stub_port: int
) -> None:
    page = open_page(serve(write_project(tmp_path / "tickets", stub_port)) + AT)
    page.get_by_role("heading", name="Nothing has been asked yet").wait_for()
    assert violations(page) == []
    assert page.get_by_role("link", name="Open the sheet").get_attribute("href") == "#/p/tickets/sheet"


def test_partial_results_of_one_model_say_so(
    serve: Callable[..., str], open_page: Open, tmp_path: Path, stub_port: int
) -> None:
    folder = write_project(tmp_path / "tickets", stub_port, models=("alpha",))
    run_project(folder, RunOptions(rows="10"))
    page = open_page(serve(folder) + AT)
    page.get_by_text("Partial: 10 of 30 answers are there").wait_for()
    page.get_by_text("There is one model").wait_for()
    assert page.locator(".compare-pairs").count() == 0


def test_hostile_names_and_answers_are_only_text(
    serve: Callable[..., str], open_page: Open, tmp_path: Path, stub_port: int
) -> None:
    folder = write_project(tmp_path / "tickets", stub_port)
    hostile = "<img src=x onerror='window.hit=1'><script>window.hit=1</script>\x1b[31m‮ " + "ạ" * 100_000
    text = (folder / "bakeoff.toml").read_text(encoding="utf-8")
    name = "<b>Qwen</b> ‮<script>window.hit=1</script>"
    text = text.replace('name = "alpha"', f"name = {json.dumps(name, ensure_ascii=False)}")
    (folder / "bakeoff.toml").write_text(text, encoding="utf-8")
    run_project(folder)
    with sqlite3.connect(folder / "bakeoff.db") as ledger:
        ledger.execute("UPDATE call SET text = ? WHERE candidate = 'beta'", (hostile,))
    ledger.close()
    page = open_page(serve(folder) + AT + "/flips")
    page.locator(".compare-row").first.wait_for()
    assert page.evaluate("window.hit") is None
    assert page.locator("main img, main script, main b").count() == 0
    assert page.locator(".compare-row dd").nth(1).inner_text().startswith("<img src=x")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
