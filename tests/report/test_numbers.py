"""Numbers look as they do in a text that was written in the language."""

from collections.abc import Callable

import pytest

from bakeoff.report import numbers
from bakeoff.report.numbers import Language


def show(function: Callable[..., str], *arguments: object, lang: Language) -> str:
    return function(*arguments, lang).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("function", "arguments", "en", "vi"),
    [
        (numbers.count, (12480,), "12,480", "12.480"),
        (numbers.count, (0,), "0", "0"),
        (numbers.percent, (0.853,), "85.3%", "85,3 %"),
        (numbers.percent, (1.0,), "100.0%", "100,0 %"),
        (numbers.percent_range, (0.79, 0.9), "79.0–90.0%", "79,0–90,0 %"),
        (numbers.points, (0.0421,), "+4.2", "+4,2"),
        (numbers.points, (-0.0421,), "−4.2", "−4,2"),
        (numbers.points, (-0.0002,), "0.0", "0,0"),
        (numbers.points_in_words, (0.03,), "3 points", "3 điểm phần trăm"),
        (numbers.points_in_words, (0.01,), "1 point", "1 điểm phần trăm"),
        (numbers.points_in_words, (-0.0125,), "1.2 points", "1,2 điểm phần trăm"),
        (numbers.points_range, (-0.011, 0.08), "−1.1 to +8.0", "−1,1 đến +8,0"),
        (numbers.milliseconds, (0.44,), "0.4 ms", "0,4 ms"),
        (numbers.milliseconds, (84.2,), "84 ms", "84 ms"),
        (numbers.milliseconds, (999.6,), "1.00 s", "1,00 s"),
        (numbers.milliseconds, (1240,), "1.24 s", "1,24 s"),
        (numbers.milliseconds, (75_000,), "75.0 s", "75,0 s"),
        (numbers.milliseconds, (147_400,), "147 s", "147 s"),
        (numbers.milliseconds, (600_000,), "10 min", "10 phút"),
        (numbers.seconds, (0.25,), "250 ms", "250 ms"),
        (numbers.seconds, (3725,), "1 h 02 min", "1 giờ 02 phút"),
        (numbers.seconds, (2.5,), "2.5 s", "2,5 s"),
        (numbers.rate, (7.31,), "7.3", "7,3"),
        (numbers.rate, (1430.2,), "1,430", "1.430"),
        (numbers.p_value, (0.0421,), "0.042", "0,042"),
        (numbers.p_value, (1.0,), "1", "1"),
        (numbers.p_value, (1e-9,), "< 0.001", "< 0,001"),
        (numbers.p_equals, (0.0421,), "p = 0.042", "p = 0,042"),
        (numbers.p_equals, (1e-9,), "p < 0.001", "p < 0,001"),
        (numbers.size, (1288490189,), "1.2 GiB", "1,2 GiB"),
        (numbers.size, (512,), "512 B", "512 B"),
        (numbers.dollars, ("0",), "$0.00", "0,00 USD"),
        (numbers.dollars, ("0.0123",), "$0.012", "0,012 USD"),
        (numbers.dollars, ("0.000041",), "$0.000041", "0,000041 USD"),
        (numbers.dollars, ("1234.5",), "$1,234.50", "1.234,50 USD"),
        (numbers.listing, (["A"],), "A", "A"),
        (numbers.listing, (["A", "B", "C"],), "A, B and C", "A, B và C"),
        (numbers.date, ("2026-11-04",), "4 November 2026", "4/11/2026"),
    ],
)
def test_numbers(function: Callable[..., str], arguments: tuple[object, ...], en: str, vi: str) -> None:
    assert show(function, *arguments, lang="en") == en
    assert show(function, *arguments, lang="vi") == vi


def test_what_belongs_together_does_not_break() -> None:
    texts = [numbers.percent(0.5, "vi"), numbers.milliseconds(84, "en"), numbers.points_range(-0.1, 0.1, "en")]
    assert not any(" " in text for text in texts)
