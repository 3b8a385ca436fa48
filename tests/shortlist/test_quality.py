"""Ability from benchmark results: the sums against a second way of doing them, and what evidence may and may not do."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.catalog.loading import load
from bakeoff.catalog.model import Evidence
from bakeoff.shortlist.quality.parameters import Parameters, Reading, shipped
from bakeoff.shortlist.quality.skills import BY_CATEGORY, SKILLS, TASKS, Result, mixture, results, straight
from bakeoff.shortlist.quality.standing import Entrant, Standing, standings

CODING = Reading("coding", intercept=1.0, loading=0.5, noise=0.4, models=20)
WRITING = Reading("writing", intercept=0.0, loading=2.0, noise=1.0, models=20)
PARAMETERS = Parameters(family=1.5, model=1.2, skill=0.5, readings={"c": CODING, "w": WRITING}, as_of="2026-11-24")


def result(model: str, key: str = "c", value: float = 3.0, **more: object) -> Result:
    skill = "coding" if key.startswith("c") else "writing"
    fields = {"series": key, "self_reported": False, "saturated": False} | more
    return Result(model, key, skill, value=value, **fields)  # type: ignore[arg-type]


def stand(entrants: list[Entrant], found: list[Result], task: dict[str, float] | None = None) -> dict[str, Standing]:
    return standings(entrants, found, PARAMETERS, task or {"coding": 1.0})


def test_without_results_there_is_the_prior_and_all_of_the_spread() -> None:
    (found,) = stand([Entrant("a", "f", 7.0)], []).values()
    assert found.value == pytest.approx(7.0)
    assert found.spread == pytest.approx(math.sqrt(1.5**2 + 1.2**2 + 0.5**2))
    assert (found.benchmarks, found.independent) == (0, 0)


def test_one_result_is_bayes_by_hand() -> None:
    """Theta ~ N(7, v), v = 1.5^2 + 1.2^2 + 0.5^2 = 3.94; y = 1 + 0.5 theta + e, e ~ N(0, 0.16), y = 6.

    Posterior precision 1/3.94 + 0.25/0.16; mean 7 + (0.5/0.16) (6 - 1 - 3.5) / precision.
    """
    (found,) = stand([Entrant("a", "f", 7.0)], [result("a", value=6.0)]).values()
    precision = 1 / 3.94 + 0.25 / 0.16
    assert found.value == pytest.approx(7 + 0.5 / 0.16 * 1.5 / precision)
    assert found.spread == pytest.approx(precision**-0.5)


def test_a_family_is_the_joint_normal_conditioned_directly() -> None:
    """Oracle: two siblings at two skills as one normal vector, conditioned with the textbook formula."""
    entrants = [Entrant("a", "f", 5.0), Entrant("b", "f", 6.0)]
    rows = [result("a", value=4.5), result("a", "w", 12.0), result("b", "w", 13.0)]
    places = [(0, "coding"), (0, "writing"), (1, "coding"), (1, "writing")]
    prior = np.array([5.0, 5.0, 6.0, 6.0])
    covariance = np.array(
        [[1.5**2 + 1.2**2 * (i == k) + 0.5**2 * (i == k and s == t) for k, t in places] for i, s in places]
    )
    design = np.zeros((3, 4))
    design[0, 0], design[1, 1], design[2, 3] = 0.5, 2.0, 2.0
    noise = np.diag([0.4**2, 1.0, 1.0])
    values = np.array([4.5 - 1.0, 12.0, 13.0])
    gain = covariance @ design.T @ np.linalg.inv(design @ covariance @ design.T + noise)
    mean = prior + gain @ (values - design @ prior)
    left = covariance - gain @ design @ covariance
    found = stand(entrants, rows)
    assert [found["a"].value, found["b"].value] == pytest.approx([mean[0], mean[2]])
    assert [found["a"].spread, found["b"].spread] == pytest.approx([left[0, 0] ** 0.5, left[2, 2] ** 0.5])


def test_siblings_learn_from_each_other_and_strangers_do_not() -> None:
    entrants = [Entrant("a", "f", 5.0), Entrant("b", "f", 5.0), Entrant("c", "g", 5.0)]
    found = stand(entrants, [result("a", value=6.0)])
    assert found["a"].value > found["b"].value > 5.0
    assert found["c"].value == pytest.approx(5.0)
    assert found["a"].spread < found["b"].spread < found["c"].spread


def test_what_a_vendor_says_of_itself_and_saturated_results_move_less() -> None:
    entrant = [Entrant("a", "f", 5.0)]
    plain, saturated, own = (
        stand(entrant, [result("a", value=6.0, **more)])["a"]
        for more in ({}, {"saturated": True}, {"self_reported": True})
    )
    assert plain.value > saturated.value > own.value > 5.0
    assert plain.spread < saturated.spread < own.spread
    assert (own.benchmarks, own.independent) == (1, 0)


def test_results_of_one_maker_on_one_skill_count_as_one() -> None:
    """Twice the same number from one series: as one; from two series: more."""
    entrant = [Entrant("a", "f", 5.0)]
    parameters = Parameters(1.5, 1.2, 0.5, {"c": CODING, "c2": CODING}, "2026-11-24")

    def spread(*series: str) -> float:
        rows = [result("a", key, 6.0, series=one) for key, one in zip(("c", "c2"), series, strict=False)]
        return standings(entrant, rows, parameters, {"coding": 1.0})["a"].spread

    assert spread("x", "x") == pytest.approx(spread("x"))
    assert spread("x", "y") < spread("x")


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["c", "w"]), st.floats(-50, 50)), max_size=12))
def test_evidence_never_widens(rows: list[tuple[str, str, float]]) -> None:
    entrants = [Entrant("a", "f", 5.0), Entrant("b", "f", 6.0), Entrant("c", "g", 4.0)]
    before = stand(entrants, [])
    found = stand(entrants, [result(model, key, value, series=f"{n}") for n, (model, key, value) in enumerate(rows)])
    assert all(found[name].spread <= before[name].spread + 1e-9 for name in found)
    assert all(math.isfinite(one.value) for one in found.values())


def test_every_task_is_a_mixture_of_known_skills() -> None:
    for task in TASKS:
        for languages in (("en",), ("vi", "en")):
            weights = mixture(task, languages)
            assert set(weights) <= set(SKILLS)
            assert sum(weights.values()) == pytest.approx(1.0)


def test_a_straight_scale_rises_with_ability() -> None:
    def row(score: float, unit: str, metric: str = "accuracy") -> Evidence:
        return Evidence("m", "b", metric, score, unit, "coding", "", "2026-01-01", False, "s")

    assert straight(row(50, "%")) == pytest.approx(0.0)
    assert straight(row(0.9, "0-1")) == pytest.approx(math.log(9))
    assert straight(row(1300, "rating")) == 1300
    assert straight(row(5, "%", "hallucination rate (lower is better)")) == pytest.approx(math.log(95 / 5))
    assert all(math.isfinite(straight(row(score, "%"))) for score in (0, 100, -3, 300))


def test_of_several_releases_the_newest_counts_and_parts_of_averages_do_not() -> None:
    def row(benchmark: str, score: float, settings: str = "", metric: str = "category mean") -> Evidence:
        return Evidence("m", benchmark, metric, score, "0-100", "coding", settings, "2026-01-01", False, "s")

    found = list(results([
        row("LiveBench Coding", 40, "LiveBench 2024-11-25"),
        row("LiveBench Coding", 60, "LiveBench 2026-01-08"),
        row("LiveBench Coding", 70, "LiveBench 2026-01-08"),
        row("RULER v1 4K", 90),
        row("Other", 5, metric="slop score (lower is better)"),
    ]))  # fmt: skip
    assert [one.key for one in found] == ["LiveBench Coding|category mean|LiveBench 2026-01-08"]
    assert found[0].value == pytest.approx((math.log(0.6 / 0.4) + math.log(0.7 / 0.3)) / 2)


def test_the_shipped_constants_are_sane_and_fit_the_catalog() -> None:
    parameters = shipped()
    assert parameters.as_of <= load().snapshot
    assert all(one.loading > 0 and one.noise > 0 and one.models >= 5 for one in parameters.readings.values())
    assert {one.skill for one in parameters.readings.values()} <= set(SKILLS)
    read = {one.key for one in results(load().evidence())}
    assert len(read & set(parameters.readings)) > 60
    assert {row.category for row in load().evidence()} <= set(BY_CATEGORY)
