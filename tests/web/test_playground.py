"""The playground: several models answer side by side, as they come; nothing of it goes to the ledger."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from benchmarks.common import stub_server
from starlette.testclient import TestClient

from bakeoff.project import Listener, Project
from bakeoff.project.working import at_work
from bakeoff.weights import ModelFile
from tests.web.projects import LABELS, write_project

Call = Callable[..., TestClient]
PATH = "/api/projects/tickets/playground"


def talk(called: TestClient, **asked: Any) -> dict[int, list[dict[str, Any]]]:
    """All events of one message, by column."""
    answer = called.post(PATH, json={"message": "hello", **asked})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    found: dict[int, list[dict[str, Any]]] = {}
    for line in answer.text.split("\n\n"):
        if line.startswith("data: "):
            event = json.loads(line[6:])
            found.setdefault(event["column"], []).append(event)
    return found


def body(events: list[dict[str, Any]]) -> dict[str, Any]:
    """What was sent."""
    (sent,) = [event for event in events if event["kind"] == "request"]
    found: dict[str, Any] = json.loads(sent["body"])
    return found


def test_who_can_be_talked_to(client: Call, project: Path) -> None:
    text = (project / "bakeoff.toml").read_text("utf-8")
    more = '[[candidates]]\nname = "kept"\nmodel = "x"\nvia = "file"\nanswers = "a.csv"\n[[graders]]'
    (project / "bakeoff.toml").write_text(text.replace("[[graders]]", more), "utf-8")
    found = client(project).get(PATH).json()
    assert [one["name"] for one in found["candidates"]] == ["alpha", "beta"]
    assert (found["message_column"], found["target_column"]) == ("text", "label")
    assert found["system"].startswith("Answer with exactly one of")


def test_all_answer_and_nothing_goes_to_the_ledger(client: Call, project: Path) -> None:
    called = client(project)
    before = Project(project).ledger()
    with before as ledger:
        seq = ledger.seq()
    found = talk(
        called, voices=[{"candidate": "alpha"}, {"candidate": "beta"}], system="Be brief. {{ text }}", temperature=0.5,
        max_tokens=99, seed=7,
    )  # fmt: skip
    for column, name in enumerate(("alpha", "beta")):
        sent = body(found[column])
        assert sent["model"] == name
        # Text is text: braces in it are no template here.
        assert sent["messages"] == [
            {"role": "system", "content": "Be brief. {{ text }}"},
            {"role": "user", "content": "hello"},
        ]
        assert (sent["temperature"], sent["max_tokens"], sent["seed"]) == (0.5, 99, 7)
        said = "".join(event["text"] for event in found[column] if event["kind"] == "delta")
        done = found[column][-1]
        assert done["kind"] == "done"
        assert done["text"] == said
        assert said in LABELS
        assert done["output_tokens"] >= 1
        assert done["latency_ms"] >= done["time_to_first_token_ms"] > 0
        assert done["finish_reason"] == "stop"
    with Project(project).ledger() as ledger:
        assert ledger.seq() == seq


def test_earlier_turns_are_sent_with_it(client: Call, project: Path) -> None:
    turns = [{"user": "one", "answer": "two"}]
    sent = body(talk(client(project), voices=[{"candidate": "alpha", "turns": turns}])[0])
    assert [one["content"] for one in sent["messages"]] == ["one", "two", "hello"]
    assert [one["role"] for one in sent["messages"]] == ["user", "assistant", "user"]


def test_as_rows_it_is_the_request_of_a_row(client: Call, project: Path) -> None:
    text = (project / "bakeoff.toml").read_text("utf-8")
    text = text.replace('user = "{{ text }}"', 'user = "Ticket: {{ text }}"').replace(
        "max_tokens = 16", 'max_tokens = 16\nstop = ["###"]'
    )
    (project / "bakeoff.toml").write_text(text, "utf-8")
    opened = Project(project)
    row = opened.table().rows[0]
    route = opened.contestants()[0].resolved
    assert route is not None
    expected = json.loads(route.route.request(row).body)
    said = {"message": str(row.values["text"]), "system": opened.config.prompt.system}
    assert body(talk(client(project), voices=[{"candidate": "alpha"}], as_rows=True, **said)[0]) == expected
    assert "stop" not in body(talk(client(project), voices=[{"candidate": "alpha"}], **said)[0])


def test_a_model_that_is_in_no_file(client: Call, project: Path, stub_port: int) -> None:
    via = f"http://127.0.0.1:{stub_port}/thinking/v1"
    found = talk(client(project), voices=[{"model": "other", "via": via}])[0]
    assert body(found)["model"] == "other"
    assert (found[-1]["kind"], found[-1]["thinking"]) == ("done", "let me see")
    assert "".join(event["thinking"] for event in found if event["kind"] == "delta") == "let me see"


@pytest.mark.parametrize(
    ("kind", "word"),
    [("401", "401"), ("400", "stub says 400"), ("html", "text/html"), ("cut", "ended"), ("not-http", "HTTP")],
)
def test_one_that_fails_says_why_and_the_others_answer(
    client: Call, project: Path, stub_port: int, kind: str, word: str
) -> None:
    voices = [{"candidate": "alpha"}, {"model": "bad", "via": f"http://127.0.0.1:{stub_port}/{kind}/v1"}]
    found = talk(client(project), voices=voices)
    assert found[0][-1]["kind"] == "done"
    assert found[1][-1]["kind"] == "error"
    assert word in found[1][-1]["error"]["message"]
    assert found[1][-1]["error"]["hint"]


def test_keys_are_not_shown(client: Call, tmp_path: Path, stub_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_project(tmp_path / "tickets", stub_port, models=("alpha",))
    text = (folder / "bakeoff.toml").read_text("utf-8")
    (folder / "bakeoff.toml").write_text(text.replace('model = "alpha"', 'model = "alpha"\nkey = "SOME_KEY"'), "utf-8")
    missing = talk(client(folder), voices=[{"candidate": "alpha"}])[0][-1]
    assert (missing["kind"], "SOME_KEY" in missing["error"]["message"]) == ("error", True)
    monkeypatch.setenv("SOME_KEY", "sk-very-secret")
    found = talk(client(folder), voices=[{"candidate": "alpha"}])
    assert found[0][-1]["kind"] == "done"
    assert "sk-very-secret" not in json.dumps(found)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"voices": []}, 422),
        ({"voices": [{"candidate": "alpha"}] * 6}, 422),
        ({"voices": [{"candidate": "gamma"}]}, 400),
        ({"voices": [{"candidate": "alpha", "model": "x"}]}, 400),
        ({"voices": [{}]}, 400),
        ({"voices": [{"model": "x", "via": "nowhere"}]}, 400),
        ({"voices": [{"candidate": "alpha"}], "message": ""}, 422),
        ({"voices": [{"candidate": "alpha"}], "message": "x" * 200_001}, 422),
        ({"voices": [{"candidate": "alpha"}], "temperature": "hot"}, 422),
        ({"voices": [{"candidate": "alpha"}], "max_tokens": 0}, 422),
        ({"voices": [{"candidate": "alpha"}], "seed": -1}, 422),
    ],
)
def test_what_makes_no_sense_is_refused(client: Call, project: Path, asked: dict[str, Any], status: int) -> None:
    answer = client(project).post(PATH, json={"message": "hello", **asked})
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


@pytest.fixture
def slow() -> Iterator[int]:
    """A model server that takes two seconds for an answer."""
    with stub_server(latency_ms=2000) as port:
        yield port


def asking(url: str, **asked: Any) -> Request:
    """A message to a real server."""
    return Request(
        f"{url}api/projects/tickets/playground",
        data=json.dumps({"message": "hello", **asked}).encode(),
        headers={"content-type": "application/json"},
    )


def test_whoever_is_ready_is_heard_first_and_leaving_stops_the_rest(
    serve: Callable[..., str], project: Path, slow: int
) -> None:
    url = serve(project)
    voices = [{"model": "slow", "via": f"http://127.0.0.1:{slow}/ok/v1"}, {"candidate": "alpha"}]
    started = time.monotonic()
    with urlopen(asking(url, voices=voices), timeout=20) as answer:
        for line in answer:
            if line.startswith(b"data: "):
                event = json.loads(line[6:])
                if event["kind"] == "done":
                    break
        assert (event["column"], time.monotonic() - started < 1.5) == (1, True)
    with urlopen(f"http://127.0.0.1:{slow}/most-in-flight", timeout=5) as told:
        json.loads(told.read())
    time.sleep(0.3)
    with urlopen(f"http://127.0.0.1:{slow}/most-in-flight", timeout=5) as told:
        # Reset by the look before: nothing is in flight any more.
        assert json.loads(told.read())["most_in_flight"] == 0


def test_an_embedded_model_loads_once_and_leaves_a_run_alone(
    serve: Callable[..., str], tmp_path: Path, stub_port: int, smollm2: ModelFile
) -> None:
    folder = write_project(tmp_path / "tickets", stub_port, rows=3)
    url = serve(folder)
    voice = {"model": str(smollm2.path), "via": "embedded"}

    def kinds(**asked: Any) -> list[dict[str, Any]]:
        with urlopen(asking(url, voices=[voice], max_tokens=12, temperature=0, **asked), timeout=120) as answer:
            return [json.loads(line[6:]) for line in answer if line.startswith(b"data: ")]

    first, second = kinds(), kinds()
    assert [one["kind"] for one in first if one["kind"] != "delta"] == [
        "request", "waiting", "loading", "asked", "done"
    ]  # fmt: skip
    assert "loading" not in [one["kind"] for one in second]
    assert first[-1]["text"] == second[-1]["text"] != ""
    assert 2 <= first[-1]["output_tokens"] <= 12
    with at_work(folder, "run", Listener(), {}):
        refused = kinds()[-1]
    assert (refused["kind"], refused["error"]["kind"]) == ("error", "BusyError")
