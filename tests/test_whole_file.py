"""A file is replaced whole or not at all, and keeps what it had."""

import os
from pathlib import Path

import pytest

from bakeoff.errors import StorageError
from bakeoff.whole_file import write_whole


def test_text_and_bytes_are_written_as_they_are_and_folders_are_made(tmp_path: Path) -> None:
    path = write_whole(tmp_path / "a" / "b.toml", "một\r\nhai\n", hint="h", mode=0o644)
    assert path.read_bytes() == "một\r\nhai\n".encode()
    write_whole(path, b"\x00\xff", hint="h")
    assert path.read_bytes() == b"\x00\xff"
    assert [entry.name for entry in path.parent.iterdir()] == ["b.toml"]


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_a_file_that_is_there_keeps_its_permissions(tmp_path: Path) -> None:
    private, shared = tmp_path / "private", tmp_path / "shared"
    assert write_whole(private, "x", hint="h").stat().st_mode & 0o777 == 0o600
    assert write_whole(shared, "x", hint="h", mode=0o644).stat().st_mode & 0o777 == 0o644
    shared.chmod(0o664)
    assert write_whole(shared, "y", hint="h", mode=0o644).stat().st_mode & 0o777 == 0o664


def test_what_cannot_be_written_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_whole(tmp_path / "kept", "old", hint="h")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="kept cannot be written: No space left") as caught:
        write_whole(path, "new", hint="make room")
    assert caught.value.hint == "make room"
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]
