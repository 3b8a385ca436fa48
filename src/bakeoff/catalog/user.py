"""The user's own catalog: one file of facts, only ever added to, written whole or not at all."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bakeoff.catalog.facts import Line, dump_line, gather, newest, parse_lines, same_facts
from bakeoff.catalog.loading import user_path
from bakeoff.errors import BusyError, StorageError
from bakeoff.whole_file import write_whole

LOCK_SECONDS = 10.0
ELSEWHERE = "name another place by BAKEOFF_CATALOG"


def today() -> str:
    """ISO date, UTC."""
    return datetime.now(UTC).date().isoformat()


def remember(lines: Iterable[Line], path: Path | None = None) -> list[Line]:
    """Add facts to the user's own; those that say nothing new are left out.

    Returns:
        What was added.

    Raises:
        StorageError: the file cannot be written.
        BusyError: another process writes it.
        DataError: the file that is there is damaged; the message names the line.
    """
    target = path or user_path()
    with locked(target):
        before = read_text(target)
        records = gather(parse_lines(before, target.name))
        added = []
        for line in lines:
            known = records.get(line["model"], {}).get(line["fact"])
            if known is None or not same_facts(newest(known), line):
                added.append(line)
                gather([line], records)
        if added:
            ending = "" if not before or before.endswith("\n") else "\n"
            write_whole(target, before + ending + "".join(dump_line(line) + "\n" for line in added), hint=ELSEWHERE)
    return added


def read_text(path: Path) -> str:
    """The file's text; empty where there is none.

    Raises:
        StorageError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(
            f"{path} cannot be read: {error}", hint="mend it, or name another by BAKEOFF_CATALOG"
        ) from None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time writes the user's catalog.

    Raises:
        BusyError: another one does.
        StorageError: there is no writing there at all.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(f"{path}.lock", timeout=LOCK_SECONDS)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise BusyError(f"another process writes {path}", hint="try again when it is done") from None
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror or error}", hint="name another place by BAKEOFF_CATALOG"
        ) from None
    try:
        yield
    finally:
        lock.release()
