"""Rows in S3-compatible storage: `s3://BUCKET/KEY`, a folder or a pattern of parts, fetched into the cache.

Each object is known by the storage's address, its name and its ETag, and fetched once. A run asks for the ETags
again, so that what has changed is fetched anew, and told; whoever only reads asks for nothing, and gets the rows of the
last run.
"""

import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from bakeoff.cache_folder import cache_folder
from bakeoff.errors import DataError, NetworkError
from bakeoff.units import show_bytes
from bakeoff.values import reason
from bakeoff.weights.cache import Origin, checked, now, only_one, slug, slug_of, store
from bakeoff.weights.files import make_folder, require_room, write_durably
from bakeoff.weights.partial import PartialFile
from bakeoff.weights.s3 import S3Object, Storage, endpoint
from bakeoff.weights.types import ROW_ENDINGS, OnNote, OnProgress, Wanted, matcher, teller

PREFIX = "s3://"
AMAZON = "Amazon S3"
"""In the place of an address, where none is set."""

BLOCK_BYTES = 8 * 1024 * 1024
"""Of one request for a piece of an object."""

CHECKED_BYTES = 256 * 1024
"""The end of what an earlier process left is compared with the object before more is added to it."""

RETRIES = 4
"""Connections that may break in a row without one new byte."""

RETRY_PAUSE_SECONDS = 1.0

MOST_PARTS = 10_000

HINT = f"write {PREFIX}BUCKET/FOLDER/NAME.parquet, {PREFIX}BUCKET/FOLDER/ or {PREFIX}BUCKET/FOLDER/*.parquet"

_REFERENCE = re.compile(r"s3:/+(?P<bucket>[A-Za-z0-9][A-Za-z0-9._-]{1,254})(?:/(?P<key>.*))?", re.DOTALL)
_MD5 = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class ObjectReference:
    """One object, or the parts of a table."""

    bucket: str
    key: str
    """With `*` or `?` a pattern, in which neither stands for a slash; "" means the whole bucket."""

    def __str__(self) -> str:
        return f"{PREFIX}{self.bucket}/{self.key}"

    @property
    def is_pattern(self) -> bool:
        """Whether it means all objects of some names."""
        return any(sign in self.key for sign in "*?")


@dataclass(frozen=True, slots=True)
class _Listing:
    """What a reference meant when the storage was last asked."""

    parts: tuple[S3Object, ...]
    checked_at: str


def is_object(text: str) -> bool:
    """Whether a text means something in S3-compatible storage, right or wrong, and not a file."""
    return text.startswith("s3:")


def object_reference(text: str) -> ObjectReference:
    """Read a reference. One slash after `s3:` is enough, since a shell's path has no more.

    Raises:
        DataError: it is none, or has an empty name between two slashes, which pyarrow does not ask for.
    """
    match = _REFERENCE.fullmatch(text)
    if match is None or "//" in f"/{match['key'] or ''}":
        raise DataError(f"{text!r} is no object in S3-compatible storage", hint=HINT)
    return ObjectReference(match["bucket"], match["key"] or "")


def listing_path(reference: ObjectReference) -> Path:
    """The small file that changes whenever a run finds other rows there. It need not exist.

    Raises:
        UsageError: the storage's address in the environment is wrong.
    """
    return cache_folder() / "objects" / f"{slug(endpoint() or AMAZON, str(reference))}.json"


def object_files(
    reference: ObjectReference,
    *,
    most_bytes: int,
    fetch: bool = True,
    progress: OnProgress | None = None,
    note: OnNote | None = None,
) -> tuple[Path, ...]:
    """The files that a reference means, on this disk, in the order of their keys; fetched if need be.

    Args:
        reference: which.
        most_bytes: a larger object is refused before anything is fetched.
        fetch: False never touches the network.
        progress: told how far a download is.
        note: told what is going to be fetched and how large it is, that an object has changed, and that the storage
            could not be asked.

    Raises:
        DataError: there is no such bucket or object, none that can be read, or one that is too large.
        NetworkError: it is not here and cannot be fetched.
        KeyMissing: the storage refuses access.
        UsageError: pyarrow is not installed, or the environment names no address.
        StorageError: the disk is full or refuses.
    """
    tell = note or (lambda _: None)
    known = _read_listing(reference)
    there = _here(reference, known.parts) if known is not None else None
    if not fetch:
        if there is None:
            raise DataError(f"{reference} has not been fetched yet{_from()}", hint="`bakeoff run` fetches it")
        return there
    try:
        storage = Storage(reference.bucket)
        parts = _look(storage, reference)
    except NetworkError as error:
        if known is None or there is None:
            raise
        tell(reason("data.not_asked", file=str(reference), at=known.checked_at, why=error.message))
        return there
    large = next((part for part in parts if part.size_bytes > most_bytes), None)
    if large is not None:
        raise DataError(
            f"{PREFIX}{reference.bucket}/{large.key} has {show_bytes(large.size_bytes)}; "
            f"at most {show_bytes(most_bytes)} are read",
            hint="take a part of the rows, or split it into several objects",
        )
    if known is not None and known.parts != parts:
        tell(reason("data.object_changed", file=str(reference), at=known.checked_at))
    paths = _fetched(storage, reference, parts, progress or (lambda _: None), tell)
    if known is None or known.parts != parts:
        _write_listing(reference, parts)
    return paths


def _from() -> str:
    address = endpoint()
    return f" from {address}" if address else " from Amazon S3 (AWS_ENDPOINT_URL is not set)"


def _look(storage: Storage, reference: ObjectReference) -> tuple[S3Object, ...]:
    """What the reference means now."""
    if reference.key and not reference.is_pattern and not reference.key.endswith("/"):
        (found,) = storage.find([reference.key])
        if found is not None:
            return (found,)
    keys = _parts(storage, reference)
    found_parts = storage.find(keys)
    gone = next((key for key, part in zip(keys, found_parts, strict=True) if part is None), None)
    if gone is not None:
        raise DataError(f"{PREFIX}{reference.bucket}/{gone} vanished while it was looked at", hint="run it again")
    filled = tuple(part for part in found_parts if part is not None and part.size_bytes)
    if not filled:
        raise DataError(f"all files of {reference} are empty", hint="look whether what writes them has finished")
    return filled


def _parts(storage: Storage, reference: ObjectReference) -> list[str]:
    """The keys of a folder's or a pattern's parts."""
    folder = reference.key.rstrip("/")
    if reference.is_pattern:
        fixed = re.split(r"[*?]", reference.key)[0]
        folder = fixed.rpartition("/")[0]
    keys = storage.keys(folder)
    if reference.is_pattern:
        wanted = matcher(reference.key)
        chosen = [key for key in keys if wanted.fullmatch(key)]
    else:
        chosen = [key for key in keys if not _is_hidden(key, folder) and _ending(key) in ROW_ENDINGS]
    if not chosen:
        storage.require_bucket()
        beside = [f"{PREFIX}{reference.bucket}/{key}" for key in keys[:5]]
        raise DataError(
            f"there is nothing at {reference}" if not keys else f"{reference} has no file that can be read",
            hint=f"it has: {', '.join(beside)}" if keys else f"check the spelling; {HINT}",
        )
    kinds = sorted({_ending(key) for key in chosen})
    if len(kinds) > 1:
        raise DataError(
            f"{reference} has files of several kinds: {', '.join(kind or 'without an ending' for kind in kinds)}",
            hint=f"write {PREFIX}{reference.bucket}/{folder + '/' if folder else ''}*{kinds[-1]}",
        )
    if len(chosen) > MOST_PARTS:
        raise DataError(f"{reference} has {len(chosen):,} parts; at most {MOST_PARTS:,} are read", hint=HINT)
    return chosen


def _is_hidden(key: str, folder: str) -> bool:
    """`_SUCCESS`, `.part.crc`, `_delta_log/...`: what writers leave beside the rows."""
    return any(name.startswith(("_", ".")) for name in key[len(folder) :].strip("/").split("/"))


def _ending(key: str) -> str:
    suffixes = [suffix.lower() for suffix in PurePosixPath(key).suffixes]
    packed = suffixes[-1:] == [".gz"]
    return "".join(suffixes[-2:] if packed else suffixes[-1:])


def _wish(reference: ObjectReference, part: S3Object) -> Wanted:
    """An object lies in the cache as a model does, under a name that no model can have."""
    return Wanted(f"{PREFIX}{reference.bucket}/{part.key} {part.etag} {part.size_bytes} {endpoint() or AMAZON}", None)


def _here(reference: ObjectReference, parts: Sequence[S3Object]) -> tuple[Path, ...] | None:
    """The files, where all of them are on this disk."""
    found = [checked("index", slug_of(_wish(reference, part)))[0] for part in parts]
    paths = tuple(one.path for one in found if one is not None)
    return paths if paths and len(paths) == len(parts) else None


def _fetched(
    storage: Storage, reference: ObjectReference, parts: Sequence[S3Object], progress: OnProgress, tell: OnNote
) -> tuple[Path, ...]:
    wishes = [_wish(reference, part) for part in parts]
    there = [checked("index", slug_of(wish))[0] for wish in wishes]
    total = sum(part.size_bytes for part, found in zip(parts, there, strict=True) if found is None)
    missing = sum(found is None for found in there)
    if missing:
        require_room(make_folder(cache_folder()), total, what=str(reference))
        tell(reason("data.fetching", file=str(reference), n=missing, size=total))
    before = 0
    paths = []
    for wish, part, found in zip(wishes, parts, there, strict=True):
        if found is None:
            with only_one(wish, tell) as partial:
                found, _ = checked("index", slug_of(wish))
                if found is None:
                    on_bytes = teller(str(reference), progress, before, total)
                    target = partial / PurePosixPath(part.key).name
                    digest = _download(storage, part, target, on_bytes)
                    found = store(
                        wish, [(target, digest)], Origin(f"{PREFIX}{reference.bucket}/{part.key}", None, None)
                    )
                shutil.rmtree(partial, ignore_errors=True)
            before += part.size_bytes
        paths.append(found.path)
    return tuple(paths)


def _download(storage: Storage, part: S3Object, target: Path, on_bytes: Callable[[int], None]) -> str:
    """Fetch one object, going on where an earlier try has stopped, and return its SHA-256."""
    with PartialFile(target, part.key, part.size_bytes, None) as partial:
        if partial.done and not _continues(storage, part, target, partial.done):
            partial.restart()
        resumed = bool(partial.done)
        _fill(storage, part, partial, on_bytes)
        if resumed and _MD5.fullmatch(part.etag) and _md5(target) != part.etag:
            partial.restart()  # its beginning may not have been this object's
            _fill(storage, part, partial, on_bytes)
        with _opened(storage, part):
            return partial.finish()


@contextmanager
def _opened(storage: Storage, part: S3Object) -> Iterator[Callable[[int, int], bytes]]:
    """What reads the object, while it is still the one that was found."""
    try:
        with storage.opened(part.key) as (found, read):
            if found != part:
                raise DataError(f"{part.key} has changed while it was fetched", hint="run the same command again")
            yield read
    except FileNotFoundError:
        raise DataError(f"{part.key} vanished while it was fetched", hint="run the same command again") from None


def _continues(storage: Storage, part: S3Object, target: Path, done: int) -> bool:
    """Whether what is there ends as the object does up to there: a power cut may have left zeros."""
    start = max(done - CHECKED_BYTES, 0)
    with target.open("rb") as file:
        file.seek(start)
        tail = file.read()
    with _opened(storage, part) as read:
        return read(len(tail), start) == tail


def _fill(storage: Storage, part: S3Object, partial: PartialFile, on_bytes: Callable[[int], None]) -> None:
    """Append until the file is whole, over as many connections as it takes."""
    failures = 0
    on_bytes(partial.done)
    while partial.left:
        before = partial.done
        try:
            with _opened(storage, part) as read:
                while partial.left:
                    partial.write(read(min(BLOCK_BYTES, partial.left), partial.done))
                    on_bytes(partial.done)
        except NetworkError:
            failures = 1 if partial.done > before else failures + 1
            if failures > RETRIES:
                raise
            time.sleep(RETRY_PAUSE_SECONDS)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _read_listing(reference: ObjectReference) -> _Listing | None:
    try:
        data = json.loads(listing_path(reference).read_text(encoding="utf-8"))
        return _Listing(tuple(S3Object(**part) for part in data["parts"]), str(data["checked_at"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_listing(reference: ObjectReference, parts: Sequence[S3Object]) -> None:
    path = listing_path(reference)
    make_folder(path.parent)
    data = {"reference": str(reference), "checked_at": now(), "parts": [asdict(part) for part in parts]}
    write_durably(path, json.dumps(data, ensure_ascii=False, indent=1))
