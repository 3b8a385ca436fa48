"""Numbers as people write them, and the number grader."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders.numerals import numerals, read_digits
from tests.graders import score, why


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,234.5", [1234.5]),
        ("1.234,5", [1234.5]),
        ("1 234,5", [1234.5]),
        ("1\u202f234\u202f567", [1234567]),
        ("1'234.5", [1234.5]),
        ("1.234.567,89", [1234567.89]),
        ("-7 and \u22128", [-7, -8]),
        ("3/4, 1 1/2, 2½", [0.75, 1.5, 2.5]),
        ("1.2e5 and 1.2×10^5", [120000, 120000]),
        (r"1.2 \times 10^{5} or 10⁻³", [120000, 0.001]),
        (r"\frac{3}{4}", [0.75]),
        ("1,5 triệu; 2 tỷ; 3.5 million", [1.5e6, 2e9, 3.5e6]),
        ("H2O, v2, iPhone15", []),
        ("in 2024 300 people", [2024, 300]),
        ("1,2,3", [1, 2, 3]),
        ("2024-2025", [2024, 2025]),
        ("costs $5.00.", [5]),
        ("1/0", []),
        ("1e999999999", []),
        ("9" * 5000, []),
        ("", []),
    ],
)
def test_numbers_are_read(text: str, values: list[float]) -> None:
    assert [one.values[0] for one in numerals(text)] == [Fraction(str(value)) for value in values]


def test_one_mark_before_three_digits_can_be_read_in_two_ways() -> None:
    assert set(read_digits("1.234")) == {Fraction(1234), Fraction("1.234")}
    assert read_digits("1.234", "en") == (Fraction("1.234"),)
    assert read_digits("1.234", "vi") == (Fraction(1234),)
    assert read_digits("0.123") == (Fraction("0.123"),)


@given(st.integers(-(10**12), 10**12))
def test_a_number_is_read_back_however_it_is_grouped(number: int) -> None:
    english = f"{number:,}"
    for text in (str(number), english, english.replace(",", "\u202f"), english.replace(",", "'")):
        assert number in numerals(text)[0].values
    for text, separators in ((english, "en"), (english.replace(",", "."), "vi")):
        assert numerals(text, separators)[0].values == (number,)  # type: ignore[arg-type]


@given(st.text(alphabet="0123456789.,/ -%eE×^½{}'", max_size=40))
def test_reading_never_fails(text: str) -> None:
    for one in numerals(text):
        assert 0 <= one.start < one.end <= len(text)


@pytest.mark.parametrize(
    ("target", "answer", "options", "right"),
    [
        ("42", "The answer is 42.", {}, True),
        ("42", "The answer is 43.", {}, False),
        ("1234567", "Tổng là 1.234.567 đồng", {}, True),
        ("1234", "1.234", {}, True),
        ("1234", "1.234", {"separators": "en"}, False),
        ("1.234", "1.234", {}, True),
        ("0.85", "85%", {}, True),
        ("85%", "0.85", {}, True),
        ("85", "85 phần trăm", {}, True),
        ("0.85", "85", {}, False),
        ("85%", "0.85%", {}, False),
        ("3.14159", "3.14", {"absolute": 0.01}, True),
        ("3.14159", "3.14", {}, False),
        ("100", "101", {"relative": 0.01}, True),
        ("100", "101.001", {"relative": 0.01}, False),
        ("-100", "-101", {"relative": 0.01}, True),
        ("0.3", "0.1 + 0.2 = 0.3", {}, True),
        ("1/3", "0.333", {"absolute": 0.001}, True),
        ("7", r"First 3, so \boxed{7}. (page 12)", {}, True),
        ("7", "so\n#### 7\nsee page 12", {}, True),
        (r"\frac{1}{2}", r"\boxed{\frac{1}{2}}", {}, True),
        ("7", "7 or 8", {"which": "first"}, True),
        ("7", "7 or 8", {"which": "last"}, False),
        ("7", "7 or 8", {"which": "any"}, True),
        ("1500 m", "1.5 km", {"units": {"km": 1000, "m": 1}}, True),
        ("1500 m", "1500", {"units": {"km": 1000, "m": 1}}, True),
        ("1500", "1.5 km", {"units": {"km": 1000, "m": 1}}, False),
        ("1500 m", "1.5 m", {"units": {"km": 1000, "m": 1}}, False),
        ("2 tỷ", "2,000 triệu", {}, True),
    ],
)
def test_right_and_wrong(target: str, answer: str, options: dict[str, Any], right: bool) -> None:
    assert score("number", target, answer, **options) == (1.0 if right else 0.0)


@pytest.mark.parametrize(
    ("answer", "options", "code"),
    [
        ("none", {}, "grade.no_number"),
        ("1 or 2", {"which": "only"}, "grade.several_numbers"),
        ("5", {"units": {"m": 1}, "unit_required": True}, "grade.no_unit"),
        ("6", {}, "grade.number"),
        ("4\u200b2", {}, "grade.number"),
    ],
)
def test_a_wrong_number_says_why(answer: str, options: dict[str, Any], code: str) -> None:
    assert why("number", "5", answer, **options) == code


def test_a_target_without_a_number_is_refused_with_its_row() -> None:
    with pytest.raises(ProjectError, match="row r1: grader number: there is no number in the target 'many'"):
        score("number", "{{ x }}", "5", {"x": "many"})


@pytest.mark.parametrize("answer", ["1 " * 5_000_000, "1" * 10_000_000, "a 1 1 /" * 1_500_000, "1," * 5_000_000])
def test_ten_megabytes_are_graded(answer: str) -> None:
    assert score("number", "5", answer) == 0.0
