"""Model files that lie on this disk: used in place, digested once, checked when they change."""

import hashlib
import os
from pathlib import Path

import pytest

from bakeoff.errors import StorageError, WeightsError
from bakeoff.weights import DownloadProgress, cached, get
from tests import gguf_files
from tests.gguf_files import write


def refuse(*_: object) -> str:
    raise AssertionError("a digest was computed again")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_path_is_used_in_place_and_read_once(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "mine" / "tiny.gguf")
    seen: list[DownloadProgress] = []
    file = get(str(path), progress=seen.append)
    assert (file.path, file.sha256, file.source, file.license) == (path, digest(path), "file", "mit")
    assert seen[-1] == DownloadProgress("tiny.gguf", file.size_bytes, file.size_bytes)
    monkeypatch.setattr("bakeoff.weights.local.sha256_of", refuse)
    assert get(str(path)) == cached(str(path), "gguf:Q8_0") == file
    assert not (cache / "blobs").exists()


def test_a_changed_file_gets_a_new_digest(cache: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "tiny.gguf")
    before = get(str(path))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(1, 1))
    assert cached(str(path)).sha256 == digest(path) != before.sha256


def test_a_relative_path_starts_from_the_base_or_here(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "project" / "models" / "tiny.gguf")
    assert get("models/tiny.gguf", base=tmp_path / "project").path == path
    monkeypatch.chdir(tmp_path / "project")
    assert cached("models/tiny.gguf").path == path
    with pytest.raises(WeightsError, match="no such file"):
        get("models/tiny.gguf", base=tmp_path)


def test_home_and_unusual_names_are_understood(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    path = write(tmp_path / "mô hình nhỏ.GGUF")
    assert get("~/mô hình nhỏ.GGUF").path == path
    write(tmp_path / "org" / "name")
    assert get("org/name", base=tmp_path).source == "file"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"Not a model.\n", "a text file"),
        (gguf_files.whole()[:-1], "cut off"),
        (None, "no such file"),
    ],
)
def test_what_is_no_model_is_refused(cache: Path, tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "tiny.gguf"
    if content is not None:
        path.write_bytes(content)
    for function in (get, cached):
        with pytest.raises(WeightsError, match=words):
            function(str(path))


def test_a_folder_that_ends_in_gguf_is_refused(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "folder.gguf").mkdir()
    with pytest.raises(WeightsError, match="is not a file"):
        get(str(tmp_path / "folder.gguf"))


def test_a_split_model_is_one_model(cache: Path, tmp_path: Path) -> None:
    paths = gguf_files.write_split(tmp_path, "big", 3)
    file = get(str(paths[1]))
    assert [file.path, *file.other_paths] == paths
    assert file.sha256 == hashlib.sha256("".join(f"{digest(path)}\n" for path in paths).encode()).hexdigest()
    assert file.size_bytes == sum(path.stat().st_size for path in paths)
    assert cached(str(paths[0])) == file
    paths[2].unlink()
    with pytest.raises(WeightsError, match="this part of a model in 3 parts is missing"):
        cached(str(paths[0]))


def test_a_part_that_was_renamed_is_refused(cache: Path, tmp_path: Path) -> None:
    first = gguf_files.write_split(tmp_path, "big", 3)[0].rename(tmp_path / "renamed.gguf")
    with pytest.raises(WeightsError, match="one of 3 parts"):
        get(str(first))


def test_without_a_cache_to_write_to_a_path_still_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "file" / "cache"))
    path = write(tmp_path / "tiny.gguf")
    assert get(str(path)).sha256 == digest(path)
    with pytest.raises(StorageError, match=r"file.cache") as caught:
        get("org/name", "gguf:Q4_0")
    assert "BAKEOFF_CACHE" in (caught.value.hint or "")
