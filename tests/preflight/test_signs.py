"""Loops, template marks, refusals, impossible counts: what is one, and what only looks like one."""

import random

import pytest

from bakeoff.evaluate.preflight import Expected, examine
from bakeoff.evaluate.preflight.served import same_model, same_provider
from bakeoff.evaluate.preflight.signs import goes_on, is_loop, is_refusal, special_tokens
from bakeoff.evaluate.preflight.usage import impossible, thinking_share
from bakeoff.evaluate.types import Answer

WORDS = (
    "the",
    "a",
    "of",
    "picture",
    "price",
    "battery",
    "good",
    "bad",
    "very",
    "it",
    "is",
    "was",
    "has",
    "not",
    "screen",
)
PROSE = " ".join(random.Random(1).choices(WORDS, k=400))
TABLE = "\n".join(
    f"| {i} | item {i * 7} | {i * 31 % 97} EUR | {'in stock' if i % 3 else 'sold out'} |" for i in range(80)
)
NUMBERS = "\n".join(str(i) for i in range(1, 400))


@pytest.mark.parametrize(
    ("text", "loop"),
    [
        ("again and again " * 40, True),
        (PROSE[:600] + " I do not know." * 60, True),
        ("Xin chào các bạn. " * 50, True),
        ("a" * 500, True),
        ("\n" * 600, False),  # nothing but white space is blank, not a loop
        ("ha ha ha", False),
        (PROSE, False),
        (TABLE, False),
        (NUMBERS, False),
        (PROSE + PROSE, False),  # a refrain is no loop
        ("no " * 5, False),
    ],
    ids=lambda value: None if isinstance(value, bool) else value[:12],
)
def test_a_loop_is_the_same_piece_until_the_end(text: str, loop: bool) -> None:
    assert is_loop(text) is loop


def test_a_huge_text_is_looked_at_in_little_time() -> None:
    assert is_loop("ab" * 5_000_000)
    assert not is_loop(PROSE * 3 + NUMBERS)


@pytest.mark.parametrize(
    ("text", "prompt", "found"),
    [
        ("yes<|im_end|>", "", ["<|im_end|>"]),
        ("<start_of_turn>user", "", ["<start_of_turn>"]),
        ("[INST] x [/INST]", "", ["[/INST]", "[INST]"]),
        ("yes</s>", "", ["</s>"]),
        ("<｜end▁of▁sentence｜>", "", ["<｜end▁of▁sentence｜>"]),
        ("<s>struck</s> text", "", []),  # HTML
        ("if a <b and c> d", "", []),
        ("a <|im_end|> b", "what does <|im_end|> mean?", []),
        ("|x|y|", "", []),
        ("[1] and [INSTALL]", "", []),
    ],
)
def test_marks_of_a_template(text: str, prompt: str, found: list[str]) -> None:
    assert special_tokens(text, prompt) == found


@pytest.mark.parametrize(
    ("text", "prompt", "found"),
    [
        ("yes\nUser: and this?", "", True),
        ("yes\n\n### Instruction: next", "", True),
        ("có\nNgười dùng: còn nữa", "", True),
        ("The user: a person", "", False),
        ("yes\nUser: and", "User: hello", False),
        ("Users: 5", "", False),
    ],
)
def test_a_turn_of_the_user_after_the_answer(text: str, prompt: str, found: bool) -> None:
    assert goes_on(text, prompt) is found


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("I'm sorry, but I can't assist with that request.", True),
        ("I’m sorry, but I cannot help with this.", True),
        ("I cannot provide medical advice.", True),
        ("I'm unable to answer that.", True),
        ("As an AI language model, I do not have opinions.", True),
        ("I must decline.", True),
        ("Xin lỗi, tôi không thể giúp việc này.", True),
        ("Tôi rất tiếc, nhưng tôi không thể trả lời câu hỏi này.", True),
        ("Với tư cách là một mô hình ngôn ngữ, tôi không có ý kiến.", True),
        ("I'm sorry to hear that your parcel is late. We will send a new one.", False),
        ("Sorry for the delay!", False),
        ("Xin lỗi bạn vì sự chậm trễ, đơn hàng đang được giao.", False),
        ("I can't wait to see it, great film!", False),
        ("negative", False),
        ("Tôi không thể chờ thêm, phim rất hay.", False),
    ],
)
def test_refusals_in_both_languages(text: str, refusal: bool) -> None:
    assert is_refusal(text) is refusal


@pytest.mark.parametrize(
    ("text", "thinking", "tokens", "of_thinking", "wrong"),
    [
        ("positive", None, 2, None, False),
        ("positive", None, 40, None, False),  # within the tolerance for special tokens
        ("positive", None, 300, None, True),  # thinks without showing it
        ("positive", None, 300, 290, False),  # and says so
        ("positive", "a " * 200, 250, None, False),  # or shows it
        ("x" * 2000, None, 10, None, True),
        ("x" * 2000, None, None, None, False),
        ("Tiếng Việt có dấu " * 50, None, 900, None, False),
        ("", None, 1, None, False),
    ],
)
def test_counts_that_a_text_cannot_have(
    text: str, thinking: str | None, tokens: int | None, of_thinking: int | None, wrong: bool
) -> None:
    assert impossible(text, thinking, tokens, of_thinking) is wrong


def test_the_share_of_thinking_is_by_characters() -> None:
    assert thinking_share("ab", "abcdef", 80) == 60
    assert thinking_share("ab", None, 80) is None
    assert thinking_share("ab", "abc", None) is None


@pytest.mark.parametrize(
    ("asked", "served", "same"),
    [
        ("gpt-4o", "gpt-4o-2024-08-06", True),
        ("openai/gpt-oss-120b", "accounts/fireworks/models/gpt-oss-120b", True),
        ("qwen3:8b", "qwen3:8b", True),
        ("Qwen/Qwen3-8B", "qwen3-8b", True),
        ("org/model", "/models/model-Q4_K_M.gguf", True),
        ("qwen3:8b", "qwen3:4b", False),
        ("gpt-4o", "gpt-3.5-turbo", False),
    ],
)
def test_names_that_mean_the_same_model(asked: str, served: str, same: bool) -> None:
    assert same_model(asked, served) is same


def test_names_that_mean_the_same_provider() -> None:
    assert same_provider("deepinfra/fp8", "DeepInfra")
    assert same_provider("fireworks-ai", "fireworks-ai")
    assert not same_provider("together", "DeepInfra")


def test_an_answer_without_anything_wrong_comes_through_as_it_is() -> None:
    answer = Answer(" positive", "stop", 1.0, 2.0, prompt_tokens=12, output_tokens=2, served_model="m")
    examined = examine(answer, Expected(model="m", stop=("\n",), limit=8), shown="Review: fine")
    assert (examined.text, examined.thinking, examined.faults) == (" positive", None, ())
