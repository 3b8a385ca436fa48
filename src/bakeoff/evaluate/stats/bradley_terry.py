"""Strengths from contests of two: the model of Bradley and Terry, ties counted as half a win each.

P(a beats b) = 1/(1 + exp(θ_b - θ_a)) (R. Bradley and M. Terry, Biometrika 39 (1952) 324), by maximum likelihood, with
sandwich intervals that stay honest where the model is not quite true and where one row gives several contests
(P. Huber 1967; as Chatbot Arena does, W.-L. Chiang et al., arXiv 2403.04132). Strengths sum to 0 in each set of
players that is connected by contests.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bakeoff.evaluate.stats.clusters import Codes, unit_codes
from bakeoff.evaluate.stats.normal import normal_quantile
from bakeoff.evaluate.stats.proportions import Floats

ELO_PER_LOG_ODDS = 400 / math.log(10)
"""Elo's scale: 400 points are odds of 10 to 1 (A. Elo, The Rating of Chessplayers, 1978)."""

ELO_ORIGIN = 1000.0
"""Where the mean of all players is put. Only differences mean something."""

STEPS = 100
"""Newton's method needs fewer than ten; it is stopped here."""


@dataclass(frozen=True, slots=True)
class Game:
    """One contest."""

    a: str
    b: str
    score: float
    """Of a: 1 won, 0 lost, 0.5 a tie; b has the rest."""

    row: str | None = None
    """Contests on one row belong together: they are one unit for the intervals."""


@dataclass(frozen=True, slots=True)
class Rating:
    """One player's strength."""

    name: str
    log_odds: float
    low: float
    high: float
    """95 % interval of `log_odds`."""

    games: int
    score: float
    """Wins plus half the ties."""

    component: int
    """Ratings can be compared only within one component: players that contests connect."""

    separated: bool
    """Its component has a player, or a set of players, that won or lost everything against the rest, so that the
    likelihood has no finite maximum. One tie was added between each two that met."""

    @property
    def elo(self) -> tuple[float, float, float]:
        """Strength and interval on Elo's scale."""
        value, low, high = (ELO_ORIGIN + ELO_PER_LOG_ODDS * part for part in (self.log_odds, self.low, self.high))
        return value, low, high


@dataclass(frozen=True, slots=True)
class Matchup:
    """Two players of one component."""

    a: str
    b: str
    log_odds: float
    """Strength of a minus strength of b."""

    low: float
    high: float
    games: int
    """Contests between just these two; the strength also comes from those against others."""

    @property
    def win_rate(self) -> tuple[float, float, float]:
        """Chance that a beats b, ties shared, with its interval."""
        value, low, high = (1 / (1 + math.exp(-part)) for part in (self.log_odds, self.low, self.high))
        return value, low, high


@dataclass(frozen=True, slots=True)
class Ratings:
    """All players, the strongest of each component first, and every two of a component."""

    players: tuple[Rating, ...]
    matchups: tuple[Matchup, ...]
    components: int

    @property
    def separated(self) -> bool:
        """Some strengths rest on an added tie."""
        return any(player.separated for player in self.players)


def bradley_terry(games: Sequence[Game], *, alpha: float = 0.05, by_row: bool = True) -> Ratings:
    """Strengths of all players.

    Args:
        games: contests.
        alpha: probability that an interval misses.
        by_row: contests with the same `row` are one unit; False takes each on its own.

    Raises:
        ValueError: a player meets itself, or a score is not between 0 and 1.
    """
    for game in games:
        if game.a == game.b:
            raise ValueError(f"{game.a!r} cannot play against itself")
        if not 0 <= game.score <= 1:
            raise ValueError(f"the score {game.score} of {game.a!r} is not between 0 and 1")
    if not games:
        return Ratings((), (), 0)
    names = tuple(dict.fromkeys(name for game in games for name in (game.a, game.b)))
    number = {name: i for i, name in enumerate(names)}
    a = np.array([number[game.a] for game in games], dtype=np.int64)
    b = np.array([number[game.b] for game in games], dtype=np.int64)
    score = np.array([game.score for game in games], dtype=np.float64)
    units = unit_codes([game.row if by_row else None for game in games])
    players: list[Rating] = []
    matchups: list[Matchup] = []
    components = _components(len(names), a, b)
    for component, members in enumerate(components):
        inside = np.isin(a, members)
        place = np.full(len(names), -1)
        place[members] = np.arange(len(members))
        table = _Table(place[a[inside]], place[b[inside]], score[inside], units[inside], len(members))
        found = _component(table, [names[i] for i in members], component, normal_quantile(alpha))
        players += found[0]
        matchups += found[1]
    return Ratings(tuple(players), tuple(matchups), len(components))


@dataclass(frozen=True, slots=True)
class _Table:
    """The contests of one component, as numbers."""

    a: Codes
    b: Codes
    score: Floats
    units: Codes
    players: int


def _components(players: int, a: Codes, b: Codes) -> list[Codes]:
    """Sets of players that contests connect."""
    reached = _reach(np.eye(players, dtype=bool) | _met(players, a, b))
    first = np.argmax(reached, axis=1)
    return [np.flatnonzero(first == root) for root in dict.fromkeys(first.tolist())]


def _met(players: int, a: Codes, b: Codes) -> npt.NDArray[np.bool_]:
    met = np.zeros((players, players), dtype=bool)
    met[a, b] = met[b, a] = True
    return met


def _reach(adjacent: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Who can be reached from whom, by squaring."""
    while True:
        further = (adjacent.astype(np.float64) @ adjacent.astype(np.float64)) > 0
        if (further == adjacent).all():
            return adjacent
        adjacent = further


def _separated(table: _Table) -> bool:
    """Some players never got anything against the others (L. Ford, American Mathematical Monthly 64 (1957) 28)."""
    got = np.eye(table.players, dtype=bool)
    got[table.a[table.score > 0], table.b[table.score > 0]] = True
    got[table.b[table.score < 1], table.a[table.score < 1]] = True
    return not bool(_reach(got).all())


def _component(table: _Table, names: Sequence[str], component: int, z: float) -> tuple[list[Rating], list[Matchup]]:
    separated = _separated(table)
    theta, covariance = _fit(table, ties=separated)
    error = np.sqrt(np.maximum(0.0, np.diag(covariance)))
    played = np.bincount(table.a, minlength=len(names)) + np.bincount(table.b, minlength=len(names))
    won = np.bincount(table.a, table.score, len(names)) + np.bincount(table.b, 1 - table.score, len(names))
    order = sorted(range(len(names)), key=lambda i: -theta[i])
    players = [
        Rating(
            names[i], float(theta[i]), float(theta[i] - z * error[i]), float(theta[i] + z * error[i]), int(played[i]),
            float(won[i]), component, separated,
        )
        for i in order
    ]  # fmt: skip
    matchups = []
    for rank, i in enumerate(order):
        for j in order[rank + 1 :]:
            half = z * math.sqrt(max(0.0, covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]))
            met = int(np.sum((table.a == i) & (table.b == j)) + np.sum((table.a == j) & (table.b == i)))
            lead = float(theta[i] - theta[j])
            matchups.append(Matchup(names[i], names[j], lead, lead - half, lead + half, met))
    return players, matchups


def _fit(table: _Table, *, ties: bool) -> tuple[Floats, Floats]:
    """(strengths with sum 0, their covariance). With `ties`, one tie is added between each two that met."""
    k = table.players
    games = np.zeros((k, k))
    wins = np.zeros((k, k))
    np.add.at(games, (table.a, table.b), 1.0)
    np.add.at(wins, (table.a, table.b), table.score)
    games, wins = games + games.T, wins + (games - wins).T
    if ties:
        met = games > 0
        games, wins = games + met, wins + 0.5 * met
    theta = _maximum(games, wins)
    inverse: Floats = np.asarray(np.linalg.pinv(_information(games, theta)), dtype=np.float64)
    if ties:
        return theta, inverse
    chance = 1 / (1 + np.exp(theta[table.b] - theta[table.a]))
    count = int(table.units.max()) + 1
    scores = np.zeros((count, k))
    np.add.at(scores, (table.units, table.a), table.score - chance)
    np.add.at(scores, (table.units, table.b), chance - table.score)
    n = len(np.unique(table.units))
    covariance = inverse @ (scores.T @ scores) @ inverse * (n / max(1, n - 1))
    spread = np.diag(covariance)[:, None] + np.diag(covariance)[None, :] - 2 * covariance
    # All contests of some players as the model foresees (ties only, one row only): then the model's own variance.
    return theta, inverse if (spread + np.eye(k) < 1e-9).any() else covariance


def _maximum(games: Floats, wins: Floats) -> Floats:
    """Newton's method, with half steps where a whole one does not climb; the likelihood is concave."""
    theta = np.zeros(len(games))
    best = _likelihood(wins, theta)
    for _ in range(STEPS):
        gradient = np.sum(wins - games / (1 + np.exp(theta[None, :] - theta[:, None])), axis=1)
        step = np.linalg.pinv(_information(games, theta)) @ gradient
        while (new := _likelihood(wins, theta + step)) < best - 1e-12 * abs(best) and np.abs(step).max() > 1e-12:
            step = step / 2
        theta, best = theta + step, new
        if np.abs(step).max() < 1e-12:
            break
    return np.asarray(theta - theta.mean(), dtype=np.float64)


def _likelihood(wins: Floats, theta: Floats) -> float:
    return -float(np.sum(wins * np.logaddexp(0.0, theta[None, :] - theta[:, None])))


def _information(games: Floats, theta: Floats) -> Floats:
    chance = 1 / (1 + np.exp(theta[None, :] - theta[:, None]))
    weight = games * chance * (1 - chance)
    return np.asarray(np.diag(weight.sum(axis=1)) - weight, dtype=np.float64)
