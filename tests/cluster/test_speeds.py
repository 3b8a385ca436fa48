"""How fast a machine answers: measured here, else as `fit` says; and how long an engine takes until it does."""

from dataclasses import replace

import pytest

from bakeoff.catalog.model import Model
from bakeoff.cluster.limits import ENGINE_START
from bakeoff.cluster.quoted import Subject
from bakeoff.cluster.speeds import speed_on
from bakeoff.cost.asking import model_named
from bakeoff.hardware.names import parse_machine
from bakeoff.values import Estimate

ELSEWHERE = parse_machine("8 cores, 32 GB RAM")
HERE = replace(ELSEWHERE, here=True)
SMALL, LARGE = "HuggingFaceTB/SmolLM2-135M-Instruct", "Qwen/Qwen3-8B"


def exactly(value: float) -> Estimate:
    return Estimate.exact(value, source="measured")


def subject(model: Model | None) -> Subject:
    return Subject(
        name="a",
        place="engine",
        calls=exactly(100),
        kept=exactly(0),
        prompt_tokens=exactly(60),
        output_tokens=exactly(2),
        request_bytes=300.0,
        latency_seconds=exactly(0.25),
        concurrency=2,
        model=model,
    )


def test_an_engine_that_answered_here_is_as_fast_as_it_was_and_starts_as_fit_says() -> None:
    measured, planned = (speed_on(subject(model_named(SMALL)), on) for on in (HERE, ELSEWHERE))
    assert measured is not None
    assert planned is not None
    assert measured.calls_per_second.value == 8.0
    assert planned.calls_per_second.value != 8.0
    assert measured.start_seconds == planned.start_seconds


def test_the_start_of_an_engine_is_the_loading_of_its_file() -> None:
    small, large = (speed_on(subject(model_named(name)), HERE) for name in (SMALL, LARGE))
    assert small is not None
    assert large is not None
    assert large.start_seconds.value > 1.0 + small.start_seconds.value


def test_where_nothing_is_known_of_the_file_an_engine_starts_as_small_ones_were_measured() -> None:
    found = speed_on(subject(None), HERE)
    assert found is not None
    assert found.start_seconds == ENGINE_START
    assert found.calls_per_second.value == pytest.approx(8.0)
    assert speed_on(subject(None), ELSEWHERE) is None, "no speed is known either"
