"""Files that were sent and not yet used: in a private folder, under names of our own, for an hour at most."""

import os
import re
import secrets
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from bakeoff.errors import BakeoffError, StorageError
from bakeoff.evaluate.files import read_table
from bakeoff.evaluate.types import Table
from bakeoff.processes import is_alive
from bakeoff.units import show_bytes
from bakeoff.web.bodies import MOST_UPLOAD_BYTES
from bakeoff.web.errors import Refused

PREFIX = "bakeoff-uploads-"
KEPT_SECONDS = 3600.0
MOST_UPLOADS = 20
"""At once; the oldest goes."""

ROOM_LEFT_BYTES = 256 * 1024 * 1024
"""What an upload leaves free on the disk."""


@dataclass(slots=True)
class Upload:
    """One file. Its token is all that is needed to use it, so it cannot be guessed."""

    token: str
    name: str
    path: Path
    at: float
    bytes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    _read: tuple[str | None, Table] | None = None

    def table(self, id_column: str | None = None) -> Table:
        """Read, once for each id column.

        Raises:
            DataError: as `read_table`.
        """
        with self.lock:
            if self._read is None or self._read[0] != id_column:
                try:
                    self._read = (id_column, read_table(self.path, id_column=id_column))
                except BakeoffError as error:
                    error.message = error.message.replace(
                        str(self.path), self.name
                    )  # where it lies is nobody's concern
                    raise
            return self._read[1]


class Uploads:
    """All of a server."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is made until the first file comes."""
        self._clock = clock
        self._held: dict[str, Upload] = {}
        self._lock = threading.Lock()
        self._folder: Path | None = None

    def begin(self, name: str, expected_bytes: int | None) -> tuple[Upload, IO[bytes]]:
        """A place for a file that is about to come; `keep` or `drop` it.

        Args:
            name: safe already (`names.data_file_name`).
            expected_bytes: as its sender says.

        Raises:
            Refused: 507, there is no room for it.
            StorageError: the temporary folder cannot be written.
        """
        token = secrets.token_urlsafe(24)
        try:
            folder = self._own_folder()
            free = shutil.disk_usage(folder).free
            if free < (expected_bytes or MOST_UPLOAD_BYTES) + ROOM_LEFT_BYTES:
                said = f"the disk of {folder} has {show_bytes(free)} left, too little for this file"
                raise Refused(507, "no-room", said, hint="make room, or send fewer rows")
            place = folder / secrets.token_hex(8)
            place.mkdir(mode=0o700)
            path = place / name
            file = path.open("xb")
        except OSError as error:
            raise StorageError(f"{name}: {error.strerror or error}", hint="make room in the temporary folder") from None
        return Upload(token, name, path, self._clock()), file

    def keep(self, upload: Upload) -> None:
        """The file is whole and can be read."""
        upload.bytes = upload.path.stat().st_size
        with self._lock:
            self._held[upload.token] = upload
            late = self._clock() - KEPT_SECONDS
            old = [one for one in self._held.values() if one.at < late]
            old += sorted(self._held.values(), key=lambda one: one.at)[: max(0, len(self._held) - MOST_UPLOADS)]
            for one in old:
                self._held.pop(one.token, None)
        for one in old:
            self.drop(one)

    def get(self, token: str) -> Upload:
        """By its token.

        Raises:
            Refused: 404, there is none, or it is too old.
        """
        with self._lock:
            found = self._held.get(token)
        if found is None or self._clock() - found.at > KEPT_SECONDS:
            raise Refused(404, "not-found", "this upload is gone", hint="choose the file again")
        return found

    def drop(self, upload: Upload) -> None:
        """Remove it."""
        with self._lock:
            self._held.pop(upload.token, None)
        shutil.rmtree(upload.path.parent, ignore_errors=True)

    def _own_folder(self) -> Path:
        with self._lock:
            if self._folder is None or not self._folder.is_dir():
                _sweep()
                self._folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))  # 0700
                weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            return self._folder


def _sweep() -> None:
    """Remove what servers of ours that were killed have left."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        found = re.match(rf"{PREFIX}(\d+)-", path.name)
        with suppress(OSError):
            if found is None or path.is_symlink() or is_alive(int(found[1])):
                continue
            if not hasattr(os, "getuid") or path.lstat().st_uid == os.getuid():
                shutil.rmtree(path, ignore_errors=True)
