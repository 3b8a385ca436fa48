"""Thinking inside an answer is split off, in every format, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.evaluate.preflight.thinking import MARKS, split_thinking

HARMONY = "<|channel|>analysis<|message|>A. B.<|end|><|start|>assistant<|channel|>final<|message|>yes<|return|>"


@pytest.mark.parametrize(("opening", "closing"), MARKS)
def test_every_pair_of_marks(opening: str, closing: str) -> None:
    split = split_thinking(f"\n{opening}\nfirst\n{closing}\n\nyes")
    assert (split.text, split.thinking, split.closed) == ("yes", "first", True)
    assert split_thinking(f"{opening} first").closed is False


@pytest.mark.parametrize(
    ("text", "answer", "thinking"),
    [
        ("<think>\n\n</think>\n\nyes", "yes", None),  # Qwen3 with thinking switched off
        ("<THINK>a</THINK>yes", "yes", "a"),
        ("so it is.</think>\nyes", "yes", "so it is."),  # the template wrote the beginning into the prompt
        ("a[/THINK]yes", "yes", "a"),
        (HARMONY, "yes", "A. B."),
        ("<|channel|>final<|message|>yes", "yes", None),
        ("analysisThe user asks.assistantfinalyes", "yes", "The user asks."),
        ("<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>yes<|END_RESPONSE|>", "yes", "a"),
    ],
)
def test_formats_of_models(text: str, answer: str, thinking: str | None) -> None:
    split = split_thinking(text)
    assert (split.text, split.thinking) == (answer, thinking)


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        " yes\n",
        "Use the tag <think> for that.",
        "Models write `</think>` at the end.",
        "analysis of variance",
        "Analysis: the assistant was final.",
        "[INST] no thinking",
    ],
)
def test_what_only_mentions_it_stays_as_it_is(text: str) -> None:
    split = split_thinking(text)
    assert (split.text, split.thinking, split.closed) == (text, None, True)


def test_a_thinking_that_never_ends_leaves_no_answer() -> None:
    assert split_thinking("<think>I should say yes").text == ""
    assert split_thinking("<|channel|>analysis<|message|>I should").closed is False


@given(st.text())
def test_any_text_is_split_without_an_error(text: str) -> None:
    split = split_thinking(text)
    assert len(split.text) + len(split.thinking or "") <= len(text)
