"""The page stands alone, escapes everything, and has the structure that a screen reader needs."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from bakeoff.report import Language, ReportData, charts, report
from bakeoff.report.html import html
from bakeoff.values import reason
from tests.report.examples import GEMMA, HOSTILE, QWEN, SMOL, hostile, ordinary

VOID = {"meta", "br", "img", "link", "hr", "input"}


class Page(HTMLParser):
    """Elements with their attributes, checked to be well nested, and all text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("data", [ordinary(), hostile()], ids=["ordinary", "hostile"])
@pytest.mark.parametrize("lang", ["en", "vi"])
class TestEveryPage:
    def test_loads_nothing_and_runs_nothing(self, data: ReportData, lang: Language) -> None:
        page = Page(html(data, lang))
        assert not {tag for tag, _ in page.elements} & {
            "script",
            "link",
            "img",
            "iframe",
            "object",
            "a",
            "form",
            "base",
        }
        names = {name for _, attributes in page.elements for name in attributes}
        assert not {name for name in names if name.startswith("on")} | (names & {"src", "href", "srcset"})
        style = html(data, lang).partition("<style>")[2].partition("</style>")[0]
        assert "url(" not in style
        assert "@import" not in style

    def test_has_landmarks_one_title_and_unique_ids(self, data: ReportData, lang: Language) -> None:
        page = Page(html(data, lang))
        tags = [tag for tag, _ in page.elements]
        assert [tags.count(tag) for tag in ("header", "main", "footer", "h1")] == [1, 1, 1, 1]
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        labelled = [a["aria-labelledby"] for _, a in page.elements if "aria-labelledby" in a]
        assert set(labelled) <= set(ids)
        assert ("html", {"lang": lang}) in page.elements

    def test_has_headed_tables_and_named_charts(self, data: ReportData, lang: Language) -> None:
        page = Page(html(data, lang))
        assert all("scope" in attributes for tag, attributes in page.elements if tag == "th")
        assert all(a.get("aria-label") for _, a in page.elements if a.get("role") in ("img", "region") and "id" not in a
                   and "aria-labelledby" not in a)  # fmt: skip

    def test_is_utf8_without_control_characters(self, data: ReportData, lang: Language) -> None:
        text = html(data, lang)
        text.encode("utf-8")
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)


def test_markup_in_data_is_shown_and_not_obeyed() -> None:
    text = html(hostile(), "en")
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "{{ 7 * 7 }}" in text
    assert HOSTILE[1] in text


def test_the_sentence_comes_first_and_in_the_language() -> None:
    for lang, words in (("en", "Choose Qwen3-8B via vLLM"), ("vi", "Chọn Qwen3-8B via vLLM")):
        text = html(ordinary(), lang)
        assert words in text.partition("<h1")[2].partition("</h1>")[0]
        assert text.index("<h1") < text.index("<table")


def test_chart_colours_are_those_of_the_style_sheet() -> None:
    style = html(ordinary(), "en").partition("<style>")[2].partition("</style>")[0]
    names = {
        "ink": charts.INK,
        "muted": charts.MUTED,
        "line": charts.LINE,
        "paper": charts.PAPER,
        "accent": charts.ACCENT,
    }
    for name, colour in names.items():
        assert f"--{name}: {colour};" in style
        assert re.search(rf'\.chart \[(fill|stroke)="{colour}"\] {{ \1: var\(--{name}\); }}', style)


def test_vietnamese_numbers_are_vietnamese_in_the_chart_too() -> None:
    assert ">1.500<" in html(ordinary(), "vi")
    assert ">1,500<" in html(ordinary(), "en")


def test_without_answers_there_is_a_page_without_chart_and_pairs() -> None:
    data = ordinary()
    empty = tuple(
        replace(model, quality=None, qualities=(), latency_ms=None, memory=None, confusion={}, counts={"missing": 120})
        for model in data.decision.models
    )
    decision = replace(
        data.decision,
        verdict="no answer",
        choice=None,
        equivalent=(),
        sentence=reason("decide.no_answer", models=3),
        reasons=(),
        models=empty,
        pairs=(),
        caveats=(),
    )
    comparison = replace(data.comparison, models=empty, pairs=(), caveats=(), disagreements=(), n_disagreements=0)
    data = replace(data, decision=decision, comparison=comparison, candidates=(), machine=None, date="")
    for lang in ("en", "vi"):
        page = Page(report(data, "html", lang))
        assert "svg" not in {tag for tag, _ in page.elements}
        assert "120" in page.text
        assert report(data, "md", lang)


def test_rows_show_marks_in_words_for_those_who_do_not_see_them() -> None:
    text = html(ordinary(), "en")
    assert f"{GEMMA}: wrong" in text
    assert f"{SMOL}: right" in text
    assert f"{QWEN}: not scored" in text
    assert "On 46 rows" in text
    assert "The first 3 are shown." in text


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (61.0, 81.0, [60, 65, 70, 75, 80, 85]),
        (0.0, 100.0, [0, 20, 40, 60, 80, 100]),
        (99.0, 99.4, [99.0, 99.1, 99.2, 99.3, 99.4]),
    ],
)
def test_an_axis_ends_on_round_numbers(low: float, high: float, ticks: list[float]) -> None:
    assert charts._linear(low, high, 5, floor_at=0, ceiling=100)["ticks"] == ticks


def test_speeds_far_apart_are_drawn_on_a_logarithmic_axis() -> None:
    points = [
        charts.ChartPoint("A", 0.5, 0.4, 0.6, 100, 150, True),
        charts.ChartPoint("B", 0.6, 0.5, 0.7, 9000, 9900, False),
    ]
    spec = charts.quality_speed_spec(points, metric="m", lang="en", width="wide")
    axis = spec["layer"][0]["encoding"]["x"]
    assert axis["scale"]["type"] == "log"
    assert axis["axis"]["values"] == [0.1, 0.3, 1, 3, 10]
    assert "seconds" in axis["axis"]["title"]
