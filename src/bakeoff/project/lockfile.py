"""`bakeoff.lock`: what a decision rests on, as digests and versions, and what it was. Values, reading and writing.

The same project gives the same bytes: there is no time in it. Knows nothing about how the values are gathered.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bakeoff.errors import ProjectError
from bakeoff.values import from_json, to_json
from bakeoff.version import __version__
from bakeoff.whole_file import write_whole

LOCK_NAME = "bakeoff.lock"
SCHEMA, VERSION = "bakeoff.lock", 1


@dataclass(frozen=True, slots=True)
class LockedCandidate:
    """One column: how it was asked, and who answered."""

    model: str
    build: str
    """Quantization and the first digits of the file's digest, or what the project file says."""

    endpoint: str
    """Identity of what answers: base URL, or digests of model file and engine. Empty where it could not be had."""

    api: str
    parameters: Mapping[str, Any]
    """As sent."""

    sha256: str | None
    """Of the model file."""

    served: tuple[str, ...]
    """Model ids in the answers."""

    providers: tuple[str, ...]
    """Who computed behind a router, by the answers."""

    fingerprints: tuple[str, ...]
    """`system_fingerprint` of the answers."""

    calls: str
    """SHA-256 over the addresses of all calls: endpoint, exact bytes, repetition."""

    answers: str
    """SHA-256 over all answers, with their times and tokens."""

    answered: int
    """Calls that have an answer."""


@dataclass(frozen=True, slots=True)
class LockedQuality:
    """A candidate's quality, rounded to six digits so that another machine writes the same."""

    metric: str
    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Lock:
    """What one decision rests on, and what it was."""

    data_file: str
    data: str
    """`Table.digest`."""

    rows: int
    prompt: str
    """SHA-256 of the prompt, with all its variants."""

    graders: str
    judge: str | None
    """SHA-256 over the judge's settings, its models and their verdicts; None where the project has none."""

    labels: str | None
    """SHA-256 over what people said; None where nobody said anything."""

    metric: str
    rule: str
    gap: float
    needs: str
    """SHA-256 over `[needs]`, the weights of `[decide]`, and `[cost]` where there is one."""

    catalog: str
    """Date of the shipped facts about models."""

    prices: str
    """Name and version of the price list."""

    candidates: Mapping[str, LockedCandidate]
    choice: str | None
    verdict: str
    qualities: Mapping[str, LockedQuality]
    """By candidate; without those that have none."""

    bakeoff: str = __version__


def lock_document(lock: Lock) -> dict[str, Any]:
    """As plain JSON types; `lock_of` reads it."""
    return {"schema": SCHEMA, "version": VERSION, **to_json(lock)}


def lock_text(lock: Lock) -> str:
    """The file's text; the same lock gives the same bytes."""
    return json.dumps(lock_document(lock), ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n"


def lock_digest(lock: Lock) -> str:
    """SHA-256 of the file's text."""
    return hashlib.sha256(lock_text(lock).encode("utf-8")).hexdigest()


def read_lock(path: Path) -> Lock:
    """Read a lock.

    Raises:
        ProjectError: there is none, it is not one, or it is of another version.
    """
    return lock_of(read_document(path), str(path))


def read_document(path: Path) -> Any:
    """The JSON in a file.

    Raises:
        ProjectError: there is none.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProjectError(f"{path} is not there: nothing was decided yet", hint="`bakeoff decide` writes it") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ProjectError(f"{path} cannot be read: {error}", hint="`bakeoff decide` writes it anew") from None


def lock_of(document: Any, where: str) -> Lock:
    """A lock from its JSON document.

    Raises:
        ProjectError: it is not one, or is of another version.
    """
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ProjectError(f"{where} is not a {LOCK_NAME}", hint="`bakeoff decide` writes it anew")
    version, by = document.get("version"), document.get("bakeoff")
    if version != VERSION:
        raise ProjectError(
            f"{where} has version {version!r}, written by Bakeoff {by}; this is Bakeoff {__version__} and reads "
            f"version {VERSION}",
            hint=f"pip install 'bakeoff=={by}' to go on with it, or `bakeoff decide` to write it anew",
        )
    fields = {name: value for name, value in document.items() if name not in ("schema", "version")}
    try:
        return from_json(Lock, fields)
    except (ValueError, TypeError) as error:
        first = str(error).splitlines()[1] if len(str(error).splitlines()) > 1 else str(error)
        raise ProjectError(f"{where} is damaged: {first}", hint="`bakeoff decide` writes it anew") from None


def write_lock(folder: Path, lock: Lock) -> Path:
    """Replace the lock, atomically; a lock that says the same is not touched.

    Raises:
        StorageError: it cannot be written.
    """
    path, text = folder / LOCK_NAME, lock_text(lock)
    with suppress(OSError):
        if path.read_bytes() == text.encode("utf-8"):
            return path
    return write_whole(path, text, hint="the project folder must be writable", mode=0o644)
