"""A real browser, Debian's Chromium, for tests of the page. Every test's page must stay quiet: no error in the console,
no request to another host.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest

from tests.web.browser.chromium import CHROMIUM, chromium

AXE = Path(__file__).parent / "vendor" / "axe.min.js"


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """One browser for all tests of this folder. It goes with them: its event loop would be in others' way."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    with chromium() as started:
        yield started


@pytest.fixture
def open_page(browser: Any, serve: Any) -> Iterator[Callable[..., Any]]:
    """`open_page(url, lang="vi", dark=True, width=390, quiet=False)` opens a page in a fresh profile.

    After `serve`, so that pages are closed before their server is: else they log that it is gone.
    """
    contexts: list[Any] = []
    heard: list[str] = []

    def start(url: str, *, lang: str = "en", dark: bool = False, width: int = 1280, quiet: bool = True) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme="dark" if dark else "light",
            locale={"en": "en-US", "vi": "vi-VN"}[lang],
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("request", lambda request: _same_host(request.url, heard))
        if quiet:
            page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: heard.append(str(error)))
        page.goto(url)
        return page

    yield start
    for context in contexts:
        context.close()
    assert heard == []


def _same_host(url: str, heard: list[str]) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("data", "blob", "about") and parts.hostname != "127.0.0.1":
        heard.append(f"asked {url}")


Theme = Literal["light", "dark"]
Look = tuple[Theme, int]
LOOKS: tuple[Look, ...] = (("light", 1280), ("dark", 390))
NARROW: tuple[Look, ...] = (("light", 390), ("dark", 390))
STILL = """() => document.getAnimations().every(
  (one) => one.playState !== "running" || one.effect.getTiming().iterations === Infinity)"""
"""No colour is on its way to another one: what turns for ever does not count."""


def faults(page: Any, looks: Sequence[Look] = LOOKS) -> list[str]:
    """What is wrong in one of the looks with what is shown: what axe finds, and what is wider than the window.

    Looks change in the page, which is loaded once; afterwards it has the first one again.
    """
    found: list[str] = []
    for theme, width in looks:
        see(page, theme, width)
        found += [f"{theme} {width}: {one}" for one in violations(page)]
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        found += [f"{theme} {width}: {over} px too wide"] if over > 0 else []
    see(page, *looks[0])
    return found


def see(page: Any, theme: Theme, width: int) -> None:
    """Show the page in another look, and let its colours come to rest."""
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 844})
    page.wait_for_function(STILL)


def violations(page: Any) -> list[str]:
    """What axe finds: rule, and the first element that breaks it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    page.wait_for_function(STILL)  # a button's colour in the middle of a transition has no contrast of its own
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:160]} {one['nodes'][0]['failureSummary'][:300]}"
        for one in found["violations"]
    ]
