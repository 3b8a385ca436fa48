"""What goes to workers arrives as it was: rows through the ledger, assignments through pickle."""

import pickle
from decimal import Decimal
from pathlib import Path

import pytest

from bakeoff.cluster.assignment import Assignment, Grading, work_of
from bakeoff.cluster.rows import packed, unpacked
from bakeoff.evaluate.caps import PricePerToken
from bakeoff.evaluate.graders import grader
from bakeoff.evaluate.types import Row
from tests.cluster.common import PROMPT, resolved

ODD = {"text": "Tiếng Việt \0 \ud800 \n", "n": 2**70, "x": 1.5e-300, "yes": True, "none": None, "": ""}


@pytest.mark.parametrize(("n", "size", "ends"), [(0, 3, []), (1, 3, [1]), (6, 3, [3, 6]), (7, 3, [3, 6, 7])])
def test_rows_are_what_they_were(n: int, size: int, ends: list[int]) -> None:
    rows = [Row(str(i), i + 1, ODD, "group" if i % 2 else None) for i in range(n)]
    ranges = list(packed(iter(rows), size))
    assert [one.last for one in ranges] == ends
    assert [row for one in ranges for row in unpacked(one.data)] == rows


def test_an_assignment_is_what_it_was() -> None:
    columns = (resolved("http://127.0.0.1:1"),)
    grading = Grading((grader("label", "{{ label }}", labels=("yes", "no")),), PROMPT, "data", "identity")
    price = (PricePerToken(Decimal("0.1"), Decimal("0.2")),)
    given = Assignment("work", 1, "postgresql://u@h/d", columns, 2, Path(), grading, Decimal("1.5"), 9.0, 3, price)
    assert pickle.loads(pickle.dumps(given)) == given


def test_another_question_is_another_work() -> None:
    one, other = resolved("http://127.0.0.1:1"), resolved("http://127.0.0.1:1", "b")
    base = work_of("data", [one], repeats=1, chosen="all")
    assert base == work_of("data", [resolved("http://127.0.0.1:2", concurrency=9)], repeats=1, chosen="all")
    others = {
        work_of("other", [one], repeats=1, chosen="all"),
        work_of("data", [other], repeats=1, chosen="all"),
        work_of("data", [one, other], repeats=1, chosen="all"),
        work_of("data", [one], repeats=2, chosen="all"),
        work_of("data", [one], repeats=1, chosen="some"),
    }
    assert len(others | {base}) == 6
