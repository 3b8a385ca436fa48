"""The playground in a browser: side by side, as it comes, stopped, tried again, saved as a row."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from benchmarks.common import stub_server

from bakeoff.project import Project
from bakeoff.project.editing import append_tables
from tests.web.browser.conftest import Theme, faults, see
from tests.web.projects import write_project

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def slow_port() -> Iterator[int]:
    """A model server that takes a while, so that something can be done meanwhile."""
    with stub_server(latency_ms=1500) as port:
        yield port


@pytest.fixture
def folder(tmp_path: Path, stub_port: int, slow_port: int) -> Path:
    """Four candidates: two that answer, one that thinks, one that is slow."""
    folder = write_project(tmp_path / "tickets", stub_port, rows=4)
    more = [
        {"name": "<b>thinks</b>", "model": "t", "via": f"http://127.0.0.1:{stub_port}/thinking/v1"},
        {"name": "slow", "model": "s", "via": f"http://127.0.0.1:{slow_port}/ok/v1"},
    ]
    append_tables(folder, "candidates", more)
    return folder


def say(page: Any, text: str) -> None:
    page.get_by_label("Message to all models").fill(text)
    page.keyboard.press("Enter")


def test_a_conversation_and_a_row_of_it(serve: Callable[..., str], open_page: Open, folder: Path) -> None:
    page = open_page(f"{serve(folder)}#/p/tickets/playground")
    box = page.get_by_label("Message to all models")
    box.fill("one <positive>")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    box.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    assert page.locator(".turn").count() == 0
    page.keyboard.press("Enter")
    page.locator(".turn .acts").nth(2).wait_for()
    assert page.locator(".said").first.inner_text() == "one <positive>\ntwo"
    assert page.locator(".voice").count() == 3
    assert "tokens" in page.locator(".measures").first.inner_text()
    # Thinking is folded, a name with tags is text.
    assert page.locator(".voice").nth(2).locator("select option:checked").inner_text() == "<b>thinks</b>"
    thinking = page.locator(".thinking")
    assert (thinking.count(), thinking.locator("div").is_visible()) == (1, False)
    say(page, "three")
    page.locator(".voice:first-child .turn:nth-child(2) .acts").wait_for()
    page.locator(".voice:first-child .turn:nth-child(2)").get_by_role("button", name="Request").click()
    sent = json.loads(page.locator("dialog[open] pre").inner_text())
    assert [one["role"] for one in sent["messages"]] == ["system", "user", "assistant", "user"]
    page.keyboard.press("Escape")
    page.locator(".voice:first-child .turn:first-child").get_by_role("button", name="Save as a row").click()
    page.get_by_label("kênh").fill("web")
    answer = page.get_by_label("label", exact=True).input_value()
    page.get_by_role("button", name="Add the row").click()
    page.get_by_text("The row is added").wait_for()
    rows = Project(folder).table().rows
    assert len(rows) == 5
    assert (rows[-1].values["text"], rows[-1].values["label"]) == ("one <positive>\ntwo", answer)
    assert rows[-1].values["kênh"] == "web"


def test_stop_try_again_and_one_that_fails(serve: Callable[..., str], open_page: Open, folder: Path) -> None:
    page = open_page(f"{serve(folder)}#/p/tickets/playground")
    for name in ("<b>thinks</b>", "beta"):
        page.get_by_role("button", name=f"Remove {name}").click()
    page.get_by_role("button", name="Add a model").click()
    page.locator(".voice").nth(1).locator("select").select_option("slow")
    page.get_by_role("button", name="Add a model").click()
    page.locator(".voice").nth(2).locator("select").select_option(label="Another model…")
    page.get_by_label("Model", exact=True).fill("nobody")
    page.get_by_label("Where it runs").fill("http://127.0.0.1:1/v1")
    page.get_by_role("button", name="Talk to it").click()
    say(page, "hello")
    page.locator(".voice").nth(2).get_by_role("alert").wait_for()
    page.locator(".voice").first.locator(".acts").wait_for()  # does not wait for the others
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped.").wait_for()
    page.get_by_role("button", name="Send").wait_for()
    page.locator(".voice").nth(1).get_by_role("button", name="Try again").click()
    page.locator(".voice").nth(1).locator(".measures").get_by_text("tokens", exact=False).first.wait_for()
    assert page.locator(".voice").nth(1).locator(".turn").count() == 1
    page.reload()
    # The models are remembered; what was said is not.
    page.locator(".voice").nth(2).wait_for()
    assert page.locator(".voice").nth(2).locator("select option:checked").inner_text() == "nobody"
    assert page.locator(".turn").count() == 0


def test_the_system_prompt_becomes_the_projects(serve: Callable[..., str], open_page: Open, folder: Path) -> None:
    page = open_page(f"{serve(folder)}#/p/tickets/playground", quiet=False)  # the browser logs the 409
    page.get_by_label("System prompt").fill("Say <b>nothing</b>.")
    use = page.get_by_role("button", name="Use this system prompt in the project")
    with page.expect_response(lambda answer: answer.url.endswith("/prompt") and answer.status == 200):
        use.click()
    text = (folder / "bakeoff.toml").read_text("utf-8")
    assert Project(folder).config.prompt.system == "Say <b>nothing</b>."
    assert "# A comment that must survive." in text
    (folder / "bakeoff.toml").write_text(text + "\n# somebody else\n", "utf-8")
    page.get_by_label("System prompt").fill("Mine.")
    with page.expect_response(lambda answer: answer.url.endswith("/prompt") and answer.status == 409):
        use.click()
    page.get_by_text("changed by somebody else").wait_for()
    assert Project(folder).config.prompt.system == "Say <b>nothing</b>."


HOSTILE = (
    "<script>window.bad = 1</script><img src=http://203.0.113.9/beacon onerror=window.bad=1> "
    "\u202egnorw\u202c <b>bold</b>"
)
"""What a model may write: a script, a beacon, a change of direction; markdown may stay."""


class Hostile(BaseHTTPRequestHandler):
    """A model server that wants to do harm; its second answer has 5 MB."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        text = HOSTILE if len(asked["messages"]) < 3 else "<i>x</i> " * 580_000
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for delta in ({"reasoning_content": HOSTILE}, {"content": text}):
            self.wfile.write(b"data: " + json.dumps({"choices": [{"delta": delta}]}).encode() + b"\n\n")
        self.wfile.write(b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n')

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def test_what_a_model_writes_does_nothing(serve: Callable[..., str], open_page: Open, tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        folder = write_project(tmp_path / "tickets", server.server_port, rows=2, models=("<img src=x>",))
        (folder / "bakeoff.toml").write_text(
            (folder / "bakeoff.toml").read_text("utf-8").replace("system =", "# system ="), "utf-8"
        )
        # The policy's word on the handler, which is blocked, goes to the console; a request to elsewhere still fails.
        page = open_page(f"{serve(folder)}#/p/tickets/playground", quiet=False)
        say(page, "hello")
        page.locator(".answer .model-text b").wait_for()
        page.locator(".thinking summary").click()
        assert "<script>" in page.locator(".thinking > div").inner_text()
        assert page.locator(".voice img, .voice script, .voice a").count() == 0
        say(page, "more")
        page.locator(".turn:nth-child(2) .acts").wait_for()
        assert (
            page.locator(".turn:nth-child(2) .plain-text").last.evaluate("node => node.textContent.length") > 5_000_000
        )
        assert page.evaluate("window.bad") is None
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(("lang", "wide", "narrow"), [("en", "light", "dark"), ("vi", "dark", "light")])
def test_everybody_can_use_it(
    serve: Callable[..., str], open_page: Open, folder: Path, lang: str, wide: Theme, narrow: Theme
) -> None:
    looks = ((wide, 1280), (narrow, 390))
    page = open_page(f"{serve(folder)}#/p/tickets/playground", lang=lang, dark=wide == "dark")
    page.locator(".composer textarea").fill("hello")
    page.keyboard.press("Enter")
    page.locator(".turn .acts").first.wait_for()
    assert faults(page, looks) == []
    page.locator(".acts").first.get_by_role("button").nth(2).click()
    page.locator("dialog textarea").first.wait_for()
    assert faults(page, looks) == []
    page.keyboard.press("Escape")
    see(page, *looks[1])
    page.get_by_role("tab").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("tab", selected=True).inner_text() == "beta"
    page.get_by_role("tabpanel").locator(".turn .acts").wait_for()
    page.locator(".acts").first.get_by_role("button").nth(2).click()
    page.locator("dialog textarea").first.wait_for()
    assert faults(page, looks[1:]) == []
