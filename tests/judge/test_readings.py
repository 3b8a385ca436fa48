"""A verdict is read where there is exactly one, and never guessed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.evaluate.judge.readings import read_pairwise, read_rubric
from bakeoff.evaluate.judge.settings import Criterion

VALID = [
    ('{"reason": "shorter", "verdict": "A"}', "A"),
    ('{"verdict": "b"}', "B"),
    ('{"verdict": " TIE "}', "tie"),
    ('```json\n{"reason": "x", "verdict": "A"}\n```', "A"),
    ('Let me see. {"reason": "x", "verdict": "B"} That is it.', "B"),
    ('{"Verdict": "A"}', "A"),
    ('{"verdict": "A"} and again {"verdict": "A"}', "A"),
    ('{"reason": "the other says {\\"verdict\\": \\"B\\"}", "verdict": "A"}', "A"),
    ('The set {1, 2} matters. {"verdict": "A"}', "A"),
]
INVALID = [
    ("", "blank"),
    (" \n\t", "blank"),
    ("I think A is better.", "free text"),
    ("A", "free text"),
    ("[[A]]", "free text"),
    ('{"winner": "A"}', "no verdict"),
    ("{}", "no verdict"),
    ('{"verdict": "A"', "free text"),
    ('{"verdict": "A", "verdict": "B"}', "two verdicts"),
    ('{"verdict": "A"} or {"verdict": "B"}', "two verdicts"),
    ('{"verdict": "A and B"}', "two verdicts"),
    ('{"verdict": "both"}', "two verdicts"),
    ('{"verdict": "A và B"}', "two verdicts"),
    ('{"verdict": "hoà"}', "other language"),
    ('{"verdict": "Hòa"}', "other language"),
    ('{"verdict": "câu A"}', "other language"),
    ('{"verdict": "平局"}', "other language"),
    ('{"verdict": "answer A"}', "unknown verdict"),
    ('{"verdict": "C"}', "unknown verdict"),
    ('{"verdict": null}', "unknown verdict"),
    ('{"verdict": ["A"]}', "unknown verdict"),
    ('{"verdict": {"winner": "A"}}', "unknown verdict"),
]


@pytest.mark.parametrize(("text", "slot"), VALID)
def test_one_verdict_is_read_wherever_it_stands(text: str, slot: str) -> None:
    reading = read_pairwise(text)
    assert (reading.slot, reading.invalid) == (slot, None)


@pytest.mark.parametrize(("text", "code"), INVALID)
def test_what_is_no_verdict_has_a_code(text: str, code: str) -> None:
    reading = read_pairwise(text)
    assert (reading.slot, reading.invalid) == (None, code)


def test_an_answer_that_was_cut_is_told_from_free_text() -> None:
    assert read_pairwise('{"reason": "well', cut=True).invalid == "cut"
    assert read_pairwise('{"verdict": "A"} and so', cut=True).slot == "A"


CRITERIA = (Criterion("correct", low=1, high=5), Criterion("polite", low=0, high=1, weight=0.5))
SCORES = [
    ('{"reason": "ok", "scores": {"correct": 5, "polite": 1}}', 1.0),
    ('{"scores": {"correct": 1, "polite": 0}}', 0.0),
    ('{"scores": {"correct": 3, "polite": 1}}', (0.5 * 1 + 1 * 0.5) / 1.5),
    ('{"scores": {"Correct": "4", "POLITE": 1.0, "extra": 9}}', (0.75 * 1 + 1 * 0.5) / 1.5),
]
WRONG_SCORES = [
    ("", "blank"),
    ("4 of 5", "free text"),
    ('{"score": 4}', "no score"),
    ('{"scores": 4}', "no score"),
    ('{"scores": {"correct": 4}}', "no score"),
    ('{"scores": {"correct": 6, "polite": 1}}', "scale"),
    ('{"scores": {"correct": 0, "polite": 1}}', "scale"),
    ('{"scores": {"correct": 4.5, "polite": 1}}', "scale"),
    ('{"scores": {"correct": "4/5", "polite": 1}}', "scale"),
    ('{"scores": {"correct": true, "polite": 1}}', "scale"),
    ('{"scores": {"correct": NaN, "polite": 1}}', "scale"),
    ('{"scores": {"correct": 1e99, "polite": 1}}', "scale"),
    ('{"scores": {"correct": 4, "correct": 5, "polite": 1}}', "two verdicts"),
    ('{"scores": {"correct": 4, "polite": 1}} {"scores": {"correct": 5, "polite": 1}}', "two verdicts"),
]


@pytest.mark.parametrize(("text", "score"), SCORES)
def test_scores_are_put_on_0_to_1_by_weight(text: str, score: float) -> None:
    assert read_rubric(text, CRITERIA).score == pytest.approx(score)


@pytest.mark.parametrize(("text", "code"), WRONG_SCORES)
def test_what_is_not_on_the_scale_has_a_code(text: str, code: str) -> None:
    reading = read_rubric(text, CRITERIA)
    assert (reading.score, reading.invalid) == (None, code)


@given(st.text() | st.text(alphabet='{}[]":,ABtie verdictscores0123456789').map(lambda text: "{" + text))
def test_any_text_is_read_or_refused(text: str) -> None:
    pair, rubric = read_pairwise(text), read_rubric(text, CRITERIA)
    assert (pair.slot is None) == (pair.invalid is not None)
    assert (rubric.score is None) == (rubric.invalid is not None)


@given(st.text(), st.text(), st.sampled_from(["A", "B", "tie"]))
def test_words_around_a_verdict_do_not_change_it(before: str, reason: str, slot: str) -> None:
    text = before.replace("{", "(") + json.dumps({"reason": reason, "verdict": slot})
    assert read_pairwise(text).slot == slot


def test_a_bomb_of_braces_is_refused_at_once() -> None:
    assert read_pairwise('{"a":' * 100_000).invalid == "free text"
    assert read_pairwise("{" * 1_000_000).invalid == "free text"
