"""What the routes of the sheet share: the sheet of a project, answers that are JSON already, and conflicts."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import Response

from bakeoff.catalog.loading import without_collector
from bakeoff.project.project import Project
from bakeoff.project.sheet import Conflict, Sheet
from bakeoff.web.errors import Refused
from bakeoff.web.workspace import Opened


def sheet_of(opened: Opened) -> Sheet:
    """The project's sheet; opened again when its file or its data change, or the ledger is another one."""
    return opened.kept("sheet", _open, with_ledger="itself")


def _open(project: Project) -> Sheet:
    """A million small values are made and none of them is garbage: a third of the time went to looking for it."""
    with without_collector():
        return Sheet(project)


def answer(document: Any, status: int = 200) -> Response:
    """JSON as it is: no model is made of it on the way, which takes longer than all the rest."""
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Response(content.encode("utf-8", "replace"), status, media_type="application/json")


@contextmanager
def conflicts() -> Iterator[None]:
    """Answer a conflict with 409 and their version."""
    try:
        yield
    except Conflict as error:
        raise Refused(409, "conflict", error.message, hint=error.hint, theirs=error.theirs) from None
