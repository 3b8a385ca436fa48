"""The user's request in seconds, and the plain word for it."""

from dataclasses import replace

import pytest

from bakeoff.fit.speed import SYSTEM, RequestTime, decode_seconds, judge, load_time, prefill_seconds, request_time
from bakeoff.fit.speed.verdict import COMFORTABLE_ANSWER_SECONDS, USABLE_ANSWER_SECONDS
from bakeoff.values import Estimate
from tests.fit.speed_cases import machine, work, work_at


def test_a_request_is_reading_and_writing() -> None:
    box = machine("RTX 4090")
    found = request_time(work_at("llama 3.1 8b"), box, 2000, 400)
    assert found is not None
    reading = prefill_seconds(work("llama 3.1 8b"), box, 2000)
    writing = 400 * decode_seconds(work("llama 3.1 8b", depth=2200), box)
    assert found.seconds.value == pytest.approx(reading + writing)
    assert found.first_token_ms.value == pytest.approx(
        1e3 * (reading + decode_seconds(work("llama 3.1 8b", depth=2000), box))
    )
    assert found.first_token_ms.low < found.first_token_ms.value < found.first_token_ms.high


def test_the_middle_of_the_answer_stands_for_all_of_it() -> None:
    box = machine("RTX 3060 12 GB")
    found = request_time(work_at("llama 3.1 8b"), box, 100, 1000)
    assert found is not None
    one_by_one = sum(decode_seconds(work("llama 3.1 8b", depth=100 + i + 0.5), box) for i in range(0, 1000))
    reading = prefill_seconds(work("llama 3.1 8b"), box, 100)
    assert found.seconds.value == pytest.approx(reading + one_by_one, rel=1e-6)


def test_what_is_cached_is_not_read_again() -> None:
    box = machine("M3 Max 64 GB")
    anew = request_time(work_at("llama 3.1 8b"), box, 8000, 100)
    further = request_time(work_at("llama 3.1 8b"), box, 200, 100, cached_tokens=7800)
    assert anew is not None
    assert further is not None
    assert further.first_token_ms.value < anew.first_token_ms.value / 10
    assert further.decode_tokens_per_second.value == pytest.approx(anew.decode_tokens_per_second.value)


@pytest.mark.parametrize(("prompt", "output", "cached"), [(0, 10, 0), (10, 0, 0), (10, 10, -1)])
def test_impossible_requests_are_refused(prompt: int, output: int, cached: int) -> None:
    with pytest.raises(ValueError, match="a request of"):
        request_time(work_at("qwen3 8b"), machine("RTX 4090"), prompt, output, cached_tokens=cached)


def time(speed: float, first: float, seconds: float) -> RequestTime:
    """A request with the given numbers."""

    def exact(value: float) -> Estimate:
        return Estimate.exact(value, source="estimated")

    return RequestTime(500, 300, exact(1e3 * first), exact(seconds), exact(speed))


@pytest.mark.parametrize(
    ("speed", "first", "seconds", "verdict", "codes"),
    [
        (40, 0.5, 8, "comfortable", []),
        (5.5, 3.0, 60, "comfortable", []),
        (5.4, 1, 50, "usable", ["speed.slower_than_reading"]),
        (2.7, 1, 50, "too slow for conversation", ["speed.slower_than_reading"]),
        (40, 3.1, 20, "usable", ["speed.first_word_takes"]),
        (40, 10.1, 20, "too slow for conversation", ["speed.first_word_takes"]),
        (40, 1, 61, "usable", ["speed.answer_takes"]),
        (40, 4, 121, "too slow for conversation", ["speed.answer_takes", "speed.first_word_takes"]),
        (4, 11, 90, "too slow for conversation",
         ["speed.first_word_takes", "speed.answer_takes", "speed.slower_than_reading"]),
    ],
)  # fmt: skip
def test_the_word_follows_the_worst_of_three(
    speed: float, first: float, seconds: float, verdict: str, codes: list[str]
) -> None:
    found = judge(time(speed, first, seconds))
    assert found.verdict == verdict
    assert [why.code for why in found.reasons] == codes


def test_an_answer_that_takes_minutes_is_never_good() -> None:
    assert COMFORTABLE_ANSWER_SECONDS <= 60
    assert USABLE_ANSWER_SECONDS <= 120
    assert judge(time(1000, 0.1, 121)).verdict == "too slow for conversation"


def test_what_does_not_run_is_not_judged_by_its_speed() -> None:
    assert judge(time(1000, 0.1, 1), runs=False).verdict == "does not run"
    assert [why.code for why in judge(None).reasons] == ["speed.not_known"]


def test_a_patient_reader_is_content_with_less() -> None:
    assert judge(time(4, 1, 50)).verdict == "usable"
    assert judge(time(4, 1, 50), reading=4).verdict == "comfortable"


def test_loading_goes_by_the_drive_and_a_second_time_by_memory() -> None:
    box = machine("RTX 4090, 64 GB RAM")
    first, again = load_time(20e9, box), load_time(20e9, box, cached=True)
    assert first is not None
    assert again is not None
    drive = box.disk_bytes_per_second
    assert drive is not None
    assert first.value == pytest.approx(1.0 + 20e9 / drive.value)
    assert first.low < first.value < first.high
    assert again.value < first.value
    assert load_time(20e9, replace(box, disk_bytes_per_second=None)) is None


def test_loading_goes_by_the_link_where_the_drive_is_faster() -> None:
    box = machine("RTX 4090, 64 GB RAM")
    quick = replace(box, disk_bytes_per_second=Estimate.exact(500e9, source="measured"))
    found = load_time(63e9, quick)
    link = box.accelerators[0].link_bytes_per_second
    assert found is not None
    assert link is not None
    assert found.value == pytest.approx(1.0 + 63e9 / link.value)


def test_a_processor_alone_loads_too() -> None:
    assert load_time(5e9, machine("CPU only, 32 GB DDR5-5600")) is not None
    assert request_time(work_at("qwen3 4b", place=SYSTEM), machine("CPU only, 32 GB DDR5-5600"), 100, 100) is not None
