"""Answers that were made elsewhere: from their file into the ledger, where they count like any other."""

from collections.abc import Sequence

from bakeoff.errors import BakeoffError
from bakeoff.evaluate.exchange.answers import match_notes
from bakeoff.evaluate.store import Call, Ledger, now
from bakeoff.evaluate.types import Table
from bakeoff.project.contestants import Contestant
from bakeoff.project.running import OnRun, Outcome
from bakeoff.version import __version__

BATCH = 1000
"""Calls per transaction."""


def take_answers(found: Sequence[Contestant], table: Table, ledger: Ledger, on: OnRun) -> list[Outcome]:
    """Take in what is new in each candidate's file, and say how much that was.

    Raises:
        StorageError: the ledger refused.
    """
    return [
        _take(contestant, table, ledger, on)
        for contestant in found
        if contestant.resolved is not None and contestant.resolved.answers is not None
    ]


def _take(contestant: Contestant, table: Table, ledger: Ledger, on: OnRun) -> Outcome:
    assert contestant.resolved is not None
    assert contestant.resolved.answers is not None
    assert contestant.digests is not None
    name, route, answers = contestant.candidate.name, contestant.resolved.route, contestant.resolved.answers
    try:
        notes = match_notes(answers, (row.id for row in table.rows), name=name)
    except BakeoffError as error:
        return Outcome(name, 0, 0, error)
    there = ledger.answered(contestant.digests[0])
    calls = []
    run: int | None = None
    for row, digest in zip(table.rows, contestant.digests[0], strict=True):
        if digest in there or row.id not in answers:
            continue
        if run is None:
            run = ledger.begin_run({"bakeoff": __version__, "data": table.digest, "answers": {name: route.endpoint}})
            for note in notes:
                on.note(note)
        request = route.request(row)
        calls.append(
            Call(
                digest=digest,
                run=run,
                candidate=name,
                row_id=row.id,
                repeat=0,
                endpoint=route.endpoint,
                path=request.path,
                body=request.body,
                attempt=1,
                started_at=now(),
                answer=answers[row.id],
            )
        )
    for start in range(0, len(calls), BATCH):
        ledger.record(calls[start : start + BATCH])
    if run is not None:
        ledger.end_run(run, "done")
    return Outcome(name, len(calls), 0, None)
