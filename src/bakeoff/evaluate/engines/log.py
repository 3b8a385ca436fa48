"""The engine's log: followed by a thread, written to a file of bounded size, its beginning and end kept at hand.

Prompts are not in it, nor answers, but for one that llama.cpp's chat parser cannot make sense of.
"""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from bakeoff.errors import StorageError
from bakeoff.evaluate.engines.facts import LISTENING

MOST_BYTES = 4 * 1024 * 1024
"""About 2,000 requests; llama.cpp writes 2 KB for each."""

FIRST_LINES = 2000
"""A start has about 200: the keys of the file's header, the model's shape, the buffers."""

LAST_LINES = 200


class EngineLog:
    """The log of one engine process."""

    def __init__(self, path: Path, *, most_bytes: int = MOST_BYTES) -> None:
        """Begin a new file.

        Args:
            path: an older log there is overwritten.
            most_bytes: what comes after them is left out, but for the last lines.

        Raises:
            StorageError: the file cannot be written.
        """
        try:
            self._file = path.open("wb")
        except OSError as error:
            raise StorageError(
                f"the engine's log cannot be written: {path}: {error.strerror}",
                hint="free the space, or make the folder writable",
            ) from None
        self.path = path
        self.first: list[str] = []
        self.last: deque[str] = deque(maxlen=LAST_LINES)
        self.listening = threading.Event()
        """Set when the last line of the start has been read."""

        self._left = most_bytes
        self._left_out = 0
        self._thread: threading.Thread | None = None

    def follow(self, pipe: IO[bytes], *, on_end: Callable[[], None]) -> None:
        """Read the pipe in a thread until it ends, which it does when the engine process is gone."""

        def read() -> None:
            with pipe:
                for line in pipe:
                    self._take(line)
            self.close()
            on_end()

        self._thread = threading.Thread(target=read, name="engine log", daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Wait until the last line has been read, for so many seconds at most."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _take(self, raw: bytes) -> None:
        line = raw.decode("utf-8", "replace").rstrip()
        self.last.append(line)
        if len(self.first) < FIRST_LINES:
            self.first.append(line)
        self._write(raw)
        if LISTENING in line:
            self.listening.set()

    def _write(self, raw: bytes) -> None:
        if self._left < len(raw):
            self._left = 0
            self._left_out += 1
            return
        self._left -= len(raw)
        # A full disk is the ledger's to report, not a reason for the engine to stop.
        with suppress(OSError):
            self._file.write(raw)
            self._file.flush()

    def close(self) -> None:
        """Write what was left out of the end, and close the file."""
        with suppress(OSError):
            if self._left_out:
                self._file.write(f"... {self._left_out} lines, of which the last follow ...\n".encode())
                self._file.write("\n".join(self.last).encode() + b"\n")
        with suppress(OSError):
            self._file.close()
