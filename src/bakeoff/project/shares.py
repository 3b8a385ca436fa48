"""Links under which a project's report can be read by people who have no access to the project.

Kept in the project folder, readable by its owner alone, and without the links themselves: a digest tells whether one is
right, and a copy of the folder gives none away.
"""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from bakeoff.errors import ProjectError, UsageError
from bakeoff.evaluate.store import now
from bakeoff.values import from_json, to_json
from bakeoff.whole_file import write_whole

FILE = ".bakeoff-shares.json"
SCHEMA, VERSION = "bakeoff.shares", 1
MOST = 100
"""Links of a project."""


@dataclass(frozen=True, slots=True)
class Share:
    """One link that works."""

    id: str
    digest: str
    """SHA-256 of its token."""

    at: str
    """When it was made, ISO, UTC."""

    note: str
    """For whom, in the words of whoever made it."""


def shares(folder: Path) -> list[Share]:
    """The links that work, oldest first.

    Raises:
        ProjectError: the file is not one of ours.
    """
    path = folder / FILE
    try:
        document = json.loads(path.read_text("utf-8"))
        if (document["schema"], document["version"]) != (SCHEMA, VERSION):
            raise ValueError("another version")
        return [from_json(Share, one) for one in document["shares"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ProjectError(f"{path} cannot be read: {error}", hint="remove it: all links then end") from None


def share(folder: Path, *, note: str = "") -> tuple[Share, str]:
    """Make a link.

    Returns:
        The link as it is kept, and its token, which nobody is told again.

    Raises:
        UsageError: there are too many.
        StorageError: the folder cannot be written.
    """
    there = shares(folder)
    if len(there) >= MOST:
        raise UsageError(f"there are {len(there)} links already", hint="end those that are not needed")
    token = secrets.token_urlsafe(32)
    made = Share(secrets.token_hex(6), _digest(token), now(), note)
    _write(folder, [*there, made])
    return made, token


def revoke(folder: Path, id: str) -> bool:
    """End a link; False where there is none of this id.

    Raises:
        StorageError: the folder cannot be written.
    """
    there = shares(folder)
    left = [one for one in there if one.id != id]
    if len(left) == len(there):
        return False
    _write(folder, left)
    return True


def is_shared(folder: Path, token: str) -> bool:
    """The token is that of a link which works."""
    if not (folder / FILE).is_file():
        return False
    digest = _digest(token)
    return any(hmac.compare_digest(one.digest, digest) for one in shares(folder))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _write(folder: Path, left: list[Share]) -> None:
    document = {"schema": SCHEMA, "version": VERSION, "shares": [to_json(one) for one in left]}
    write_whole(folder / FILE, json.dumps(document, ensure_ascii=False), hint="choose a folder that can be written")
