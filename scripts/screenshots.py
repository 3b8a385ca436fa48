"""Photograph a project's report and every page of its browser page: both languages, light and dark, into docs/img.

    python scripts/screenshots.py bakeoff-demo                # everything
    python scripts/screenshots.py bakeoff-demo cost decision  # only these pages; `report` is the report

Needs a finished project and a Chromium: Debian's `chromium`, or the one named by the environment variable CHROMIUM.
The project is copied first: nothing that a page does reaches it.
"""

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from bakeoff.project import Project
from bakeoff.report import Language
from bakeoff.web.app import guarded
from bakeoff.web.serve import listen
from bakeoff.web.settings import Settings

TARGET = Path(__file__).resolve().parent.parent / "docs" / "img"
LANGUAGES: tuple[Language, ...] = ("en", "vi")
LOCALES = {"en": "en-US", "vi": "vi-VN"}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

WIDTH, HEIGHT, SCALE = 1000, 1240, 1.5
"""Of the report. The first screen: sentence, facts, results and the top of the chart."""

PAGES = ("start", "needs", "models", "sheet", "compare", "label", "cost", "decision", "playground")
PAGE_WIDTH, PAGE_HEIGHT = 1280, 860
NARROW = ("decision", "label")
NARROW_WIDTH, NARROW_HEIGHT = 390, 844
"""Pages that are used on a telephone."""

SETTLED = "() => !document.querySelector('main .loading, main .stale, main .waiting, main [aria-busy=true]')"
MOST_MS = 60_000
REST_MS = 1200
"""For charts and fades, after nothing loads any more."""


def main(project: Path, wanted: Sequence[str]) -> None:
    """Write docs/img/report-LANGUAGE-SCHEME.png and docs/img/page-NAME-LANGUAGE-SCHEME.png."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("no Chromium found: apt-get install chromium, or set CHROMIUM")
    known = ("report", *PAGES)
    for name in wanted:
        if name not in known:
            sys.exit(f"no page {name!r}: there are {', '.join(known)}")
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        copy = Path(scratch) / "projects" / project.resolve().name
        shutil.copytree(project, copy)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        if not wanted or "report" in wanted:
            _report(browser, Project(copy), Path(scratch))
        with _served(copy.parent) as address:
            for name in PAGES:
                if not wanted or name in wanted:
                    _page(browser, address, copy.name, name)
        browser.close()


def _report(browser: Browser, project: Project, scratch: Path) -> None:
    for lang in LANGUAGES:
        path = scratch / f"{lang}.html"
        path.write_text(project.report("html", lang), encoding="utf-8")
        for scheme in SCHEMES:
            page = browser.new_page(
                viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme, device_scale_factor=SCALE
            )
            page.goto(path.as_uri())
            page.screenshot(path=TARGET / f"report-{lang}-{scheme}.png")
            page.close()


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """The page of the projects in a folder, on a free port; its address."""
    settings = Settings(folder, port=0)
    listening = listen(settings)
    server = uvicorn.Server(uvicorn.Config(guarded(settings), log_level="warning", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join()


def _page(browser: Browser, address: str, project: str, name: str) -> None:
    url = address if name == "start" else f"{address}#/p/{project}/{name}"
    sizes = [("", PAGE_WIDTH, PAGE_HEIGHT)]
    sizes += [(f"-{NARROW_WIDTH}", NARROW_WIDTH, NARROW_HEIGHT)] if name in NARROW else []
    for suffix, width, height in sizes:
        for lang in LANGUAGES:
            for scheme in SCHEMES:
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=scheme, locale=LOCALES[lang]
                )
                shown = context.new_page()
                shown.goto(url)
                _settle(shown)
                if name == "label":  # whoever judges says who they are; then the first pair is shown
                    shown.fill("main input", "Linh")
                    shown.click("main .button.primary")
                    _settle(shown)
                shown.screenshot(path=TARGET / f"page-{name}{suffix}-{lang}-{scheme}.png")
                context.close()


def _settle(page: Page) -> None:
    page.wait_for_selector("main > *", timeout=MOST_MS)
    page.wait_for_function(SETTLED, timeout=MOST_MS)
    page.wait_for_timeout(REST_MS)
    page.wait_for_function(SETTLED, timeout=MOST_MS)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "bakeoff-demo"), sys.argv[2:])
