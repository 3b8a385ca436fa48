"""An attacker's requests: every one is refused cleanly, or harmless; and no answer goes out without its policy."""

import http.client
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from bakeoff.web import bodies
from bakeoff.web.security import policy

Call = Callable[..., TestClient]
MADE = {"name": "x", "example": "sentiment_en"}


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "evil@127.0.0.1", "127.0.0.1:99999999", "", "localhost evil",
     "[::1", "127.0.0.1/..", "0.0.0.0", "192.168.1.5"],
)  # fmt: skip
def test_a_foreign_host_is_refused(client: Call, finished: Path, host: str) -> None:
    answer = client(finished).get("/api/projects", headers={"host": host})
    assert (answer.status_code, answer.json()["error"]["kind"]) == (421, "host")


@pytest.mark.parametrize("host", ["127.0.0.1:8642", "localhost", "LOCALHOST:1", "[::1]:8642", "team.example"])
def test_a_known_host_is_answered(client: Call, finished: Path, host: str) -> None:
    assert client(finished, behind=("team.example",)).get("/api/app", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"), [("192.168.1.5:8642", 200), ("[fe80::1]:8642", 200), ("evil.example", 421)]
)
def test_a_server_for_the_network_answers_to_addresses_not_to_names(
    client: Call, finished: Path, host: str, status: int
) -> None:
    """A name may be led here by its owner's DNS; an address cannot."""
    called = client(finished, host="0.0.0.0", token="t" * 20)
    assert called.get("/api/app", headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://127.0.0.1:8642@evil.example"}, {"origin": "file://"},
        {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "nonsense"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
    ],
)  # fmt: skip
def test_a_request_of_another_site_is_refused(client: Call, tmp_path: Path, headers: dict[str, str]) -> None:
    called = client(tmp_path)
    answer = called.post("/api/projects", json=MADE, headers=headers)
    assert (answer.status_code, answer.json()["error"]["kind"]) == (403, "origin")
    assert called.get("/api/projects", headers=headers).status_code == 403
    assert list(tmp_path.iterdir()) == []


def test_another_site_may_link_to_the_page_and_to_nothing_else(client: Call, finished: Path) -> None:
    linked = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    called = client(finished)
    assert called.get("/", headers=linked).status_code == 200
    assert called.get("/", headers={**linked, "sec-fetch-dest": "iframe"}).status_code == 403
    assert called.get("/api/projects", headers=linked).status_code == 403


@pytest.mark.parametrize("name", ["host", "origin", "content-length", "authorization"])
def test_a_header_that_decides_comes_once(serve: Callable[..., str], finished: Path, name: str) -> None:
    """Two different ones could be read differently by a proxy and by us."""
    port = int(serve(finished).rsplit(":", 1)[1].strip("/"))
    lines = [
        "POST /api/login HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Length: 2",
        "Content-Type: application/json",
    ]
    lines += [f"{name}: http://127.0.0.1:{port}", f"{name}: http://evil.example"]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sent:
        sent.sendall("\r\n".join([*lines, "", "{}"]).encode())
        assert sent.recv(200).startswith(b"HTTP/1.1 400")


def test_every_answer_has_its_policy(client: Call, finished: Path) -> None:
    called = client(finished, token="t" * 20)
    known = {"authorization": f"Bearer {'t' * 20}"}
    etag = called.get("/page/app.js").headers["etag"]
    answers = [
        called.get("/"), called.get("/api/app"), called.get("/nothing"), called.get("/api/projects"),
        called.get("/page/app.js", headers={"if-none-match": etag}), called.head("/"), called.options("/api/app"),
        called.post("/api/app", headers=known), called.get("/", headers={"host": "evil"}),
        called.post("/api/login", content=b"{", headers={"content-type": "application/json"}),
        called.get("/api/projects/none/x", headers=known), called.get("/shared/wrong"),
        called.delete("/", headers=known),
    ]  # fmt: skip
    assert [one.status_code for one in answers] == [200, 200, 401, 401, 304, 200, 405, 405, 421, 400, 404, 404, 405]
    for one in answers:
        assert "default-src 'none'" in one.headers["content-security-policy"], one.url
        assert "frame-ancestors 'none'" in one.headers["content-security-policy"], one.url
        assert one.headers["x-content-type-options"] == "nosniff"
        assert one.headers["referrer-policy"] == "no-referrer"
    assert "unsafe" not in policy("n")


def test_head_is_get_without_the_body(client: Call, finished: Path) -> None:
    called = client(finished)
    head, whole = called.head("/page/app.js"), called.get("/page/app.js")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]


PATHS = [
    "/page/../app.py", "/page/%2e%2e/app.py", "/page/..%2fapp.py", "/page/%2e%2e%2f%2e%2e%2fpyproject.toml",
    "/page/..%5capp.py", "/page//etc/passwd", "/page/app.js%00.png", "/page/.hidden", "/page/con.js", "/page/APP.JS",
    "/page/lib/../app.js", "/page/vendor", "/page/app.js/", "/page/app.js::$DATA",
    "/api/projects/..", "/api/projects/%2e%2e/report", "/api/projects/..%2f..%2fetc/shares",
    "/api/projects/%00/shares", "/api/projects/tickets%2f..%2ftickets/shares", "/api/projects/TICKETS/shares",
    "/api/projects/.%2ftickets/shares", "/api/projects/tickets%2e/shares", "/api/projects/tickets%20/shares",
    "/shared/..%2f..%2fetc%2fpasswd", "/api/uploads/..%2f..", "/api/words/..%2f..", "/api/words/en.toml",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_path_tricks_lead_nowhere(serve: Callable[..., str], finished: Path, path: str) -> None:
    port = int(serve(finished).rsplit(":", 1)[1].strip("/"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("GET", path)  # as it is; a client would tidy it
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status in (404, 405), body[:200]
    assert b"root:" not in body


BOMBS = {
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "rather deep": b'{"name":' * 80 + b"1" + b"}" * 80,
    "nan": b'{"name": NaN}',
    "endless": b'{"name": 1e999}',
    "infinity": b'{"name": -Infinity}',
    "huge integer": b'{"name": ' + b"9" * 10_000 + b"}",
    "65 bits": b'{"name": 18446744073709551616}',
    "half a character": b'{"name": "\\ud800"}',
    "half a key": b'{"\\udfff": "x"}',
    "not utf-8": b'{"name": "\xff"}',
    "cut": b'{"name": "x',
    "nothing": b"\0",
}


@pytest.mark.parametrize("name", list(BOMBS))
def test_json_that_cannot_be_kept_is_a_clear_400(client: Call, tmp_path: Path, name: str) -> None:
    for kind in ("application/json", "application/problem+json", ""):
        answer = client(tmp_path).post("/api/projects", content=BOMBS[name], headers={"content-type": kind})
        assert (answer.status_code, answer.json()["error"]["kind"]) == (400, "json")
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["name", "upload", "example", "id", "input", "target", "by_people", "system", "user", "x"]), inner, max_size=4),
    max_leaves=8,
))  # fmt: skip
def test_no_body_is_a_mistake_of_ours(client: Call, tmp_path: Path, body: Any) -> None:
    called = client(tmp_path)
    for path in ("/api/projects", "/api/login", "/api/logout"):
        answer = called.post(path, content=json.dumps(body).encode(), headers={"content-type": "application/json"})
        assert answer.status_code in (204, 400, 401, 404, 422, 429), answer.text


def test_a_body_of_another_kind_is_not_read_as_json(client: Call, tmp_path: Path) -> None:
    """A form of another site can send text/plain without asking."""
    answer = client(tmp_path).post(
        "/api/projects", content=json.dumps(MADE).encode(), headers={"content-type": "text/plain"}
    )
    assert answer.status_code == 422
    assert list(tmp_path.iterdir()) == []


def test_a_packed_body_is_refused(client: Call, tmp_path: Path) -> None:
    answer = client(tmp_path).post("/api/projects", content=b"x", headers={"content-encoding": "gzip"})
    assert answer.status_code == 415


def chunks(sent: socket.socket, size: int) -> None:
    """Send so many bytes in pieces without telling how many."""
    piece = b"[" + b" " * 65_535
    for _ in range(size // len(piece) + 1):
        sent.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))


def test_a_body_too_large_is_413_whether_it_says_so_or_not(serve: Callable[..., str], finished: Path) -> None:
    port = int(serve(finished).rsplit(":", 1)[1].strip("/"))
    head = f"POST /api/login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: %s\r\n"
    for kind in ("application/json", "text/plain", "application/octet-stream"):
        for length in ("Content-Length: 2000000", "Transfer-Encoding: chunked"):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as sent:
                sent.sendall(f"{head % kind}{length}\r\n\r\n".encode())
                if "chunked" in length:
                    try:
                        chunks(sent, bodies.MOST_BODY_BYTES)
                    except OSError:
                        continue  # refused while it was still sending
                answer = sent.recv(65_536)
                assert answer.startswith(b"HTTP/1.1 413"), (kind, length, answer[:200])
                assert b"content-security-policy" in answer.lower()


def test_a_length_that_is_no_number_is_refused(client: Call, finished: Path) -> None:
    for length in ("-1", "1e9", b"\xb3", "9" * 30):
        answer = client(finished).post("/api/login", content=b"{}", headers={"content-length": length})
        assert answer.status_code == 400


def test_a_body_that_stands_still_ends(
    serve: Callable[..., str], finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "SLOWEST_SECONDS", 0.3)
    port = int(serve(finished).rsplit(":", 1)[1].strip("/"))
    for path, kind in (("/api/login", "application/json"), ("/api/uploads?name=a.csv", "application/octet-stream")):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sent:
            head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {kind}\r\n"
            sent.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
            began = time.monotonic()
            assert sent.recv(65_536).startswith(b"HTTP/1.1 408")
            assert time.monotonic() - began < 5


@pytest.mark.parametrize("path", ["/api/login", "/api/uploads?name=a.csv"])
def test_who_goes_in_the_middle_is_no_mistake_of_ours(
    serve: Callable[..., str], finished: Path, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    address = serve(finished)
    port = int(address.rsplit(":", 1)[1].strip("/"))
    kind = "application/octet-stream" if "uploads" in path else "application/json"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sent:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {kind}\r\n"
        sent.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as next_one:
            next_one.sendall(f"GET /api/app HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            assert next_one.recv(100).startswith(b"HTTP/1.1 200")
    time.sleep(0.2)
    assert caplog.records == []


def test_headers_without_end_are_refused(serve: Callable[..., str], finished: Path) -> None:
    port = int(serve(finished).rsplit(":", 1)[1].strip("/"))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sent:
        try:
            sent.sendall(f"GET /{'a' * 300_000} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            answer = sent.recv(65_536)
        except OSError:
            answer = b""
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400")


def test_a_mistake_of_ours_has_a_number_and_no_traceback(
    client: Call, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("a secret path")

    monkeypatch.setattr("bakeoff.web.workspace.Workspace.names", broken)
    answer = client(finished).get("/api/projects")
    assert answer.status_code == 500
    assert "number" in answer.json()["error"]["message"]
    assert "secret" not in answer.text
    assert "content-security-policy" in answer.headers


def test_the_openapi_document_tells_errors(client: Call, finished: Path) -> None:
    told = client(finished).get("/api/openapi.json").json()
    assert "Error" in told["components"]["schemas"]
    for path, methods in told["paths"].items():
        for method, one in methods.items():
            assert "4XX" in one["responses"], f"{method} {path}"
            assert "5XX" in one["responses"], f"{method} {path}"
