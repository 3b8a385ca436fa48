"""A person who does not program: from a spreadsheet to a report, with the embedded models only, through real doors.

`bakeoff open` in a process of its own, the system's browser, real models. The page asks no other host (`open_page`).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bakeoff.report import Language
from tests.web.browser.person import from_file_to_report, opened, spreadsheet

Open = Callable[..., Any]


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_from_a_spreadsheet_to_a_report(open_page: Open, real_cache: Path, tmp_path: Path, lang: Language) -> None:
    file = spreadsheet(tmp_path, lang, rows=4)
    with opened(tmp_path / "work") as url:
        page = open_page(url, lang=lang)
        sentence, report = from_file_to_report(page, file, lang)
        page.goto("about:blank")  # before the server goes
    assert "SmolLM2" in sentence or "gemma" in sentence
    assert f'lang="{lang}"' in report
    assert sentence[:60] in report
