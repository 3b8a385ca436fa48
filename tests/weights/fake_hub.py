"""A Hugging Face Hub of our own on the loopback: the two calls that are used, with every fault.

The Hub answers a file request with a redirect to another host, as the real one does; here that is a second port.
"""

import contextlib
import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

REVISION = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Repository:
    """What one repository holds."""

    files: dict[str, bytes]
    tags: list[str] = field(default_factory=list)
    card: dict[str, Any] = field(default_factory=dict)
    gated: bool = False


@dataclass
class FakeHub:
    """Two servers and what has gone over them."""

    address: str = ""
    storage: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    """By `ORG/NAME`; data sets by `datasets/ORG/NAME@REVISION`."""

    api_status: int = 200
    api_text: str | None = None
    api_sizes: bool = True
    hang_seconds: float = 0.0
    storage_status: int = 200
    cut_after: list[int] = field(default_factory=list)
    """Bytes after which each next connection to the storage is cut; then none is."""

    bytes_per_second: int | None = None
    ignores_ranges: bool = False
    swapped: dict[str, bytes] = field(default_factory=dict)
    """Digest -> other bytes that the storage sends instead."""

    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """(hub or storage, path, headers) of every request."""

    sent: int = 0
    """Bytes of files that the storage has sent."""

    def paths(self, kind: str) -> list[str]:
        """Paths that one of the two was asked for."""
        return [path for where, path, _ in self.asked if where == kind]

    def ranges(self) -> list[str | None]:
        """The Range header of every request to the storage."""
        return [headers.get("range") for where, _, headers in self.asked if where == "storage"]


def sha256(data: bytes) -> str:
    """Hex digest."""
    return hashlib.sha256(data).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    kind: str
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.hub.asked.append((self.kind, self.path, {k.lower(): v for k, v in self.headers.items()}))
        with contextlib.suppress(ConnectionError):
            if self.kind == "storage":
                self.storage()
            elif self.path.startswith(("/api/models/", "/api/datasets/")):
                self.api()
            else:
                self.resolve()

    def plain(self, status: int, text: str, **headers: str) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def api(self) -> None:
        time.sleep(self.hub.hang_seconds)
        if self.hub.api_status != 200:
            return self.plain(self.hub.api_status, "{}")
        if self.hub.api_text is not None:
            return self.plain(200, self.hub.api_text)
        match = re.fullmatch(r"/api/(?:models|(datasets))/([^/]+/[^/?]+)(?:/revision/([^?]+))?(?:\?.*)?", self.path)
        assert match is not None
        key = f"datasets/{match[2]}@{unquote(match[3])}" if match[1] else match[2]
        repository = self.hub.repositories.get(key)
        if repository is None:
            return self.plain(404, "{}", X_Error_Code="RepoNotFound")
        siblings = []
        for name, data in repository.files.items():
            sibling: dict[str, Any] = {"rfilename": name, "blobId": "0" * 40}
            if self.hub.api_sizes:
                sibling |= {"size": len(data), "lfs": {"sha256": sha256(data), "size": len(data), "pointerSize": 134}}
            siblings.append(sibling)
        info = {"id": match[2], "sha": REVISION, "siblings": siblings, "tags": repository.tags}
        return self.plain(200, json.dumps({**info, "cardData": repository.card}))

    def resolve(self) -> None:
        match = re.fullmatch(r"/((?:datasets/)?[^/]+/[^/]+)/resolve/([^/]+)/(.+)", self.path)
        assert match is not None
        repository = next(r for name, r in self.hub.repositories.items() if name.partition("@")[0] == match[1])
        if repository.gated:
            return self.plain(403, "", X_Error_Code="GatedRepo")
        digest = sha256(repository.files[match[3]])
        return self.plain(302, "", Location=f"{self.hub.storage}/{match[1]}/{digest}")

    def storage(self) -> None:
        digest = self.path.rpartition("/")[2]
        data = next(d for r in self.hub.repositories.values() for d in r.files.values() if sha256(d) == digest)
        data = self.hub.swapped.get(digest, data)
        if self.hub.storage_status != 200:
            return self.plain(self.hub.storage_status, "")
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked and not self.hub.ignores_ranges else 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end = len(data)
        if self.hub.cut_after:
            end = min(end, start + self.hub.cut_after.pop(0))
        return self.body(data[start:end], whole=end == len(data))

    def body(self, data: bytes, *, whole: bool) -> None:
        step = 4096
        for at in range(0, len(data), step):
            block = data[at : at + step]
            self.wfile.write(block)
            self.hub.sent += len(block)
            if self.hub.bytes_per_second:
                time.sleep(len(block) / self.hub.bytes_per_second)
        if not whole:
            self.wfile.flush()
            self.close_connection = True


@contextlib.contextmanager
def fake_hub() -> Iterator[FakeHub]:
    """Serve until the block ends."""
    hub = FakeHub()
    servers = []
    for kind in ("hub", "storage"):
        handler = type("Handler", (_Handler,), {"hub": hub, "kind": kind})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
    hub.address, hub.storage = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    try:
        yield hub
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
