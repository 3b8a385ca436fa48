"""A stamp of one table of the project file: a write carries the one that it saw, so that two people do not collide."""

import hashlib
import json
from pathlib import Path
from typing import Any

from bakeoff.project.editing import table
from bakeoff.values import to_json
from bakeoff.web.errors import Refused


def stamp_of(folder: Path, name: str) -> str:
    """Changes with this table, not with the rest of the file.

    Raises:
        ProjectError: the file is not TOML.
    """
    text = json.dumps(to_json(table(folder, name)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check_stamp(folder: Path, name: str, seen: str | None) -> None:
    """Refuse a write that rests on an older table.

    Raises:
        Refused: 409, with the table as it is now (`theirs`) and its stamp.
    """
    now = stamp_of(folder, name)
    if seen is not None and seen != now:
        theirs: dict[str, Any] = table(folder, name) or {}
        raise Refused(
            409, "conflict", f"[{name}] was changed by somebody else meanwhile", theirs=to_json(theirs), stamp=now
        )
