"""Which language an answer is in, and whether it rests on its sources."""

import csv
from importlib import resources
from typing import Any

import pytest

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders import grader
from bakeoff.evaluate.graders.vietnamese import is_bare_vietnamese, look, without_marks
from tests.graders import judged, score, why


def example(folder: str, file: str) -> list[str]:
    """The texts of an example that ships with the package."""
    text = resources.files("bakeoff.examples").joinpath(folder).joinpath(file).read_text(encoding="utf-8")
    return [row["text"] for row in csv.DictReader(text.splitlines())]


VIETNAMESE = example("sentiment_vi", "nhan_xet.csv")
ENGLISH = example("sentiment_en", "reviews.csv")


def bare(text: str) -> str:
    """As people type it on a phone without Vietnamese keys."""
    return " ".join(without_marks(word) for word in text.replace("Đ", "D").split())


def test_every_row_of_the_examples_is_told() -> None:
    assert [text for text in VIETNAMESE if score("language", "", text, language="vi") != 1.0] == []
    assert [text for text in ENGLISH if score("language", "", text, language="en") == 0.0] == []
    assert [text for text in ENGLISH if score("language", "", text, language="vi") == 1.0] == []


def test_vietnamese_without_marks_is_known_and_english_is_not_taken_for_it() -> None:
    assert [text for text in VIETNAMESE if not is_bare_vietnamese(look(bare(text)))] == []
    assert [text for text in ENGLISH if is_bare_vietnamese(look(text))] == []


CODE = "```python\nfor item in the_list_of_items:\n    print(item and the_other)\n```"
SWITCHED = (
    "However, the rest of this answer is written in English, as models often do when they forget. It goes on and on, "
    "and does not come back."
)


@pytest.mark.parametrize(
    ("answer", "language", "expected"),
    [
        ("Bạn deploy model này lên server bằng Docker, rồi set biến môi trường API_KEY là xong.", "vi", 1.0),
        ("You can use Docker to deploy the model on your server.", "vi", 0.0),
        (f"Đây là cách làm:\n{CODE}\nChúc bạn thành công nhé.", "vi", 1.0),
        (f"Xin chào các bạn, hôm nay chúng ta nói về thời tiết. {SWITCHED}", "vi", 0.0),
        ("東京は日本の首都であり、世界で最も人口の多い都市の一つです。", "ja", 1.0),
        ("北京是中华人民共和国的首都，也是全国的政治和文化中心。", "zh", 1.0),
        ("Le chat est assis sur le tapis et regarde les oiseaux par la fenêtre.", "fr", 1.0),
        ("Đúng.", "vi", 1.0),
        ("OK", "vi", None),
        ("42", "vi", None),
        ("", "vi", None),
        ("```\nprint(1)\n```", "vi", None),
        ("https://example.org/mot/hai/ba/bon", "vi", None),
        ("\u200b\u202e\u202c", "vi", None),
    ],
)  # fmt: skip
def test_answers(answer: str, language: str, expected: float | None) -> None:
    assert score("language", "", answer, language=language) == expected


def test_the_language_that_was_found_is_told() -> None:
    found = judged("language", "", ENGLISH[0] + " " + ENGLISH[1], language="vi")
    assert found.label == "en"
    assert found.detail is not None
    assert found.detail.parameters["found"] == "en"


def test_megabytes_are_told() -> None:
    assert score("language", "", "Hôm nay trời đẹp. " * 300_000, language="vi") == 1.0


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ProjectError, match="'vn' is not a language"):
        grader("language", language="vn").check()
    grader("language", language="vi").check()


SOURCES = (
    "[1] The Long Biên bridge in Hà Nội was opened in 1903. It is 2,290 metres long.\n\n"
    "[2] Gustave Eiffel's company is often named as its builder, but Daydé & Pillé built it."
)


@pytest.mark.parametrize(
    ("answer", "options", "expected", "code"),
    [
        ("The bridge was opened in 1903 [1].", {}, 1.0, None),
        ("It is 2.290 metres long [1]. Daydé & Pillé built it [2].", {}, 1.0, None),
        ("The bridge was opened in 1905 [1].", {}, 0.0, "grade.unknown_number"),
        ("The bridge was opened in 1903 [3].", {}, 0.0, "grade.unknown_citation"),
        ("The bridge was opened in 1903.", {"citations": "required"}, 0.0, "grade.no_citation"),
        ("The bridge was opened in 1903 [7].", {"citations": "ignored"}, 1.0, None),
        ("The source says “was opened in 1903”.", {}, 1.0, None),
        ("The source says “was closed for many years”.", {}, 0.0, "grade.unknown_quote"),
        ("The bridge was built by Paul Doumer in Hà Nội.", {}, 0.0, "grade.unknown_name"),
        ("Cats sleep most of the day and hunt at night.", {}, 0.0, "grade.unsupported"),
        ("The bridge was opened in 1903. Cats sleep most of the day.", {}, 0.5, "grade.unsupported"),
        ("The bridge was opened in 1903. Cats sleep most of the day.", {"at_least": 0.5}, 1.0, "grade.unsupported"),
        ("", {}, None, "grade.nothing_to_ground"),
        ("It is.", {}, None, "grade.nothing_to_ground"),
    ],
)
def test_grounding(answer: str, options: dict[str, Any], expected: float | None, code: str | None) -> None:
    assert score("grounded", "{{ context }}", answer, {"context": SOURCES}, **options) == expected
    assert why("grounded", "{{ context }}", answer, {"context": SOURCES}, **options) == code


def test_what_the_question_brings_needs_no_source() -> None:
    row = {"context": SOURCES, "question": "Did Paul Doumer open it in 1902?"}
    answer = "It was not opened in 1902 by Paul Doumer."
    assert score("grounded", "{{ context }}", answer, row) == 0.0
    assert score("grounded", "{{ context }}", answer, row, question="{{ question }}") == 1.0


def test_paragraphs_are_sources_where_none_is_numbered() -> None:
    row = {"context": "Cầu khánh thành năm 1903.\n\nCầu dài 2.290 mét."}
    assert score("grounded", "{{ context }}", "Cầu dài 2290 mét [2].", row) == 1.0
    assert why("grounded", "{{ context }}", "Cầu dài 2290 mét [3].", row) == "grade.unknown_citation"


def test_what_words_cannot_see_is_not_seen() -> None:
    """The limit that the documentation states: a meaning turned round with the source's own words passes."""
    assert score("grounded", "{{ context }}", "The bridge was not opened in 1903.", {"context": SOURCES}) == 1.0


def test_megabytes_are_checked() -> None:
    assert score("grounded", "{{ c }}", "The bridge was opened. " * 300_000, {"c": SOURCES}) == 1.0
