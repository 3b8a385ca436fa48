"""What changed: every cell once, as it is now, whoever wrote it; and what people write into cells."""

import asyncio
import json
import random
import socket
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from benchmarks.projects import Shape, build_project

from bakeoff.errors import UsageError
from bakeoff.evaluate.people.labels import FAIR, NewLabel, answer_digest
from bakeoff.evaluate.writer import Writer
from bakeoff.project import Project
from bakeoff.project.lock import running
from bakeoff.project.sheet import Conflict, Sheet
from bakeoff.project.sheet.cells import Grading
from bakeoff.project.sheet.view import Query
from tests.project.common import candidate, make_project
from tests.project.sheet.common import answer, cells_of, fill, ids, made_call, open_sheet

PLAIN = "http://127.0.0.1:9/v1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve rows, two candidates; the first has answered."""
    found = make_project(tmp_path / "p", candidate("a", PLAIN), candidate("b", PLAIN), rows=12)
    fill(Project(found), {("a", str(i)): answer("positive") for i in range(12)})
    return found


def cell(sheet: Sheet, row: str, name: str = "a") -> dict[str, Any]:
    """One cell."""
    return next(one for one in cells_of(sheet) if one["id"] == row)["cells"][name]  # type: ignore[index,no-any-return]


def test_an_idle_sheet_says_nothing(folder: Path) -> None:
    sheet = open_sheet(folder)
    assert sheet.changes(sheet.seq, 100) == {"seq": sheet.seq, "cells": []}


def test_changes_are_cells_as_they_are(folder: Path) -> None:
    sheet = open_sheet(folder)
    seq = sheet.seq
    rows = [str(i) for i in range(12)]
    random.Random(3).shuffle(rows)
    fill(Project(folder), {("b", row): answer(f"{row} negative") for row in rows[:7]} | {("b", rows[7]): None})
    found = sheet.changes(seq, 100)
    assert [one["row"] for one in found["cells"]] == rows[:8]
    for one in found["cells"]:
        assert {key: value for key, value in one.items() if key not in ("row", "candidate")} == cell(
            sheet, one["row"], "b"
        )
    assert sheet.changes(found["seq"], 100)["cells"] == []
    fill(Project(folder), {("b", rows[7]): answer("negative")})
    assert [(one["row"], one["state"]) for one in sheet.changes(found["seq"], 100)["cells"]] == [(rows[7], "answered")]


def test_what_one_tab_was_told_is_not_graded_for_the_next(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = open_sheet(folder)
    seq, graded = sheet.seq, []
    column = Grading.column

    def counted(self: Grading, place: int, rows: list[int], *rest: Any, **more: Any) -> Any:
        graded.extend((place, row) for row in rows)
        return column(self, place, rows, *rest, **more)

    monkeypatch.setattr(Grading, "column", counted)
    fill(Project(folder), {("b", str(row)): answer("negative") for row in range(5)})
    told = [sheet.changes(seq, 100) for _ in range(3)]
    assert told[0] == told[1] == told[2]
    assert len(graded) == len(told[0]["cells"]) == 5
    sheet.correct("2", "b", "neutral", author="An", seq=sheet.seq)
    graded.clear()
    again = sheet.changes(seq, 100)["cells"]
    assert [one["row"] for one in again if one["corrected"]] == ["2"]
    assert graded == [(1, 2)]


def test_changes_come_in_pieces(folder: Path) -> None:
    sheet = open_sheet(folder)
    seen, after = [], 0
    for _ in range(20):
        found = sheet.changes(after, 5)
        if not found["cells"]:
            break
        assert found["seq"] > after
        seen += [(one["row"], one["candidate"]) for one in found["cells"]]
        after = found["seq"]
    assert sorted(seen) == sorted((str(i), "a") for i in range(12))


def test_a_thousand_writes_a_second_are_seen_once(tmp_path: Path) -> None:
    """A run that writes as fast as it can, and three readers that follow at their own pace."""
    build_project(tmp_path / "p", Shape(rows=600, models=2, shortest=20, longest=60, missing=1.0))
    project = Project(tmp_path / "p")
    sheet = open_sheet(tmp_path / "p")
    start = sheet.seq
    ended = threading.Event()
    seen: list[Counter[tuple[str, str]]] = [Counter(), Counter(), Counter()]

    def follow(counts: Counter[tuple[str, str]], limit: int) -> None:
        after = start
        while True:
            last = ended.is_set()
            found = sheet.changes(after, limit)
            counts.update((one["row"], one["candidate"]) for one in found["cells"])
            after = found["seq"]
            if last and not found["cells"]:
                return

    readers = [threading.Thread(target=follow, args=one) for one in zip(seen, (50, 500, 5000), strict=True)]
    for reader in readers:
        reader.start()
    asyncio.run(_write(project))
    ended.set()
    for reader in readers:
        reader.join(30)
    every = Counter((row.id, name) for row in project.table().rows for name in sheet.names)
    assert seen == [every, every, every]


async def _write(project: Project) -> None:
    with project.ledger() as ledger:
        writer = Writer(ledger)
        for one in project.contestants():
            assert one.resolved is not None
            calls = [made_call(one.resolved.route, row, answer("positive")) for row in project.table().rows]
            await asyncio.gather(*(writer.record(call) for call in calls))
        await writer.close()


def test_an_edit_of_the_files_is_seen_by_who_follows(folder: Path) -> None:
    sheet = open_sheet(folder)
    assert open_sheet(folder).edited == sheet.edited
    text = (folder / "bakeoff.toml").read_text(encoding="utf-8")
    (folder / "bakeoff.toml").write_text(text + "# a word\n", encoding="utf-8")
    assert open_sheet(folder).edited > sheet.seq


# corrections


def test_a_correction_lies_over_the_answer(folder: Path) -> None:
    sheet = open_sheet(folder)
    before = cell(sheet, "1")
    now = sheet.correct("1", "a", "tie\u0302\u0301ng", author=" Lan  Anh ", seq=sheet.seq)
    assert (now["corrected"], now["preview"], now["score"]) == (True, before["preview"], before["score"])
    assert now["seq"] > before["seq"]
    other = open_sheet(folder)
    assert [(one.text, one.author) for one in other.corrections[now["digest"]]] == [("tiếng", "Lan Anh")]
    assert ids(other, Query(state="corrected")) == ["1"]
    undone = other.correct("1", "a", None, author="Bình", seq=now["seq"])
    assert not undone["corrected"]
    assert [one["row"] for one in sheet.changes(now["seq"], 10)["cells"]] == ["1"]
    assert ids(sheet, Query(state="corrected")) == []
    assert len(sheet.corrections[now["digest"]]) == 2


def test_the_second_of_two_writers_is_told(folder: Path) -> None:
    mine, theirs = open_sheet(folder), open_sheet(folder)
    seq = mine.seq
    theirs.correct("1", "a", "theirs", author="B", seq=seq)
    with pytest.raises(Conflict) as caught:
        mine.correct("1", "a", "mine", author="A", seq=seq)
    assert caught.value.theirs["corrected"]
    assert mine.correction(caught.value.theirs["digest"]).text == "theirs"  # type: ignore[union-attr]
    mine.correct("1", "a", "mine after all", author="A", seq=caught.value.theirs["seq"])


def test_of_many_writers_at_once_one_wins(folder: Path) -> None:
    sheets = [open_sheet(folder) for _ in range(4)]
    seq = sheets[0].seq
    won: list[str] = []
    lost: list[str] = []

    def write(sheet: Sheet, text: str) -> None:
        try:
            sheet.correct("1", "a", text, author=text, seq=seq)
            won.append(text)
        except Conflict:
            lost.append(text)

    threads = [threading.Thread(target=write, args=(sheet, str(i))) for i, sheet in enumerate(sheets)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 3)
    final = open_sheet(folder)
    assert [one.text for one in final.corrections[final.calls.address(0, 1)]] == won


def test_an_answer_that_was_not_seen_is_not_corrected(folder: Path) -> None:
    sheet = open_sheet(folder)
    seq = sheet.seq
    fill(Project(folder), {("b", "1"): answer("new")})
    with pytest.raises(Conflict):
        sheet.correct("1", "b", "x", author="A", seq=seq)


@pytest.mark.parametrize(
    ("row", "name", "text", "author"),
    [
        ("1", "b", "x", "A"), ("99", "a", "x", "A"), ("1", "c", "x", "A"), ("1", "a", "x", "  "),
        ("1", "a", "\ud800", "A"), ("1", "a", "x\0", "A"), ("1", "a", "x" * 200_001, "A"), ("1", "a", "x", "\udfff"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused(folder: Path, row: str, name: str, text: str, author: str) -> None:
    sheet = open_sheet(folder)
    seq = sheet.seq
    with pytest.raises(UsageError):
        sheet.correct(row, name, text, author=author, seq=seq)
    assert sheet.changes(seq, 10)["cells"] == []


# thumbs


def test_thumbs_are_labels_that_stand_for_no_other_row(folder: Path) -> None:
    sheet = open_sheet(folder)
    assert sheet.judge_by_thumb("1", "a", "up", author="Lan")["thumb"] == "up"
    assert sheet.judge_by_thumb("1", "a", "down", author="Lan")["thumb"] == "down"
    assert cell(open_sheet(folder), "1")["thumb"] == "down"
    (label, last) = Project(folder).labels()
    assert (label.kind, label.said, label.drawn, label.right) == ("point", "correct", "chosen", None)
    assert last.drawn not in FAIR
    assert Project(folder).people().points == ()
    assert sheet.judge_by_thumb("1", "a", None, author="Lan")["thumb"] is None
    assert cell(open_sheet(folder), "1")["thumb"] is None


def test_a_thumb_is_about_one_answer(folder: Path) -> None:
    sheet = open_sheet(folder)
    sheet.judge_by_thumb("1", "a", "up", author="Lan")
    text = (folder / "bakeoff.toml").read_text(encoding="utf-8")
    (folder / "bakeoff.toml").write_text(text.replace("{{ text }}", "{{ text }}!"), encoding="utf-8")
    fill(Project(folder), {("a", "1"): answer("another answer")})
    assert cell(open_sheet(folder), "1")["thumb"] is None


def test_taking_a_thumb_back_leaves_what_was_said_blind(folder: Path) -> None:
    sheet = open_sheet(folder)
    digest = answer_digest("positive")
    blind = NewLabel("point", "1", "a", None, "wrong", "Lan", digest, None, "random", 0.5)
    with sheet.project.ledger() as ledger:
        ledger.record_labels([blind])
    assert cell(sheet, "1")["thumb"] == "down"
    sheet.judge_by_thumb("1", "a", "up", author="Lan")
    assert sheet.judge_by_thumb("1", "a", None, author="Lan")["thumb"] == "down"
    assert Project(folder).labels()[-1].drawn == "random"
    with pytest.raises(UsageError):
        sheet.judge_by_thumb("1", "b", "up", author="Lan")


def test_a_run_elsewhere_is_seen_and_a_killed_one_is_not(folder: Path) -> None:
    sheet = open_sheet(folder)
    assert not sheet.running()
    with running(folder):
        assert sheet.running()
    assert not sheet.running()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for told in (json.dumps({"pid": gone.pid, "host": socket.gethostname(), "since": "x"}), "{", "[]", '{"pid": "x"}'):
        (folder / ".bakeoff-run.json").write_text(told)
        assert not sheet.running()
