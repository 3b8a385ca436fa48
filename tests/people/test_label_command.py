"""`bakeoff label` as a person meets it: keys on a terminal, characters off it, and no names."""

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from bakeoff.cli.main import run_command_line
from bakeoff.evaluate.people.labels import Label
from bakeoff.project import Project
from tests.judge.bench import Server, honest, make_project, serving

RATES = {"alpha-7": 0.8, "beta-7": 0.5}
COMMAND = [sys.executable, "-m", "bakeoff", "label"]
ENVIRONMENT = {**os.environ, "BAKEOFF_LANG": "en", "COLUMNS": "120", "LINES": "40", "TERM": "xterm"}


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project whose two models have answered, and whose judge has judged."""
    folder = tmp_path_factory.mktemp("label") / "p"
    with serving(Server(RATES, {"themis-70": honest()})) as address:
        project = Project(make_project(folder, address, rows=12))
        project.run()
        project.judge()
        yield folder


@pytest.fixture
def folder(answered: Path, tmp_path: Path) -> Path:
    """A copy of one's own."""
    return Path(shutil.copytree(answered, tmp_path / "p"))


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def label(folder: Path, keys: str, *options: str) -> Done:
    """Press keys, off a terminal, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setenv("BAKEOFF_LANG", "en")
        patch.setattr("sys.stdin", io.StringIO(keys))
        code = run_command_line(["label", str(folder), *options])
    return Done(code, out.getvalue(), err.getvalue())


def said(folder: Path) -> list[Label]:
    """What is in the ledger."""
    return Project(folder).labels()


def test_keys_from_standard_input_are_labels(folder: Path) -> None:
    done = label(folder, "a b\nt x s u z q a", "--author", "lan")
    assert done.returncode == 0
    assert [one.said for one in said(folder)] == ["left", "right", "tie", "both bad", "skip", "withdrawn"]
    assert {one.author for one in said(folder)} == {"lan"}
    assert "z is none of the keys" in done.stderr
    assert "4 labels kept" in done.stderr
    assert done.stdout.count("[A]") == 7


def test_no_model_is_named_before_the_reveal(folder: Path) -> None:
    done = label(folder, "abtx" * 3, "--author", "lan")
    assert "alpha" not in done.stdout + done.stderr
    assert "beta" not in done.stdout + done.stderr
    assert "[model]" in done.stdout
    revealed = label(folder, "", "--reveal")
    assert {line.split("\t")[0] for line in revealed.stdout.splitlines()[1:3]} == {"a", "b"}


def test_the_input_may_end_at_any_time_and_it_goes_on_from_there(folder: Path) -> None:
    for keys in ("a", "", "aaaaa", "b" * 50):
        assert label(folder, keys, "--author", "lan").returncode == 0
    labels = said(folder)
    assert len({one.row_id for one in labels}) == len(labels) == 12
    assert "You have seen everything" in label(folder, "aaa", "--author", "lan").stderr
    assert len(said(folder)) == 12


def test_single_answers_can_be_labelled(folder: Path) -> None:
    done = label(folder, "rwrw", "--pointwise", "--most", "3")
    assert [one.said for one in said(folder)] == ["correct", "wrong", "correct"]
    assert {one.kind for one in said(folder)} == {"point"}
    assert "[Answer]" in done.stdout
    assert label(folder, "u", "--pointwise").returncode == 0
    assert said(folder)[-1].said == "withdrawn"
    assert "nothing to undo" in label(folder, "u", "--author", "new").stderr


def test_labels_travel_by_file(folder: Path, answered: Path, tmp_path: Path) -> None:
    label(folder, "abtx", "--author", "lan")
    file = tmp_path / "labels.csv"
    assert label(folder, "", "--export", str(file)).returncode == 0
    other = Path(shutil.copytree(answered, tmp_path / "other"))
    assert "4 labels were added" in label(other, "", "--import", str(file)).stderr
    assert "0 labels were added" in label(other, "", "--import", str(file)).stderr
    assert "0 labels were added" in label(folder, "", "--import", str(file)).stderr
    assert Project(other).judged().calibration.n_imported == 4
    assert label(folder, "", "--export", str(tmp_path / "labels.txt")).returncode == 2
    assert label(folder, "", "--export", str(tmp_path / "no" / "labels.csv")).returncode == 3
    assert label(folder, "", "--import", str(tmp_path / "none.csv")).returncode == 2


def test_an_author_needs_a_name(folder: Path) -> None:
    assert label(folder, "a", "--author", "  ").returncode == 2


def test_hostile_answers_cannot_drive_the_terminal(tmp_path: Path) -> None:
    stub = Server(RATES, {"themis-70": honest()})
    stub.answer = lambda body: (200, f"\x1b[2J\x1b]0;owned\x07 {body['model'][0]} \u202e text")  # type: ignore[method-assign]
    with serving(stub) as address:
        Project(make_project(tmp_path / "p", address, rows=2)).run()
        done = label(tmp_path / "p", "a")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    assert "\u202e" not in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals of POSIX")
@pytest.mark.parametrize("columns", [120, 60])
def test_on_a_terminal_single_keys_count_and_ctrl_c_keeps_all(folder: Path, columns: int) -> None:
    import fcntl
    import pty
    import struct
    import termios

    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {**ENVIRONMENT, "COLUMNS": str(columns)}
    process = subprocess.Popen(
        [*COMMAND, str(folder), "--author", "lan"], stdin=child, stdout=child, stderr=child, env=environment,
        start_new_session=True,
    )  # fmt: skip
    os.close(child)
    seen = b""

    def until(text: bytes, times: int) -> None:
        nonlocal seen
        end = time.monotonic() + 60
        while seen.count(text) < times:
            assert time.monotonic() < end, seen[-2000:]
            try:
                seen += os.read(parent, 65536)
            except OSError:
                break

    try:
        until(b"q quit", 1)
        os.write(parent, b"a")
        until(b"q quit", 2)
        os.write(parent, b"T")
        until(b"q quit", 3)
        process.send_signal(signal.SIGINT)
        until(b"every label is kept", 1)
        assert process.wait(60) == 130
    finally:
        process.kill()
        process.wait()
        os.close(parent)
    assert [one.said for one in said(folder)] == ["left", "tie"]
    assert all(one.seconds is not None for one in said(folder))
    assert b"alpha" not in seen
    lines = seen.decode("utf-8", "replace").splitlines()
    beside = any(line.count("╭") == 2 for line in lines)
    assert beside == (columns == 120)
