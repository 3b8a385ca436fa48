"""A model server for tests and benchmarks: fast, deterministic, with every fault that servers have.

    python -m tests.stub [--latency-ms 20] [--chunks 8] [--log FILE]

prints its port. The first part of the path chooses the behaviour: `/ok/v1/chat/completions` answers,
`/500/v1/...`, `/html/v1/...`, `/hang/v1/...` and so on fail as the table FAULTS says. The answer is a function
of the request alone. With --log, one line per request is appended when it arrives (`>` and a digest) and when its
answer was sent whole (`<`), so that a test can count what was asked for, across restarts of the client.

Plain asyncio on purpose: about 10,000 requests a second, so that the client is what a benchmark measures.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.faulty import Said, aside, misbehave

LABELS = ("positive", "negative", "neutral")
FAULTS = (
    "ok", "500", "503-once", "429-once", "429-always", "401", "400", "404", "html", "hang", "cut", "empty", "long",
    "nostream", "error-event", "garbage-event", "not-http", "close", "bad-json", "thinking", "silent-usage", "redirect",
)  # fmt: skip

ASIDE = ("/props", "/version", "/api/version", "/api/show", "/api/ps", "/api/v0/models", "/apply-template", "/tokenize")
"""What servers tell beside the API; this one does not. Not counted, not logged."""


@dataclass
class Stub:
    """State of one server."""

    latency: float = 0.0
    chunks: int = 1
    log: Any = None
    seen: Counter[str] = field(default_factory=Counter)
    bodies: list[bytes] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0

    def note(self, mark: str, digest: str) -> None:
        """Append to the log in one write, so that a killed client or server cannot tear a line."""
        if self.log is not None:
            os.write(self.log, f"{mark} {digest}\n".encode())


def answer_for(body: bytes) -> str:
    """A label that depends on the last message (or the prompt) only; the model's name changes it for some rows."""
    request = json.loads(body)
    text = request["messages"][-1]["content"] if "messages" in request else request["prompt"]
    for label in LABELS:
        if f"<{label}>" in text and hash_of(request["model"] + text) % 10 < 8:
            return label
    return LABELS[hash_of(request["model"] + text) % 3]


def hash_of(text: str) -> int:
    """A stable hash."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


class Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, as far as an OpenAI client needs it."""

    def __init__(self, stub: Stub) -> None:
        self.stub = stub
        self.buffer = b""
        self.tasks: set[asyncio.Task[None]] = set()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        for task in self.tasks:
            task.cancel()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            length = 0
            key = ""
            for line in head.split(b"\r\n")[1:]:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                elif name.lower() == b"authorization":
                    key = value.decode().strip()
            if len(rest) < length:
                return
            body, self.buffer = rest[:length], rest[length:]
            path = head.split(b" ", 2)[1].decode()
            self.stub.keys.append(key)
            task = asyncio.create_task(self.respond(path, body))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def respond(self, path: str, body: bytes) -> None:
        """Answer, or misbehave, as the first part of the path says."""
        stub = self.stub
        if path.endswith("/models"):
            return self.plain(200, json.dumps({"data": [{"id": "stub"}]}))
        if path.endswith(ASIDE):
            told = aside(path.split("/")[1], path)
            if told is not None:
                return self.plain(200, told)
            return self.plain(404, "no such route", kind="text/plain")
        if path.endswith("/most-in-flight"):
            self.plain(200, json.dumps({"most_in_flight": stub.most_in_flight, "requests": sum(stub.seen.values())}))
            stub.most_in_flight = 0
            return stub.seen.clear()
        digest = hashlib.sha256(path.encode() + body).hexdigest()[:24]
        stub.note(">", digest)
        stub.seen[digest] += 1
        stub.in_flight += 1
        stub.most_in_flight = max(stub.most_in_flight, stub.in_flight)
        try:
            if stub.latency:
                await asyncio.sleep(stub.latency)
            fault = path.split("/")[1]
            if self.refuse(fault, stub.seen[digest]):
                return
            if fault == "hang":
                await asyncio.sleep(3600)
            self.answer(fault, body)
            stub.note("<", digest)
        finally:
            stub.in_flight -= 1

    def refuse(self, fault: str, times: int) -> bool:
        """Behaviours without an answer. True where one was sent."""
        error = '{"error": {"message": "%s", "code": %d}}'
        if fault in ("500", "401", "400"):
            self.plain(int(fault), error % (f"stub says {fault}", int(fault)))
        elif fault == "strict-template":
            self.plain(
                500, error % ("The model produced output that does not match the expected peg-native format", 500)
            )
        elif fault == "404":
            self.plain(404, "no such route", kind="text/plain")
        elif fault == "redirect":
            self.plain(302, "elsewhere", kind="text/plain", extra="Location: /login\r\n")
        elif fault == "503-once" and times == 1:
            self.plain(503, error % ("warming up", 503))
        elif fault == "429-always" or (fault == "429-once" and times == 1):
            self.plain(429, error % ("slow down", 429), extra="Retry-After: 0.05\r\n")
        elif fault == "html":
            self.plain(200, "<html><title>Welcome</title></html>", kind="text/html")
        elif fault == "not-http":
            self.transport.write(b"SSH-2.0-OpenSSH_9.2\r\n")
            self.transport.close()
        elif fault == "close":
            self.transport.close()
        elif fault == "bad-json":
            self.plain(200, '{"choices": [')
        else:
            return False
        return True

    def answer(self, fault: str, body: bytes) -> None:
        """A whole answer, streamed."""
        request = json.loads(body)
        chat = "messages" in request
        text = {"empty": "", "long": "yes " * 50}.get(fault) or ("" if fault == "empty" else answer_for(body))
        usage = {"prompt_tokens": len(body) // 4, "completion_tokens": max(1, len(text) // 4)}
        usage["total_tokens"] = sum(usage.values())
        said = misbehave(fault, Said(text, usage, "length" if fault == "long" else "stop"), body)
        text, usage = said.text, said.usage
        event = {"model": request["model"], **said.event}
        if fault == "nostream":
            message = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
            whole = {
                "id": "1",
                "object": "chat.completion",
                "created": 1,
                **event,
                "choices": [{"index": 0, **message, "finish_reason": "stop"}],
                "usage": usage,
            }
            return self.plain(200, json.dumps(whole))
        size = max(1, -(-len(text) // self.stub.chunks))
        pieces = [text[i : i + size] for i in range(0, len(text), size)]
        events = [{"delta": {"role": "assistant", "content": None}}] if chat else []
        if fault == "thinking":
            events.append({"delta": {"reasoning_content": "let me see"}})
        if fault == "typed-parts":
            parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "let me see"}]}]
            events.append({"delta": {"content": [*parts, {"type": "text", "text": text}]}})
            pieces = []
        events += [{"delta": {"content": piece}} if chat else {"text": piece} for piece in pieces]
        lines = [json.dumps({**event, "choices": [{"index": 0, "finish_reason": None, **e}]}) for e in events]
        if fault == "cut":
            self.head(200, "text/event-stream", chunked=True)
            self.chunk("".join(f"data: {line}\n\n" for line in lines[:2]))
            return self.transport.close()
        if fault == "error-event":
            lines.append('{"error": {"message": "out of memory", "code": 500}}')
        if fault == "garbage-event":
            lines.append("{not json")
        ending = {"index": 0, "finish_reason": said.finish, "delta": {}}
        lines.append(json.dumps({**event, "choices": [ending if chat else {**ending, "text": ""}]}))
        if fault != "silent-usage":
            lines.append(json.dumps({**event, "choices": [], "usage": usage}))
        self.head(200, "text/event-stream", chunked=True, extra=said.headers)
        for line in lines:
            self.chunk(f"data: {line}\n\n")
        self.chunk(": ping\n\ndata: [DONE]\n\n")
        self.transport.write(b"0\r\n\r\n")
        return None

    def head(self, status: int, kind: str, *, chunked: bool = False, length: int = 0, extra: str = "") -> None:
        """Status line and headers."""
        size = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {length}"
        self.transport.write(f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{extra}{size}\r\n\r\n".encode())

    def plain(self, status: int, text: str, *, kind: str = "application/json", extra: str = "") -> None:
        """A whole response at once."""
        data = text.encode()
        self.head(status, kind, length=len(data), extra=extra)
        self.transport.write(data)

    def chunk(self, text: str) -> None:
        """One piece of a chunked body."""
        data = text.encode()
        self.transport.write(b"%x\r\n%s\r\n" % (len(data), data))


async def start(stub: Stub) -> asyncio.Server:
    """Serve on a free port of the loopback."""
    return await asyncio.get_running_loop().create_server(lambda: Connection(stub), "127.0.0.1", 0)


def port_of(server: asyncio.Server) -> int:
    """The port that was free."""
    return int(server.sockets[0].getsockname()[1])


@contextlib.asynccontextmanager
async def serving(**settings: Any):  # type: ignore[no-untyped-def]
    """A stub in this event loop: yields (base address without `/v1`, stub)."""
    stub = Stub(**settings)
    server = await start(stub)
    try:
        yield f"http://127.0.0.1:{port_of(server)}", stub
    finally:
        server.close()
        server.close_clients() if hasattr(server, "close_clients") else None  # 3.13


async def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--chunks", type=int, default=1)
    parser.add_argument("--log")
    options = parser.parse_args()
    log = os.open(options.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if options.log else None
    server = await start(Stub(latency=options.latency_ms / 1000, chunks=options.chunks, log=log))
    print(port_of(server), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
