"""Graders that compare text: exact, normalized, contains, not_contains, regex, label, length."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders import grade, grader, target_of
from bakeoff.evaluate.graders.label import read_label
from bakeoff.evaluate.graders.length import sentences
from bakeoff.evaluate.graders.text import fold, normalized, words
from bakeoff.evaluate.types import Row
from tests.graders import judged, score, why

SENTIMENT = ("positive", "negative", "neutral")
HUGE = "a b c, " * 1_500_000


LABEL_SETS = (
    ("a", "ab", "b"), ("very good", "good", "bad"), ("c++", "c", "c#"), ("_x", "x", "x_"), ("-1", "1", "0"),
    ("aa", "a"), ("tích cực", "tiêu cực"), ("²", "2"),
)  # fmt: skip


def by_expressions(answer: str, labels: tuple[str, ...]) -> str | None:
    """What `read_label` promises, as regular expressions say it."""
    text = fold(answer)
    bare = re.sub(r"^[\s\W_]+|[\s\W_]+$", "", text)
    if bare in map(fold, labels):
        return next(label for label in labels if fold(label) == bare)
    found = []
    for label in sorted(labels, key=len, reverse=True):
        text, hits = re.subn(rf"(?<!\w){re.escape(fold(label))}(?!\w)", " ", text)
        found += [label] if hits else []
    return found[0] if len(found) == 1 else None


@given(st.data(), st.sampled_from(LABEL_SETS))
def test_labels_are_read_as_regular_expressions_would(data: st.DataObject, labels: tuple[str, ...]) -> None:
    piece = st.one_of(st.sampled_from(labels), st.sampled_from([*"abcx _-+#.1²!\n\u0301é", "A", "Good", "Ab"]))
    answer = "".join(data.draw(st.lists(piece, max_size=8)))
    assert read_label(answer, labels) == by_expressions(answer, labels)


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("positive", "positive"),
        (" Positive.\n", "positive"),
        ("**NEGATIVE**", "negative"),
        ("The sentiment is negative.", "negative"),
        ("positive or negative", None),
        ("positive, positive!", "positive"),
        ("unpositively", None),
        ("", None),
        ("I cannot say", None),
    ],
)
def test_a_label_is_read_when_exactly_one_is_named(answer: str, label: str | None) -> None:
    assert read_label(answer, SENTIMENT) == label


def test_the_longer_of_two_nested_labels_is_read() -> None:
    assert read_label("It is very good.", ("good", "very good")) == "very good"
    assert read_label("very good, or just good", ("good", "very good")) is None


def test_vietnamese_labels_are_read_composed_or_decomposed() -> None:
    labels = ("tích cực", "tiêu cực")
    assert read_label(unicodedata.normalize("NFD", "Tích cực."), labels) == "tích cực"
    assert read_label("Câu này TIÊU CỰC", labels) == "tiêu cực"


@pytest.mark.parametrize(
    ("kind", "target", "answer", "right"),
    [
        ("exact", "42", " 42\n", True),
        ("exact", "42", "42.", False),
        ("exact", "Hà Nội", "Ha\u0300 No\u0323\u0302i", True),
        ("exact", "a", "a\u200b", False),
        ("normalized", "Paris", "  **paris**. ", True),
        ("normalized", "a", "\u202ea\u202c\u200b", True),
        ("normalized", "3.5", "35", False),
        ("normalized", "-5", "5", False),
        ("normalized", "−5", "-5", True),
        ("normalized", "The Hague", "hague", True),
        ("normalized", "an toàn", "toàn", False),
        ("normalized", "Hoà Bình", "Hòa Bình", True),
        ("normalized", "thuỷ", "Thủy", True),
        ("normalized", "ma", "má", False),
        ("normalized", "ﬁne ½", "FINE 1⁄2", True),
        ("normalized", "??", "!!", False),
        ("normalized", "שלום", "\u200fשלום.", True),
        ("contains", "Hà Nội", "Thủ đô là Hà Nội.", True),
        ("contains", "hà nội", "Hà Nội", False),
        ("not_contains", "As an AI", "As an AI model", False),
        ("not_contains", "As an AI", "Sure.", True),
        ("regex", r"\b\d{3}\b", "code 123 ok", True),
        ("regex", r"^\d+$", "12a", False),
    ],
)
def test_right_and_wrong(kind: str, target: str, answer: str, right: bool) -> None:
    assert score(kind, target, answer) == (1.0 if right else 0.0)


def test_options_of_text() -> None:
    assert score("contains", "HÀ NỘI", "hà nội", ignore_case=True) == 1.0
    assert score("contains", "an", "plan", whole_words=True) == 0.0
    assert score("contains", "an", "plan, an idea", whole_words=True) == 1.0
    assert score("exact", "Saigon|Sài Gòn", "Sài Gòn", alternatives="|") == 1.0
    assert score("normalized", "Saigon | Sài Gòn", "sài gòn!", alternatives="|") == 1.0
    assert score("normalized", "the cat", "cat", articles=False) == 0.0
    assert score("regex", r"\d+", "abc 12", whole=True) == 0.0
    assert score("regex", "YES", "yes", ignore_case=True) == 1.0
    assert score("regex", r"\b{{ word }}\b", "a cat", {"word": "cat"}) == 1.0


def test_a_pattern_with_doubled_braces_is_no_template() -> None:
    assert grader("regex", r"a{{2,3}}|\d{3}").columns() == set()
    assert grader("regex", r"^{{ word }}$").columns() == {"word"}


def test_a_row_without_a_target_has_no_score_instead_of_a_free_point() -> None:
    assert judged("contains", "{{ x }}", "anything", {"x": ""}).score is None
    assert why("contains", "{{ x }}", "anything", {"x": None}) == "grade.no_target"
    assert score("exact", "{{ x }}", "", {"x": ""}) == 1.0
    assert score("not_contains", "{{ x }}", "y", {"x": "z"}) == 1.0


def test_a_pattern_that_backtracks_without_end_gives_no_score(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bakeoff.evaluate.graders.pattern.SECONDS", 0.1)
    assert judged("regex", r"^(a|aa)+$", "a" * 60 + "!").score is None
    assert why("regex", r"(x+x+)+y", "x" * 5000) == "grade.regex_timeout"


@pytest.mark.parametrize("kind", ["exact", "normalized", "contains", "not_contains", "regex"])
def test_ten_megabytes_are_graded(kind: str) -> None:
    assert score(kind, "needle", HUGE) == (1.0 if kind == "not_contains" else 0.0)


def test_a_target_outside_the_labels_is_refused_with_its_row() -> None:
    one = grader("label", "{{ label }}", labels=SENTIMENT)
    assert target_of(one, Row("a", 1, {"label": " Positive"})) == "positive"
    with pytest.raises(ProjectError, match="row b: the target 'mixed'"):
        target_of(one, Row("b", 2, {"label": "mixed"}))


def test_labels_come_from_the_data_where_none_are_named() -> None:
    rows = [Row("1", 1, {"y": "Yes"}), Row("2", 2, {"y": "no"}), Row("3", 3, {"y": "yes"})]
    assert grader("label", "{{ y }}").with_labels(rows).labels == ("Yes", "no")
    with pytest.raises(ProjectError, match="more than 50"):
        grader("label", "{{ y }}").with_labels([Row(str(i), i, {"y": str(i)}) for i in range(51)])
    with pytest.raises(ProjectError, match="empty label"):
        grader("label", "{{ y }}").with_labels([Row("1", 1, {"y": ""})])


@given(st.text(max_size=60), st.sampled_from(SENTIMENT))
def test_a_label_is_right_only_against_its_own_target(answer: str, target: str) -> None:
    verdict = grade(grader("label", "x", labels=SENTIMENT), target, answer)
    assert (verdict.score == 1.0) == (verdict.label == target)


@given(st.text(max_size=80))
def test_normalizing_twice_changes_nothing(text: str) -> None:
    assert normalized(normalized(text)) == normalized(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hôm nay trời đẹp.", ["hôm", "nay", "trời", "đẹp"]),
        ("Don't stop", ["don", "t", "stop"]),
        ("東京タワー3", ["東", "京", "タ", "ワ", "ー", "3"]),
        ("zero\u200bwidth", ["zerowidth"]),
        ("", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("unit", "answer", "limits", "code"),
    [
        ("words", "một hai ba", {"min": 3, "max": 3}, None),
        ("words", "một hai", {"min": 3}, "grade.too_short"),
        ("words", "one two three four", {"max": 3}, "grade.too_long"),
        ("characters", "a\u200b\u200bb", {"max": 2}, None),
        ("lines", "a\n\n b\n", {"min": 2, "max": 2}, None),
        ("sentences", "One. Two! Ba? Bốn", {"min": 4, "max": 4}, None),
        ("sentences", "It costs 3.5 dollars, e.g. here.", {"max": 1}, None),
        ("sentences", "- One\n- Two\n- Three", {"min": 3, "max": 3}, None),
        ("sentences", "...", {"min": 1}, "grade.too_short"),
    ],
)
def test_length(unit: str, answer: str, limits: dict[str, int], code: str | None) -> None:
    assert why("length", "", answer, unit=unit, **limits) == code
    assert score("length", "", answer, unit=unit, **limits) == (1.0 if code is None else 0.0)


def test_sentences_of_a_large_text_are_cut_in_one_pass() -> None:
    assert len(sentences("A sentence. " * 100_000)) == 100_000
