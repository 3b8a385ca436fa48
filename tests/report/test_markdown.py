"""The Markdown says what the page says, and a stranger's text stays text in it."""

import re
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.report import Language, ReportData
from bakeoff.report.markdown import markdown
from bakeoff.report.marks import block, code, escape
from bakeoff.report.table import results_table
from tests.report.examples import HOSTILE, QWEN, hostile, ordinary


def test_it_opens_with_the_sentence_and_holds_the_table() -> None:
    text = markdown(ordinary(), "en")
    assert text.startswith("# Choose Qwen3-8B via vLLM:")
    assert "| Qwen3-8B via vLLM | vLLM 3f2a9c0b77de | 89.8% | 83.1–94.1% | 118/120 | 1.24\u00a0s |" in text


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize("data", [ordinary(), hostile()], ids=["ordinary", "hostile"])
def test_every_table_is_rectangular(data: ReportData, lang: Language) -> None:
    tables = 0
    for inside, lines in groupby(markdown(data, lang).split("\n"), key=lambda line: line.startswith("| ")):
        if inside:
            tables += 1
            assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1
    assert tables >= 4


def test_strangers_text_is_not_markup() -> None:
    text = markdown(hostile(), "en")
    outside = re.sub(r"(`+)[^`].*?\1", "", re.sub(r"^(`{3,})text\n.*?\n\1$", "", text, flags=re.DOTALL | re.MULTILINE))
    assert "<script" not in outside.replace("\\<", "")
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain text, 3.5", "plain text, 3.5"),
        ("a|b", "a\\|b"),
        ("<img onerror=x>", "\\<img onerror=x\\>"),
        ("[a](javascript:x)", "\\[a\\](javascript:x)"),
        ("https://evil www.evil", "https\\://evil www\\.evil"),
        ("Q4_1 _em_ __init__", "Q4_1 \\_em\\_ \\_\\_init\\_\\_"),
        ("8.0 MiB: 12:30", "8.0 MiB: 12:30"),
        ("50 &amp; #12 #tag", "50 \\&amp; \\#12 #tag"),
        ("- item", "\\- item"),
        ("1. item", "1\\. item"),
        ("# title", "\\# title"),
        ("@someone *x*", "\\@someone \\*x\\*"),
        ("a \\ b", "a \\\\ b"),
    ],
)
def test_escape(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@given(st.text(st.sampled_from("`a \\"), min_size=1, max_size=12))
def test_a_code_span_ends_where_it_should(text: str) -> None:
    span = code(text)
    fence = re.match("`+", span)
    assert fence is not None
    inner = span[len(fence[0]) : -len(fence[0])]
    assert inner.strip() == text.strip()
    assert fence[0] not in re.findall("`+", inner)


@given(st.text(st.sampled_from("`a\n"), max_size=12))
def test_a_code_block_ends_where_it_should(text: str) -> None:
    first, *lines, last = block(text).split("\n")
    assert first == last + "text"
    assert not any(line.startswith(last) for line in lines)


def test_the_results_table_has_text_first_and_leaves_out_what_nobody_has() -> None:
    header, rows = results_table(ordinary().decision, "en")
    assert header == [
        "Model", "Build", "Accuracy", "95% interval", "Rows scored", "Median time", "p95 time", "Tokens/s", "Cost",
    ]  # fmt: skip
    assert rows[0][0] == QWEN
    assert rows[1][-1] == "–"
    header, rows = results_table(hostile().decision, "vi")
    assert "Chi phí" not in header
    assert all(len(row) == len(header) for row in rows)
    assert all(len(row[0]) <= 60 for row in rows)
    assert HOSTILE[2] not in {row[0] for row in rows}
