"""The order of the table: by size and date, moved by benchmark results as far as they can be trusted."""

from dataclasses import replace

import pytest

from bakeoff.catalog import Evidence
from bakeoff.catalog.model import Parameters, Release
from bakeoff.fit.plan.ability import DOUBLINGS_PER_YEAR, OWN_SPREAD, Line, ability, by_size_and_date, key, lines
from tests.fit.plan_cases import model

LINE = Line("Test|accuracy", "general", 40.0, 5.0, 2.0)


def sized(total: float, date: str = "2025-01-01", active: float | None = None):  # type: ignore[no-untyped-def]
    parameters = Parameters(int(total * 1e9), int((active or total) * 1e9))
    return replace(model("Qwen/Qwen3-8B"), parameters=parameters, release=Release(date))


def result(score: float, **other: object) -> Evidence:
    values: dict[str, object] = {"model": "x", "benchmark": "Test", "metric": "accuracy", "score": score, "unit": "%",
                                 "category": "", "settings": "", "date": "2026-01-01", "self_reported": False,
                                 "source": "s"}  # fmt: skip
    return Evidence(**(values | other))  # type: ignore[arg-type]


def test_a_doubling_is_one_and_a_year_is_three() -> None:
    assert by_size_and_date(sized(1)) == pytest.approx(0.0)
    assert by_size_and_date(sized(8)) == pytest.approx(3.0)
    assert by_size_and_date(sized(1, "2026-01-01")) == pytest.approx(DOUBLINGS_PER_YEAR, rel=0.01)


def test_of_a_mixture_all_parameters_count_more_than_the_active_ones() -> None:
    # 0.75 x log2(64) + 0.25 x log2(4)
    assert by_size_and_date(sized(64, active=4)) == pytest.approx(5.0)


def test_without_size_or_date_nothing_is_said() -> None:
    assert by_size_and_date(replace(sized(8), release=None)) is None
    assert ability(replace(sized(8), parameters=Parameters(None, None)), "general") is None


def test_a_result_pulls_towards_what_it_would_be_usual_for() -> None:
    # The line says 3 + 1 for 60 points: noise 2.0 squared less 1.5 squared, so the weight is 1.75 to 2.25.
    found = ability(sized(8), "general", [result(60.0)], (LINE,))
    assert found is not None
    weight = (1 / 1.75) / (1 / 1.75 + 1 / OWN_SPREAD**2)
    assert found.value == pytest.approx(3.0 + weight * 1.0)
    assert found.benchmarks == 1
    assert found.spread < OWN_SPREAD


def test_what_is_not_comparable_does_not_count() -> None:
    bare = ability(sized(8), "general", (), (LINE,))
    for other in (result(90, self_reported=True), result(90, benchmark="Other"), result(90, metric="f1")):
        assert ability(sized(8), "general", [other], (LINE,)) == bare
    assert ability(sized(8), "code", [result(90)], (LINE,)) == bare


def test_a_result_beyond_belief_counts_as_two_deviations() -> None:
    wild, usual = (ability(sized(8), "general", [result(score)], (LINE,)) for score in (5000.0, 70.0))
    assert wild is not None
    assert usual is not None
    assert wild.value == pytest.approx(usual.value)  # 70 points are 6, three above: the most that counts


def test_releases_of_a_benchmark_are_told_apart() -> None:
    first, second = (result(1, settings=f"LiveBench {date}") for date in ("2024-11-25", "2026-01-08"))
    assert key(first) != key(second)
    assert key(result(1, settings="votes=3")) == key(result(1, settings="votes=9"))


def test_every_shipped_line_rises() -> None:
    assert len(lines()) > 20
    assert all(line.slope > 0 and line.spread > 0 for line in lines())
