"""The one file that speaks HTTP to models: streaming requests to any OpenAI-compatible server.

Bytes go out exactly as given; what comes back is kept as it came, with the time of the first token, the engine's
own timings, token counts and headers. One request is one attempt: `retry` decides what happens after a failure.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal

import aiohttp

from bakeoff.addresses import is_loopback
from bakeoff.evaluate.json_values import count, mapping, some_text
from bakeoff.evaluate.rate_headers import retry_after
from bakeoff.evaluate.types import Answer

Failed = Literal[
    "unreachable", "timeout", "cut stream", "rate limit", "server error", "refused", "quota", "key", "not a model"
]
"""Classes of failure. The first five may pass; the others do not (`retry.PATIENCE`)."""

OVERLOAD: frozenset[Failed] = frozenset({"unreachable", "timeout", "cut stream", "server error"})
"""Failures that fewer requests at once may cure."""

MAYBE_PAID: frozenset[Failed] = frozenset({"timeout", "cut stream"})
"""Failures after which the server may have worked, and may send a bill."""

NO_MONEY = frozenset({"insufficient_quota", "billing_hard_limit_reached", "credit_balance_too_low", "billing_error"})
"""`error.code` or `error.type` of a 429 or 403 that waiting does not cure (OpenAI, Anthropic)."""

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""An answer longer than this, streamed or not, is a fault of the server."""

MAX_ASIDE_BYTES = 8 * 1024 * 1024
"""Of what a server says of itself."""

ASIDE_SECONDS = 30.0

STRICT_TEMPLATE = "that does not match the expected"
"""In the 500 with which llama.cpp's server refuses an answer that its parser of the chat template does not understand
(`common_chat_parse` in common/chat.cpp). The same request gives the same answer: asking again does not help."""

OnDelta = Callable[[str, str], None]
"""Text and thinking."""

SECRET_HEADERS = frozenset({"set-cookie", "authorization", "www-authenticate", "proxy-authenticate"})


@dataclass(frozen=True, slots=True)
class Timeouts:
    """When to give up on a request, in seconds."""

    connect: float = 10.0
    silence: float = 120.0
    """Longest time without a byte, also before the first one."""

    total: float = 900.0
    """Longest time for a whole answer."""


class AskError(Exception):
    """One attempt failed. Internal: `retry` and `run` turn it into a stored failure or an EndpointError."""

    def __init__(
        self, kind: Failed, detail: str, *, status: int | None = None, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(detail)
        self.kind: Failed = kind
        self.detail = detail
        self.status = status
        self.retry_after_seconds = retry_after_seconds

    @property
    def code(self) -> str:
        """`rate limit 429`, `timeout`, ..."""
        return self.kind if self.status is None else f"{self.kind} {self.status}"

    @property
    def overload(self) -> bool:
        """Fewer requests at once may help."""
        return self.kind in OVERLOAD

    @property
    def maybe_paid(self) -> bool:
        """The server may have worked for it."""
        return self.kind in MAYBE_PAID


class Client:
    """A pool of connections to one server."""

    def __init__(
        self,
        base_url: str,
        *,
        key: str | None = None,
        connections: int = 64,
        timeouts: Timeouts | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare; connections are opened when they are needed.

        Args:
            base_url: up to and including `/v1`.
            key: sent as a bearer token; never stored or shown.
            connections: most connections at once.
            timeouts: when to give up.
            headers: further request headers.
        """
        self.base_url = base_url.rstrip("/")
        self._headers = {"Content-Type": "application/json", "Accept": "text/event-stream", **(headers or {})}
        if key is not None:
            self._headers["Authorization"] = f"Bearer {key}"
        self._connections = connections
        self._timeouts = timeouts or Timeouts()
        self._session: aiohttp.ClientSession | None = None
        self._once: Mapping[str, str] | None = {"Connection": "close"}
        """Header that keeps a connection from being used again; until the first answer says that it may be."""

    async def __aenter__(self) -> "Client":
        limits = self._timeouts
        self._session = aiohttp.ClientSession(
            headers=self._headers,
            connector=aiohttp.TCPConnector(limit=self._connections),
            timeout=aiohttp.ClientTimeout(
                total=limits.total, sock_connect=limits.connect, sock_read=limits.silence, connect=None
            ),
            auto_decompress=True,
            trust_env=not is_loopback(self.base_url),  # proxy settings must not catch requests to this machine
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None
        await self._session.close()

    async def ask(self, path: str, body: bytes, *, on_delta: OnDelta | None = None) -> Answer:
        """Send one request and read its whole answer.

        Args:
            path: below the base URL.
            body: exactly as sent.
            on_delta: told each piece of text and of thinking as it comes; one of the two may be empty.

        Raises:
            AskError: anything but a complete answer.
        """
        assert self._session is not None, "use `async with Client(...)`"
        started = time.perf_counter()
        try:
            async with self._session.post(
                self.base_url + path, data=body, headers=self._once, allow_redirects=False
            ) as response:
                self._may_keep(response)
                if response.status != 200:
                    raise await _refusal(response)
                kind = response.content_type
                if kind == "text/event-stream":
                    reading = _Stream(started, on_delta)
                    await _read_stream(response, reading)
                    return reading.answer(_kept_headers(response))
                if kind == "application/json":
                    return await _read_whole(response, started)
                raise _not_a_model(kind, await _excerpt(response))
        except TimeoutError as error:
            raise AskError("timeout", f"no answer in time ({_which_timeout(error, self._timeouts)})") from error
        except aiohttp.ClientPayloadError as error:
            raise AskError("cut stream", f"the connection ended in the middle of the answer: {error}") from error
        except (aiohttp.ClientConnectionError, aiohttp.ClientOSError) as error:
            raise AskError("unreachable", str(error)) from error
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise AskError("not a model", f"{self.base_url!r} is not an http address") from error
        except aiohttp.ClientError as error:
            raise AskError("server error", f"the server does not speak HTTP properly: {error}") from error

    def _may_keep(self, response: aiohttp.ClientResponse) -> None:
        """llama.cpp's server closes a connection after each stream without saying so: used again, it would be dead."""
        if response.headers.get("Server") != "llama.cpp":
            self._once = None

    async def models(self, *, reach: bool = False) -> list[str]:
        """Ids of the models that the server offers; empty where it does not say.

        Args:
            reach: tell a server that is not there from one that does not say.

        Raises:
            AskError: `reach`, and there is no connection.
        """
        assert self._session is not None, "use `async with Client(...)`"
        try:
            async with self._session.get(self.base_url + "/models", allow_redirects=False) as response:
                if response.status != 200:
                    return []
                found = await response.json(content_type=None)
                return [str(model["id"]) for model in found["data"]]
        except aiohttp.ClientConnectionError as error:
            if reach:
                raise AskError("unreachable", str(error)) from error
            return []
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError):
            return []

    async def aside(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What the server says of itself at a path beside the API, above `/v1`: JSON, or None where it does not know.

        Args:
            path: with a leading slash, for example `/api/show` of Ollama.
            body: sent as JSON; None asks with GET.
        """
        assert self._session is not None, "use `async with Client(...)`"
        root = self.base_url.removesuffix("/v1")
        method = "GET" if body is None else "POST"
        limit = aiohttp.ClientTimeout(total=min(self._timeouts.total, ASIDE_SECONDS))
        try:
            async with self._session.request(
                method, root + path, json=body, allow_redirects=False, headers=self._once, timeout=limit
            ) as response:
                if response.status != 200:
                    return None
                return json.loads(await response.content.read(MAX_ASIDE_BYTES))
        except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError):
            return None


class _Stream:
    """Collects the events of one answer."""

    __slots__ = (
        "done", "fingerprint", "finish_reason", "first", "model", "on_delta", "parts", "provider", "started",
        "thinking", "timings", "usage",
    )  # fmt: skip

    def __init__(self, started: float, on_delta: OnDelta | None = None) -> None:
        self.started = started
        self.on_delta = on_delta
        self.first: float | None = None
        self.parts: list[str] = []
        self.thinking: list[str] = []
        self.finish_reason: str | None = None
        self.usage: Mapping[str, Any] = {}
        self.timings: Mapping[str, float] = {}
        self.model: str | None = None
        self.fingerprint: str | None = None
        self.provider: str | None = None
        self.done = False

    def event(self, data: bytes) -> None:
        """Take in the payload of one `data:` line."""
        if data == b"[DONE]":
            self.done = True
            return
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            raise AskError("server error", f"an event of the stream is not JSON: {data[:200]!r}") from None
        if not isinstance(event, dict):
            raise AskError("server error", f"an event of the stream is not an object: {data[:200]!r}")
        if event.get("error") is not None:
            raise _stream_error(event["error"])
        choices = event.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            self._choice(choices[0])
        if isinstance(event.get("usage"), dict) and event["usage"]:
            self.usage = event["usage"]
        if event.get("timings"):
            self.timings = event["timings"]
        if self.model is None:
            self.model = event.get("model")
        if self.fingerprint is None:
            self.fingerprint = event.get("system_fingerprint")
        if self.provider is None:
            self.provider = event.get("provider")

    def _choice(self, choice: Mapping[str, Any]) -> None:
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            text, thinking = choice.get("text"), None
        else:
            text, thinking = delta.get("content"), delta.get("reasoning_content") or delta.get("reasoning")
            if isinstance(text, list):
                text, thinking = _parts(text)
        text, thinking = some_text(text), some_text(thinking)
        if text or thinking:
            if self.first is None:
                self.first = time.perf_counter()
            if text:
                self.parts.append(text)
            if thinking:
                self.thinking.append(thinking)
            if self.on_delta is not None:
                self.on_delta(text or "", thinking or "")
        self.finish_reason = some_text(choice.get("finish_reason")) or self.finish_reason

    def answer(self, headers: Mapping[str, str]) -> Answer:
        """The whole answer, once the stream has ended."""
        ended = time.perf_counter()
        if not self.done and self.finish_reason is None:
            raise AskError("cut stream", "the stream ended before the answer was finished")
        return Answer(
            text=_whole_text(self.parts),
            thinking=_whole_text(self.thinking) if self.thinking else None,
            finish_reason=self.finish_reason,
            time_to_first_token_ms=None if self.first is None else (self.first - self.started) * 1000,
            latency_ms=(ended - self.started) * 1000,
            prompt_tokens=count(self.usage.get("prompt_tokens")),
            output_tokens=count(self.usage.get("completion_tokens")),
            timings=_numbers(self.timings),
            served_model=some_text(self.model),
            headers=headers,
            thinking_tokens=_thinking_tokens(self.usage),
            fingerprint=some_text(self.fingerprint),
            provider=some_text(self.provider),
        )


def _thinking_tokens(usage: Mapping[str, Any]) -> int | None:
    """`completion_tokens_details.reasoning_tokens`, where a server tells it."""
    return count(mapping(usage.get("completion_tokens_details")).get("reasoning_tokens"))


def _parts(content: list[Any]) -> tuple[str, str]:
    """Text and thinking of a content that comes in typed parts, as Mistral's API sends it."""
    text, thinking = [], []
    for part in content:
        if isinstance(part, dict) and part.get("type") == "thinking":
            inner = part.get("thinking")
            thinking += [inner] if isinstance(inner, str) else [_parts(inner)[0]] if isinstance(inner, list) else []
        elif isinstance(part, dict) and isinstance(part.get("text"), str):
            text.append(part["text"])
    return "".join(text), "".join(thinking)


def _check_length(size: int) -> None:
    if size > MAX_ANSWER_BYTES:
        raise AskError("server error", f"the answer is longer than {MAX_ANSWER_BYTES:,} bytes")


async def _read_stream(response: aiohttp.ClientResponse, stream: _Stream) -> None:
    """Split server-sent events into `data:` payloads. Other fields and comments (pings) are skipped."""
    rest = b""
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        _check_length(size)
        lines = (rest + chunk).split(b"\n") if rest else chunk.split(b"\n")
        rest = lines.pop()
        for line in lines:
            if line.startswith(b"data:"):
                stream.event(line[5:].strip())
                if stream.done:
                    return
    if rest.startswith(b"data:"):
        stream.event(rest[5:].strip())


async def _read_whole(response: aiohttp.ClientResponse, started: float) -> Answer:
    """An answer from a server that does not stream although it was asked to."""
    parts, size = [], 0
    async for chunk in response.content.iter_any():
        parts.append(chunk)
        size += len(chunk)
        _check_length(size)
    data = b"".join(parts)
    stream = _Stream(started)
    body = mapping(_json_or_none(data))
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        if body.get("error") is not None:
            raise _stream_error(body["error"])
        raise AskError("not a model", f"the answer has no choices: {data[:200]!r}")
    stream.event(json.dumps({**body, "choices": [{**choices[0], "delta": choices[0].get("message")}]}).encode())
    stream.done = True
    stream.first = None
    return stream.answer(_kept_headers(response))


def _json_or_none(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


async def _excerpt(response: aiohttp.ClientResponse) -> str:
    data = await response.content.read(2000)
    return " ".join(data.decode("utf-8", "replace").split())[:300]


async def _refusal(response: aiohttp.ClientResponse) -> AskError:
    """Sort an HTTP status into a class of failure."""
    status = response.status
    text = await _excerpt(response)
    detail = f"HTTP {status}: {_error_message(text)}"
    wait = retry_after(response.headers, now=time.time())
    if status == 402 or (status in (403, 429) and _error_codes(text) & NO_MONEY):
        return AskError("quota", detail, status=status)
    if status in (401, 403):
        return AskError("key", detail, status=status)
    if status == 429:
        return AskError("rate limit", detail, status=status, retry_after_seconds=wait)
    if STRICT_TEMPLATE in detail:
        return AskError("refused", detail, status=status)
    if status in (408, 409, 425) or status >= 500:
        return AskError("server error", detail, status=status, retry_after_seconds=wait)
    if status == 404 or 300 <= status < 400:
        return AskError("not a model", detail, status=status)
    return AskError("refused", detail, status=status)


def _not_a_model(content_type: str, text: str) -> AskError:
    return AskError("not a model", f"the server answered with {content_type or 'no content type'}: {text}")


def _stream_error(error: Any) -> AskError:
    """An error object inside a 200 response."""
    status = error.get("code") if isinstance(error, dict) else None
    message = error.get("message", error) if isinstance(error, dict) else error
    detail = f"the server answered with an error: {str(message)[:300]}"
    if status == 429:
        return AskError("rate limit", detail, status=429)
    if STRICT_TEMPLATE in detail or (isinstance(status, int) and 400 <= status < 500):
        return AskError("refused", detail, status=status if isinstance(status, int) else None)
    return AskError("server error", detail)


def _error_message(text: str) -> str:
    """The `error.message` of an OpenAI-style body, or the text itself."""
    body = _json_or_none(text.encode())
    error = body.get("error", body) if isinstance(body, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return message[:300] if isinstance(message, str) else text


def _error_codes(text: str) -> set[str]:
    """`error.code` and `error.type` of an OpenAI-style body."""
    body = _json_or_none(text.encode())
    error = body.get("error") if isinstance(body, dict) else None
    return {str(error.get(name)) for name in ("code", "type")} if isinstance(error, dict) else set()


def _kept_headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.lower() not in SECRET_HEADERS}


def _whole_text(parts: list[str]) -> str:
    """Join the pieces. A character outside the basic plane may have been cut into two surrogates; lone ones go."""
    text = "".join(parts)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _numbers(values: Any) -> dict[str, float]:
    if not isinstance(values, dict):
        return {}
    return {str(k): float(v) for k, v in values.items() if isinstance(v, int | float) and not isinstance(v, bool)}


def _which_timeout(error: BaseException, limits: Timeouts) -> str:
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return f"no connection within {limits.connect:g} s"
    if isinstance(error, aiohttp.SocketTimeoutError):
        return f"silent for {limits.silence:g} s"
    return f"not finished after {limits.total:g} s"
