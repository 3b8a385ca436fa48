"""A Hub and an Ollama on the loopback that do what they are told, and remember what they were asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Page:
    """One answer."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    """It serves ranges of its body."""

    wait: float = 0.0
    """Seconds before the answer."""


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    sent: int = 0
    """Bytes of the answer's body."""


class Server:
    """Pages by path."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[Asked] = []
        self.url = ""
        self.stop = threading.Event()

    def serve(self, path: str, body: Any, **values: Any) -> None:
        """Answer a path with bytes, a text, or JSON."""
        data = (
            body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        )
        self.pages[path] = Page(data, **values)

    def model(self, model_id: str, config: Any = None, files: dict[str, bytes] | None = None, /, **info: Any) -> None:
        """A repository of the Hub with a config.json and other files."""
        there = dict(files or {})
        if config is not None:
            there["config.json"] = json.dumps(config).encode()
        listed = [{"rfilename": name} for name in there]
        self.serve(f"/api/models/{model_id}", {"id": model_id, "siblings": listed, **info})
        for name, data in there.items():
            self.serve(f"/{model_id}/resolve/main/{name}", data)

    @property
    def paths(self) -> list[str]:
        """Paths that were asked for, in order."""
        return [asked.path for asked in self.asked]


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            server.asked.append(asked)
            page = server.pages.get(self.path) or Page(b"", 404, {"X-Error-Code": "RepoNotFound"})
            if page.wait:
                server.stop.wait(page.wait)
            data, status, extra = page.body, page.status, dict(page.headers)
            wanted = self.headers.get("Range")
            if wanted and page.ranges and status == 200:
                start, _, end = wanted.removeprefix("bytes=").partition("-")
                if int(start) >= len(data):
                    data, status = b"", 416
                else:
                    extra["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
                    data, status = data[int(start) : int(end) + 1], 206
            asked.sent = len(data)
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            for name, value in extra.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(data)

    return Handler


@contextmanager
def running() -> Iterator[Server]:
    """A server on a free port of the loopback."""
    server = Server()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop.set()
        http.shutdown()
        http.server_close()
        thread.join(5)
