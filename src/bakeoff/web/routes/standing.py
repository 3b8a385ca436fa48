"""The sheet's heads: how well each candidate does so far."""

from typing import Any

from fastapi import APIRouter

from bakeoff.project.sheet.standing import standings
from bakeoff.values import to_json
from bakeoff.web.sheets import sheet_of
from bakeoff.web.workspace import Project_

router = APIRouter(prefix="/api/projects/{project}", tags=["sheet"])


@router.get("/standing")
def get_standing(opened: Project_) -> dict[str, Any]:
    """Mean score with its 95 % interval and number of scored cells, by candidate, and how many cells are filled."""
    sheet = sheet_of(opened)
    found = standings(sheet)
    document = sheet.document()
    return {"quality": {name: to_json(one) for name, one in found.items()}, "counts": document["counts"]}
