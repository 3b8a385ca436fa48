"""Racing, against the closed form and against its promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import beta, betainc

from bakeoff.evaluate.stats.race import Race


def test_evidence_is_the_beta_mixture_over_wagers_on_the_better_one() -> None:
    """2^(W+L)·B(1+W, 1+L), over the half p > 1/2 of its mixture, doubled."""
    race = Race(["a", "b"])
    won, lost = 0, 0
    for row, (a, b) in enumerate([(0, 1), (0, 1), (1, 0), (1, 1), (0, 1), (0, 0), (1, 0), (0, 1)]):
        race.add(str(row), {"a": a, "b": b})
        won, lost = won + (b > a), lost + (a > b)
        closed = 2.0 ** (won + lost) * beta(1 + won, 1 + lost) * 2 * (1 - betainc(1 + won, 1 + lost, 0.5))
        assert race.evidence("a", by="b") == pytest.approx(closed, rel=1e-9)
    assert (won, lost) == (4, 2)


def test_who_never_wins_is_dropped_at_the_first_row_that_shows_it() -> None:
    """With W wins and no loss the evidence is (2^(W+1) - 1)/(W+1): 31.9 after seven, 56.8 after eight. 40 shows it."""
    race = Race(["a", "b"])
    assert race.threshold == pytest.approx(40)
    for row in range(20):
        dropped = race.add(str(row), {"a": 0.0, "b": 1.0})
        evidence = (2 ** (row + 2) - 1) / (row + 2)
        if evidence >= 40:
            (gone,) = dropped
            assert (gone.name, gone.by, gone.n_units, gone.difference) == ("a", "b", row + 1, 1.0)
            assert gone.evidence == pytest.approx(evidence)
            break
        assert dropped == ()
    assert row == 7
    assert race.alive == ("b",)
    assert race.dropped == (gone,)
    assert race.add("later", {"b": 0.0}) == ()


def test_more_candidates_need_more_evidence() -> None:
    assert Race(["a", "b", "c"]).threshold == pytest.approx(80)
    assert Race(["a", "b"], alpha=0.01).threshold == pytest.approx(200)
    assert Race(["a"]).alive == ("a",)


def test_the_last_one_never_leaves() -> None:
    """Three that beat each other in a circle: two may go, one stays."""
    race = Race(["a", "b", "c"], alpha=0.9)
    scores = [{"a": 1.0, "b": 0.0}, {"b": 1.0, "c": 0.0}, {"c": 1.0, "a": 0.0}]
    for row in range(300):
        present = {name: score for name, score in scores[row % 3].items() if name in race.alive}
        race.add(str(row), present)
    assert len(race.alive) >= 1
    assert len(race.alive) + len(race.dropped) == 3


def test_a_row_without_a_score_is_not_compared() -> None:
    race = Race(["a", "b"])
    for row in range(50):
        race.add(str(row), {"b": 1.0})
    assert race.alive == ("a", "b")
    assert race.evidence("a", by="b") == pytest.approx(1.0)


def test_scores_between_right_and_wrong_count_by_their_size() -> None:
    small, large = Race(["a", "b"]), Race(["a", "b"])
    for row in range(10):
        small.add(str(row), {"a": 0.5, "b": 0.6})
        large.add(str(row), {"a": 0.2, "b": 0.9})
    assert 1 < small.evidence("a", by="b") < large.evidence("a", by="b")


@pytest.mark.parametrize(
    ("unit", "scores", "message"),
    [("1", {"a": 0.5}, "added before"), ("2", {"z": 0.5}, "not in the race"), ("2", {"a": 1.5}, "not between 0 and 1"),
     ("2", {"a": float("nan")}, "not between 0 and 1")],
)  # fmt: skip
def test_mistakes_are_refused(unit: str, scores: dict[str, float], message: str) -> None:
    race = Race(["a", "b"])
    race.add("1", {"a": 1.0, "b": 1.0})
    with pytest.raises(ValueError, match=message):
        race.add(unit, scores)
    assert race.add("2", {"a": 1.0, "b": 1.0}) == ()  # a refused unit was not counted


def test_names_and_levels_are_checked() -> None:
    with pytest.raises(ValueError, match="twice"):
        Race(["a", "a"])
    with pytest.raises(ValueError, match="alpha"):
        Race(["a", "b"], alpha=1.0)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=30))
def test_evidence_is_fair_against_any_symmetric_difference(differences: list[float]) -> None:
    """Over both signs of each unit in turn the mean of the evidence never grows: a martingale."""
    race = Race(["a", "b"], alpha=1e-9)
    for row, d in enumerate(differences):
        before = race.evidence("a", by="b")
        after = []
        for sign in (1, -1):
            one = Race(["a", "b"], alpha=1e-9)
            for earlier, e in enumerate(differences[:row]):
                one.add(str(earlier), {"a": (1 - e) / 2, "b": (1 + e) / 2})
            one.add("next", {"a": (1 - sign * d) / 2, "b": (1 + sign * d) / 2})
            after.append(one.evidence("a", by="b"))
        assert np.mean(after) == pytest.approx(before, rel=1e-9)
        race.add(str(row), {"a": (1 - d) / 2, "b": (1 + d) / 2})


def test_looking_after_every_row_drops_a_best_one_in_at_most_five_percent() -> None:
    """Two equal ones, 200 rows, 300 races, fixed seed."""
    generator = np.random.default_rng(20_261_124)
    wrong = 0
    for _ in range(300):
        race = Race(["a", "b"])
        for row, (a, b) in enumerate(generator.random((200, 2)) < 0.7):
            if race.add(str(row), {"a": float(a), "b": float(b)}):
                wrong += 1
                break
    assert 0 < wrong <= 15
