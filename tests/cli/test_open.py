"""`bakeoff open`: the address is the answer, Ctrl-C is no error, and what cannot be served says why."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.conftest import Run


@contextmanager
def opened(folder: Path, *arguments: str, **environment: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The command in a process of its own, and the address that it prints."""
    command = [sys.executable, "-m", "bakeoff", "open", "--port", "0", *arguments]
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "BAKEOFF_TOKEN")}
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**kept, **environment}
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def asked(url: str, path: str, *, token: str | None = None, host: str | None = None) -> tuple[int, str]:
    """Status and body."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(host or "127.0.0.1", parts.port, timeout=10)
    connection.request("GET", path, headers={"authorization": f"Bearer {token}"} if token else {})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_address_is_the_answer_and_ending_is_no_error(tmp_path: Path, stop: signal.Signals) -> None:
    (tmp_path / "tmp").mkdir()
    with opened(tmp_path, "--lang", "vi", TMPDIR=str(tmp_path / "tmp")) as (process, url):
        assert url.startswith("http://127.0.0.1:")
        assert asked(url, "/")[0] == 200
        assert json.loads(asked(url, "/api/app")[1])["lang"] == "vi"
        port = urlsplit(url).port
        assert port is not None
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", "/api/uploads?name=a.csv", body=b"text,label\na,b\n")
        assert connection.getresponse().status == 201
        connection.close()
        assert len(list((tmp_path / "tmp").rglob("a.csv"))) == 1
        process.send_signal(stop)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")
    assert err.startswith(f"Đã mở {tmp_path}")
    assert "Traceback" not in err
    assert list((tmp_path / "tmp").rglob("a.csv")) == []


def test_a_project_is_served_alone(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "bakeoff.toml").write_text("")
    (tmp_path / "a" / "other").mkdir()
    (tmp_path / "a" / "other" / "bakeoff.toml").write_text("")
    with opened(tmp_path, "a/b") as (_, url):
        told = json.loads(asked(url, "/api/projects")[1])
    assert (told["single"], [one["name"] for one in told["projects"]]) == (True, ["b"])


@pytest.mark.parametrize("arguments", [("--host", "0.0.0.0"), ("--behind", "Team.Example"), ("--host", "127.0.0.2")])
def test_where_others_can_connect_a_token_is_made(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with opened(tmp_path, *arguments) as (_, url):
        at, _, token = url.partition("#/login/")
        host = "127.0.0.2" if "127.0.0.2" in arguments else None
        assert len(token) >= 43
        assert asked(at, "/api/projects", host=host)[0] == 401
        assert asked(at, "/api/projects", token=token, host=host)[0] == 200


def test_the_token_comes_from_the_environment(tmp_path: Path) -> None:
    token = "sixteen letters!"
    with opened(tmp_path, BAKEOFF_TOKEN=token) as (_, url):
        assert url.endswith("#/login/sixteen%20letters%21")
        assert asked(url, "/api/projects")[0] == 401
        assert asked(url, "/api/projects", token=token)[0] == 200


def test_a_taken_port_moves_to_the_next(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        with opened(tmp_path, "--port", str(port)) as (_, url):
            found = urlsplit(url).port
            assert found is not None
            assert port < found <= port + 20
        with opened(tmp_path, "--port", str(port), "--behind", "team.example") as (process, url):
            assert (process.wait(20), url) == (3, "")  # a proxy would not find it elsewhere


def test_what_cannot_be_served_says_why(command: Run, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    locked = tmp_path / "locked"
    locked.mkdir()
    cases = [
        ((str(tmp_path / "nowhere"),), 2, "there is no folder", "without a name"),
        ((str(tmp_path / "rows.csv"),), 2, "is a file, not a project folder", "bakeoff new rows --data"),
        ((str(tmp_path), "--token", "short"), 2, "5 characters; it takes 16", "leave it out"),
        ((str(tmp_path), "--host", "192.0.2.1"), 3, "cannot serve on 192.0.2.1", "bakeoff open --port 9000"),
        ((str(tmp_path), "--host", "no such host"), 3, "cannot serve on no such host", "--host"),
        ((str(tmp_path), "--port", "70000"), 2, "70000", "--help"),
    ]
    for arguments, code, said, hint in cases:
        found, out, err = command("open", *arguments)
        assert (found, out) == (code, ""), err
        assert said in err
        assert hint in err
    if os.getuid() != 0:
        locked.chmod(0)
        assert command("open", str(locked))[0] == 2
        locked.chmod(0o700)


def test_help_does_not_load_the_server() -> None:
    code = (
        "import sys\nfrom bakeoff.cli import run_command_line\nrun_command_line(['open', '--help'])\n"
        "print([name for name in ('fastapi', 'uvicorn', 'pydantic', 'numpy') if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "BAKEOFF_TOKEN" in done.stdout
