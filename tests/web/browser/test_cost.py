"""The page Cost in a browser: numbers typed, machines added, saved, and nothing that a reader cannot use."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bakeoff.project import Project
from tests.web.browser.conftest import NARROW, faults
from tests.web.projects import run_project, write_project

Serve = Callable[..., str]
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory, stub_port: int) -> Path:
    """A candidate that the catalog knows, and one that it does not. Do not write into it."""
    folder = tmp_path_factory.mktemp("cost") / "tickets"
    write_project(folder, stub_port, rows=6, models=("Qwen/Qwen3-0.6B", "zz-nothing"))
    run_project(folder)
    return folder


def test_a_number_typed_is_counted_and_an_unknown_price_is_said(serve: Serve, open_page: Open, known: Path) -> None:
    page = open_page(serve(known) + "#/p/tickets/cost", quiet=False)  # a refusal is an error of the console
    page.wait_for_selector("h1:has-text('Cheapest at this load: Qwen/Qwen3-0.6B')")
    assert "zz-nothing is not in the catalog" in page.inner_text(".unknown")
    assert "This machine: no purchase price is known" in page.inner_text(".unknown")
    assert page.get_by_role("spinbutton", name="Requests a day").get_attribute("placeholder") == "1,000"
    before = page.inner_text(".ways tbody tr:last-child")
    page.get_by_role("spinbutton", name="Requests a day").fill("5000000")
    page.wait_for_selector(".lead:has-text('5,000,000')")
    assert page.inner_text(".ways tbody tr:last-child") != before
    page.wait_for_selector("figure.chart svg path")
    page.get_by_role("spinbutton", name="Years").fill("77")
    page.wait_for_selector(".notice.bad")
    assert page.locator(".ways").count() == 1  # what was counted stays
    page.get_by_role("spinbutton", name="Years").fill("5")
    page.wait_for_selector("th:has-text('5 years')")


def test_a_price_of_ones_own_and_a_machine_are_saved(serve: Serve, open_page: Open, project: Path) -> None:
    text = (project / "bakeoff.toml").read_text(encoding="utf-8").replace('"alpha"', '"Qwen/Qwen3-0.6B"')
    (project / "bakeoff.toml").write_text(text, encoding="utf-8")
    page = open_page(serve(project) + "#/p/tickets/cost")
    page.get_by_label("Add a machine").fill("2x RTX 3090")
    page.keyboard.press("Enter")
    page.wait_for_selector(".machines strong:has-text('2x RTX 3090')")
    page.get_by_role("button", name="Remove 1x H100 SXM").click()
    page.locator(".machines li:has-text('2x RTX 3090')").get_by_label("To buy, USD").fill("1234")
    page.wait_for_selector(".results:not(.stale) td:has-text('2x RTX 3090')")
    page.get_by_role("button", name="Save to the project").click()
    page.wait_for_selector("text=Saved. Report and command line")
    saved = Project(project).config.cost
    assert saved.prices == {"2x RTX 3090": 1234.0}
    assert saved.machines == ("this machine", "RTX 4090, 64 GB RAM", "2x RTX 3090")


def test_amounts_in_dong_at_ones_own_rate(serve: Serve, open_page: Open, known: Path) -> None:
    page = open_page(serve(known) + "#/p/tickets/cost", lang="vi")
    page.wait_for_selector("h1:has-text('Rẻ nhất')")
    page.locator("summary:has-text('Tiền tệ')").click()
    page.get_by_role("radio", name="VND").check(force=True)
    assert "USD" in page.inner_text("h1")  # no rate is known, and none is asked for
    page.get_by_label("VND cho một đô la Mỹ").fill("26400")
    page.wait_for_selector("h1:has-text('VND')")
    assert re.search(r"\d\.\d{3}\.\d{3} VND", page.inner_text("h1").replace("\xa0", " "))


def test_tuning(serve: Serve, open_page: Open, known: Path) -> None:
    page = open_page(serve(known) + "#/p/tickets/cost/tuning")
    page.wait_for_selector("h1:has-text('Fine-tuning Qwen/Qwen3-0.6B')")
    assert page.locator(".ways tbody tr").count() == 16
    page.get_by_label("One more right answer is worth, USD").fill("0.05")
    page.wait_for_selector("h2:has-text('When it pays')")


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_everyone_can_read_it(serve: Serve, open_page: Open, known: Path, lang: str) -> None:
    page = open_page(serve(known) + "#/p/tickets/cost", lang=lang, width=390)
    page.wait_for_selector("figure.chart svg path")
    page.evaluate("() => { for (const one of document.querySelectorAll('details')) one.open = true; }")
    assert faults(page, NARROW) == []
