"""S3-compatible storage of our own on the loopback: what pyarrow's client asks for, with every fault.

HEAD of a bucket and of an object, GET with Range, ListObjectsV2 with pages. Keys are looked at by name, signatures are
not computed again.
"""

import contextlib
import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

WRITTEN = "Tue, 24 Nov 2026 08:00:00 GMT"


@dataclass
class FakeS3:
    """One server and what has gone over it."""

    address: str = ""
    buckets: dict[str, dict[str, bytes]] = field(default_factory=dict)
    access_key: str | None = None
    """The only one that may read; None: anybody may, without one."""

    etags: dict[str, str] = field(default_factory=dict)
    """Key -> ETag in the place of the MD5, as of an upload in parts."""

    page: int = 1000
    """Keys of one listing."""

    status: int | None = None
    """Every answer has this one."""

    cut_after: list[int] = field(default_factory=list)
    """Bytes after which each next GET is cut; then none is."""

    swapped: dict[str, bytes] = field(default_factory=dict)
    """Key -> what it holds once it was read."""

    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """(method, path with query, headers) of every request."""

    sent: int = 0
    """Bytes of objects."""

    def gets(self) -> list[str]:
        """Paths of objects that were fetched."""
        return [path for method, path, _ in self.asked if method == "GET" and "list-type" not in path]

    def etag(self, key: str, data: bytes) -> str:
        """As S3 makes it: the MD5 of what was uploaded in one piece."""
        return self.etags.get(key) or hashlib.md5(data).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    s3: FakeS3
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        self.s3.asked.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
        with contextlib.suppress(ConnectionError):
            parts = urlsplit(self.path)
            bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
            if self.s3.status is not None:
                return self.refuse(self.s3.status, "SlowDown" if self.s3.status == 503 else "InternalError")
            if not self.allowed():
                return self.refuse(403, "AccessDenied")
            if bucket not in self.s3.buckets:
                return self.refuse(404, "NoSuchBucket")
            if not key:
                return self.listing(bucket, parse_qs(parts.query, keep_blank_values=True))
            return self.object(bucket, key)

    def allowed(self) -> bool:
        if self.s3.access_key is None:
            return True
        return f"Credential={self.s3.access_key}/" in self.headers.get("Authorization", "")

    def refuse(self, status: int, code: str) -> None:
        self.whole(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def whole(self, status: int, body: bytes, kind: str = "application/xml") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def listing(self, bucket: str, query: dict[str, list[str]]) -> None:
        if self.command == "HEAD" or "list-type" not in query:
            return self.whole(200, b"")
        prefix = query.get("prefix", [""])[0]
        delimiter = query.get("delimiter", [""])[0]
        after = query.get("continuation-token", [""])[0]
        most = min(int(query.get("max-keys", ["1000"])[0]), self.s3.page)
        entries: dict[str, str] = {}
        for key, data in sorted(self.s3.buckets[bucket].items()):
            if not key.startswith(prefix):
                continue
            rest = key[len(prefix) :]
            if delimiter and delimiter in rest:
                folder = prefix + rest.split(delimiter)[0] + delimiter
                entries[folder] = f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>"
            else:
                entries[key] = (
                    f"<Contents><Key>{escape(key)}</Key><Size>{len(data)}</Size><ETag>{self.s3.etag(key, data)}</ETag>"
                    "<LastModified>2026-11-24T08:00:00.000Z</LastModified></Contents>"
                )
        left = [name for name in sorted(entries) if name > after]
        shown = left[:most]
        more = f"<NextContinuationToken>{escape(shown[-1])}</NextContinuationToken>" if len(left) > most else ""
        self.whole(
            200,
            (
                f"<ListBucketResult><Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix>"
                f"<KeyCount>{len(shown)}</KeyCount><MaxKeys>{most}</MaxKeys>"
                f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>{more}"
                f"{''.join(entries[name] for name in shown)}</ListBucketResult>"
            ).encode(),
        )

    def object(self, bucket: str, key: str) -> None:
        data = self.s3.buckets[bucket].get(key)
        if data is None:
            return self.refuse(404, "NoSuchKey")
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)?", self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        stop = min(len(data), int(asked[2]) + 1) if asked and asked[2] else len(data)
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
        self.send_header("Content-Length", str(stop - start))
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("ETag", f'"{self.s3.etag(key, data)}"')
        self.send_header("Last-Modified", WRITTEN)
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        if self.command == "GET":
            end = min(stop, start + self.s3.cut_after.pop(0)) if self.s3.cut_after else stop
            self.wfile.write(data[start:end])
            self.s3.sent += end - start
            if key in self.s3.swapped:
                self.s3.buckets[bucket][key] = self.s3.swapped.pop(key)
            if end < stop:
                self.wfile.flush()
                self.close_connection = True


@contextlib.contextmanager
def fake_s3() -> Iterator[FakeS3]:
    """Serve until the block ends."""
    s3 = FakeS3()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"s3": s3}))
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    s3.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield s3
    finally:
        server.shutdown()
        server.server_close()
