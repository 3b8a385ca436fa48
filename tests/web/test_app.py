"""The frame of the server: what is open, what is refused, and that words and files are whole."""

import asyncio
import hashlib
import json
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bakeoff.report.words import words
from bakeoff.web.files import ROOT, page_path
from bakeoff.web.serve import listen
from bakeoff.web.settings import Settings

Call = Callable[..., TestClient]


def test_the_index_names_only_relative_addresses(client: Call, finished: Path) -> None:
    answer = client(finished).get("/")
    assert answer.status_code == 200
    assert not re.search(r'(?:href|src)="(?:/|https?:)', answer.text)
    nonce = re.search(r'nonce="([^"]+)"', answer.text)
    assert nonce is not None
    assert f"'nonce-{nonce[1]}'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_the_index_preloads_files_that_are_there(client: Call, finished: Path) -> None:
    called = client(finished)
    named = re.findall(r'(?:href|src)="(page/[^"]+)"', called.get("/").text)
    assert len(named) > 5
    assert {called.get(f"/{path}").status_code for path in named} == {200}


def test_vendored_files_are_what_the_list_says() -> None:
    listed = json.loads((ROOT / "vendor" / "vendor.json").read_text())
    assert {one["file"] for one in listed} == {path.name for path in (ROOT / "vendor").glob("*.js")}
    for one in listed:
        assert hashlib.sha256((ROOT / "vendor" / one["file"]).read_bytes()).hexdigest() == one["sha256"]
        assert all(package["license"] and package["version"] for package in one["packages"])


@pytest.mark.parametrize(
    "name", ["../app.py", "..", "/etc/passwd", ".hidden", "lib/../../app.py", "lib//api.js", "lib\\api.js", "no.js", ""]
)
def test_only_the_pages_own_files_are_read(name: str) -> None:
    assert page_path(name) is None


def test_a_file_is_asked_for_once(client: Call, finished: Path) -> None:
    called = client(finished)
    first = called.get("/page/app.js")
    again = called.get("/page/app.js", headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


KEYS = re.compile(r'\bt\("([a-z0-9_.]+)"')
MADE = re.compile(r"\bt\(`([a-z0-9_.]+?)\.?\$\{")


def test_every_word_of_the_page_is_there_and_used() -> None:
    """Keys in the scripts against the labels, in both directions; `t(`a.${b}`)` uses all keys under `a.`."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.rglob("*.js") if path.parent.name != "vendor")
    for lang in ("en", "vi"):
        known = {key.removeprefix("page.") for key in words(lang).labels if key.startswith("page.")}
        assert set(KEYS.findall(text)) <= known
        computed = tuple({f"{prefix}." for prefix in MADE.findall(text)})
        unused = {key for key in known if f'"{key}"' not in text and not key.startswith(computed)}
        assert unused == set()
    texts = [
        {key: value for key, value in words(lang).labels.items() if key.startswith("page.")} for lang in ("en", "vi")
    ]
    assert texts[0].keys() == texts[1].keys()
    braces = re.compile(r"\{(\w+)")
    assert {
        key for key in texts[0] if set(braces.findall(texts[0][key])) != set(braces.findall(texts[1][key]))
    } == set()


def test_openapi_tells_every_route(client: Call, finished: Path) -> None:
    told = client(finished).get("/api/openapi.json").json()
    undocumented = [
        f"{method} {path}" for path, methods in told["paths"].items() for method, one in methods.items()
        if not one.get("description") and not one.get("summary")
    ]  # fmt: skip
    assert undocumented == []
    assert "/api/projects" in told["paths"]


def test_small_answers_are_sent_at_once(tmp_path: Path) -> None:
    """Head and body are two small sends: without TCP_NODELAY the second waits 40 ms for the other side."""

    async def accepted() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def met(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = listen(Settings(tmp_path, port=0))
        async with await asyncio.start_server(met, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname())
            writer.close()
            return await found

    assert asyncio.run(accepted())
