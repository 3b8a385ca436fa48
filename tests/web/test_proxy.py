"""Behind a real nginx, below a prefix: the page, the API, the login, uploads and links all work, and nothing is open
that was closed.
"""

import http.client
import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.web.projects import write_project

NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
TOKEN = "a token for the team"
PREFIX = "/team/bakeoff/"

CONFIG = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    {location}
  }}
}}
"""


def location(guide: str, backend: str) -> str:
    """The block of a guide as it stands there, for a server on another port and, as there is no TLS, told of https."""
    text = (Path(__file__).parents[2] / "docs" / "guides" / guide).read_text(encoding="utf-8")
    [block] = re.findall(r"```nginx\n(.*?)```", text, re.DOTALL)
    return str(block).replace("127.0.0.1:8642", f"127.0.0.1:{backend}").replace("$scheme", "https")


class Answer(NamedTuple):
    """Of the proxy."""

    status: int
    headers: http.client.HTTPMessage
    body: str


class Proxy(NamedTuple):
    """One that runs."""

    port: int

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """As a browser at https://team.example would."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        given = {"host": "team.example", **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection.request(method, path, body=body, headers=given)
        answer = connection.getresponse()
        found = Answer(answer.status, answer.headers, answer.read().decode())
        connection.close()
        return found

    def send(self, path: str, value: Any, **headers: str) -> Answer:
        """POST of JSON from the page."""
        sent = {"content_type": "application/json", "origin": "https://team.example", "sec_fetch_site": "same-origin"}
        return self.ask("POST", path, json.dumps(value).encode(), **{**sent, **headers})


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
    return port


@pytest.fixture
def proxy(serve: Callable[..., str], tmp_path: Path) -> Iterator[Proxy]:
    """Nginx before a server with a workspace; host, token and `--behind` as a team would set them."""
    if NGINX is None:
        pytest.skip("no nginx on this machine")
    workspace, own = tmp_path / "workspace", tmp_path / "nginx"
    own.mkdir()
    write_project(workspace / "tickets", 1)
    backend = serve(workspace, token=TOKEN, behind=("team.example",)).rsplit(":", 1)[1].strip("/")
    port = free_port()
    (own / "nginx.conf").write_text(CONFIG.format(folder=own, port=port, location=location("page.md", backend)))
    command = [NGINX, "-e", str(own / "error.log"), "-p", str(own), "-c", str(own / "nginx.conf")]
    with subprocess.Popen(command) as process:
        try:
            _await(port, process)
            yield Proxy(port)
        finally:
            process.terminate()


def _await(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        assert process.poll() is None, "nginx did not start"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("nginx does not listen")


def test_everything_works_below_a_prefix(proxy: Proxy) -> None:
    index = proxy.ask("GET", PREFIX)
    assert index.status == 200
    for path in re.findall(r'(?:href|src)="([^"]+)"', index.body):
        assert proxy.ask("GET", PREFIX + path).status == 200, path
    assert proxy.ask("GET", f"{PREFIX}api/projects").status == 401

    login = proxy.send(f"{PREFIX}api/login", {"token": TOKEN, "path": PREFIX})
    assert login.status == 204
    [(name, cookie)] = SimpleCookie(login.headers["set-cookie"]).items()
    assert (cookie["path"], bool(cookie["secure"]), cookie["samesite"].lower()) == (PREFIX, True, "strict")
    known = f"{name}={cookie.value}"
    listed = json.loads(proxy.ask("GET", f"{PREFIX}api/projects", cookie=known).body)
    assert [one["name"] for one in listed["projects"]] == ["tickets"]

    text = "text,label\n" + "x,good\ny,bad\n" * 200_000  # more than nginx keeps in memory
    sent = proxy.ask(
        "POST", f"{PREFIX}api/uploads?name=a.csv", text.encode(), cookie=known, origin="https://team.example"
    )
    assert sent.status == 201
    assert json.loads(sent.body)["n_rows"] == 400_000

    made = proxy.send(f"{PREFIX}api/projects/tickets/shares", {"note": ""}, cookie=known)
    assert made.status == 201
    shown = proxy.ask("GET", PREFIX + json.loads(made.body)["path"])
    assert shown.headers["content-security-policy"].startswith("sandbox")


def test_both_guides_have_the_same_configuration() -> None:
    assert location("page.md", "1") == location("vi/page.md", "1")


def test_the_proxy_makes_nobody_a_neighbour(proxy: Proxy) -> None:
    """Nginx connects from this machine; what it or its client says of addresses decides nothing."""
    for headers in ({"x_forwarded_for": "127.0.0.1"}, {"x_real_ip": "127.0.0.1"}, {"forwarded": "for=127.0.0.1"}):
        assert proxy.ask("GET", f"{PREFIX}api/projects", **headers).status == 401
    assert proxy.ask("GET", f"{PREFIX}api/app", host="evil.example").status == 421
    evil = proxy.send(f"{PREFIX}api/login", {"token": TOKEN}, origin="https://evil.example")
    assert evil.status == 403
    cross = proxy.send(f"{PREFIX}api/login", {"token": TOKEN}, sec_fetch_site="cross-site")
    assert cross.status == 403
    for path in ("..%2fetc/passwd", "page/..%2f..%2fapp.py", "page/%2e%2e/app.py"):
        assert proxy.ask("GET", PREFIX + path).status in (400, 401, 403, 404)  # 403: nginx itself
