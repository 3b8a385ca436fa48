"""The command line as a person meets it: standard output is the answer, exit codes tell how it went."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.common import stub_process

from tests.project.common import candidate, make_project


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with stub_process() as found:
        yield found


def bakeoff(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "bakeoff", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "BAKEOFF_LANG": "en", **environment},
        timeout=120,
    )


def test_new_run_show_decide_report(tmp_path: Path, address: str) -> None:
    data = tmp_path / "tickets.csv"
    rows = [f"{i},ticket {i} <{label}>,{label}" for i, label in enumerate(["positive", "negative", "neutral"] * 10)]
    data.write_text("id,text,label\n" + "\n".join(rows) + "\n")
    folder = tmp_path / "tickets"
    assert bakeoff("new", folder, "--data", data).returncode == 0
    file = folder / "bakeoff.toml"
    head, graders = file.read_text().split("[[candidates]]")[0], file.read_text().split("[[graders]]")[1]
    ours = candidate("a", f"{address}/ok/v1") + candidate("b", f"{address}/ok/v1")
    file.write_text(f"{head}{ours}\n[[graders]]{graders}")

    ran = bakeoff("run", folder)
    assert (ran.returncode, "30/30" in ran.stderr) == (0, True)
    assert ran.stdout.splitlines()[0].split("\t")[0].lower().startswith("model")

    shown = bakeoff("show", folder, "--rows")
    assert len(shown.stdout.splitlines()) == 31
    one = bakeoff("show", folder, "--row", "7")
    assert '{"model":"model-a","messages":' in one.stdout
    assert "ticket 7" in one.stdout

    decided = bakeoff("decide", folder, "--json")
    assert decided.returncode == 0
    answer = json.loads(decided.stdout)
    assert (answer["schema"], answer["version"]) == ("bakeoff.decide", 1)
    assert set(answer["sentence"]) == {"en", "vi"}
    assert answer["choice"] in ("a", "b")
    assert {model["model"] for model in answer["models"]} == {"a", "b"}
    assert {"a", "b", "difference", "low", "high", "p", "p_holm", "n_discordant"} <= set(answer["pairs"][0])

    reported = bakeoff("report", folder, "--lang", "vi")
    assert reported.returncode == 0
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert 'lang="vi"' in html
    assert answer["sentence"]["vi"].split(".")[0] in html
    assert bakeoff("report", folder, "--format", "md", "--output", "-").stdout.startswith("#")
    assert json.loads(bakeoff("report", folder, "--format", "json", "--output", "-").stdout)


def test_the_same_project_gives_the_same_report(tmp_path: Path, address: str) -> None:
    folder = make_project(tmp_path / "p", candidate("a", f"{address}/ok/v1"), candidate("b", f"{address}/ok/v1"))
    bakeoff("run", folder)
    first = bakeoff("report", folder, "--format", "json", "--output", "-").stdout
    assert first == bakeoff("report", folder, "--format", "json", "--output", "-").stdout
    one, two = tmp_path / "1.html", tmp_path / "2.html"
    bakeoff("report", folder, "--output", one)
    bakeoff("report", folder, "--output", two)
    assert one.read_bytes() == two.read_bytes()


def bad_projects(tmp_path: Path, address: str) -> dict[str, tuple[list[str | Path], int, str]]:
    """Name -> arguments, exit code, a part of the message."""
    project = make_project(tmp_path / "p", candidate("a", f"{address}/ok/v1"), rows=3)
    no_key = make_project(tmp_path / "key", candidate("a", f"{address}/ok/v1", more='key = "NOT_SET_X"'), rows=3)
    wrong_key = make_project(tmp_path / "401", candidate("a", f"{address}/401/v1"), rows=3)
    dead = make_project(tmp_path / "dead", candidate("a", "http://127.0.0.1:9/v1"), rows=1)
    no_file = make_project(tmp_path / "nofile", candidate("a", f"{address}/ok/v1"), rows=3)
    (no_file / "data.csv").unlink()
    text_model = make_project(tmp_path / "text", '[[candidates]]\nmodel = "notes.gguf"\n', rows=3)
    (text_model / "notes.gguf").write_text("these are my notes, not a model " * 50)
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    header = tmp_path / "header.csv"
    header.write_text("text,label\n")
    latin = tmp_path / "latin.csv"
    latin.write_bytes("text,label\nnaïve,ja\n".encode("latin-1"))
    return {
        "no project": (["run", tmp_path], 2, "is not a project"),
        "no command": (["rnu"], 2, "No such command"),
        "no option": (["run", project, "--jsn"], 2, "No such option"),
        "not a number": (["run", project, "--repeats", "many"], 2, "'many' is not a valid integer"),
        "one argument too many": (["show", project, project], 2, "unexpected extra argument"),
        "rows as JSON": (["show", project, "--rows", "--json"], 2, "--json"),
        "no row": (["show", project, "--row", "99"], 2, "no row '99'"),
        "no topic": (["help", "nothing"], 2, "no topic"),
        "key not set": (["run", no_key], 4, "NOT_SET_X is not set"),
        "key refused": (["run", wrong_key], 4, "401"),
        "nobody there": (["run", dead], 3, "127.0.0.1:9"),
        "no data file": (["run", no_file], 2, "data.csv"),
        "a model file that is text": (["run", text_model], 2, "notes.gguf"),
        "empty file": (["new", tmp_path / "n", "--data", empty], 2, "empty.csv"),
        "header only": (["new", tmp_path / "n", "--data", header], 2, "header.csv"),
        "wrong encoding": (["new", tmp_path / "n", "--data", latin], 2, "latin.csv"),
        "report nowhere": (["report", project, "--output", tmp_path / "no" / "r.html"], 3, "r.html"),
    }


def test_bad_input_gives_one_clear_message_and_the_right_exit_code(tmp_path: Path, address: str) -> None:
    wrong = {}
    for name, (arguments, code, says) in bad_projects(tmp_path, address).items():
        done = bakeoff(*arguments)
        clear = says in done.stderr and "Traceback" not in done.stderr and done.stdout == ""
        hinted = "error: " in done.stderr and "\n\nhint: " in done.stderr
        if done.returncode != code or not clear or not hinted:
            wrong[name] = (done.returncode, done.stdout, done.stderr)
    assert wrong == {}


def test_some_failed_cells_are_exit_code_1_and_a_project_without_answers_decides_nothing(
    tmp_path: Path, address: str
) -> None:
    folder = make_project(
        tmp_path / "p", candidate("a", f"{address}/ok/v1"), candidate("b", f"{address}/404/v1"), rows=3
    )
    done = bakeoff("run", folder)
    assert done.returncode == 1
    assert "warning: b:" in done.stderr
    fresh = make_project(tmp_path / "fresh", candidate("a", f"{address}/ok/v1"), rows=3)
    nothing = bakeoff("decide", fresh, "--no-run", "--json")
    assert nothing.returncode == 1
    assert json.loads(nothing.stdout)["choice"] is None


def test_vietnamese_is_spoken_when_asked(tmp_path: Path, address: str) -> None:
    folder = make_project(tmp_path / "p", candidate("a", f"{address}/ok/v1"), rows=3)
    bakeoff("run", folder)
    english, vietnamese = bakeoff("show", folder).stdout, bakeoff("show", folder, "--lang", "vi").stdout
    assert english != vietnamese
    assert bakeoff("show", folder, BAKEOFF_LANG="vi").stdout == vietnamese


def test_hostile_model_text_cannot_drive_the_terminal(tmp_path: Path, address: str) -> None:
    folder = make_project(tmp_path / "p", candidate("a", f"{address}/ok/v1"), rows=2)
    data = folder / "data.csv"
    data.write_text("id,text,label\n\x1b[2Jx,\x1b]0;owned\x07<positive>,positive\n", encoding="utf-8")
    bakeoff("run", folder)
    for arguments in (["show", folder, "--rows"], ["show", folder]):
        assert "\x1b" not in bakeoff(*arguments).stdout


def test_a_mistake_of_ours_is_one_message_and_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from bakeoff.cli.main import run_command_line

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no idea")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("bakeoff.project.Project", broken)
    assert run_command_line(["show", str(tmp_path)]) == 3
    said = capsys.readouterr().err
    assert "error: a mistake in Bakeoff: RuntimeError: no idea" in said
    (kept,) = tmp_path.glob("bakeoff-bug-*.txt")
    assert str(kept) in said
    assert "Traceback" in kept.read_text()
    assert "Traceback" not in said


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["help"], 141),
        (["--help"], 141),
        (["fit", "--help"], 141),
        (["show", "nowhere"], 2),
        (["show", "nowhere", "2>&1"], 141),
        (["help", "no-such-topic", "2>&1"], 141),
    ],
)
def test_a_reader_who_has_gone_is_not_told_no(command: list[str], code: int, tmp_path: Path) -> None:
    """`bakeoff ... | head`: nobody reads any more, which is neither a fault nor the answer no."""
    both = subprocess.STDOUT if command[-1] == "2>&1" else subprocess.PIPE
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "bakeoff", *(word for word in command if word != "2>&1")],
        stdout=writing, stderr=both, cwd=tmp_path, check=False, text=True,
    )  # fmt: skip
    os.close(writing)
    assert done.returncode == code
    assert (done.stderr or "").count("\n") == (3 if code == 2 else 0)


def test_a_full_disk_is_no_mistake_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from bakeoff.cli.main import run_command_line

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "x"))

    monkeypatch.setattr("bakeoff.project.Project", full)
    assert run_command_line(["show", str(tmp_path)]) == 3
    said = capsys.readouterr().err
    assert said.startswith(f"error: {tmp_path / 'x'}: No space left on device\n\nhint: make room")


def test_a_table_that_is_too_wide_for_the_terminal_stands_line_below_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from bakeoff.cli.output import print_table

    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "30")
    print_table(["", "Model", "A long heading", "Cost"], [["*", "one", "wonderfully", "$1.00"], ["", "two", "", "$2"]])
    assert capsys.readouterr().out == ("\n* one\n  A long heading: wonderfully\n  Cost: $1.00\n\ntwo\n  Cost: $2\n\n")
    print_table(["a", "b"], [["1", "2"]])
    assert "1" in capsys.readouterr().out.splitlines()[3]
