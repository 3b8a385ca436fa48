"""Data sets on the Hub: the right files of the right split, fetched once, and each way to fail in its own words."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from bakeoff.errors import DataError, KeyMissing, NetworkError
from bakeoff.evaluate.files import read_table
from bakeoff.weights import DownloadProgress, dataset, dataset_reference, is_dataset
from bakeoff.weights.datasets import DatasetReference, chosen_files
from bakeoff.weights.types import ROW_ENDINGS
from tests.weights.common import parquet
from tests.weights.fake_hub import FakeHub, Repository

CONVERTED = "datasets/org/rows@refs/convert/parquet"


def offer(hub: FakeHub, folder: Path, key: str = CONVERTED, names: tuple[str, ...] = (), **fields: Any) -> None:
    names = names or ("default/train/0000.parquet", "default/train/0001.parquet", "default/test/0000.parquet")
    files = {name: parquet(folder, range(10 * i, 10 * i + 10)) for i, name in enumerate(names)}
    hub.repositories[key] = Repository(files, **fields)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("hf://datasets/org/rows", DatasetReference("org/rows")),
        ("hf:/datasets/org/rows", DatasetReference("org/rows")),  # as a shell's path writes it
        ("hf://datasets/org/rows:test", DatasetReference("org/rows", split="test")),
        ("hf://datasets/org/ro.w-s@v1.0/vi/north:dev", DatasetReference("org/ro.w-s", "v1.0", "vi/north", "dev")),
        ("hf://datasets/org/rows@refs%2Fpr%2F1:test", DatasetReference("org/rows", "refs/pr/1", None, "test")),
    ],
)
def test_references_are_read(text: str, reference: DatasetReference) -> None:
    assert is_dataset(text)
    assert dataset_reference(text) == reference


@pytest.mark.parametrize(
    "text", ["hf://org/rows", "hf://datasets/rows", "hf:", "hf://datasets/../etc", "hf://datasets/a/b:c:d"]
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="is no data set on the Hub"):
        dataset_reference(text)


def test_a_split_is_fetched_once_and_read_without_a_network(hub: FakeHub, tmp_path: Path) -> None:
    offer(hub, tmp_path)
    seen: list[DownloadProgress] = []
    reference = dataset_reference("hf://datasets/org/rows:train")
    paths = dataset(reference, progress=seen.append)
    table = read_table(paths[0], others=paths[1:], id_column="id")
    assert [row.id for row in table.rows] == [str(i) for i in range(20)]
    assert (seen[-1].name, seen[-1].done_bytes) == ("hf://datasets/org/rows:train", seen[-1].total_bytes)
    assert hub.paths("hub")[0].startswith("/api/datasets/org/rows/revision/refs%2Fconvert%2Fparquet")
    before = len(hub.asked)
    assert dataset(reference) == dataset(reference, fetch=False) == paths
    assert len(hub.asked) == before


def test_a_revision_is_read_from_the_owners_own_files(hub: FakeHub, tmp_path: Path) -> None:
    names = ("data/test-00000-of-00002.parquet", "data/test-00001-of-00002.parquet", "README.md")
    offer(hub, tmp_path, "datasets/org/rows@v2", names)
    paths = dataset(dataset_reference("hf://datasets/org/rows@v2"))
    assert len(read_table(paths[0], others=paths[1:]).rows) == 20


def test_the_owners_csv_is_read_by_its_path(hub: FakeHub) -> None:
    files = {"data/a.csv": b"id,text\n1,one\n", "data/b.csv": b"text,id\ntwo,2\n", "data/c.jsonl": b'{"id": 3}\n'}
    hub.repositories["datasets/org/rows@main"] = Repository(files)
    paths = dataset(dataset_reference("hf://datasets/org/rows/data/*.csv"))
    table = read_table(paths[0], others=paths[1:], id_column="id")
    assert [(row.id, row.values["text"]) for row in table.rows] == [("1", "one"), ("2", "two")]
    (path,) = dataset(dataset_reference("hf://datasets/org/rows/data/c.jsonl"))
    assert [row.id for row in read_table(path, id_column="id").rows] == ["3"]


def test_every_kind_that_is_fetched_can_be_read(tmp_path: Path) -> None:
    for ending in ROW_ENDINGS:
        (tmp_path / f"x{ending}").write_bytes(b"?")
        with pytest.raises(DataError) as caught:
            read_table(tmp_path / f"x{ending}")
        assert "the ending does not tell" not in caught.value.message


def test_several_splits_are_not_guessed_between(hub: FakeHub, tmp_path: Path) -> None:
    offer(hub, tmp_path)
    with pytest.raises(DataError, match="has several splits") as caught:
        dataset(dataset_reference("hf://datasets/org/rows"))
    assert caught.value.hint is not None
    assert "hf://datasets/org/rows/default:test, hf://datasets/org/rows/default:train" in caught.value.hint
    with pytest.raises(DataError, match="has no 'dev'"):
        dataset(dataset_reference("hf://datasets/org/rows:dev"))
    with pytest.raises(DataError, match="has no 'vi'"):
        dataset(dataset_reference("hf://datasets/org/rows/vi:test"))


@pytest.mark.parametrize(
    ("names", "config", "split", "chosen"),
    [
        (["vi/test/0000.parquet", "en/test/0000.parquet"], "vi", None, ("vi/test/0000.parquet",)),
        (["default/test/0000.parquet", "en/test/0000.parquet"], None, None, ("default/test/0000.parquet",)),
        (["test.parquet"], None, "test", ("test.parquet",)),
        (["data/test.parquet", "data/train.parquet"], None, "test", ("data/test.parquet",)),
        (
            ["vi/dev-00001-of-00002.parquet", "vi/dev-00000-of-00002.parquet", "vi/train-00000-of-00001.parquet"],
            None,
            "dev",
            ("vi/dev-00000-of-00002.parquet", "vi/dev-00001-of-00002.parquet"),
        ),
        (["train.csv", "test.csv", "README.md", "meta.json"], None, "test", ("test.csv",)),
        (["data/train.csv", "data/train.parquet", "data/test.jsonl"], None, None, ("data/train.parquet",)),
        (["vi/dev-00001-of-00002.csv.gz", "vi/dev-00000-of-00002.csv.gz", "x.jsonl"], "vi", "dev",
         ("vi/dev-00000-of-00002.csv.gz", "vi/dev-00001-of-00002.csv.gz")),
        (["a/x.csv", "a/y.csv", "a/x.parquet", "b/x.csv"], "a/x.csv", None, ("a/x.csv",)),
        (["a/x.csv", "a/y.csv", "a/b/z.csv", "a/x.json"], "a/*.csv", None, ("a/x.csv", "a/y.csv")),
        (["data/train-00000-of-00001-0123456789abcdef.parquet"], None, None,
         ("data/train-00000-of-00001-0123456789abcdef.parquet",)),
    ],
)  # fmt: skip
def test_files_are_told_by_their_names(
    names: list[str], config: str | None, split: str | None, chosen: tuple[str, ...]
) -> None:
    assert chosen_files(names, DatasetReference("org/rows", None, config, split)) == chosen


def test_what_is_not_there_is_said(hub: FakeHub, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no org/rows on the Hub"):
        dataset(dataset_reference("hf://datasets/org/rows"))
    offer(hub, tmp_path, "datasets/org/rows@v1", ("facts.json", "README.md"))
    with pytest.raises(DataError, match="has no file there that is named after a split") as caught:
        dataset(dataset_reference("hf://datasets/org/rows@v1"))
    assert caught.value.hint == "write one of: hf://datasets/org/rows@v1/facts.json"
    with pytest.raises(DataError, match=r"org/rows has no 'x/train.csv'"):
        dataset(dataset_reference("hf://datasets/org/rows@v1/x/train.csv"))
    with pytest.raises(DataError, match="has not been fetched yet"):
        dataset(dataset_reference("hf://datasets/org/rows:test"), fetch=False)


def test_a_gated_data_set_asks_for_its_terms(hub: FakeHub, tmp_path: Path) -> None:
    offer(hub, tmp_path, gated=True)
    with pytest.raises(KeyMissing, match="only given to people who accept its terms"):
        dataset(dataset_reference("hf://datasets/org/rows:test"))


def test_without_a_network_the_hint_is_about_data(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(NetworkError, match="cannot be reached") as caught:
        dataset(dataset_reference("hf://datasets/org/rows:test"))
    assert "download the data as a file" in str(caught.value.hint)
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(NetworkError, match="HF_HUB_OFFLINE is set, and the dataset is not in the cache"):
        dataset(dataset_reference("hf://datasets/org/rows:test"))


def test_a_download_that_breaks_off_goes_on(hub: FakeHub, tmp_path: Path) -> None:
    offer(hub, tmp_path)
    hub.cut_after = [100, 200]
    paths = dataset(dataset_reference("hf://datasets/org/rows:test"))
    assert len(read_table(paths[0]).rows) == 10
    assert any(hub.ranges())


def test_a_project_reads_a_data_set(hub: FakeHub, tmp_path: Path) -> None:
    from bakeoff.project import Project, new

    path = tmp_path / "rows.parquet"
    duckdb.execute(f"COPY (SELECT 'text ' || i AS text, i % 2 AS label FROM range(40) t(i)) TO '{path}'")
    hub.repositories[CONVERTED] = Repository({"default/test/0000.parquet": path.read_bytes()})
    folder = new(tmp_path / "p", Path("hf://datasets/org/rows:test"))  # one slash is lost in a Path
    assert 'file = "hf://datasets/org/rows:test"' in (folder / "bakeoff.toml").read_text()
    assert [entry.name for entry in folder.iterdir()] == ["bakeoff.toml"]
    before = len(hub.asked)
    assert len(Project(folder).table().rows) == 40
    assert len(hub.asked) == before
