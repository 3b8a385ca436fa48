"""In a browser: nothing is asked of any host, nothing is wider than a telephone, nothing complains."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bakeoff.report import report
from tests.report.examples import hostile, ordinary

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.mark.parametrize("name", ["ordinary", "hostile"])
@pytest.mark.parametrize("width", [390, 1200])
def test_the_page_is_whole_and_quiet(browser: Any, tmp_path: Path, name: str, width: int) -> None:
    path = tmp_path / "report.html"
    path.write_text(report({"ordinary": ordinary, "hostile": hostile}[name](), "html", "vi"), encoding="utf-8")
    heard: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.on("console", lambda message: heard.append(message.text))
    page.on("request", lambda request: heard.append(request.url))
    page.goto(path.as_uri())
    assert heard == [path.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith("system-ui")
    shown = page.evaluate("[...document.querySelectorAll('.chart')].filter(c => c.offsetParent !== null).length")
    assert shown == {"ordinary": 2, "hostile": 2}[name]
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(browser: Any, tmp_path: Path, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text of this size, in both themes."""
    path = tmp_path / "report.html"
    path.write_text(report(ordinary(), "html", "en"), encoding="utf-8")
    page = browser.new_page(color_scheme=scheme)
    page.goto(path.as_uri())
    read = "name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim()"
    colours = {name: page.evaluate(read, name) for name in ("paper", "ink", "muted", "accent", "wash", "soft")}
    page.close()
    pairs = [("ink", "paper"), ("muted", "paper"), ("accent", "paper"), ("paper", "muted"), ("paper", "accent"),
             ("accent", "wash"), ("muted", "soft"), ("ink", "soft")]  # fmt: skip
    for front, back in pairs:
        assert contrast(colours[front], colours[back]) >= 4.5, (front, back)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance of #rrggbb."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
