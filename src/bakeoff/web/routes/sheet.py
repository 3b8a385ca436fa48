"""The sheet: what it is, and what changed in it."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from bakeoff.web.sheets import answer, sheet_of
from bakeoff.web.workspace import Project_

router = APIRouter(prefix="/api/projects/{project}", tags=["sheet"])


@router.get("/sheet")
def get_sheet(opened: Project_) -> Response:
    """What the sheet is: its columns, candidates, graders, prompt, and how many cells are filled."""
    return answer(sheet_of(opened).document())


@router.get("/changes")
def get_changes(
    opened: Project_,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=20_000)] = 5000,
    stamp: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """The cells that changed after a `seq`, each once, as they are now.

    `reset` is true where the project file or the data changed since (or are not those of `stamp`), or the ledger is an
    earlier one: then the sheet is to be asked for again.
    """
    sheet = sheet_of(opened)
    # More than the ledger has: it is another one, or an older copy of it.
    reset = after < sheet.edited or after > sheet.seq or (stamp is not None and stamp != sheet.stamp)
    found = sheet.changes(after, limit) if not reset else {"seq": sheet.seq, "cells": []}
    return answer({**found, "running": sheet.running(), "reset": reset})
