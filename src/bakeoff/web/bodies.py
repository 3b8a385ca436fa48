"""Bodies of requests, before any route sees them: bounded in size and time, and JSON that every later step can carry.

JSON may hold what Python reads and nothing after it can write: NaN, numbers without end, halves of characters. They
are refused here, once, instead of in each route.
"""

import asyncio
import json
import math
from typing import Any, NoReturn

from starlette.types import Message, Receive

from bakeoff.web.errors import Refused, Unread

MOST_BODY_BYTES = 1024 * 1024
"""Of a request; uploads have a bound of their own."""

MOST_UPLOAD_BYTES = 512 * 1024 * 1024
UPLOADS = "/api/uploads"
"""The one path that takes files."""

SLOWEST_SECONDS = 30.0
"""Between two pieces of a body; who sends nothing for so long is gone, or means to hold the connection."""

MOST_DEPTH = 64
"""Of lists and objects in each other."""

LARGEST_INTEGER = 2**63 - 1
"""Of what the ledger and TOML hold."""


def limit_of(path: str) -> int:
    """Bytes that a body may have."""
    return MOST_UPLOAD_BYTES if path == UPLOADS else MOST_BODY_BYTES


def bounded(receive: Receive, limit: int) -> Receive:
    """The body, ended by an error where it is longer than it said, did not say, or stands still."""
    taken = 0
    complete = False

    async def next_piece() -> Message:
        nonlocal taken, complete
        if complete:  # from here on it only tells that the client has gone, which may take as long as the answer
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), SLOWEST_SECONDS)
        except TimeoutError:
            raise Unread(Refused(408, "slow", "nothing came for too long", hint="send it again")) from None
        complete = message["type"] != "http.request" or not message.get("more_body", False)
        taken += len(message.get("body", b""))
        if taken > limit:
            raise Unread(too_large(limit))
        return message

    return next_piece


def too_large(limit: int) -> Refused:
    """413."""
    return Refused(
        413, "too-large", f"the request is too large: at most {limit // 2**20} MiB", hint="send less at once"
    )


async def read_json(receive: Receive) -> Receive:
    """Read a body of JSON whole and check it.

    Returns:
        What hands it on to the app.

    Raises:
        Refused: 400, it is not JSON that can be kept.
    """
    pieces, more = [], True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        pieces.append(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"".join(pieces)
    check_json(body)
    handed = False

    async def again() -> Message:
        nonlocal handed
        if handed:
            return await receive()
        handed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def check_json(body: bytes) -> None:
    """Refuse what is not JSON, or is JSON that cannot be kept; an empty body is left to the route.

    Raises:
        Refused: with the reason.
    """
    if not body:
        return
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_no_constant, parse_int=_integer, parse_float=_real)
        _check_parts(value)
    except UnicodeEncodeError:
        raise _bad("it holds half of a character (a lone surrogate)") from None
    except UnicodeDecodeError:
        raise _bad("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _bad(f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise _bad(str(error)) from None


def _check_parts(value: Any) -> None:
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        one, depth = waiting.pop()
        if depth > MOST_DEPTH:
            raise _too_deep()
        if isinstance(one, str):
            one.encode("utf-8")
        elif isinstance(one, list):
            waiting += [(part, depth + 1) for part in one]
        elif isinstance(one, dict):
            waiting += [(part, depth + 1) for pair in one.items() for part in pair]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _integer(text: str) -> int:
    value = int(text) if len(text) <= 20 else LARGEST_INTEGER + 1
    if abs(value) > LARGEST_INTEGER:
        raise ValueError("an integer of more than 64 bits")
    return value


def _real(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number without end")
    return value


def _too_deep() -> Refused:
    return _bad(f"more than {MOST_DEPTH} lists and objects in each other")


def _bad(what: str) -> Refused:
    return Refused(400, "json", f"the body cannot be read as JSON: {what}", hint="see api/openapi.json")
