"""A file that arrives in pieces, perhaps over several processes: what is there, its digest, and when it is whole."""

import hashlib
from pathlib import Path
from types import TracebackType

from bakeoff.errors import WeightsError
from bakeoff.weights.files import CHUNK_BYTES, storage_error


class PartialFile:
    """A file on its way. What an earlier process has left is its beginning; the digest at the end tells if it was."""

    def __init__(self, target: Path, name: str, size_bytes: int, sha256: str | None) -> None:
        """Open the file and read what is there.

        Args:
            target: where it is.
            name: what errors call it.
            size_bytes: of the whole file.
            sha256: what the whole file must have; None where it is not known.

        Raises:
            StorageError: the disk refused.
        """
        self._target = target
        self._name = name
        self._size = size_bytes
        self._sha256 = sha256
        self._digest = hashlib.sha256()
        self.done = 0
        try:
            self._file = open(target, "a+b", buffering=0)  # noqa: SIM115
            self._file.seek(0)
            while block := self._file.read(CHUNK_BYTES):
                self._count(block)
            if self.done > size_bytes:
                self.restart()
        except OSError as error:
            raise storage_error(target, error) from None

    def __enter__(self) -> "PartialFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    @property
    def left(self) -> int:
        """Bytes that are still to come."""
        return self._size - self.done

    def is_sound(self) -> bool:
        """Whether what is there has the announced digest."""
        return self._sha256 in (None, self._digest.hexdigest())

    def restart(self) -> None:
        """Throw away what is there.

        Raises:
            StorageError: the disk refused.
        """
        try:
            self._file.truncate(0)
        except OSError as error:
            raise storage_error(self._target, error) from None
        self._digest = hashlib.sha256()
        self.done = 0

    def write(self, block: bytes) -> None:
        """Append.

        Raises:
            WeightsError: it is longer than announced; what is there is thrown away.
            StorageError: the disk refused.
        """
        if self.done + len(block) > self._size:
            raise self._wrong(f"it is longer than {self._size:,} bytes")
        try:
            left = memoryview(block)
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise storage_error(self._target, error) from None
        self._count(block)

    def finish(self) -> str:
        """SHA-256 of the whole file.

        Raises:
            WeightsError: it is not the announced one; what is there is thrown away.
        """
        found = self._digest.hexdigest()
        if not self.is_sound():
            raise self._wrong(f"its SHA-256 is {found} and not {self._sha256}")
        return found

    def _count(self, block: bytes) -> None:
        self._digest.update(block)
        self.done += len(block)

    def _wrong(self, why: str) -> WeightsError:
        self.restart()
        return WeightsError(f"{self._name} did not arrive as it was announced: {why}", hint="run the command again")
