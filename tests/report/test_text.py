"""Strangers' text loses what could harm a terminal or a reader, and nothing else."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.report.text import clean, isolated, one_line, shorten


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq#0;2;0\x1b\\sixel", "sixel"),
        ("\x1b[2J\x1b[Hhidden", "hidden"),
        ("\x1b]never ended", "never ended"),
        ("\x1b", ""),
        ("bell\x07 back\x08space\x7f", "bell backspace"),
        ("over\rwritten\r\nlines\u2028and\u2029more\x85", "over\nwritten\nlines\nand\nmore\n"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("a\u2066b\u2069c\u200b\ufeff\u00ad", "abc"),
        ("tag\U000e0041\U000e007f", "tag"),
        ("half \ud83d character", "half \ufffd character"),
        ("Tiếng Việt, 日本語, عربي\u200f, 👩\u200d💻", "Tiếng Việt, 日本語, عربي\u200f, 👩\u200d💻"),
        (unicodedata.normalize("NFD", "ặ ệ"), unicodedata.normalize("NFD", "ặ ệ")),
        ("Z" + "\u0301" * 90, "Z" + "\u0301" * 4),
    ],
)
def test_what_is_removed_and_what_is_kept(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text(st.characters(codec=None) | st.sampled_from("\x1b\x9b\x9d[];0m\x07\\P\u202e\u0301\r"), max_size=60))
def test_clean_text_is_safe_and_stays_as_it_is(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert clean(cleaned) == cleaned
    assert not any(unicodedata.category(char) == "Cc" and char not in "\n\t" for char in cleaned)


@pytest.mark.parametrize("piece", ["\x1b]", "\x9d", "\x1b[", "\x1bP\x9d", "\x1b[0;", "\x1b[ "])
def test_the_time_grows_with_the_length_and_not_with_its_square(piece: str) -> None:
    def seconds(n: int) -> float:
        text = piece * n
        return min(_timed(text) for _ in range(3))

    assert seconds(200_000) < 150 * max(seconds(10_000), 1e-4)  # 20 times the text; 400 times if it were quadratic


def _timed(text: str) -> float:
    start = time.process_time()
    clean(text)
    return time.process_time() - start


def test_one_line_has_no_newlines() -> None:
    assert one_line(" a\n\tb\r\nc ") == "a b c"


def test_shortening_keeps_letters_whole() -> None:
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefg", 6) == "abcde…"
    assert shorten("abcde\u0301fg", 6) == "abcd…"
    assert len(shorten("x" * 1000, 10)) == 10


def test_text_from_right_to_left_is_isolated() -> None:
    assert isolated("model") == "model"
    assert isolated("Tiếng Việt") == "Tiếng Việt"
    assert isolated("نموذج") == "\u2068نموذج\u2069"
