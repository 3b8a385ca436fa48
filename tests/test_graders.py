"""Right and wrong, by the letter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders import Grader, grade, read_label, target_of
from bakeoff.evaluate.types import Row

SENTIMENT = ("positive", "negative", "neutral")


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
    import unicodedata

    labels = ("tích cực", "tiêu cực")
    assert read_label(unicodedata.normalize("NFD", "Tích cực."), labels) == "tích cực"
    assert read_label("Câu này TIÊU CỰC", labels) == "tiêu cực"


@pytest.mark.parametrize(
    ("kind", "target", "answer", "right"),
    [
        ("exact", "42", " 42\n", True),
        ("exact", "42", "42.", False),
        ("exact", "Hà Nội", "Ha\u0300 No\u0323\u0302i", True),
        ("contains", "Hà Nội", "Thủ đô là Hà Nội.", True),
        ("contains", "hà nội", "Hà Nội", False),
        ("regex", r"\b\d{3}\b", "code 123 ok", True),
        ("regex", r"^\d+$", "12a", False),
    ],
)
def test_exact_contains_regex(kind: str, target: str, answer: str, right: bool) -> None:
    assert grade(Grader(kind, target), target, answer).score == (1.0 if right else 0.0)  # type: ignore[arg-type]


def test_case_is_ignored_when_asked() -> None:
    assert grade(Grader("contains", "x", ignore_case=True), "hà nội", "HÀ NỘI").score == 1.0


def test_a_target_outside_the_labels_is_refused_with_its_row() -> None:
    grader = Grader("label", "{{ label }}", SENTIMENT)
    assert target_of(grader, Row("a", 1, {"label": " Positive"})) == "positive"
    with pytest.raises(ProjectError, match="row b: the target 'mixed'"):
        target_of(grader, Row("b", 2, {"label": "mixed"}))


def test_a_broken_pattern_is_refused() -> None:
    with pytest.raises(ProjectError, match="regex"):
        grade(Grader("regex", "("), "(", "x")


@given(st.text(max_size=60), st.sampled_from(SENTIMENT))
def test_a_label_is_right_only_against_its_own_target(answer: str, target: str) -> None:
    verdict = grade(Grader("label", "", SENTIMENT), target, answer)
    assert (verdict.score == 1.0) == (verdict.label == target)


def test_the_way_of_grading_has_an_identity() -> None:
    assert Grader("label", "t", SENTIMENT).digest() != Grader("label", "t", SENTIMENT[:2]).digest()
