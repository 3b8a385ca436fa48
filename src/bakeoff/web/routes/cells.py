"""What a person writes into a cell: a correction over an answer, a thumb, another value in the data."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from bakeoff.errors import UsageError
from bakeoff.project.sheet.corrections import MOST_NAME
from bakeoff.project.sheet.editing import check_stamp
from bakeoff.project.sheet.writing import change_cell
from bakeoff.web.sheets import answer, conflicts, sheet_of
from bakeoff.web.workspace import Project_

router = APIRouter(prefix="/api/projects/{project}", tags=["sheet"])


class Written(BaseModel):
    """One of three things: a correction, a thumb, or a value of the data. A key that is there counts, also as null."""

    model_config = ConfigDict(extra="forbid", strict=True)

    row: Annotated[str, Field(max_length=10_000)]
    candidate: Annotated[str | None, Field(max_length=1000)] = None
    author: Annotated[str, Field(max_length=10 * MOST_NAME)] = ""
    seq: Annotated[int | None, Field(ge=0, le=2**62, description="up to which the author saw this cell")] = None
    correction: str | None = None
    thumb: Literal["up", "down"] | None = None
    column: Annotated[str | None, Field(max_length=1000)] = None
    stamp: Annotated[str | None, Field(max_length=100, description="of the sheet, for a value of the data")] = None
    value: str | int | float | bool | None = None


@router.post("/cells")
def post_cell(opened: Project_, written: Written) -> Response:
    """Correct an answer (`correction`; null takes it back), give it a thumb, or change a cell of the data (`column`,
    `value`). Answers with the cell as it is now; 409 with theirs where somebody else was faster.
    """
    there = written.model_fields_set
    given = [name for name in ("correction", "thumb", "value") if name in there]
    if len(given) != 1:
        raise UsageError("one thing at a time: `correction`, `thumb` or `value`", hint="see api/openapi.json")
    with conflicts():
        if given == ["value"]:
            return answer(_value(opened, written))
        sheet = sheet_of(opened)
        candidate = written.candidate or ""
        if given == ["thumb"]:
            return answer(sheet.judge_by_thumb(written.row, candidate, written.thumb, author=written.author))
        seq = written.seq if written.seq is not None else sheet.seq
        return answer(sheet.correct(written.row, candidate, written.correction, author=written.author, seq=seq))


def _value(opened: Project_, written: Written) -> dict[str, Any]:
    if written.column is None:
        raise UsageError("`value` needs `column`", hint="the name of a column of the data")
    with opened.lock:
        project = opened.project()
        row = next((row for row in project.table().rows if row.id == written.row), None)
        now = row.values.get(written.column) if row is not None else None
        check_stamp(project, written.stamp, {"value": now}, part=1)
        change_cell(project, written.row, written.column, written.value)
    sheet = sheet_of(opened)
    # The id itself may be what was changed.
    value = sheet.table.rows[sheet.places[written.row]].values[written.column] if written.row in sheet.places else None
    return {"row": written.row, "column": written.column, "value": value, "seq": sheet.seq, "stamp": sheet.stamp}
