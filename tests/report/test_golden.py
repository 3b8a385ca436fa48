"""The reports of a fixed example, byte for byte. After a wanted change: `pytest tests/report --update-golden`."""

import json
from pathlib import Path

import pytest

from bakeoff.report import Kind, Language, report
from tests.report.examples import ordinary

GOLDEN = Path(__file__).parent / "golden"

CASES: list[tuple[Kind, Language, str]] = [
    ("html", "en", "report-en.html"),
    ("html", "vi", "report-vi.html"),
    ("md", "en", "report-en.md"),
    ("md", "vi", "report-vi.md"),
    ("json", "en", "report.json"),
]


@pytest.mark.parametrize(("kind", "lang", "name"), CASES)
def test_the_report_is_the_golden_one(kind: Kind, lang: Language, name: str, update_golden: bool) -> None:
    text = report(ordinary(), kind, lang)
    path = GOLDEN / name
    if update_golden:
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8"), "look at the difference; then pytest tests/report --update-golden"


def test_the_same_data_give_the_same_bytes() -> None:
    for kind, lang, _ in CASES:
        assert report(ordinary(), kind, lang) == report(ordinary(), kind, lang)


def test_json_does_not_depend_on_the_language() -> None:
    assert report(ordinary(), "json", "en") == report(ordinary(), "json", "vi")
    assert json.loads(report(ordinary(), "json", "en"))["schema"] == "bakeoff.report"
