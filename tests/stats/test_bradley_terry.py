"""Strengths, against evalica (frozen), statsmodels, and data without a finite answer.

The frozen strengths are from evalica 0.4.2: `np.log(evalica.bradley_terry(xs, ys, winners, tolerance=1e-14,
limit=10000).scores)`, less their mean, for the contests of `GAMES`.
"""

import math

import numpy as np
import pytest
import statsmodels.api as sm

from bakeoff.evaluate.stats.bradley_terry import Game, bradley_terry
from bakeoff.values import from_json, to_json


def several(a: str, b: str, won: int, lost: int, tied: int) -> list[Game]:
    return [Game(a, b, 1.0)] * won + [Game(a, b, 0.0)] * lost + [Game(a, b, 0.5)] * tied


GAMES = several("a", "b", 7, 3, 2) + several("b", "c", 5, 4, 1) + several("c", "a", 3, 6, 3)


def test_strengths_are_those_of_evalica() -> None:
    found = {player.name: player.log_odds for player in bradley_terry(GAMES).players}
    assert found == pytest.approx(
        {"a": 0.4006172706779715, "b": -0.16802038880751288, "c": -0.2325968818704586}, abs=1e-6
    )
    assert [player.name for player in bradley_terry(GAMES).players] == ["a", "b", "c"]


def drawn() -> list[Game]:
    """Three contests on each of 60 rows, a fifth of them ties."""
    generator = np.random.default_rng(5)
    strength = {"a": 1.0, "b": 0.5, "c": 0.0, "d": -0.7}
    games = []
    for row in range(60):
        for _ in range(3):
            x, y = (str(name) for name in generator.choice(list(strength), 2, replace=False))
            chance = 1 / (1 + math.exp(strength[y] - strength[x]))
            score = 0.5 if generator.random() < 0.2 else float(generator.random() < chance)
            games.append(Game(x, y, score, str(row)))
    return games


@pytest.mark.parametrize("by_row", [False, True])
def test_intervals_are_the_sandwich_of_statsmodels(by_row: bool) -> None:
    """A logistic GLM on the scores with HC0 or clusters, one player's strength 0, then centred; times n/(n-1)."""
    games, names = drawn(), "abcd"
    design = np.array([[(game.a == name) * 1.0 - (game.b == name) for name in names] for game in games])
    covariance = {"cov_type": "HC0"}
    units = len(games)
    if by_row:
        rows = np.array([int(game.row or "") for game in games])
        covariance = {"cov_type": "cluster", "cov_kwds": {"groups": rows, "use_correction": False}}  # type: ignore[dict-item]
        units = 60
    model = sm.GLM(np.array([game.score for game in games]), design[:, 1:], family=sm.families.Binomial())
    fit = model.fit(tol=1e-14, **covariance)
    centre = (np.eye(4) - 0.25)[:, 1:]
    error = np.sqrt(np.diag(centre @ fit.cov_params() @ centre.T) * units / (units - 1))
    found = {player.name: player for player in bradley_terry(games, by_row=by_row).players}
    for name, value, spread in zip(names, centre @ fit.params, error, strict=True):
        assert found[name].log_odds == pytest.approx(value, abs=1e-6)
        assert (found[name].high - found[name].low) / 2 / 1.959963984540054 == pytest.approx(spread, abs=1e-6)


def test_on_elos_scale_four_hundred_points_are_ten_to_one() -> None:
    """10 wins to 1: log 10 apart, 400 points, 200 on each side of 1,000."""
    made = bradley_terry(several("a", "b", 10, 1, 0))
    assert [player.elo[0] for player in made.players] == pytest.approx([1200, 800], abs=1e-6)
    assert made.matchups[0].win_rate[0] == pytest.approx(10 / 11)
    assert made.matchups[0].games == 11


def test_two_players_have_the_interval_of_a_share() -> None:
    """With s of n won the log-odds have variance 1/(n p (1-p)), here times n/(n-1)."""
    made = bradley_terry(several("a", "b", 14, 6, 0)).matchups[0]
    half = 1.959963984540054 * math.sqrt(1 / (20 * 0.7 * 0.3) * 20 / 19)
    assert (made.low, made.high) == pytest.approx((math.log(14 / 6) - half, math.log(14 / 6) + half), abs=1e-9)


def test_players_that_never_met_are_not_compared() -> None:
    made = bradley_terry(GAMES + several("x", "y", 3, 2, 0))
    assert made.components == 2
    assert {(m.a, m.b) for m in made.matchups} == {("a", "b"), ("a", "c"), ("b", "c"), ("x", "y")}
    assert {player.name: player.component for player in made.players} == {"a": 0, "b": 0, "c": 0, "x": 1, "y": 1}


@pytest.mark.parametrize(
    "games",
    [
        several("a", "b", 5, 0, 0),
        GAMES + several("a", "z", 4, 0, 0) + several("b", "z", 2, 0, 0),
        [*several("a", "b", 2, 2, 0), *several("c", "d", 2, 2, 0), Game("a", "c", 1.0), Game("b", "d", 1.0)],
    ],
)  # fmt: skip
def test_who_won_everything_gets_a_finite_strength_and_a_mark(games: list[Game]) -> None:
    made = bradley_terry(games)
    assert made.separated
    numbers = [n for player in made.players for n in (player.log_odds, player.low, player.high)]
    assert all(map(math.isfinite, numbers))
    assert max(map(abs, numbers)) < 20
    assert not bradley_terry(GAMES).separated


def test_one_tie_is_added_where_one_side_won_everything() -> None:
    """5 of 5, and half a win each: odds 5.5 to 0.5."""
    assert bradley_terry(several("a", "b", 5, 0, 0)).matchups[0].log_odds == pytest.approx(math.log(11))


def test_ties_alone_leave_room_for_a_difference() -> None:
    made = bradley_terry(several("a", "b", 0, 0, 8)).matchups[0]
    assert made.log_odds == pytest.approx(0, abs=1e-9)
    assert made.high == pytest.approx(1.959963984540054 / math.sqrt(8 / 4), abs=1e-6)


def test_no_contest_and_impossible_ones() -> None:
    assert bradley_terry([]).players == ()
    with pytest.raises(ValueError, match="against itself"):
        bradley_terry([Game("a", "a", 1.0)])
    with pytest.raises(ValueError, match="not between 0 and 1"):
        bradley_terry([Game("a", "b", 2.0)])


def test_ratings_can_be_written_and_read_back() -> None:
    made = bradley_terry(GAMES)
    assert from_json(type(made), to_json(made)) == made
