"""Parts of a very large ledger: its oldest calls with their requests, as Parquet beside the database.

    bakeoff.db
    bakeoff.cells/part-FIRST-LAST.parquet    calls of a range of `seq`, zstd, never changed once it is there

Within a part the calls of one candidate lie together, so that a column is read without the others. For addresses there
is an index in memory: 17 bytes for each call, read from the part when it is first asked. Which files count is said by
the table `part` (see `folding`); the only file that reads them is this one.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bakeoff.errors import StorageError

COLUMNS = {
    "seq": "BIGINT", "run": "BIGINT", "candidate": "VARCHAR", "row_id": "VARCHAR", "repeat": "BIGINT",
    "endpoint": "VARCHAR", "attempt": "BIGINT", "started_at": "VARCHAR", "state": "VARCHAR", "text": "VARCHAR",
    "thinking": "VARCHAR", "finish_reason": "VARCHAR", "time_to_first_token_ms": "DOUBLE", "latency_ms": "DOUBLE",
    "prompt_tokens": "BIGINT", "output_tokens": "BIGINT", "timings": "VARCHAR", "served_model": "VARCHAR",
    "headers": "VARCHAR", "error_code": "VARCHAR", "error": "VARCHAR", "further": "VARCHAR", "path": "VARCHAR",
    "body": "BLOB",
}  # fmt: skip
"""Of a part, besides the digest: those of the table `call`, and its request."""

CALL = ("seq", "digest", *(name for name in COLUMNS if name not in ("seq", "path", "body")))
"""The columns of the table `call`, in its order."""

MOST_SEQ = 2**63 - 1

DIGEST = ("digest0", "digest1", "digest2", "digest3")
"""The digest in four whole numbers, the first one first: joined without making a text of each."""

AS_TEXT = f"format('{{:016x}}{{:016x}}{{:016x}}{{:016x}}', {', '.join(DIGEST)})"

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "memory_limit": "2GB",
    "pandas_analyze_sample": 1_000_000,
}
"""Nothing is fetched; every value of a column is looked at before its type is chosen."""

BATCH = 8192
"""Calls that are handed over at once."""

ROW_GROUP = 2048
"""Calls of a row group, DuckDB's smallest: a single answer is unpacked with so many others of its column."""

INDEXED = 512
"""Parts whose index is kept: at 250,000 calls each, 128 million calls in 2.2 GB."""

UNWRITABLE = "the project folder must be on a local, writable disk with room"
DAMAGED = "it is damaged, or was written by something else: restore it from a backup"

Numbers = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Part:
    """One file, as the table `part` notes it."""

    first: int
    last: int
    """`seq` of its first and last call."""

    calls: int

    @property
    def file_name(self) -> str:
        """Its name in the folder."""
        return f"part-{self.first}-{self.last}.parquet"


@dataclass(frozen=True, slots=True)
class _Index:
    """Where the calls of a part are, by the first number of their digest."""

    keys: Numbers
    """Sorted."""

    seqs: npt.NDArray[np.int64]
    answered: npt.NDArray[np.bool_]


def parts_folder(database: Path) -> Path:
    """Where the parts of a SQLite file are."""
    return database.with_suffix(".cells")


class Parts:
    """Questions to the parts of one ledger. Threads may ask at the same time."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        self.folder = folder

    def of_calls(self, parts: Sequence[Part], select: str, state: str, digests: Sequence[str]) -> Iterator[list[Any]]:
        """The rows that `SELECT select FROM call WHERE state = ... AND digest IN ...` gives, for each part.

        Args:
            parts: those that count.
            select: expressions over the columns of `call`; aggregates are over one part.
            state: `answered` or `failed`.
            digests: of the calls.

        Raises:
            StorageError: a part is gone or damaged.
        """
        if not parts or not digests:
            return
        numbers = _different(_numbers(digests))
        for part in parts:
            wanted = self._found(part, numbers, state)
            if wanted is not None:
                yield self._ask(
                    part,
                    f"SELECT {select} FROM (SELECT call.*, {AS_TEXT} AS digest FROM {{part}} AS call"
                    f" JOIN wanted USING (seq, {', '.join(DIGEST)})) AS call",
                    wanted=wanted,
                )

    def answered(self, parts: Sequence[Part], digests: Sequence[str]) -> set[str]:
        """Which of these calls have an answer in a part."""
        found: set[str] = set()
        for rows in self.of_calls(parts, "digest", "answered", digests):
            found.update(row[0] for row in rows)
        return found

    def of_range(
        self,
        parts: Sequence[Part],
        select: str,
        first: int,
        last: int,
        limit: int,
        where: str = "true",
        values: Sequence[Any] = (),
    ) -> list[Any]:
        """The rows of the calls with a `seq` in this range, in order, the first `limit` of which `where` is true."""
        found: list[Any] = []
        for part in parts:
            if part.last >= first and part.first <= last and len(found) < limit:
                found += self._ask(
                    part,
                    f"SELECT {select} FROM (SELECT *, {AS_TEXT} AS digest FROM {{part}}) AS call"
                    f" WHERE seq BETWEEN ? AND ? AND {where} ORDER BY seq LIMIT ?",
                    (first, last, *values, limit - len(found)),
                )
        return found

    def of_seqs(self, parts: Sequence[Part], select: str, seqs: Sequence[int]) -> list[Any]:
        """The rows of the calls with these `seq`; `select` may have no marks."""
        found: list[Any] = []
        numbers = np.unique(np.asarray(seqs, dtype=np.int64))
        for part in parts:
            inside = numbers[np.searchsorted(numbers, part.first) : np.searchsorted(numbers, part.last, side="right")]
            if len(inside):
                found += self._ask(
                    part, f"SELECT {select} FROM {{part}} AS call JOIN wanted USING (seq)", wanted={"seq": inside}
                )
        return found

    def of_all(self, parts: Sequence[Part], select: str, where: str, values: Sequence[Any]) -> Iterator[list[Any]]:
        """The rows of all calls of which something is true, for each part."""
        for part in parts:
            yield self._ask(part, f"SELECT {select} FROM {{part}} AS call WHERE {where}", values)

    def requests(self, parts: Sequence[Part], digests: Sequence[str]) -> dict[str, tuple[str, bytes]]:
        """Path and exact bytes of calls, by digest."""
        found: dict[str, tuple[str, bytes]] = {}
        for state in ("answered", "failed"):
            for rows in self.of_calls(parts, "digest, path, body", state, digests):
                found |= {digest: (path, bytes(body)) for digest, path, body in rows if path is not None}
        return found

    def _found(self, part: Part, numbers: Numbers, state: str) -> dict[str, npt.NDArray[Any]] | None:
        """The calls of a part that may be the wanted ones, and will be compared in full; None where there are none."""
        index = self._index(part)
        left = np.searchsorted(index.keys, numbers[:, 0], side="left")
        counts = np.searchsorted(index.keys, numbers[:, 0], side="right") - left
        which = np.repeat(np.arange(len(numbers)), counts)
        if not len(which):
            return None
        places = np.repeat(left - np.cumsum(counts) + counts, counts) + np.arange(len(which))
        fits = index.answered[places] == (state == "answered")
        if not fits.any():
            return None
        which, places = which[fits], places[fits]
        return {"seq": index.seqs[places], **{name: numbers[which, at] for at, name in enumerate(DIGEST)}}

    def _index(self, part: Part) -> _Index:
        path = self.folder / part.file_name
        try:
            status = path.stat()
        except OSError:
            raise self._gone(path) from None
        return _index_of(path, part, status.st_mtime_ns, status.st_size)

    def _ask(
        self, part: Part, query: str, values: Sequence[Any] = (), wanted: dict[str, npt.NDArray[Any]] | None = None
    ) -> list[Any]:
        path = self.folder / part.file_name
        if not path.is_file():
            raise self._gone(path)
        with _asked(path) as cursor:
            if wanted is not None:
                cursor.register("wanted", wanted)
            rows: list[Any] = cursor.execute(query.replace("{part}", _scan(path)), list(values)).fetchall()
        return rows

    def _gone(self, path: Path) -> StorageError:
        return StorageError(
            f"{path} is missing: it holds calls of the ledger",
            hint=f"put the folder {self.folder.name} back beside the database, or restore it from a backup",
        )


def write_part(folder: Path, draft: Path, rows: Iterable[Sequence[Any]]) -> int:
    """Write calls into a file, whole and durable, and compare it with what was given.

    Args:
        folder: for a temporary database, which is removed.
        draft: the file to write.
        rows: of each call its digest, then `COLUMNS`.

    Returns:
        How many calls there are.

    Raises:
        StorageError: there is no room, or what was written is not what was given.
    """
    import duckdb

    staged = folder / f"{draft.stem}.duckdb"
    names = ", ".join([*DIGEST, *COLUMNS])
    kinds = ", ".join(f'"{name}" {kind}' for name, kind in [*((name, "UBIGINT") for name in DIGEST), *COLUMNS.items()])
    try:
        with duckdb.connect(str(staged), config=SETTINGS) as database:
            database.execute(f"CREATE TABLE staged ({kinds})")
            for batch in _batches(rows):
                database.register("batch", batch)
                database.execute(f"INSERT INTO staged SELECT {names} FROM batch")
                database.unregister("batch")
            where = str(draft.resolve()).replace("'", "''")
            database.execute(f"COPY staged TO '{where}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})")
            same = "SELECT count(*), bit_xor(hash(call)) FROM"
            ((given, sum_given),) = database.execute(f"{same} staged AS call").fetchall()
            ((found, sum_found),) = database.execute(f"{same} {_scan(draft)} AS call").fetchall()
        if (given, sum_given) != (found, sum_found):
            raise StorageError(
                f"{draft}: {given:,} calls were written and others are read back", hint="is the disk sound?"
            )
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
    except (duckdb.Error, OSError) as error:
        raise StorageError(f"{draft} cannot be written: {str(error).splitlines()[0]}", hint=UNWRITABLE) from None
    finally:
        for left in (staged, staged.with_name(f"{staged.name}.wal")):
            left.unlink(missing_ok=True)
    return int(given)


def _batches(rows: Iterable[Sequence[Any]]) -> Iterator[dict[str, npt.NDArray[Any]]]:
    """Columns of some thousand calls at a time."""
    held: list[Sequence[Any]] = []
    for row in rows:
        held.append(row)
        if len(held) == BATCH:
            yield _columns(held)
            held.clear()
    if held:
        yield _columns(held)


def _columns(rows: list[Sequence[Any]]) -> dict[str, npt.NDArray[Any]]:
    digests, *columns = zip(*rows, strict=True)
    numbers = _numbers(digests)
    found: dict[str, npt.NDArray[Any]] = {name: numbers[:, at].copy() for at, name in enumerate(DIGEST)}
    for name, values in zip(COLUMNS, columns, strict=True):
        found[name] = np.empty(len(rows), dtype=object)
        found[name][:] = values
    return found


def _joined(digests: Sequence[str]) -> bytes | None:
    """All digests as bytes; None where one is no SHA-256 in lower case."""
    text = "".join(digests)
    try:
        data = bytes.fromhex(text)
    except ValueError:
        return None
    return data if data.hex() == text and all(len(digest) == 64 for digest in digests) else None


def _numbers(digests: Sequence[str]) -> Numbers:
    """Digests in four numbers each; those that no part can hold are left out."""
    data = _joined(digests)
    if data is None:
        data = _joined([digest for digest in digests if _joined([digest]) is not None]) or b""
    return np.frombuffer(data, dtype=">u8").reshape(-1, 4).astype(np.uint64)


def _different(numbers: Numbers) -> Numbers:
    """Each different one once."""
    if len(np.unique(numbers[:, 0])) == len(numbers):
        return numbers
    return np.unique(numbers, axis=0)


@lru_cache(maxsize=INDEXED)
def _index_of(path: Path, part: Part, mtime_ns: int, size_bytes: int) -> _Index:
    """The index of a file, of which time and size tell whether it is still the same."""
    with _asked(path) as cursor:
        found = cursor.execute(
            f"SELECT {DIGEST[0]} AS key, seq, state = 'answered' AS answered FROM {_scan(path)}"
        ).fetchnumpy()
    keys, seqs = np.asarray(found["key"], dtype=np.uint64), np.asarray(found["seq"])
    if len(keys) != part.calls or not part.first <= seqs.min() <= seqs.max() <= part.last:
        raise StorageError(f"{path} has other calls than the ledger has noted", hint=DAMAGED)
    order = np.argsort(keys, kind="stable")
    return _Index(keys[order], seqs[order], np.asarray(found["answered"])[order])


@contextmanager
def _asked(path: Path) -> Iterator[Any]:
    """A cursor for one question to a file, of which DuckDB's errors are told."""
    import duckdb

    try:
        with closing(_database().cursor()) as cursor:
            yield cursor
    except duckdb.Error as error:
        raise StorageError(
            f"{path} cannot be read: {str(error).splitlines()[0]}",
            hint=DAMAGED,
        ) from None


@cache
def _database() -> Any:
    """One for the process; each question has a cursor of its own, and what it registers is its own."""
    import duckdb

    return duckdb.connect(":memory:", config=SETTINGS)


def _scan(path: Path) -> str:
    """The rows of one file, in SQL; the characters that DuckDB takes for a pattern are made plain."""
    plain = "".join(f"[{character}]" if character in "*?[" else character for character in str(path.resolve()))
    quoted = plain.replace("'", "''")
    return f"read_parquet('{quoted}', hive_partitioning = false, filename = false)"
