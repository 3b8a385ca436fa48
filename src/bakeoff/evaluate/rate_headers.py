"""What servers say about their limits in response headers. Knows nothing about sending.

    Retry-After, retry-after-ms                        RFC 9110, 10.2.3; the second one by OpenAI and Azure
    x-ratelimit-{limit,remaining,reset}-{requests,tokens}   OpenAI, Groq, Together, vLLM gateways: "1s", "6m0s", "20ms"
    anthropic-ratelimit-{requests,tokens}-{limit,remaining,reset}   RFC 3339 times

All three vendors fill a bucket steadily and give the time until it is full again, so (limit - remaining) / reset is
the rate at which it fills.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

KINDS = ("requests", "tokens")

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|h|m|s|d)")
_SECONDS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True)
class Bucket:
    """One limit, as the server described it."""

    limit: float
    """What fits in."""

    remaining: float
    """What is left."""

    reset_seconds: float
    """Until it is full again."""

    @property
    def per_second(self) -> float | None:
        """How fast it fills; None where nothing is missing, so that the headers do not tell."""
        missing = self.limit - self.remaining
        return missing / self.reset_seconds if missing > 0 and self.reset_seconds > 0 else None


def buckets(headers: Mapping[str, str], *, now: float | None = None) -> dict[str, Bucket]:
    """The limits that a response tells: `requests`, `tokens`; empty where it tells none.

    Args:
        headers: of the response, in any case.
        now: Unix time for servers that give a time of day and no `Date`; None ignores those.
    """
    told = {name.lower(): value for name, value in headers.items() if "ratelimit" in name.lower()}
    if not told:
        return {}
    today = _date(_get(headers, "date"))
    found = {}
    for kind in KINDS:
        for pattern in ("x-ratelimit-{field}-{kind}", "anthropic-ratelimit-{kind}-{field}"):
            limit, remaining, reset = (
                told.get(pattern.format(field=field, kind=kind)) for field in ("limit", "remaining", "reset")
            )
            if limit is None or remaining is None or reset is None:
                continue
            seconds = _seconds(reset, now if today is None else today)
            try:
                numbers = float(limit), float(remaining)
            except ValueError:
                continue
            if seconds is not None and 0 <= numbers[1] <= numbers[0] < float("inf"):
                found[kind] = Bucket(*numbers, seconds)
    return found


def retry_after(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """Seconds to wait, as the server asks; None where it does not, or says something else.

    A date is compared with the server's own `Date`, so that a wrong clock here does not matter.

    Args:
        headers: of the response, in any case.
        now: Unix time, where the server sends no `Date`.
    """
    milliseconds = _number(_get(headers, "retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = _get(headers, "retry-after")
    seconds = _number(value)
    if seconds is not None:
        return seconds
    until, today = _date(value), _date(_get(headers, "date"))
    today = now if today is None else today
    return None if until is None or today is None else max(0.0, until - today)


def _get(headers: Mapping[str, str], wanted: str) -> str | None:
    return next((value for name, value in headers.items() if name.lower() == wanted), None)


def _number(value: str | None) -> float | None:
    """A number that is not below 0 and not infinite."""
    try:
        number = float(value) if value is not None else -1.0
    except ValueError:
        return None
    return number if 0 <= number < 1e9 else None


def _date(value: str | None) -> float | None:
    """Unix time of an HTTP date."""
    try:
        return parsedate_to_datetime(value).timestamp() if value else None
    except (ValueError, TypeError, OverflowError):
        return None


def _seconds(text: str, now: float | None) -> float | None:
    """`"6m0s"`, `"1.5"` or `"2026-11-24T12:00:00Z"`, as seconds from now."""
    parts = _PART.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text.strip():
        return sum(float(number) * _SECONDS[unit] for number, unit in parts)
    plain = _number(text)
    if plain is not None:
        return plain
    try:
        until = datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError):
        return None
    return None if now is None else max(0.0, until - now)
