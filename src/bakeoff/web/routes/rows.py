"""Rows of the sheet: blocks of a view, one row in full, its pictures, and further rows."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from bakeoff.evaluate.graders import Grade
from bakeoff.project.sheet import view
from bakeoff.project.sheet.editing import check_stamp
from bakeoff.project.sheet.pictures import picture
from bakeoff.project.sheet.sheet import MOST_ROWS, Sheet
from bakeoff.project.sheet.view import State
from bakeoff.project.sheet.whole_row import WholeCell, whole_row
from bakeoff.project.sheet.writing import add_rows
from bakeoff.report import Language
from bakeoff.report.words import sentence
from bakeoff.values import reason
from bakeoff.web.errors import Refused
from bakeoff.web.language import Lang
from bakeoff.web.sheets import answer, conflicts, sheet_of
from bakeoff.web.workspace import Opened, Project_

router = APIRouter(prefix="/api/projects/{project}", tags=["sheet"])

Text = Annotated[str | None, Query(max_length=2000)]
Texts = Annotated[list[str] | None, Query(max_length=1000)]

PICTURE_HEADERS = {
    "content-security-policy": "default-src 'none'; sandbox",
    "content-disposition": "inline",
    "cache-control": "private, max-age=3600",
}
"""A picture is shown and nothing else, also where somebody opens its address itself."""


class NewRows(BaseModel):
    """Rows from a person."""

    model_config = ConfigDict(extra="forbid")

    rows: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=10_000)]
    stamp: Annotated[str | None, Field(max_length=100)] = None


@router.get("/rows")
def get_rows(
    opened: Project_,
    start: Annotated[int, Query(ge=0, le=2**31)] = 0,
    count: Annotated[int, Query(ge=0, le=MOST_ROWS)] = 100,
    sort: Text = None,
    find: Text = None,
    state: State | None = None,
    candidate: Text = None,
    where: Texts = None,
    row: Texts = None,
) -> Response:
    """A block of rows with the cells of every candidate, as previews.

    `sort` is `COLUMN:asc` or `COLUMN:desc`; COLUMN is one of the data, or `answer:NAME`, `score:NAME`, `latency:NAME`.
    `find` looks in data and answers, without regard to case and marks. `where` is `COLUMN:VALUE`, `row` an id; both may
    be repeated. A sorted or filtered view is made when `start` is 0; its rows then stay in their places while cells
    arrive.
    """
    asked = view.Query(sort, find, state, candidate, tuple(where or ()), tuple(row or ()))
    return answer(sheet_of(opened).rows(start, count, asked))


@router.post("/rows", status_code=201)
def post_rows(opened: Project_, new: NewRows) -> Response:
    """Add rows at the end of the data file; 409 where the data changed since `stamp`."""
    return answer(added(opened, new.rows, stamp=new.stamp), 201)


def added(opened: Opened, rows: list[dict[str, Any]], *, stamp: str | None = None) -> dict[str, Any]:
    """Add rows to a project: how many, and their ids."""
    with opened.lock, conflicts():
        project = opened.project()
        check_stamp(project, stamp, {"n_rows": len(project.table().rows)}, part=1)
        ids = add_rows(project, rows)
    return {"added": len(ids), "ids": ids}


@router.get("/rows/{row:path}/image")
def get_image(opened: Project_, row: str, column: Annotated[str, Query(max_length=1000)]) -> Response:
    """The picture that a cell of the data names, or holds."""
    data, kind = picture(sheet_of(opened), row, column)
    return Response(data, media_type=kind, headers=PICTURE_HEADERS)


@router.get("/rows/{row:path}")
def get_row(opened: Project_, row: str, lang: Lang) -> Response:
    """One row in full: every text, what was asked, how it was graded, and what people say of it."""
    sheet = sheet_of(opened)
    if row not in sheet.places:
        raise Refused(404, "not-found", f"there is no row {row[:100]!r}", hint="rows are named by their id")
    return answer(_told(sheet, row, lang))


def _told(sheet: Sheet, row_id: str, lang: Language) -> Mapping[str, Any]:
    found = whole_row(sheet, row_id)
    return {
        "id": found.id,
        "n": found.number,
        "seq": sheet.seq,
        "group": found.group,
        "values": dict(found.values),
        "target": found.target,
        "cells": {name: _cell(cell, lang) for name, cell in found.cells.items()},
    }


def _cell(one: WholeCell, lang: Language) -> dict[str, Any]:
    thumb, correction, failure = one.thumb, one.correction, one.failure
    return {
        **one.cell,
        "text": one.text,
        "thinking": one.thinking,
        "request": one.request,
        "grades": [_grade(name, grade, lang) for name, grade in one.grades],
        "fault_reasons": [
            {"code": fault, "text": sentence(reason(f"cell.fault.{fault}"), lang)} for fault in one.faults
        ],
        "time_to_first_token_ms": one.time_to_first_token_ms,
        "prompt_tokens": one.prompt_tokens,
        "thinking_tokens": one.thinking_tokens,
        "cost_usd": one.cost_usd,
        "finish_reason": one.finish_reason,
        "served_model": one.served_model,
        "provider": one.provider,
        "repeats": [dict(repeat) for repeat in one.repeats],
        "thumb": None
        if thumb is None
        else {"thumb": one.cell["thumb"], "author": thumb.author, "at": thumb.at, "seq": thumb.seq},
        "correction": None
        if correction is None
        else {"text": correction.text, "author": correction.author, "at": correction.at, "seq": correction.seq},
        "error": None if failure is None else {"code": failure.code, "message": failure.message},
    }


def _grade(name: str, grade: Grade, lang: Language) -> dict[str, Any]:
    text = sentence(grade.detail, lang) if grade.detail is not None else None
    return {"grader": name, "score": grade.score, "text": text}
