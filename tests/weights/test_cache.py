"""The cache: what is in it is trusted while it is unchanged, and found out when it is not."""

import json
import os
from pathlib import Path

import pytest

from bakeoff.errors import StorageError, WeightsError
from bakeoff.values import Reason
from bakeoff.weights import ModelFile, cached, get
from tests.gguf_files import whole
from tests.weights.fake_hub import FakeHub, Repository, sha256

MODEL = whole()
NAME = "org/tiny-GGUF"


@pytest.fixture
def fetched(hub: FakeHub) -> ModelFile:
    hub.repositories[NAME] = Repository({"tiny-Q8_0.gguf": MODEL})
    return get(NAME, "gguf:Q8_0")


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(1, 1))


def test_an_unchanged_file_is_not_read_again(fetched: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> str:
        raise AssertionError("a digest was computed again")

    monkeypatch.setattr("bakeoff.weights.cache.sha256_of", refuse)
    assert cached(NAME, "gguf:Q8_0") == get(NAME, "gguf:Q8_0") == fetched


def test_a_file_with_a_new_time_is_read_once(fetched: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    os.utime(fetched.path, ns=(5, 5))
    assert cached(NAME, "gguf:Q8_0") == fetched
    test_an_unchanged_file_is_not_read_again(fetched, monkeypatch)


@pytest.mark.parametrize("how", ["changed", "cut", "deleted"])
def test_a_damaged_file_is_noticed_and_fetched_again(hub: FakeHub, fetched: ModelFile, how: str) -> None:
    if how == "changed":
        damage(fetched.path)
    elif how == "cut":
        fetched.path.write_bytes(MODEL[:-1])
    else:
        fetched.path.unlink()
    with pytest.raises(WeightsError, match="is damaged or gone") as caught:
        cached(NAME, "gguf:Q8_0")
    assert caught.value.hint == "`bakeoff run` fetches it"
    notes: list[Reason] = []
    again = get(NAME, "gguf:Q8_0", note=notes.append)
    assert again == fetched
    assert again.path.read_bytes() == MODEL
    assert [note.code for note in notes] == ["model.damaged", "model.license"]
    assert len(hub.paths("storage")) == 2


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"version": 99}', '{"version": 1}', '{"version": 1, "files": [3]}']
)
def test_an_index_that_cannot_be_read_costs_no_download(
    hub: FakeHub, cache: Path, fetched: ModelFile, content: str
) -> None:
    (index,) = (cache / "index").iterdir()
    index.write_text(content)
    with pytest.raises(WeightsError, match="has not been fetched"):
        cached(NAME, "gguf:Q8_0")
    assert get(NAME, "gguf:Q8_0") == fetched
    assert len(hub.paths("storage")) == 1


def test_the_index_says_what_where_from_and_when(cache: Path, fetched: ModelFile) -> None:
    (index,) = (cache / "index").iterdir()
    data = json.loads(index.read_text())
    assert (data["model"], data["build"], data["source"]) == (NAME, "gguf:Q8_0", fetched.source)
    assert data["files"][0]["path"] == f"blobs/{sha256(MODEL)}/tiny-Q8_0.gguf"
    assert data["fetched_at"].endswith("+00:00")


def test_a_cache_can_be_moved(cache: Path, fetched: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = cache.rename(cache.with_name("elsewhere"))
    monkeypatch.setenv("BAKEOFF_CACHE", str(moved))
    assert cached(NAME, "gguf:Q8_0").path == moved / fetched.path.relative_to(cache)


def test_a_cache_that_cannot_be_written_serves_what_it_has(fetched: ModelFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Path:
        raise StorageError("read-only file system")

    for name in ("make_folder", "write_durably", "replace_durably"):
        monkeypatch.setattr(f"bakeoff.weights.cache.{name}", refuse)
    os.utime(fetched.path, ns=(5, 5))
    assert get(NAME, "gguf:Q8_0") == cached(NAME, "gguf:Q8_0") == fetched
    with pytest.raises(StorageError):
        get(NAME, "gguf:Q4_0")
