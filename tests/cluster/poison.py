"""A model server whose client dies when it asks about a certain row: a row that kills workers."""

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

POISON = "text 17 "
"""In the request for the row."""


class PoisonServer(ThreadingHTTPServer):
    """Answers everything alike, but for the poison."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: Counter[str] = Counter()
        """By the text of the row."""

        self.deaths = 0

    @property
    def address(self) -> str:
        """Without the path."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: PoisonServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        text = json.loads(body)["messages"][-1]["content"]
        self.server.asked[text] += 1
        if text.startswith(POISON):
            pid = _owner(self.client_address[1])
            if pid is not None:
                self.server.deaths += 1
                os.kill(pid, signal.SIGKILL)
            self.close_connection = True
            return
        answer = {
            "model": "model-a",
            "choices": [{"message": {"role": "assistant", "content": "positive"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 1},
        }
        self._say(json.dumps(answer).encode())

    def do_GET(self) -> None:
        self._say(b"{}")

    def _say(self, content: bytes) -> None:
        with suppress(OSError):
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def _owner(port: int) -> int | None:
    """The process that has a port of this machine."""
    inode = None
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rpartition(":")[2], 16) == port:
            inode = f"socket:[{fields[9]}]"
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if any(os.readlink(one) == inode for one in (entry / "fd").iterdir()):
                    return int(entry.name)
    return None


@contextmanager
def poison_server() -> Iterator[PoisonServer]:
    """The server, for as long as it is needed."""
    server = PoisonServer()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
