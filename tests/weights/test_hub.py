"""The Hub: the right file of the right repository, resumed and checked, and each way to fail in its own words."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bakeoff.errors import KeyMissing, NetworkError, StorageError, WeightsError
from bakeoff.values import Reason
from bakeoff.weights import DownloadProgress, cached, get
from bakeoff.weights import hub as hub_module
from tests import gguf_files
from tests.gguf_files import whole
from tests.weights.fake_hub import REVISION, FakeHub, Repository, sha256

MODEL = whole(data=gguf_files.DATA_BYTES)
LARGE = whole(tensors=[("t", (250_000,), gguf_files.F32, 0)], data=1_000_000)


def offer(hub: FakeHub, name: str = "org/tiny-GGUF", files: dict[str, bytes] | None = None, **fields: Any) -> None:
    hub.repositories[name] = Repository(files or {"tiny-Q4_K_M.gguf": MODEL}, **fields)


def stray_files(cache: Path) -> list[Path]:
    """What lies in the cache besides finished models, notes and locks."""
    return [p for p in cache.rglob("*") if p.is_file() and "partial" in p.parts]


def test_a_model_is_fetched_once_and_then_opened_without_a_network(hub: FakeHub, cache: Path) -> None:
    offer(hub, card={"license": "mit", "license_link": "LICENSE"})
    notes: list[Reason] = []
    seen: list[DownloadProgress] = []
    file = get("org/tiny-GGUF", "gguf:Q4_K_M", progress=seen.append, note=notes.append)
    assert file.path.read_bytes() == MODEL
    assert file.path == cache / "blobs" / sha256(MODEL) / "tiny-Q4_K_M.gguf"
    assert (file.sha256, file.size_bytes, file.license) == (sha256(MODEL), len(MODEL), "mit")
    assert file.source == f"hub:org/tiny-GGUF@{REVISION}/tiny-Q4_K_M.gguf"
    assert file.license_url == f"{hub.address}/org/tiny-GGUF/blob/{REVISION}/LICENSE"
    assert [note.code for note in notes] == ["model.license"]
    assert notes[0].parameters["license"] == "mit"
    assert seen[-1] == DownloadProgress("org/tiny-GGUF Q4_K_M", len(MODEL), len(MODEL))
    assert stray_files(cache) == []
    before = len(hub.asked)
    assert get("org/tiny-GGUF", "gguf:Q4_K_M") == cached("org/tiny-GGUF", "Q4_K_M") == file
    assert len(hub.asked) == before


def test_the_token_goes_to_the_hub_and_nowhere_else(hub: FakeHub) -> None:
    offer(hub)
    get("org/tiny-GGUF", "gguf:Q4_K_M")
    tokens = {kind: headers.get("authorization") for kind, _, headers in hub.asked}
    assert tokens == {"hub": "Bearer hf_secret", "storage": None}


@pytest.mark.parametrize(
    ("build", "name"),
    [("gguf:Q8_0", "tiny-Q8_0.gguf"), ("q4_k_m", "tiny-Q4_K_M.gguf"), ("gguf:f16", "tiny-fp16.gguf")],
)
def test_the_build_chooses_the_file(hub: FakeHub, build: str, name: str) -> None:
    files = {f"tiny-{q}.gguf": whole(data=160 + i) for i, q in enumerate(("Q4_K_M", "Q8_0", "fp16", "UD-Q4_K_XL"))}
    offer(hub, files={**files, "mmproj-tiny-Q8_0.gguf": b"x", "README.md": b"x"})
    assert get("org/tiny-GGUF", build).path.name == name


def test_a_broken_connection_goes_on_where_it_was(hub: FakeHub, cache: Path) -> None:
    offer(hub, files={"big-Q8_0.gguf": LARGE})
    hub.cut_after = [300_000, 0, 200_000]
    file = get("org/tiny-GGUF", "gguf:Q8_0")
    assert file.sha256 == sha256(LARGE)
    assert hub.ranges() == [None, "bytes=300000-", "bytes=300000-", "bytes=500000-"]
    assert hub.sent == len(LARGE)


def test_a_download_that_was_given_up_goes_on_next_time(hub: FakeHub) -> None:
    offer(hub, files={"big-Q8_0.gguf": LARGE})
    hub.cut_after = [400_000] + [0] * hub_module.RETRIES
    with pytest.raises(NetworkError, match="broke") as caught:
        get("org/tiny-GGUF", "gguf:Q8_0")
    assert "what has arrived is kept" in (caught.value.hint or "")
    assert get("org/tiny-GGUF", "gguf:Q8_0").sha256 == sha256(LARGE)
    assert hub.sent == len(LARGE)


def test_a_server_that_sends_all_again_is_understood(hub: FakeHub) -> None:
    offer(hub, files={"big-Q8_0.gguf": LARGE})
    hub.cut_after = [400_000]
    hub.ignores_ranges = True
    assert get("org/tiny-GGUF", "gguf:Q8_0").sha256 == sha256(LARGE)


@pytest.mark.parametrize("sent", [LARGE[:-1] + b"!", LARGE + b"more", b"<html>"])
def test_other_bytes_than_announced_never_get_into_the_cache(hub: FakeHub, cache: Path, sent: bytes) -> None:
    offer(hub, files={"big-Q8_0.gguf": LARGE})
    hub.swapped[sha256(LARGE)] = sent
    with pytest.raises((WeightsError, NetworkError), match=r"did not arrive as|broke"):
        get("org/tiny-GGUF", "gguf:Q8_0")
    assert not (cache / "blobs").exists()
    hub.swapped.clear()
    assert get("org/tiny-GGUF", "gguf:Q8_0").sha256 == sha256(LARGE)


def test_a_beginning_that_was_another_files_is_thrown_away(hub: FakeHub) -> None:
    offer(hub, files={"big-Q8_0.gguf": LARGE})
    hub.swapped[sha256(LARGE)] = b"x" * 5000
    with pytest.raises(NetworkError, match="the answer was too short"):
        get("org/tiny-GGUF", "gguf:Q8_0")
    hub.swapped.clear()
    assert get("org/tiny-GGUF", "gguf:Q8_0").sha256 == sha256(LARGE)
    assert hub.ranges()[-2:] == ["bytes=5000-", None]


@pytest.mark.parametrize("content", [b"Hello, I am a text.\n" * 9, MODEL[:-1]])
def test_a_file_that_is_no_whole_gguf_is_refused_and_dropped(hub: FakeHub, cache: Path, content: bytes) -> None:
    offer(hub, files={"tiny-Q4_K_M.gguf": content})
    with pytest.raises(WeightsError, match=r"text file|cut off"):
        get("org/tiny-GGUF", "gguf:Q4_K_M")
    assert stray_files(cache) == []
    with pytest.raises(WeightsError, match="has not been fetched yet"):
        cached("org/tiny-GGUF", "gguf:Q4_K_M")


def test_the_owners_gguf_repository_is_found(hub: FakeHub) -> None:
    offer(hub, "org/tiny", {"model.safetensors": b"x"})
    offer(hub, "org/tiny-GGUF")
    notes: list[Reason] = []
    file = get("org/tiny", "gguf:Q4_K_M", note=notes.append)
    assert file.source.startswith(f"hub:org/tiny-GGUF@{REVISION}/")
    assert notes[0] == Reason(
        "model.other_repository", {"model": "org/tiny", "repository": "org/tiny-GGUF", "revision": REVISION}
    )


@pytest.mark.parametrize("tag", ["base_model:org/tiny", "base_model:quantized:Org/Tiny"])
def test_a_converters_repository_counts_where_it_names_its_base(hub: FakeHub, tag: str) -> None:
    offer(hub, "bartowski/org_tiny-GGUF", tags=["gguf", tag])
    assert get("org/tiny", "gguf:Q4_K_M").source.startswith("hub:bartowski/org_tiny-GGUF@")


def test_a_converters_repository_of_another_model_does_not_count(hub: FakeHub) -> None:
    offer(hub, "unsloth/tiny-GGUF", tags=["base_model:someone-else/tiny"])
    with pytest.raises(WeightsError, match="no GGUF of org/tiny on the Hub") as caught:
        get("org/tiny", "gguf:Q4_K_M")
    assert "unsloth/tiny-GGUF" in caught.value.message


def test_a_missing_build_lists_those_that_there_are(hub: FakeHub) -> None:
    offer(hub, files={"tiny-Q4_K_M.gguf": MODEL, "tiny-Q8_0.gguf": LARGE})
    with pytest.raises(WeightsError, match="not to be had as gguf:Q2_K") as caught:
        get("org/tiny-GGUF", "gguf:Q2_K")
    assert "Q4_K_M (org/tiny-GGUF: tiny-Q4_K_M.gguf), Q8_0 (org/tiny-GGUF: tiny-Q8_0.gguf)" in (caught.value.hint or "")


def test_without_a_build_the_only_one_is_taken_and_several_are_listed(hub: FakeHub) -> None:
    offer(hub, "org/one", {"one-Q8_0.gguf": MODEL})
    assert get("org/one").path.name == "one-Q8_0.gguf"
    offer(hub, "org/two", {"two-Q8_0.gguf": MODEL, "two-Q4_0.gguf": LARGE})
    with pytest.raises(WeightsError, match="org/two has several builds") as caught:
        get("org/two")
    assert "Q4_0, Q8_0" in (caught.value.hint or "")


def test_two_files_of_one_build_are_not_guessed_between(hub: FakeHub) -> None:
    offer(hub, files={"tiny-chat-Q8_0.gguf": MODEL, "tiny-base-Q8_0.gguf": LARGE})
    with pytest.raises(WeightsError, match=r"several files for Q8_0: tiny-base-Q8_0\.gguf, tiny-chat"):
        get("org/tiny-GGUF", "gguf:Q8_0")


def test_a_split_model_is_fetched_whole_and_lies_together(hub: FakeHub, tmp_path: Path) -> None:
    paths = gguf_files.write_split(tmp_path / "made", "big-Q8_0", 3)
    offer(hub, files={f"Q8_0/{path.name}": path.read_bytes() for path in reversed(paths)})
    seen: list[DownloadProgress] = []
    file = get("org/tiny-GGUF", "gguf:Q8_0", progress=seen.append)
    found = [file.path, *file.other_paths]
    assert [path.name for path in found] == [path.name for path in paths]
    assert [path.read_bytes() for path in found] == [path.read_bytes() for path in paths]
    assert len({path.parent for path in found}) == 1
    assert file.sha256 == sha256("".join(f"{sha256(p.read_bytes())}\n" for p in paths).encode())
    assert file.size_bytes == seen[-1].done_bytes == seen[-1].total_bytes == sum(p.stat().st_size for p in paths)
    assert get("org/tiny-GGUF", "gguf:Q8_0") == cached("org/tiny-GGUF", "gguf:Q8_0") == file


def test_a_file_that_is_here_under_another_name_is_not_fetched_again(hub: FakeHub) -> None:
    offer(hub, "org/a", {"tiny-Q4_K_M.gguf": MODEL})
    offer(hub, "org/b", {"tiny-Q4_K_M.gguf": MODEL})
    assert get("org/a", "gguf:Q4_K_M").path == get("org/b", "gguf:Q4_K_M").path
    assert len(hub.paths("storage")) == 1


def test_a_gated_model_asks_for_its_terms_to_be_accepted(hub: FakeHub) -> None:
    offer(hub, gated=True)
    with pytest.raises(KeyMissing, match="only given to people who accept its terms") as caught:
        get("org/tiny-GGUF", "gguf:Q4_K_M")
    assert f"accept them at {hub.address}/org/tiny-GGUF, then set HF_TOKEN" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [(401, KeyMissing, "refuses access"), (403, KeyMissing, "refuses access"), (500, NetworkError, "HTTP 500")],
)
def test_an_answer_that_is_no_is_told_apart(hub: FakeHub, status: int, kind: type[Exception], words: str) -> None:
    hub.api_status = status
    with pytest.raises(kind, match=words):
        get("org/tiny-GGUF", "gguf:Q4_K_M")


@pytest.mark.parametrize("status", [429, 503])
def test_a_storage_that_is_down_is_tried_again_and_then_given_up(hub: FakeHub, status: int) -> None:
    offer(hub)
    hub.storage_status = status
    with pytest.raises(NetworkError, match=f"HTTP {status}"):
        get("org/tiny-GGUF", "gguf:Q4_K_M")
    assert len(hub.paths("storage")) == hub_module.RETRIES + 1


@pytest.mark.parametrize("text", ["<html>Please sign in to the Wi-Fi</html>", "[]", "{}", '{"id": 3}'])
def test_a_page_of_the_hotel_is_no_hub(hub: FakeHub, text: str) -> None:
    hub.api_text = text
    with pytest.raises((NetworkError, WeightsError)) as caught:
        get("org/tiny-GGUF", "gguf:Q4_K_M")
    assert caught.value.hint


def test_a_mirror_that_tells_no_sizes_is_refused(hub: FakeHub) -> None:
    offer(hub)
    hub.api_sizes = False
    with pytest.raises(NetworkError, match=r"does not say how large tiny-Q4_K_M\.gguf is"):
        get("org/tiny-GGUF", "gguf:Q4_K_M")


def test_a_hub_that_hangs_is_given_up(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "CONTACT_SECONDS", 0.2)
    hub.hang_seconds = 1.5
    with pytest.raises(NetworkError, match=r"cannot be reached: (no answer within 0\.2 seconds|.*timed out)"):
        get("org/tiny-GGUF", "gguf:Q4_K_M")


def test_a_closed_port_is_given_up_at_once(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(NetworkError, match="cannot be reached") as caught:
        get("org/tiny-GGUF", "gguf:Q4_K_M")
    assert "path of a .gguf file" in (caught.value.hint or "")


@pytest.mark.parametrize("address", ["nonsense", "http://[::1", "http://127.0.0.1:99999"])
def test_an_address_that_is_none_is_said_so(address: str, cache: Path) -> None:
    """In a process of its own: the Hub's library reads the variable while it is imported."""
    code = "from bakeoff.weights import get\ntry: get('org/name', 'gguf:Q8_0')\nexcept Exception as e: print(repr(e))"
    environment = {**os.environ, "HF_ENDPOINT": address}
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert said.stdout.startswith("NetworkError("), said.stdout


def test_offline_mode_is_obeyed(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    offer(hub)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(NetworkError, match="HF_HUB_OFFLINE is set"):
        get("org/tiny-GGUF", "gguf:Q4_K_M")
    assert hub.asked == []


def test_what_another_program_has_fetched_is_used_where_it_lies(hub: FakeHub, cache: Path, tmp_path: Path) -> None:
    from huggingface_hub import hf_hub_download

    offer(hub, files={"tiny-Q4_K_M.gguf": MODEL, "tiny-Q8_0.gguf": LARGE})
    snapshot = tmp_path / "hub-cache" / "models--org--tiny-GGUF" / "snapshots" / REVISION
    snapshot.mkdir(parents=True)
    (snapshot / "tiny-Q4_K_M.gguf").write_bytes(MODEL)
    found = hf_hub_download("org/tiny-GGUF", "tiny-Q4_K_M.gguf", revision=REVISION, local_files_only=True)
    file = get("org/tiny-GGUF", "gguf:Q4_K_M")
    assert file.path == Path(found)
    assert file.source == f"hub:org/tiny-GGUF@{REVISION}/tiny-Q4_K_M.gguf"
    assert cached("org/tiny-GGUF", "gguf:Q4_K_M") == file
    assert (hub.asked, (cache / "blobs").exists()) == ([], False)
    file.path.unlink()
    with pytest.raises(WeightsError, match="is damaged or gone"):
        cached("org/tiny-GGUF", "gguf:Q4_K_M")
    assert get("org/tiny-GGUF", "gguf:Q4_K_M").path.is_relative_to(cache)


def test_a_full_disk_is_noticed_before_anything_is_fetched(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(hub)
    monkeypatch.setattr("bakeoff.weights.files.SPARE_BYTES", 1 << 60)
    with pytest.raises(StorageError, match=r"org/tiny-GGUF Q4_K_M needs 1048576\.0 TiB") as caught:
        get("org/tiny-GGUF", "gguf:Q4_K_M")
    assert "BAKEOFF_CACHE" in (caught.value.hint or "")
    assert hub.paths("storage") == []


def test_a_disk_that_fills_up_meanwhile_is_no_network_fault(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(hub)

    class Full:
        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

        def write(self, _: bytes) -> int:
            raise OSError(28, "No space left on device")

        def __init__(self, file: Any) -> None:
            self.file = file

    plain_open = open
    monkeypatch.setattr("bakeoff.weights.partial.open", lambda *a, **k: Full(plain_open(*a, **k)), raising=False)
    with pytest.raises(StorageError, match="no room is left"):
        get("org/tiny-GGUF", "gguf:Q4_K_M")


CHILD = "import sys; from bakeoff.weights import get; print(get('org/tiny-GGUF', 'gguf:Q8_0').sha256)"


def child(hub: FakeHub, tmp_path: Path) -> subprocess.Popen[str]:
    """Another process that gets the same model into the same cache."""
    environment = {**os.environ, "HF_HUB_CACHE": str(tmp_path / "hub-cache"), "HF_ENDPOINT": hub.address}
    return subprocess.Popen(
        [sys.executable, "-c", CHILD], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def test_two_processes_at_once_fetch_it_once(hub: FakeHub, tmp_path: Path) -> None:
    offer(hub, files={"big-Q8_0.gguf": LARGE})
    hub.bytes_per_second = 1_000_000
    children = [child(hub, tmp_path) for _ in range(2)]
    for process in children:
        out, err = process.communicate(timeout=60)
        assert (out.strip(), process.returncode) == (sha256(LARGE), 0), err
    assert (len(hub.paths("storage")), hub.sent) == (1, len(LARGE))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_download_goes_on_from_where_it_was(hub: FakeHub, tmp_path: Path, number: signal.Signals) -> None:
    offer(hub, files={"big-Q8_0.gguf": LARGE})
    hub.bytes_per_second = 400_000
    process = child(hub, tmp_path)
    until = time.monotonic() + 60
    while hub.sent < 200_000 and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(number)
    process.communicate(timeout=30)
    hub.bytes_per_second = None
    assert get("org/tiny-GGUF", "gguf:Q8_0").sha256 == sha256(LARGE)
    first, second = hub.ranges()
    assert first is None
    assert second is not None
    assert int(second.removeprefix("bytes=").removesuffix("-")) > 100_000
