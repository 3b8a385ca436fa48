"""Sizes and times, as people write and read them."""

import pytest

from bakeoff.errors import UsageError
from bakeoff.units import parse_bytes, show_bytes, show_seconds


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("512", 512),
        ("1 KiB", 1024),
        ("1kB", 1000),
        ("64 GB", 64_000_000_000),
        ("1.5 GiB", 1_610_612_736),
        ("24g", 24 * 10**9),
    ],
)
def test_sizes_are_read_in_binary_and_decimal_units(text: str, count: int) -> None:
    assert parse_bytes(text) == count


@pytest.mark.parametrize("text", ["", "GiB", "-1 GB", "1 XB", "1 GB GB"])
def test_what_is_not_a_size_is_refused_with_the_value(text: str) -> None:
    with pytest.raises(UsageError, match="is not a size"):
        parse_bytes(text)


def test_sizes_and_times_are_shown_with_their_unit() -> None:
    assert [show_bytes(n) for n in (0, 1536, 98_362_432, 5 * 1024**4)] == ["0 B", "1.5 KiB", "93.8 MiB", "5.0 TiB"]
    assert [show_seconds(s) for s in (0.25, 12.34, 61, 3725)] == ["250 ms", "12.3 s", "1 min 01 s", "1 h 02 min"]
