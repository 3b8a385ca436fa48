"""`deploy --check`: what is going to run answers a row, and whether as in the test."""

import json
import os
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from benchmarks.common import stub_process
from click.testing import CliRunner, Result

from bakeoff.cli.deploy import deploy_command
from bakeoff.errors import EndpointError, EngineError, UsageError
from bakeoff.evaluate.store import Ledger
from bakeoff.project import Project, deploy_check
from bakeoff.project.planning import RunOptions
from tests.json_page import keys, mentioned, promised
from tests.project.common import candidate, make_project


def run(name: str, folder: Path, *more: str) -> Result:
    command = [name, "--project", str(folder), "--check", "--lang", "en", *more]
    return CliRunner().invoke(deploy_command, command, catch_exceptions=False, standalone_mode=False)


def document(name: str, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(name, folder, "--json").stdout)
    return found


def test_a_server_is_asked_a_row_of_the_test(tmp_path: Path) -> None:
    with stub_process() as address:
        folder = make_project(tmp_path / "p", candidate("a", f"{address}/ok/v1"))
        assert document("a", folder)["same"] is None
        Project(folder).run()
        found = document("a", folder)
        assert (found["schema"], found["candidate"], found["same"]) == ("bakeoff.deploy_check", "a", True)
        assert found["first_token_ms"] > 0
        assert promised("bakeoff.deploy_check") == keys(found, set())
        assert keys(found, set()) - mentioned("bakeoff.deploy_check") == set()
        assert "The answer is the one of the test." in run("model-a", folder).stdout
        with Ledger(folder / "bakeoff.db") as ledger:
            ledger.database.run("UPDATE call SET text = 'something else'")
        assert "is not the one of the test" in run("a", folder).stdout


def test_what_does_not_answer_is_an_error(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", candidate("a", "http://127.0.0.1:9/v1"))
    with pytest.raises(EndpointError, match="127"):
        run("a", folder)
    with pytest.raises(UsageError, match="no candidate 'b'"):
        run("b", folder)


OWN = '[[candidates]]\nname = "own"\nmodel = "HuggingFaceTB/SmolLM2-135M-Instruct"\nbuild = "gguf:Q4_1"\n'

SERVER = """#!{python}
import http.server, json, os, pathlib, subprocess, sys

HERE = pathlib.Path(__file__).parent
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
(HERE / "started.json").write_text(json.dumps({{"arguments": sys.argv[1:], "pids": [os.getpid(), child.pid]}}))
if (HERE / "broken").exists():
    print("error: failed to load model: no room", flush=True)
    sys.exit(7)
looks = []


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/v1/models":  # also while it loads, as llama-server does
            self.answer(200, b'{{"data": [{{"id": "any"}}]}}')
        elif self.path == "/health":
            looks.append(1)
            ready = len(looks) > 2
            self.answer(200 if ready else 503, b'{{"status": "ok"}}' if ready else b'{{"error": "Loading model"}}')

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        (HERE / "looks").write_text(str(len(looks)))
        parts = [{{"choices": [{{"delta": {{"content": text}}, "finish_reason": None}}]}} for text in ("posi", "tive")]
        parts += [{{"choices": [{{"delta": {{}}, "finish_reason": "stop"}}]}}, {{"choices": [], "usage":
                  {{"prompt_tokens": 9, "completion_tokens": 2}}}}]
        lines = [f"data: {{json.dumps(one)}}\\n\\n" for one in parts] + ["data: [DONE]\\n\\n"]
        self.answer(200, "".join(lines).encode(), "text/event-stream")

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the PATH with a llama-server that has no model in it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    server = folder / "llama-server"
    server.write_text(SERVER.format(python=sys.executable))
    server.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def are_gone(programs: Path) -> bool:
    """The server and its child are, within a second; one that nobody has waited for is."""
    deadline = time.monotonic() + 1
    pids = json.loads((programs / "started.json").read_text())["pids"]
    while any(map(lives, pids)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not any(map(lives, pids))


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_llama_server_is_started_by_the_printed_command_and_stopped(
    real_cache: Path, programs: Path, tmp_path: Path
) -> None:
    folder = make_project(tmp_path / "p", OWN)
    found = document("own", folder)
    assert found["where"].startswith("http://127.0.0.1:")
    assert (found["output_tokens"], found["same"]) == (2, None)
    assert found["load_seconds"] > 0
    assert int((programs / "looks").read_text()) == 3, "asked before the model was loaded"
    started = json.loads((programs / "started.json").read_text())
    model, *rest = started["arguments"][1:]
    assert started["arguments"][0] == "-m"
    assert real_cache in Path(model).parents
    assert rest[:2] == ["-c", "4096"]
    assert rest[-4:-1] == ["--host", "127.0.0.1", "--port"]
    assert found["command"] == shlex.join(["llama-server", *started["arguments"][:-4]])
    assert are_gone(programs)
    assert promised("bakeoff.deploy_check") == keys(found, set())


def test_a_server_that_ends_says_why(real_cache: Path, programs: Path, tmp_path: Path) -> None:
    (programs / "broken").touch()
    folder = make_project(tmp_path / "p", OWN)
    with pytest.raises(EngineError, match="exit code 7: error: failed to load model: no room") as caught:
        run("own", folder)
    assert "deploy-server.log" in (caught.value.hint or "")
    assert are_gone(programs)


def test_a_server_that_never_gets_ready_is_stopped(
    real_cache: Path, programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = programs / "llama-server"
    server.write_text(server.read_text().replace("len(looks) > 2", "False"))
    monkeypatch.setattr(deploy_check, "_longest_start", lambda plan: 1.0)
    with pytest.raises(EngineError, match="was not ready in time"):
        run("own", make_project(tmp_path / "p", OWN))
    assert are_gone(programs)


def test_another_engine_is_started_where_it_is_installed(real_cache: Path, programs: Path, tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", OWN)
    toml = folder / "bakeoff.toml"
    toml.write_text('[needs]\nhardware = "RTX 4090, 64 GB RAM"\n' + toml.read_text())
    for engine, program in (("vllm", "vllm"), ("sglang", "sglang")):
        with pytest.raises(UsageError, match=f"{program} is not installed"):
            run("own", folder, "--engine", engine, "--build", "BF16")
    with pytest.raises(UsageError, match="no server"):
        run("own", folder, "--engine", "transformers", "--build", "BF16")
    (programs / "llama-server").rename(programs / "vllm")
    found = json.loads(run("own", folder, "--engine", "vllm", "--build", "BF16", "--json").stdout)
    assert found["command"].startswith("vllm serve HuggingFaceTB/SmolLM2-135M-Instruct --max-model-len ")
    assert " --served-model-name " in found["command"]
    assert not (programs / "looks").read_text().strip("0"), "vLLM's /health has no JSON to wait for"


def test_the_embedded_engine_is_started_as_planned(
    real_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deploy_check.shutil, "which", lambda name: None)
    folder = make_project(tmp_path / "p", OWN + "max_tokens = 8\n")
    Project(folder).run(RunOptions(rows="2"))
    found = document("own", folder)
    assert (found["where"], found["output_tokens"]) == ("embedded", 8)
    assert found["load_seconds"] > 0
    assert found["same"] in (True, False)
