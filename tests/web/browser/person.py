"""What a person who does not program does: a file in, Create, Run, Start, wait, Decision, Download.

Used by the test and by `benchmarks.page.person`, which measures it.
"""

import csv
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from bakeoff.report import Language
from bakeoff.web.words import page_words


def spreadsheet(folder: Path, lang: Language, rows: int) -> Path:
    """The first rows of the bundled example in that language, as somebody's own file."""
    source = resources.files("bakeoff") / "examples" / f"sentiment_{lang}"
    (data,) = [one for one in source.iterdir() if one.name.endswith(".csv")]
    lines = list(csv.reader(data.read_text(encoding="utf-8-sig").splitlines()))
    path = folder / {"en": "reviews.csv", "vi": "đánh giá.csv"}[lang]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(lines[: rows + 1])
    return path


@contextmanager
def opened(workspace: Path) -> Iterator[str]:
    """`bakeoff open` in a process of its own; yields the address that it printed."""
    workspace.mkdir()
    command = [sys.executable, "-m", "bakeoff", "open", str(workspace), "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def from_file_to_report(page: Any, file: Path, lang: Language, *, timeout_s: float = 120) -> tuple[str, str]:
    """Go the whole way from the start page.

    Returns:
        (the sentence of the decision page, the report as downloaded)
    """
    says = page_words(lang)
    page.set_default_timeout(timeout_s * 1000)
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name=says["start.create"]).click()
    page.wait_for_url("**/sheet")
    page.get_by_role("button", name=says["sheet.run.title"]).first.click()
    page.get_by_role("menuitem").first.click()
    page.get_by_role("button", name=says["job.start"], exact=True).click()
    page.locator(".job-button.ended.finished").wait_for()
    page.get_by_role("link", name=says["nav.decision"], exact=True).click()
    sentence = str(page.locator(".verdict h1").inner_text())
    page.get_by_role("button", name=says["decision.download"]).click()
    with page.expect_download() as awaited:
        page.get_by_role("menuitem", name=says["decision.file.html"]).click()
    return sentence, Path(awaited.value.path()).read_text(encoding="utf-8")
