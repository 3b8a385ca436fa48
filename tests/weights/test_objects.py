"""Rows in S3-compatible storage: the right parts, fetched once, a change noticed, each way to fail in its own words."""

import builtins
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bakeoff.cache_folder import cache_folder
from bakeoff.errors import DataError, KeyMissing, NetworkError, UsageError
from bakeoff.evaluate.files import read_table
from bakeoff.values import Reason
from bakeoff.weights import DownloadProgress, is_object, object_files, object_reference, objects, s3
from bakeoff.weights.objects import ObjectReference
from tests.weights.common import parquet
from tests.weights.fake_s3 import FakeS3, fake_s3

MANY = 100 * 1024 * 1024


@pytest.fixture
def storage(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeS3]:
    """Storage with one bucket, an empty cache, and none of the user's own keys."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION",
                 "AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(objects, "RETRY_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(s3, "ATTEMPTS", 1)
    with fake_s3() as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL", served.address)
        served.buckets["rows"] = {}
        yield served


def fetch(text: str, **options: Any) -> tuple[Path, ...]:
    return object_files(object_reference(text), most_bytes=MANY, **options)


def ids(paths: tuple[Path, ...]) -> list[str]:
    return [row.id for row in read_table(paths[0], others=paths[1:], id_column="id").rows]


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("s3://rows/a/b.parquet", ObjectReference("rows", "a/b.parquet")),
        ("s3:/rows/a.csv", ObjectReference("rows", "a.csv")),  # as a shell's path writes it
        ("s3://rows/a b/", ObjectReference("rows", "a b/")),
        ("s3://rows", ObjectReference("rows", "")),
    ],
)
def test_references_are_read(text: str, reference: ObjectReference) -> None:
    assert is_object(text)
    assert object_reference(text) == reference


@pytest.mark.parametrize(
    "text",
    ["s3:", "s3://", "s3:rows/a.csv", "s3://-/a.csv", "s3://user@host/a.csv", "s3://rows//a.csv", "s3://rows/a//b.csv"],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="is no object in S3-compatible storage"):
        object_reference(text)


def test_an_object_is_fetched_once_and_read_without_a_network(storage: FakeS3) -> None:
    storage.buckets["rows"]["a/t.csv"] = b"id,text\n1,one\n2,two\n"
    seen: list[DownloadProgress] = []
    notes: list[Reason] = []
    paths = fetch("s3://rows/a/t.csv", progress=seen.append, note=notes.append)
    assert ids(paths) == ["1", "2"]
    assert (seen[-1].name, seen[-1].done_bytes, seen[-1].total_bytes) == ("s3://rows/a/t.csv", 20, 20)
    assert [(note.code, note.parameters["size"]) for note in notes] == [("data.fetching", 20)]
    assert storage.gets() == ["/rows/a/t.csv"]
    assert fetch("s3://rows/a/t.csv", note=notes.append) == paths
    assert (storage.gets(), len(notes)) == (["/rows/a/t.csv"], 1)
    before = len(storage.asked)
    assert fetch("s3://rows/a/t.csv", fetch=False) == paths
    assert len(storage.asked) == before


def test_a_changed_object_is_fetched_anew_and_told(storage: FakeS3) -> None:
    reference = object_reference("s3://rows/t.csv")
    storage.buckets["rows"]["t.csv"] = b"id,text\n1,one\n"
    fetch(str(reference))
    watched = objects.listing_path(reference)
    before = watched.read_bytes()
    storage.buckets["rows"]["t.csv"] = b"id,text\n1,two\n"  # of the same length
    assert read_table(fetch(str(reference), fetch=False)[0]).rows[0].values["text"] == "one"
    notes: list[Reason] = []
    paths = fetch(str(reference), note=notes.append)
    assert read_table(paths[0]).rows[0].values["text"] == "two"
    assert [note.code for note in notes] == ["data.object_changed", "data.fetching"]
    assert watched.read_bytes() != before


def test_parts_of_a_folder_are_one_table_and_only_new_ones_are_fetched(storage: FakeS3, tmp_path: Path) -> None:
    files = storage.buckets["rows"]
    for part in range(3):
        files[f"out/day={part}/part-0.parquet"] = parquet(tmp_path, range(10 * part, 10 * part + 10))
    files |= {"out/_SUCCESS": b"", "out/_log/x.parquet": b"no", "out/.part.crc": b"no", "out/notes.txt": b"no"}
    storage.page = 2
    assert ids(fetch("s3://rows/out/")) == [str(i) for i in range(30)]
    assert ids(fetch("s3://rows/out")) == [str(i) for i in range(30)]
    fetched = len(storage.gets())
    files["out/day=9/part-0.parquet"] = parquet(tmp_path, range(90, 95))
    assert len(ids(fetch("s3://rows/out/"))) == 35
    assert storage.gets()[fetched:] == ["/rows/out/day%3D9/part-0.parquet"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("s3://rows/p/*.csv", ["a", "b"]),
        ("s3://rows/p/?.csv", ["a"]),
        ("s3://rows/*/a.csv", ["a", "x"]),
        ("s3://rows/p/*b.csv", ["b"]),
    ],
)
def test_patterns_choose_parts(storage: FakeS3, pattern: str, found: list[str]) -> None:
    for key, name in (("p/a.csv", "a"), ("p/bb.csv", "b"), ("p/deep/c.csv", "c"), ("q/a.csv", "x"), ("p/a.txt", "t")):
        storage.buckets["rows"][key] = f"id,text\n{name},text\n".encode()
    assert ids(fetch(pattern)) == found


def test_kinds_are_not_mixed(storage: FakeS3) -> None:
    storage.buckets["rows"] |= {"p/a.csv": b"id\n1\n", "p/b.jsonl": b'{"id": 1}\n'}
    with pytest.raises(DataError, match=r"several kinds: \.csv, \.jsonl") as caught:
        fetch("s3://rows/p/")
    assert caught.value.hint == "write s3://rows/p/*.jsonl"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("s3://none/a.csv", "there is no bucket 'none' at http://127", "check the spelling"),
        ("s3://rows/b.csv", "there is nothing at s3://rows/b.csv", "check the spelling"),
        ("s3://rows/txt/", "s3://rows/txt/ has no file that can be read", "it has: s3://rows/txt/a.txt"),
        ("s3://rows/txt/*.csv", "s3://rows/txt/.* has no file that can be read", "it has: s3://rows/txt/a.txt"),
        ("s3://none/*.csv", "there is no bucket 'none'", "check the spelling"),
        ("s3://rows/empty/", "all files of s3://rows/empty/ are empty", "has finished"),
    ],
)
def test_what_is_not_there_is_said(storage: FakeS3, text: str, message: str, hint: str) -> None:
    storage.buckets["rows"] |= {"a.csv": b"id\n1\n", "txt/a.txt": b"x", "empty/a.csv": b"", "empty/b.csv": b""}
    with pytest.raises(DataError, match=message) as caught:
        fetch(text)
    assert hint in str(caught.value.hint)
    with pytest.raises(DataError, match="has not been fetched yet from http://127"):
        fetch(text, fetch=False)


def test_too_large_an_object_is_refused_before_it_is_fetched(storage: FakeS3) -> None:
    storage.buckets["rows"]["a.csv"] = b"x" * 2048
    with pytest.raises(DataError, match=r"s3://rows/a.csv has 2.0 KiB; at most 1.0 KiB are read"):
        object_files(object_reference("s3://rows/a.csv"), most_bytes=1024)
    assert storage.gets() == []


def test_keys_come_from_the_environment_or_from_the_shared_files(
    storage: FakeS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.access_key = "AKRIGHT"
    storage.buckets["rows"] |= {"a.csv": b"id\n1\n", "b.csv": b"id\n2\n"}
    with pytest.raises(KeyMissing, match="refuses access at http://127") as caught:
        fetch("s3://rows/a.csv")
    assert "asked anonymously: set AWS_ACCESS_KEY_ID" in str(caught.value.hint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKWRONG")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sesame")
    with pytest.raises(KeyMissing) as caught:
        fetch("s3://rows/a.csv")
    assert "the key that was found" in str(caught.value.hint)
    assert "sesame" not in f"{caught.value} {caught.value.hint}"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKRIGHT")
    assert ids(fetch("s3://rows/a.csv")) == ["1"]
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    with pytest.raises(UsageError, match="AWS_PROFILE is 'mine'"):
        fetch("s3://rows/b.csv")
    (tmp_path / "config").write_text(f"[profile mine]\nendpoint_url = {storage.address}/\nregion = eu-north-1\n")
    (tmp_path / "credentials").write_text("[mine]\naws_access_key_id = AKRIGHT\naws_secret_access_key = sesame\n")
    assert ids(fetch("s3://rows/b.csv")) == ["2"]
    assert "/eu-north-1/s3/" in storage.asked[-1][2]["authorization"]
    assert "sesame" not in "".join(path.read_text() for path in (tmp_path / "cache").rglob("*.json"))


def test_a_download_that_breaks_off_goes_on(storage: FakeS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "BLOCK_BYTES", 1024)
    storage.buckets["rows"]["a.csv"] = b"id,text\n" + b"".join(b"%d,text\n" % i for i in range(1000))
    storage.cut_after = [1024, 100, 1024, 200]
    assert len(ids(fetch("s3://rows/a.csv"))) == 1000


def test_a_download_goes_on_in_another_process(storage: FakeS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "BLOCK_BYTES", 1024)
    monkeypatch.setattr(objects, "RETRIES", 0)
    data = b"id,text\n" + b"".join(b"%d,text\n" % i for i in range(1000))
    storage.buckets["rows"]["a.csv"] = data
    storage.cut_after = [1024, 1024, 1024, 10]
    with pytest.raises(NetworkError, match="the connection broke"):
        fetch("s3://rows/a.csv")
    before = storage.sent
    assert len(ids(fetch("s3://rows/a.csv"))) == 1000
    assert storage.sent - before == len(data)  # 3,072 bytes less, and the same again to compare


@pytest.mark.parametrize("etag", [None, "0123456789abcdef0123456789abcdef-2"])
def test_what_an_earlier_process_left_is_not_trusted(
    storage: FakeS3, monkeypatch: pytest.MonkeyPatch, etag: str | None
) -> None:
    monkeypatch.setattr(objects, "BLOCK_BYTES", 1024)
    monkeypatch.setattr(objects, "RETRIES", 0)
    if etag is not None:
        storage.etags["a.csv"] = etag
    storage.buckets["rows"]["a.csv"] = b"id,text\n" + b"".join(b"%d,text\n" % i for i in range(1000))
    storage.cut_after = [1024, 1024, 10]
    with pytest.raises(NetworkError):
        fetch("s3://rows/a.csv")
    (left,) = (cache_folder() / "partial").rglob("a.csv")
    left.write_bytes(left.read_bytes()[:-100] + bytes(100))
    assert fetch("s3://rows/a.csv")[0].read_bytes() == storage.buckets["rows"]["a.csv"]


def test_an_object_that_changes_on_the_way_is_not_half_of_each(
    storage: FakeS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "BLOCK_BYTES", 16)
    storage.buckets["rows"]["a.csv"] = b"id,text\n" + b"1,one\n" * 10
    storage.swapped["a.csv"] = b"id,text\n" + b"2,two\n" * 10
    with pytest.raises(DataError, match=r"a.csv has changed while it was fetched"):
        fetch("s3://rows/a.csv")
    assert {path.name for path in fetch("s3://rows/a.csv")} == {"a.csv"}
    assert fetch("s3://rows/a.csv", fetch=False)[0].read_bytes() == storage.buckets["rows"]["a.csv"]


def test_without_the_storage_the_rows_of_the_last_run_are_used_and_told(
    storage: FakeS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.buckets["rows"]["a.csv"] = b"id\n1\n"
    paths = fetch("s3://rows/a.csv")
    storage.status = 503
    notes: list[Reason] = []
    assert fetch("s3://rows/a.csv", note=notes.append) == paths
    assert [note.code for note in notes] == ["data.not_asked"]
    with pytest.raises(NetworkError, match=r"the storage answered at http.*503"):
        fetch("s3://rows/b.csv")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(NetworkError, match=r"cannot be reached at http://127.0.0.1:9: Failed to connect"):
        fetch("s3://rows/a.csv")  # another storage's rows are others


@pytest.mark.parametrize(
    "address", ["127.0.0.1:9000", "ftp://host", "http://host/path", "http://u:p@host", "http://[x"]
)
def test_an_address_that_is_none_is_refused(storage: FakeS3, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    with pytest.raises(UsageError, match="AWS_ENDPOINT_URL is"):
        fetch("s3://rows/a.csv")


def test_without_pyarrow_the_extra_is_named(storage: FakeS3, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match="takes the package pyarrow") as caught:
        fetch("s3://rows/a.csv")
    assert 'pip install "bakeoff[ray]"' in str(caught.value.hint)


def test_a_project_reads_rows_from_storage(storage: FakeS3, tmp_path: Path) -> None:
    from bakeoff.project import Project, new

    lines = (json.dumps({"text": f"text {i}", "label": "ab"[i % 2]}) + "\n" for i in range(40))
    storage.buckets["rows"]["t/a.jsonl"] = "".join(lines).encode()
    storage.buckets["rows"]["t/b.jsonl"] = b'{"text": "more", "label": "a", "extra": 1}\n'
    folder = new(tmp_path / "p", Path("s3://rows/t"))  # one slash is lost in a Path
    assert 'file = "s3://rows/t"' in (folder / "bakeoff.toml").read_text()
    assert [entry.name for entry in folder.iterdir()] == ["bakeoff.toml"]
    before = len(storage.asked)
    table = Project(folder).table()
    assert (len(table.rows), table.rows[0].values["extra"], table.rows[40].values["extra"]) == (41, None, 1)
    assert len(storage.asked) == before
