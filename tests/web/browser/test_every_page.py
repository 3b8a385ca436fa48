"""Every page: names are text, whatever is in them, and the keyboard reaches everything that can be used."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web.projects import run_project, write_project

Open = Callable[..., Any]
PAGES = ("needs", "models", "sheet", "compare", "label", "cost", "decision", "playground")
NAME = "<img src=x onerror='window.hit=1'><b>evil</b>\u202e\x1b[31m"
COLUMN = json.dumps("<img src=y onerror='window.hit=2'>")

USABLE = """() => {
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
  const found = all.filter((one) => !one.disabled && one.tabIndex >= 0 && one.type !== "radio"
    && !one.closest("[inert]") && one.checkVisibility({ visibilityProperty: true }));
  found.forEach((one, n) => { one.dataset.stop = n; });
  return found.length;
}"""
AT_STOP = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  // A cell of the grid and a field in a frame show it by their border, a document in a frame by itself.
  const own = at.tagName === "IFRAME" || at.closest(".ag-cell-focus, .composer");
  const shown = getComputedStyle(at);
  const seen = own || (at.matches(":focus-visible") && (shown.outlineStyle !== "none" || shown.boxShadow !== "none"));
  return [at.dataset.stop ?? null, Boolean(seen)];
}"""
LEFT = """(reached) => [...document.querySelectorAll("[data-stop]")]
  .filter((one) => !reached.includes(one.dataset.stop) && !one.closest(".sheet-grid"))
  .map((one) => one.outerHTML.slice(0, 160))"""
LOOSE = """() => {
  const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const found = [];
  while (walk.nextNode()) {
    const at = walk.currentNode;
    if (!at.data.includes("\\u202e") || at.parentElement.closest("bdi, select, [dir]:not(html), script")) continue;
    let one = at.parentElement;
    while (getComputedStyle(one).display === "inline" && !/isolate|plaintext/.test(getComputedStyle(one).unicodeBidi)) {
      one = one.parentElement;
    }
    if (one.textContent.trim() !== at.data.trim()) found.push(one.outerHTML.slice(0, 200));
  }
  return found;
}"""
"""Texts in which an override of the direction would turn what stands beside it."""


def ready(page: Any, place: str) -> None:
    """Shown, and no longer loading."""
    page.evaluate("place => { location.hash = `#/p/tickets/${place}`; }", place)
    page.locator(f"main.page-{place}").wait_for()  # the address changes before the page does
    page.wait_for_function(
        "place => location.hash.includes(place) && !!document.querySelector('main h1, main input')", arg=place
    )
    page.wait_for_function("() => !document.querySelector('main .loading, main .stale, main .waiting')")


def test_names_are_text_on_every_page(
    serve: Callable[..., str], open_page: Open, tmp_path: Path, stub_port: int
) -> None:
    folder = write_project(tmp_path / "tickets", stub_port, rows=6)
    for file, old, new in (
        ("bakeoff.toml", '"alpha"\nmodel', f"{json.dumps(NAME)}\nmodel"),
        ("rows.jsonl", '"kênh"', COLUMN),
    ):
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    run_project(folder)
    page = open_page(serve(folder))
    loose: list[str] = []
    for place in PAGES:
        ready(page, place)
        assert page.locator("img[src=x], img[src=y], main b").count() == 0, place
        assert page.evaluate("window.hit") is None, place
        loose += [f"{place}: {one}" for one in page.evaluate(LOOSE)]
        assert page.locator("main [role=alert]").count() == 0, place
    assert loose == []


@pytest.mark.parametrize("place", PAGES)
def test_the_keyboard_reaches_everything(
    serve: Callable[..., str], open_page: Open, finished: Path, place: str
) -> None:
    page = open_page(serve(finished))
    ready(page, place)
    reached: set[str] = set()
    rounds = 0
    page.evaluate("() => document.activeElement?.blur()")
    n = page.evaluate(USABLE)
    for _ in range(2 * n + 40):
        page.keyboard.press("Tab")
        at = page.evaluate(AT_STOP)
        if at is None:  # past the end, where the next Tab begins anew: a page may begin in a field
            rounds += 1
            if rounds == 2:
                break
            continue
        assert at[1], page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        if at[0] is not None:
            reached.add(at[0])
    assert page.evaluate(LEFT, sorted(reached)) == []
