"""Answers made elsewhere: matched by id, unknown stays unknown, and what does not fit is said."""

from pathlib import Path

import pytest

from bakeoff.errors import DataError
from bakeoff.evaluate.exchange.answers import match_notes, read_answers
from bakeoff.evaluate.types import Answer


def put(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_a_file_of_answers(tmp_path: Path) -> None:
    path = put(
        tmp_path,
        "a.csv",
        'ID,Answer,latency_ms,completion_tokens,finish_reason,thinking\n007,"a ""b""\nc",12.5,3.0,stop,hm\n08,,,,,\n',
    )
    assert read_answers(path) == {
        "007": Answer('a "b"\nc', "stop", None, 12.5, None, 3, thinking="hm"),
        "08": Answer("", None, None, None, None, None),
    }


def test_columns_can_be_named(tmp_path: Path) -> None:
    path = put(tmp_path, "a.jsonl", '{"ticket": 7, "mine": "x", "id": "other", "answer": "no"}\n')
    assert read_answers(path, id_column="ticket", answer_column="mine")["7"].text == "x"
    assert read_answers(path)["other"].text == "no"
    with pytest.raises(DataError, match="has no column 'yours'"):
        read_answers(path, answer_column="yours")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id,answer\n1,a\n1,b\n", "1 id is used more than once: '1'"),
        ("id,answer\n,a\n", "1 row has no id"),
        ("x,answer\n1,a\n", "which column holds the row ids"),
        ("id,x\n1,a\n", "which column holds the answers"),
        ("id,answer,latency_ms\n1,a,fast\n", "row '1': latency_ms is 'fast'"),
        ("id,answer,latency_ms\n1,a,-3\n", "latency_ms is '-3'"),
        ("id,answer,latency_ms\n1,a,nan\n", "latency_ms is 'nan'"),
        ("id,answer,prompt_tokens\n1,a,2.5\n", "prompt_tokens is '2.5'"),
        ("id,answer,prompt_tokens\n1,a,inf\n", "prompt_tokens is 'inf'"),
        ("id,answer\n", "has a header and no rows"),
    ],
)
def test_bad_files_are_refused_with_the_row(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=says):
        read_answers(put(tmp_path, "a.csv", text))


def test_what_does_not_match_is_counted(tmp_path: Path) -> None:
    answers = read_answers(put(tmp_path, "a.csv", "id,answer\n1,a\n9,b\n10,c\n"))
    unknown, without = match_notes(answers, ["1", "2", "3"], name="a.csv")
    assert (unknown.code, unknown.parameters) == ("answers.unknown_ids", {"file": "a.csv", "n": 2, "first": "9"})
    assert (without.code, without.parameters) == ("answers.rows_without", {"file": "a.csv", "n": 2, "first": "2"})
    assert match_notes(answers, ["1", "9", "10"], name="a.csv") == []
    with pytest.raises(DataError, match="none of its 3 ids is the id of a row: '1', '9', '10'"):
        match_notes(answers, ["a", "b"], name="a.csv")
