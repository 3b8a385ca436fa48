"""Photograph a project's report for the README: both languages, light and dark, into docs/img.

    python scripts/screenshots.py bakeoff-demo

Needs a Chromium: Debian's `chromium`, or the one named by the environment variable CHROMIUM.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

from bakeoff.project import Project
from bakeoff.report import Language

TARGET = Path(__file__).resolve().parent.parent / "docs" / "img"
LANGUAGES: tuple[Language, ...] = ("en", "vi")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTH, HEIGHT, SCALE = 1000, 1240, 1.5
"""The first screen: sentence, facts, results and the top of the chart."""


def main(project: Path) -> None:
    """Write docs/img/report-LANGUAGE-SCHEME.png."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("no Chromium found: apt-get install chromium, or set CHROMIUM")
    opened = Project(project)
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for lang in LANGUAGES:
            path = Path(folder) / f"{lang}.html"
            path.write_text(opened.report("html", lang), encoding="utf-8")
            for scheme in SCHEMES:
                page = browser.new_page(
                    viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme, device_scale_factor=SCALE
                )
                page.goto(path.as_uri())
                page.screenshot(path=TARGET / f"report-{lang}-{scheme}.png")
                page.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "bakeoff-demo"))
