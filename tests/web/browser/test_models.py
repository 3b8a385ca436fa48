"""The page Models in a browser: bars move with the sliders, filters narrow, one model in full, several side by side."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.web.browser.conftest import LOOKS, faults, see

Open = Callable[..., Any]
Serve = Callable[..., str]
CARD = quote("RTX 4090, 64 GB RAM")
LIST = f"?machine={CARD}&find=gemma-3&order=newest"
TWO = f"?machine={CARD}&with=google/gemma-3-4b-it,Qwen/Qwen3-8B"


def settled(page: Any) -> None:
    """The list and what is seen of its plans are there."""
    page.wait_for_selector("tr[data-model]:not(.stale) .bar .part")
    page.wait_for_function("() => !document.querySelector('.waiting')")


def test_a_slider_moves_the_bars(serve: Serve, open_page: Open, finished: Path) -> None:
    page = open_page(f"{serve(finished.parent)}#/p/tickets/models?machine={CARD}&find=qwen3&size=5-10&order=name")
    settled(page)
    row = page.locator("tr[data-model='Qwen/Qwen3-8B']")
    width = "row => [...row.querySelectorAll('.part')].map(part => part.style.width).join()"
    before = row.evaluate(width)
    page.get_by_label("Users at once").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        f"before => ({width})(document.querySelector(\"tr[data-model='Qwen/Qwen3-8B']\")) !== before", arg=before
    )
    assert "users=2" in page.url
    page.get_by_label("Quantization").focus()
    page.keyboard.press("End")
    page.wait_for_function(
        "() => document.querySelector(\"tr[data-model='Qwen/Qwen3-8B']\").textContent.includes('Q2_K')"
    )


def test_filters_narrow_the_list_and_stand_in_the_address(serve: Serve, open_page: Open, finished: Path) -> None:
    page = open_page(f"{serve(finished.parent)}#/p/tickets/models?machine={CARD}&order=newest")
    settled(page)
    assert page.locator("tr[data-model]").count() == 50
    page.get_by_role("button", name="50 more").click()
    page.wait_for_function("() => document.querySelectorAll('tr[data-model]').length === 100")
    page.get_by_label("Language").select_option("vi")
    page.get_by_role("button", name="More filters").click()
    page.get_by_label("License").select_option("osi-approved")
    page.get_by_label("Parameters").select_option("5-10")
    page.wait_for_function("() => document.querySelectorAll('tr[data-model]').length < 50")
    assert "language=vi" in page.url
    page.get_by_label("Find").fill("<img src=x onerror=alert(1)>")
    page.get_by_text("No model has all of that").wait_for()
    page.get_by_role("button", name="Show the whole catalog").click()
    page.wait_for_function("() => document.querySelectorAll('tr[data-model]').length === 50")


def test_one_model_in_full_and_back(serve: Serve, open_page: Open, project: Path) -> None:
    page = open_page(f"{serve(project.parent)}#/p/tickets/models/Qwen/Qwen3-8B?machine={CARD}")
    dialog = page.get_by_role("dialog")
    dialog.locator(".builds tbody tr").nth(3).wait_for()
    text = dialog.inner_text()
    for told in ("Apache License 2.0", "llama-server", "estimated", "Training data: not published", "Q4_K_M"):
        assert told in text
    dialog.get_by_role("button", name="Add to candidates: Qwen3-8B Q4_K_M").click()
    dialog.get_by_text("Is a candidate").wait_for()
    assert 'name = "Qwen3-8B Q4_K_M"' in (project / "bakeoff.toml").read_text(encoding="utf-8")
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert page.url.endswith(f"#/p/tickets/models?machine={CARD.replace('%20', '+').replace(',', '%2C')}")


def test_several_side_by_side(serve: Serve, open_page: Open, finished: Path) -> None:
    page = open_page(f"{serve(finished.parent)}#/p/tickets/models?machine={CARD}&order=newest&find=qwen3")
    settled(page)
    boxes = page.locator("tr[data-model] input[type=checkbox]")
    for at in range(5):
        boxes.nth(at).check()
    assert boxes.nth(5).is_disabled()
    for at in range(3, 5):
        boxes.nth(at).uncheck()
    page.get_by_role("link", name="Compare", exact=True).last.click()
    page.locator(".side-by-side .bar .part").first.wait_for()
    assert page.locator(".side-by-side thead th").count() == 3
    page.get_by_role("button", name="Leave out").first.click()
    page.wait_for_function("() => document.querySelectorAll('.side-by-side thead th').length === 2")


def test_an_unknown_machine_or_model_is_said(serve: Serve, open_page: Open, finished: Path) -> None:
    url = serve(finished.parent)
    page = open_page(f"{url}#/p/tickets/models?machine=flux%20capacitor", quiet=False)
    page.get_by_text("No machine of this name is known").wait_for()
    page.goto(f"{url}#/p/tickets/models/%3Cb%3Eno/such%3C%2Fb%3E?machine={CARD}")
    page.get_by_role("dialog").get_by_role("alert").wait_for()
    assert page.locator("dialog b").count() == 0


def test_names_are_text_whatever_is_in_them(
    serve: Serve, open_page: Open, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "local/<img src=x onerror=alert(1)>\u202etxt"
    head = {"model": name, "as_of": "2026-11-24", "source": ["file"]}
    facts = [
        {**head, "fact": "identity", "family": "<b>f</b>", "organisation": "<b>x</b>", "kind": "chat", "tier": 3},
        {**head, "fact": "parameters", "total": 8_000_000_000, "basis": "<b>y</b>"},
    ]
    own = tmp_path / "own.jsonl"
    own.write_text("".join(json.dumps(fact) + "\n" for fact in facts), encoding="utf-8")
    monkeypatch.setenv("BAKEOFF_CATALOG", str(own))
    page = open_page(f"{serve(finished.parent)}#/p/tickets/models?order=newest&find=onerror")
    row = page.locator("tr[data-model]")
    row.wait_for()
    assert "<img src=x" in row.inner_text()
    assert "<b>x</b>" in row.inner_text()
    row.get_by_role("link").click()
    page.get_by_role("dialog").get_by_text("8,000,000,000").wait_for()
    assert page.locator("main img, main b").count() == 0


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_nothing_is_wrong_for_axe_nor_too_wide(serve: Serve, open_page: Open, finished: Path, lang: str) -> None:
    page = open_page(f"{serve(finished.parent)}#/p/tickets/models{LIST}", lang=lang)
    settled(page)
    assert faults(page) == []
    page.evaluate(f"location.hash = '#/p/tickets/models/google/gemma-3-4b-it{LIST}'")
    page.locator("dialog .builds tbody tr").first.wait_for()
    assert faults(page) == []
    body = page.locator(".dialog-body")
    for look in LOOKS:
        see(page, *look)
        assert body.evaluate("body => body.scrollWidth <= body.clientWidth")
    see(page, *LOOKS[0])
    page.evaluate(f"location.hash = '#/p/tickets/models/compare{TWO}'")
    page.locator(".side-by-side td:not(.stale) .bar").first.wait_for()
    assert faults(page) == []
