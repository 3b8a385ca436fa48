"""Projects for the tests of the sheet: invented answers in a real ledger, no model."""

from collections.abc import Mapping
from pathlib import Path

from bakeoff.evaluate.run import Route
from bakeoff.evaluate.store import Call, now
from bakeoff.evaluate.types import Answer, Row
from bakeoff.project import Project
from bakeoff.project.sheet import Sheet
from bakeoff.project.sheet.view import Query

ALL = Query()


def answer(text: str, **other: object) -> Answer:
    """An answer as a server gives it."""
    known = {"finish_reason": "stop", "time_to_first_token_ms": 5.0, "latency_ms": 20.0, "prompt_tokens": 30}
    return Answer(text, **{**known, "output_tokens": max(1, len(text) // 4), **other})  # type: ignore[arg-type]


def made_call(route: Route, row: Row, given: Answer | None, *, repeat: int = 0) -> Call:
    """A call with its answer; None is a failure."""
    request = route.request(row, repeat=repeat)
    return Call(
        digest=route.digest_of(request, repeat=repeat),
        run=1,
        candidate=route.candidate.name,
        row_id=row.id,
        repeat=repeat,
        endpoint=route.endpoint,
        path=request.path,
        body=request.body,
        attempt=1,
        started_at=now(),
        answer=given,
        error_code=None if given is not None else "timeout",
        error=None if given is not None else "no answer",
    )


def fill(project: Project, answers: Mapping[tuple[str, str], Answer | None], *, repeat: int = 0) -> None:
    """Store answers by (candidate, row id)."""
    rows = {row.id: row for row in project.table().rows}
    routes = {one.candidate.name: one.resolved.route for one in project.contestants() if one.resolved is not None}
    calls = [made_call(routes[name], rows[row], given, repeat=repeat) for (name, row), given in answers.items()]
    with project.ledger() as ledger:
        ledger.record(calls)


def cells_of(sheet: Sheet, query: Query = ALL, *, start: int = 0, count: int = 1000) -> list[dict[str, object]]:
    """The rows of a block."""
    found: list[dict[str, object]] = sheet.rows(start, count, query)["rows"]
    return found


def ids(sheet: Sheet, query: Query, *, start: int = 0, count: int = 1000) -> list[str]:
    """The row ids of a block."""
    return [str(row["id"]) for row in cells_of(sheet, query, start=start, count=count)]


def open_sheet(folder: Path) -> Sheet:
    """A sheet of one's own."""
    return Sheet(Project(folder))
