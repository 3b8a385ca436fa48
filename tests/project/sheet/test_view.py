"""Sorting, filtering and finding: against plain Python, and stable while cells arrive."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bakeoff.errors import UsageError
from bakeoff.project import Project
from bakeoff.project.sheet import Sheet
from bakeoff.project.sheet import haystack as haystack_module
from bakeoff.project.sheet.folding import folded
from bakeoff.project.sheet.haystack import Haystack
from bakeoff.project.sheet.view import Query
from tests.project.common import LABELS, candidate, make_project
from tests.project.sheet.common import ALL, answer, cells_of, fill, ids, open_sheet

PLAIN = "http://127.0.0.1:9/v1"

NUMBERS = [None if i == 4 else (i * 7) % 5 - 1.5 for i in range(11)]
TEXTS = [
    "tiếng Việt",
    "TIẾNG ANH",
    "đường phố",
    "duong",
    "Ünder",
    "",
    "zebra",
    "Ấm áp",
    "tie\u0302\u0301ng",
    "12",
    "x,y",
]


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Sheet:
    """Eleven rows; two candidates, one of them with gaps."""
    folder = make_project(tmp_path_factory.mktemp("view") / "p", candidate("a", PLAIN), candidate("b", PLAIN))
    lines = [
        json.dumps({"id": f"r{i}", "text": text or " ", "label": LABELS[i % 3], "n": NUMBERS[i]})
        for i, text in enumerate(TEXTS)
    ]  # fmt: skip
    (folder / "data.jsonl").write_text("\n".join(lines), encoding="utf-8")
    file = folder / "bakeoff.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("data.csv", "data.jsonl"), encoding="utf-8")
    project = Project(folder)
    fill(project, {("a", f"r{i}"): answer(LABELS[i % 2], latency_ms=float((i * 5) % 7)) for i in range(11)})
    fill(project, {("b", f"r{i}"): answer(LABELS[i % 3]) for i in range(0, 11, 2)} | {("b", "r1"): None})
    return open_sheet(folder)


def test_find_ignores_case_and_marks(sheet: Sheet) -> None:
    assert ids(sheet, Query(find="tieng")) == ["r0", "r1", "r8"]
    assert ids(sheet, Query(find="Tiếng Việt")) == ["r0"]
    assert ids(sheet, Query(find="DUONG")) == ["r2", "r3"]
    assert ids(sheet, Query(find="am ap")) == ["r7"]
    assert ids(sheet, Query(find="nothing like it")) == []
    assert ids(sheet, Query(find="  ")) == [f"r{i}" for i in range(11)]


def test_find_looks_in_answers_that_came_since(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", candidate("a", PLAIN), rows=3)
    sheet = open_sheet(folder)
    assert ids(sheet, Query(find="hoa don")) == []
    fill(Project(folder), {("a", "2"): answer("Hoá đơn số 7")})
    assert ids(sheet, Query(find="hoa don")) == ["2"]


def test_sorting(sheet: Sheet) -> None:
    numbers = {f"r{i}": None if i == 4 else (i * 7) % 5 - 1.5 for i in range(11)}
    for way in ("asc", "desc"):
        found = ids(sheet, Query(sort=f"n:{way}"))
        there = [one for one in numbers if numbers[one] is not None]
        expected = sorted(there, key=lambda one: numbers[one] if way == "asc" else -numbers[one])  # type: ignore[operator]
        assert found == [*expected, "r4"]
    assert ids(sheet, Query(sort="text:asc")) == ["r9", "r7", "r3", "r2", "r8", "r1", "r0", "r4", "r10", "r6", "r5"]
    assert ids(sheet, Query(sort="text:desc"))[:3] == ["r6", "r10", "r4"]
    latency = {f"r{i}": (i * 5) % 7 for i in range(11)}
    assert ids(sheet, Query(sort="latency:a:asc")) == sorted(latency, key=lambda one: latency[one])
    assert ids(sheet, Query(sort="latency:b:asc"))[-5:] == ["r1", "r3", "r5", "r7", "r9"]
    assert ids(sheet, Query(sort="answer:a:asc"))[:5] == ["r1", "r3", "r5", "r7", "r9"]


def test_sorting_and_filtering_by_score(sheet: Sheet) -> None:
    scores = {str(row["id"]): row["cells"]["a"]["score"] for row in cells_of(sheet)}  # type: ignore[index]
    assert ids(sheet, Query(sort="score:a:desc")) == sorted(scores, key=lambda one: -scores[one])
    assert ids(sheet, Query(state="right", candidate="a")) == [one for one in scores if scores[one] == 1.0]
    assert ids(sheet, Query(state="wrong", candidate="a")) == [one for one in scores if scores[one] == 0.0]
    wrong = [one for one in scores if scores[one] == 0.0]
    assert ids(sheet, Query(state="disagree")) == [one for one in wrong if int(one[1:]) % 2 == 0]


def test_filtering_by_state(sheet: Sheet) -> None:
    assert ids(sheet, Query(state="failed")) == ["r1"]
    assert ids(sheet, Query(state="missing", candidate="b")) == ["r3", "r5", "r7", "r9"]
    assert ids(sheet, Query(state="missing", candidate="a")) == []
    assert len(ids(sheet, Query(state="answered"))) == 11
    assert ids(sheet, Query(state="corrected")) == []
    assert ids(sheet, Query(where=("label:neutral",), sort="n:desc"))[0] in ("r5", "r8", "r2")
    assert ids(sheet, Query(where=("label:neutral", "text:zebra"))) == []
    assert ids(sheet, Query(where=("text:zebra",))) == ["r6"]
    assert ids(sheet, Query(row=("r3", "r1", "nobody"))) == ["r1", "r3"]


@pytest.mark.parametrize(
    "query",
    [
        Query(sort="nothing:asc"), Query(sort="text"), Query(sort="text:up"), Query(sort="score:c:asc"),
        Query(state="right", candidate="c"), Query(where=("nothing:x",)), Query(where=("text",)), Query(sort=":asc"),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_refused(sheet: Sheet, query: Query) -> None:
    with pytest.raises(UsageError):
        sheet.rows(0, 10, query)


def test_places_hold_while_cells_arrive(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", candidate("a", PLAIN), rows=30)
    project = Project(folder)
    sheet = open_sheet(folder)
    query = Query(state="missing", candidate="a", sort="text:desc")
    seen = ids(sheet, query, count=10)
    fill(project, {("a", row): answer("positive") for row in seen[:5]})
    seen += ids(sheet, query, start=10, count=10) + ids(sheet, query, start=20, count=10)
    assert sorted(seen) == sorted(str(i) for i in range(30))
    assert len(ids(sheet, query)) == 25


def test_blocks_beyond_the_end(sheet: Sheet) -> None:
    assert ids(sheet, ALL, start=9, count=10) == ["r9", "r10"]
    assert ids(sheet, ALL, start=100, count=10) == []
    assert ids(sheet, replace(ALL, find="tieng"), start=2, count=1) == ["r8"]


@given(st.lists(st.text(max_size=30), max_size=40), st.text(min_size=1, max_size=4), st.integers(1, 5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_find_is_a_search_in_each_text(texts: list[str], needle: str, piece: int) -> None:
    texts = [text.replace("\0", "") for text in texts]
    wanted = folded(needle.replace("\0", "x"))
    if not wanted:
        return
    before, haystack_module.PIECE = haystack_module.PIECE, piece
    try:
        found = Haystack().search(0, len(texts), wanted, lambda a, b: texts[a:b], lambda *_: 0)
    finally:
        haystack_module.PIECE = before
    assert found.tolist() == [wanted in folded(text) for text in texts]


@given(st.text())
def test_folding_keeps_its_own_result(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert folded(text.upper() if text.isascii() else text) == folded(text)


@given(
    rows=st.lists(
        st.tuples(st.text(alphabet="abAẤđ ", max_size=3), st.one_of(st.none(), st.integers(-3, 3))),
        min_size=1,
        max_size=12,
    ),
    sort=st.sampled_from(["text:asc", "text:desc", "n:asc", "n:desc"]),
    find=st.sampled_from([None, "a", "d"]),
)
@settings(max_examples=25, deadline=None)
def test_views_against_plain_python(
    tmp_path_factory: pytest.TempPathFactory, rows: Sequence[tuple[str, Any]], sort: str, find: str | None
) -> None:
    folder = make_project(tmp_path_factory.mktemp("any") / "p", candidate("a", PLAIN))
    lines = [
        json.dumps({"id": f"{i:03}", "text": text, "label": "neutral", "n": n}) for i, (text, n) in enumerate(rows)
    ]
    (folder / "data.jsonl").write_text("\n".join(lines), encoding="utf-8")
    file = folder / "bakeoff.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("data.csv", "data.jsonl"), encoding="utf-8")
    name, way = sort.split(":")
    places = [i for i, (text, n) in enumerate(rows) if find is None or find in folded(f"{text}\nneutral\n{n or ''}")]
    keys = {
        i: (folded(rows[i][0].strip()), rows[i][0].strip()) if name == "text" else rows[i][1] for i in places
    }  # fmt: skip
    empty = [i for i in places if keys[i] is None or keys[i] == ("", "")]
    full = [i for i in places if i not in empty]
    expected = sorted(full, key=lambda i: keys[i], reverse=way == "desc")
    assert ids(open_sheet(folder), Query(sort=sort, find=find)) == [f"{i:03}" for i in [*expected, *empty]]
