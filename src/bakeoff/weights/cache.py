"""The cache: model files by digest, and an index from what was asked for to what is there.

    BAKEOFF_CACHE or the user's cache folder
    ├── blobs/SHA256/NAME.gguf     a model's file or files, with its terms where they came with it
    ├── index/NAME.json            (model, build) -> files, source, licence, date
    ├── local/NAME.json            digests of files elsewhere that were used in place
    ├── partial/NAME/              what is on its way; a download goes on from there
    └── locks/NAME.lock            one process fetches, the others wait

A file's digest is trusted while its size and time of change are those that were noted with it, and computed again when
they are not. A cache that cannot be written serves what it has.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from bakeoff.cache_folder import cache_folder
from bakeoff.errors import StorageError
from bakeoff.values import reason
from bakeoff.weights.files import (
    digest_of_parts,
    make_folder,
    replace_durably,
    sha256_of,
    storage_error,
    write_durably,
)
from bakeoff.weights.types import ModelFile, OnNote, Wanted

INDEX_VERSION = 1


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file, with what tells whether it is still the same."""

    path: str
    """Relative to the cache, or absolute for a file elsewhere."""

    sha256: str
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a model came from, and under which licence."""

    source: str
    """As `ModelFile.source` has it."""

    license: str | None
    license_url: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index knows of one model."""

    model: str
    build: str | None
    files: tuple[StoredFile, ...]
    source: str
    license: str | None
    license_url: str | None
    terms: str | None
    """Path of the terms, relative to the cache."""

    fetched_at: str
    """ISO 8601, UTC."""


def slug(*parts: str) -> str:
    """A file name that people can read and that no other request has."""
    whole = "--".join(parts)
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", whole).strip("-.")[-80:]
    return f"{readable}-{hashlib.sha256(whole.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def slug_of(wish: Wanted) -> str:
    """The name of a request in the index, of its lock and of its unfinished files."""
    return slug(wish.model, wish.build.replace(":", "-"))


def read_entry(kind: str, name: str) -> Entry | None:
    """What the index has under a name; None where it has nothing, or nothing that can be understood."""
    try:
        data = json.loads((cache_folder() / kind / f"{name}.json").read_text(encoding="utf-8"))
        if data.pop("version") != INDEX_VERSION:
            return None
        return Entry(**{**data, "files": tuple(StoredFile(**file) for file in data["files"])})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_entry(kind: str, name: str, entry: Entry) -> None:
    """Note what is there.

    Raises:
        StorageError: the disk refused.
    """
    folder = make_folder(cache_folder() / kind)
    text = json.dumps({"version": INDEX_VERSION, **asdict(entry)}, ensure_ascii=False, indent=1)
    write_durably(folder / f"{name}.json", text)


def stored_file(path: Path, sha256: str) -> StoredFile:
    """A file with its present size and time of change.

    Raises:
        StorageError: the file cannot be read.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise storage_error(path, error) from None
    folder = cache_folder()
    name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
    return StoredFile(name, sha256, status.st_size, status.st_mtime_ns)


def unchanged(entry: Entry) -> Entry | None:
    """The entry with its files checked; None where one is gone or is no longer what it was.

    A file whose size and time of change are as noted is not read. One that only its time has changed (a copied cache)
    is read once, and the new time comes back with the entry.
    """
    files = []
    for file in entry.files:
        path = cache_folder() / file.path
        try:
            status = path.stat()
            if status.st_size != file.size_bytes:
                return None
            if status.st_mtime_ns != file.mtime_ns and sha256_of(path) != file.sha256:
                return None
        except (OSError, StorageError):
            return None
        files.append(StoredFile(file.path, file.sha256, file.size_bytes, status.st_mtime_ns))
    if not files:
        return None
    return replace(entry, files=tuple(files))


def checked(kind: str, name: str) -> tuple[ModelFile | None, bool]:
    """(the model, False) where it is there and sound; (None, True) where it was and is damaged or gone."""
    entry = read_entry(kind, name)
    if entry is None:
        return None, False
    sound = unchanged(entry)
    if sound is None:
        return None, True
    if sound != entry:
        try_to_note(kind, name, sound)
    return model_file(sound), False


def try_to_note(kind: str, name: str, entry: Entry) -> None:
    """Note what is there where the cache can be written; else it is found out anew each time."""
    try:
        write_entry(kind, name, entry)
    except StorageError:
        return


def model_file(entry: Entry) -> ModelFile:
    """The value that the rest of the package sees."""
    folder = cache_folder()
    paths = [folder / file.path for file in entry.files]
    return ModelFile(
        path=paths[0],
        sha256=digest_of_parts([file.sha256 for file in entry.files]),
        size_bytes=sum(file.size_bytes for file in entry.files),
        source=entry.source,
        license=entry.license,
        license_url=entry.license_url,
        terms_path=folder / entry.terms if entry.terms else None,
        other_paths=tuple(paths[1:]),
    )


def adopt(digests: Sequence[str], names: Sequence[str]) -> list[Path] | None:
    """Files that lie in the cache under these digests although the index does not know them; None where they do not."""
    folder = cache_folder() / "blobs" / digest_of_parts(digests)
    paths = [folder / name for name in names]
    for path, digest in zip(paths, digests, strict=True):
        if not path.is_file() or sha256_of(path) != digest:
            return None
    return paths


def store(wish: Wanted, finished: Sequence[tuple[Path, str]], origin: Origin, terms: Path | None = None) -> ModelFile:
    """Take finished files into the cache, and note them.

    Args:
        wish: what was asked for.
        finished: (file, its SHA-256), in order; each keeps its name.
        origin: where they came from, and under which licence.
        terms: file with the terms, taken in as well.

    Raises:
        StorageError: the disk refused.
    """
    folder = make_folder(cache_folder() / "blobs" / digest_of_parts([digest for _, digest in finished]))
    kept = []
    for path, digest in finished:
        if path.parent != folder:
            replace_durably(path, folder / path.name)
        kept.append(stored_file(folder / path.name, digest))
    if terms is not None and terms.parent != folder:
        replace_durably(terms, folder / terms.name)
    return note_files(wish, kept, origin, folder / terms.name if terms is not None else None)


def note_files(wish: Wanted, files: Sequence[StoredFile], origin: Origin, terms: Path | None = None) -> ModelFile:
    """Note in the index where the files of a model are.

    Raises:
        StorageError: the disk refused.
    """
    entry = Entry(
        model=wish.model,
        build=wish.build,
        files=tuple(files),
        source=origin.source,
        license=origin.license,
        license_url=origin.license_url,
        terms=terms.relative_to(cache_folder()).as_posix() if terms is not None else None,
        fetched_at=now(),
    )
    write_entry("index", slug_of(wish), entry)
    return model_file(entry)


def now() -> str:
    """The time, as the index writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextmanager
def only_one(wish: Wanted, note: OnNote | None) -> Iterator[Path]:
    """Be the one process that fetches this model; wait for another that does. Yields the folder for unfinished files.

    Raises:
        StorageError: the cache cannot be written.
    """
    name = slug_of(wish)
    path = make_folder(cache_folder() / "locks") / f"{name}.lock"
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        _wait(lock, wish, note)
    except OSError as error:
        raise storage_error(path, error) from None
    try:
        yield make_folder(cache_folder() / "partial" / name)
    finally:
        lock.release()


def _wait(lock: BaseFileLock, wish: Wanted, note: OnNote | None) -> None:
    path = Path(lock.lock_file)
    if not os.access(path, os.W_OK):
        raise StorageError(f"{path} belongs to another user", hint="set BAKEOFF_CACHE to a folder of your own")
    if note is not None:
        note(reason("model.waiting", model=str(wish)))
    lock.acquire()
