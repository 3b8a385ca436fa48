"""Limits and weights: who is out, what the weights choose, and over which weights the choice holds."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.decide import Decision, Limits, decide
from bakeoff.decide.standings import Standings
from bakeoff.decide.weighted import checked_weights, ratios, simplex, weigh
from bakeoff.errors import UsageError
from bakeoff.evaluate.compare import compare
from bakeoff.evaluate.results import Comparison, Percentiles
from tests.test_decide import column, made, with_facts


def measured(**models: dict[str, Any]) -> Comparison:
    """Models with `right` of 100 rows, and facts: cost in USD, latency in ms, speed, first token."""
    comparison = compare([column(name, made(facts["right"], 100 - facts["right"])) for name, facts in models.items()])
    known = {
        name: {
            "cost_usd": facts.get("cost"),
            "latency_ms": Percentiles(facts["ms"], facts["ms"]) if "ms" in facts else None,
            "time_to_first_token_ms": Percentiles(facts["first"], facts["first"]) if "first" in facts else None,
            "decode_tokens_per_second": facts.get("speed"),
        }
        for name, facts in models.items()
    }
    return with_facts(comparison, **known)


def by_weights(comparison: Comparison, **weights: float) -> Decision:
    return decide(comparison, rule="weighted", smallest_gap_that_matters=0.03, weights=weights)


def codes(decision: Decision) -> dict[str, str]:
    return {str(why.parameters["model"]): why.code for why in decision.reasons if why.code[:5] in ("fate.", "limit")}


# limits


@pytest.mark.parametrize(
    ("limits", "facts", "code"),
    [
        (Limits(max_time_to_first_token_ms=500), {"first": 501.0}, "limit.first_token"),
        (Limits(max_time_to_first_token_ms=500), {"first": 500.0}, None),
        (Limits(min_decode_tokens_per_second=15), {"speed": 14.9}, "limit.decode_speed"),
        (Limits(min_decode_tokens_per_second=15), {"speed": 15.0}, None),
        (Limits(max_usd_per_1000_rows=1), {"cost": "0.11"}, "limit.cost"),  # 100 rows: 1.10 USD for 1,000
        (Limits(max_usd_per_1000_rows=1), {"cost": "0.10"}, None),
    ],
)
def test_who_is_beyond_a_limit_is_not_chosen_however_good(
    limits: Limits, facts: dict[str, Any], code: str | None
) -> None:
    comparison = measured(good={"right": 95, **facts}, poor={"right": 60, "first": 1.0, "speed": 99.0, "cost": "0.01"})
    decision = decide(comparison, rule="best", smallest_gap_that_matters=0.03, limits=limits)
    assert decision.choice == ("good" if code is None else "poor")
    assert codes(decision).get("good") == code
    assert [model.model for model in decision.models] == ["good", "poor"]


def test_what_is_not_known_is_kept_and_said() -> None:
    limits = Limits(max_usd_per_1000_rows=1, max_time_to_first_token_ms=5, min_decode_tokens_per_second=5)
    decision = decide(
        measured(a={"right": 95}, b={"right": 60}), rule="best", smallest_gap_that_matters=0.03, limits=limits
    )
    assert decision.choice == "a"
    unknown = [why.parameters["what"] for why in decision.caveats if why.code == "limit.unknown"]
    assert unknown == ["cost", "first_token", "decode_speed"] * 2


def test_when_all_are_beyond_a_limit_there_is_no_decision() -> None:
    limits = Limits(max_usd_per_1000_rows=0.001)
    comparison = measured(a={"right": 95, "cost": "1"}, b={"right": 60, "cost": "2"})
    for rule in ("best within budget", "weighted", "cheapest not worse"):
        decision = decide(comparison, rule=rule, smallest_gap_that_matters=0.03, limits=limits)  # type: ignore[arg-type]
        assert (decision.verdict, decision.choice) == ("no answer", None)
        assert decision.sentence.code == "decide.none_within_limits"


@pytest.mark.parametrize("rule", ["best", "best within budget", "cheapest not worse", "fastest not worse"])
def test_the_sentence_names_the_rule_of_the_project_file(rule: str) -> None:
    limits = Limits(max_usd_per_1000_rows=1e9)
    for b in (60, 94):
        found = decide(
            measured(a={"right": 95, "cost": "1"}, b={"right": b, "cost": "2"}),
            rule=rule,  # type: ignore[arg-type]
            smallest_gap_that_matters=0.03,
            limits=limits,
        )
        assert found.sentence.parameters["rule"] == found.rule == rule


def test_a_budget_rule_without_a_budget_is_refused() -> None:
    with pytest.raises(UsageError, match="needs a budget"):
        decide(measured(a={"right": 9}), rule="best within budget", smallest_gap_that_matters=0.03)


# weights


def test_the_sum_by_hand() -> None:
    """Quality 80 and 60 of 100: ratios 1 and 0.75. Latency 200 and 100 ms: ratios 0.5 and 1.

    Weights 0.6 and 0.4: 0.6 + 0.2 = 0.80 against 0.45 + 0.4 = 0.85. They meet at weight t of quality where
    t + (1 - t) / 2 = 0.75 t + (1 - t): t = 2/3. On the simplex in steps of 1/20 quality is below
    2/3 in 14 of 21 weightings.
    """
    comparison = measured(a={"right": 80, "ms": 200.0}, b={"right": 60, "ms": 100.0})
    found = weigh(Standings(comparison), {"quality": 0.6, "latency": 0.4})
    assert found.scores == pytest.approx({"b": 0.85, "a": 0.80})
    assert found.order == ("b", "a")
    assert found.share == pytest.approx(14 / 21)
    assert [(turn.criterion, turn.model) for turn in found.turns] == [("quality", "a"), ("latency", "a")]
    assert [turn.weight for turn in found.turns] == pytest.approx([2 / 3, 1 / 3])


def test_quality_that_is_not_shown_leaves_the_choice_open() -> None:
    decision = by_weights(
        measured(a={"right": 71, "ms": 100.0}, b={"right": 70, "ms": 100.5}), quality=0.9, latency=0.1
    )
    assert decision.verdict == "cannot be told apart" or decision.equivalent == ("a",)
    close = by_weights(measured(a={"right": 70, "ms": 101.0}, b={"right": 74, "ms": 110.0}), quality=0.5, latency=0.5)
    assert (close.verdict, close.choice, close.equivalent) == ("cannot be told apart", "a", ("a", "b"))
    clear = by_weights(measured(a={"right": 70, "ms": 100.0}, b={"right": 74, "ms": 400.0}), quality=0.5, latency=0.5)
    assert (clear.verdict, clear.sentence.code) == ("better", "decide.weighted_shown")


def test_a_criterion_that_is_not_known_of_everyone_is_left_out_and_said() -> None:
    decision = by_weights(measured(a={"right": 90, "cost": "1"}, b={"right": 50}), quality=0.5, cost=0.5)
    assert decision.choice == "a"
    assert "change.weight_unknown" in {why.code for why in decision.reasons}
    with pytest.raises(UsageError, match="not known of every candidate"):
        by_weights(measured(a={"right": 90, "cost": "1"}, b={"right": 50}), cost=1.0)


@pytest.mark.parametrize(
    ("weights", "says"),
    [({"speed": 1.0}, "no 'speed'"), ({"quality": -1.0}, "quality is -1"), ({"quality": 0.0}, "all are 0"),
     ({"quality": float("nan")}, "quality is nan"), ({"quality": float("inf")}, "quality is inf"), ({}, "all are 0")],
)  # fmt: skip
def test_weights_that_mean_nothing_are_refused(weights: dict[str, float], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        by_weights(measured(a={"right": 90}, b={"right": 50}), **weights)


def test_the_simplex_is_whole() -> None:
    for dimensions, count in ((1, 1), (2, 21), (3, 231), (4, 1771)):
        grid = simplex(dimensions, 20)
        assert grid.shape == (count, dimensions)
        assert np.allclose(grid.sum(axis=1), 1)
        assert len({tuple(row) for row in grid.tolist()}) == count


FACTS = st.fixed_dictionaries({"right": st.integers(0, 100), "ms": st.floats(1, 1e4), "cost": st.just("0.1")})


@settings(deadline=None, max_examples=60)
@given(st.lists(FACTS, min_size=2, max_size=4), st.floats(0.01, 1), st.floats(0.01, 1))
def test_the_choice_is_highest_and_its_turns_are_where_it_changes(
    models: list[dict[str, Any]], quality: float, latency: float
) -> None:
    """Oracle: the sums are made anew on both sides of each turning point."""
    standings = Standings(measured(**{f"m{i}": facts for i, facts in enumerate(models)}))
    found = weigh(standings, {"quality": quality, "latency": latency})
    assert found.scores[found.order[0]] == max(found.scores.values())
    assert 0 < found.share <= 1 or len(found.order) > 1
    names = list(standings.choosable)
    q, m = ratios(standings, names, "quality"), ratios(standings, names, "latency")
    assert q is not None
    assert m is not None
    assert sum(checked_weights(found.weights).values()) == pytest.approx(1)
    for turn in found.turns:
        t = turn.weight if turn.criterion == "quality" else 1 - turn.weight
        sums = {name: t * a + (1 - t) * b for name, a, b in zip(names, q, m, strict=True)}
        assert sums[turn.model] == pytest.approx(sums[found.order[0]])
