"""Limits as vendors write them, read into numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.evaluate.rate_headers import Bucket, buckets, retry_after

NOON = 1795780800.0  # 2026-11-27 12:00:00 UTC
DATE = "Fri, 27 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "3"}, 3.0),
        ({"retry-after-ms": "250", "Retry-After": "1"}, 0.25),
        ({"Retry-After": "Fri, 27 Nov 2026 12:00:20 GMT", "Date": DATE}, 20.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT", "Date": DATE}, 0.0),
        ({"Retry-After": "Fri, 27 Nov 2026 12:00:20 GMT"}, 20.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "inf"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_by_the_servers_own_clock(headers: dict[str, str], seconds: float | None) -> None:
    clock = NOON + 86_400 if "Date" in headers else NOON  # a clock that is a day wrong does not matter then
    assert retry_after(headers, now=clock) == seconds


OPENAI = {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-limit-tokens": "150000",
    "x-ratelimit-remaining-requests": "59",
    "x-ratelimit-remaining-tokens": "149984",
    "x-ratelimit-reset-requests": "1s",
    "x-ratelimit-reset-tokens": "6m0s",
}
"""The example of https://platform.openai.com/docs/guides/rate-limits."""

GROQ = {
    "X-RateLimit-Limit-Tokens": "18000",
    "X-RateLimit-Remaining-Tokens": "17997",
    "X-RateLimit-Reset-Tokens": "7.66s",
}

ANTHROPIC = {
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "40",
    "anthropic-ratelimit-requests-reset": "2026-11-27T12:00:12Z",
    "date": DATE,
}


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (OPENAI, {"requests": Bucket(60, 59, 1), "tokens": Bucket(150000, 149984, 360)}),
        (GROQ, {"tokens": Bucket(18000, 17997, 7.66)}),
        (ANTHROPIC, {"requests": Bucket(50, 40, 12)}),
        ({**OPENAI, "x-ratelimit-reset-requests": "later", "x-ratelimit-limit-tokens": "many"}, {}),
        ({"x-ratelimit-remaining-requests": "5"}, {}),
    ],
)
def test_buckets(headers: dict[str, str], found: dict[str, Bucket]) -> None:
    assert buckets(headers) == found


def test_a_bucket_fills_at_what_is_missing_over_the_time_until_it_is_full() -> None:
    assert Bucket(60, 30, 30).per_second == 1.0
    assert Bucket(60, 60, 0).per_second is None


@given(st.dictionaries(st.sampled_from([*OPENAI, *ANTHROPIC, "Retry-After", "retry-after-ms"]), st.text(max_size=40)))
def test_no_header_is_too_strange(headers: dict[str, str]) -> None:
    for bucket in buckets(headers, now=NOON).values():
        assert 0 <= bucket.remaining <= bucket.limit
        assert bucket.reset_seconds >= 0
    wait = retry_after(headers, now=NOON)
    assert wait is None or wait >= 0
