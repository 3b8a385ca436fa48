"""Grades of slow graders: worked out in parallel, kept in the ledger, not worked out again."""

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bakeoff.evaluate.graders.grader import Grader, grade, target_of
from bakeoff.evaluate.graders.rule import Grade
from bakeoff.evaluate.request import json_digest
from bakeoff.evaluate.store import Ledger, StoredGrade
from bakeoff.evaluate.types import Row
from bakeoff.values import Reason, from_json, to_json

Place = tuple[str, str]
"""Row id, and digest of the call that gave the answer."""

BATCH = 64
"""Grades between two writes: what is lost when the process is killed."""


@dataclass(frozen=True, slots=True)
class Work:
    """One answer to be graded."""

    place: Place
    row: Row
    target: str
    text: str


def kept_grades(grader: Grader, data: str, works: Sequence[Work], ledger: Ledger) -> Mapping[Place, Grade]:
    """A slow grader's grades of answers: from the ledger where they are, else worked out and stored.

    Args:
        grader: the way of grading.
        data: digest of the table; the same answer to another row's data is another case.
        works: answers; of one place only the first counts.
        ledger: where grades are kept. A grade without a score is not kept, so that it is tried again.
    """
    key = grades_key(grader, data)
    digests = list(dict.fromkeys(work.place[1] for work in works))
    stored = ledger.grades_of_calls(key, digests)
    known = {(row[0], row[1]): read_grade(row[2], row[3], row[4]) for row in stored}
    fresh = {work.place: work for work in works if work.place not in known}
    todo = list(fresh.values())
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        for start in range(0, len(todo), BATCH):
            batch = todo[start : start + BATCH]
            found = list(pool.map(lambda work: grade(grader, work.target, work.text, work.row), batch))
            done = {work.place: one for work, one in zip(batch, found, strict=True)}
            ledger.record_grades(key, (_stored(*place, one) for place, one in done.items() if one.score is not None))
            known |= done
    return known


def grades_of(graders: Sequence[Grader], data: str, row: Row, digest: str, text: str, ledger: Ledger) -> list[Grade]:
    """What each grader says of one answer; slow ones as in `kept_grades`."""
    found = []
    for one in graders:
        target = target_of(one, row)
        if one.rule.slow:
            place = (row.id, digest)
            found.append(kept_grades(one, data, [Work(place, row, target, text)], ledger)[place])
        else:
            found.append(grade(one, target, text, row))
    return found


def _stored(row_id: str, digest: str, grade: Grade) -> StoredGrade:
    detail = json.dumps(to_json(grade.detail), ensure_ascii=False) if grade.detail is not None else None
    return row_id, digest, grade.score, grade.label, detail


def grades_key(grader: Grader, data: str) -> str:
    """Under which the ledger keeps what a grader says of the answers to these data."""
    return json_digest(["grades", grader.digest(), data])


def read_grade(score: float | None, label: str | None, detail: str | None) -> Grade:
    """A grade from its columns in the ledger."""
    return Grade(score, label, from_json(Reason, json.loads(detail)) if detail else None)
