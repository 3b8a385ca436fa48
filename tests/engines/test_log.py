"""The engine's log: bounded, never in the way, with both ends at hand."""

import os
import threading
from pathlib import Path

import pytest

from bakeoff.errors import StorageError
from bakeoff.evaluate.engines.log import FIRST_LINES, LAST_LINES, EngineLog


def follow(log: EngineLog, data: bytes) -> None:
    """Let the log read `data` from a pipe until its end."""
    reading, writing = os.pipe()
    ended = threading.Event()
    log.follow(os.fdopen(reading, "rb"), on_end=ended.set)
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(data)
    assert ended.wait(10)


def test_a_short_log_is_kept_byte_by_byte(tmp_path: Path) -> None:
    log = EngineLog(tmp_path / "log")
    data = "one\nt\u1ed1t\r\n".encode() + b"\xff\xfe no text\nno newline at the end"
    follow(log, data)
    assert log.path.read_bytes() == data
    assert log.first == ["one", "t\u1ed1t", "\ufffd\ufffd no text", "no newline at the end"]


def test_a_long_log_is_cut_in_the_middle(tmp_path: Path) -> None:
    log = EngineLog(tmp_path / "log", most_bytes=1000)
    follow(log, b"".join(b"line %d\n" % i for i in range(50_000)))
    written = log.path.read_text().splitlines()
    assert written[:2] == ["line 0", "line 1"]
    assert written[-1] == "line 49999"
    assert len(written) < 1000 / 7 + LAST_LINES + 2
    assert any("lines, of which the last follow" in line for line in written)
    assert len(log.first) == FIRST_LINES
    assert list(log.last)[-1] == "line 49999"


def test_listening_is_noticed(tmp_path: Path) -> None:
    log = EngineLog(tmp_path / "log")
    assert not log.listening.is_set()
    follow(log, b"0.00.640.463 I srv          init: listening on http://127.0.0.1:37741\n")
    assert log.listening.is_set()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_does_not_hold_up_the_engine() -> None:
    log = EngineLog(Path("/dev/full"))
    follow(log, b"line\n" * 10_000)
    assert log.last[-1] == "line"


@pytest.mark.parametrize("path", ["no/such/folder/log", "."])
def test_a_log_that_cannot_be_written_is_told_at_once(tmp_path: Path, path: str) -> None:
    with pytest.raises(StorageError, match="log cannot be written") as raised:
        EngineLog(tmp_path / path)
    assert "writable" in (raised.value.hint or "")
