"""Where models stand: the posterior of every model's ability, family by family.

Given the constants, families are independent, so that each is a small linear Gaussian model solved exactly: one unknown
for the family, one per model, one per model and skill. Models of a family inform each other; a model without results
is known by its size, its date and its siblings, and its interval says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bakeoff.shortlist.quality.parameters import SATURATED, SELF_REPORTED, Parameters
from bakeoff.shortlist.quality.skills import Result

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Entrant:
    """A model, as far as its ability can be guessed without any result."""

    id: str
    family: str
    prior: float
    """Doublings, by size and date."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is believed of one model at one mixture of skills."""

    value: float
    """Expected ability, in doublings of size."""

    spread: float
    """Standard deviation."""

    benchmarks: int
    """Results on the skills of the mixture."""

    independent: int
    """Of them, not the vendor's own."""


def standings(
    entrants: Iterable[Entrant], results: Iterable[Result], parameters: Parameters, mixture: Mapping[str, float]
) -> dict[str, Standing]:
    """Every entrant's standing at a mixture of skills.

    Args:
        entrants: the models; results of others are passed over.
        results: from `skills.results`; those whose key has no reading are passed over.
        parameters: the constants.
        mixture: skill to weight, adding up to 1.
    """
    families: dict[str, list[Entrant]] = {}
    for one in entrants:
        families.setdefault(one.family, []).append(one)
    by_model: dict[str, list[Result]] = {}
    for result in results:
        if result.key in parameters.readings:
            by_model.setdefault(result.model, []).append(result)
    found: dict[str, Standing] = {}
    for members in families.values():
        found |= _family(members, by_model, parameters, mixture)
    return found


@dataclass(frozen=True, slots=True)
class System:
    """A family's unknowns and results as matrices: state = (family, models, models x skills)."""

    members: Sequence[Entrant]
    skills: tuple[tuple[int, str], ...]
    """(member, skill) of each last unknown."""

    rows: tuple[tuple[int, Result], ...]
    """(member, result) of each observation."""

    incidence: Floats
    """Observations x unknowns: which unknowns add up to the ability behind each result."""

    prior_variance: Floats

    @property
    def base(self) -> Floats:
        """The prior ability behind each result."""
        return np.array([self.members[index].prior for index, _ in self.rows], dtype=np.float64)


def system(members: Sequence[Entrant], by_model: Mapping[str, Sequence[Result]], parameters: Parameters) -> System:
    """The matrices of one family."""
    rows = [(index, result) for index, one in enumerate(members) for result in by_model.get(one.id, ())]
    skills = list(dict.fromkeys((index, result.skill) for index, result in rows))
    place = {pair: 1 + len(members) + number for number, pair in enumerate(skills)}
    incidence = np.zeros((len(rows), 1 + len(members) + len(skills)))
    for row, (index, result) in enumerate(rows):
        incidence[row, [0, 1 + index, place[index, result.skill]]] = 1.0
    variance = np.concatenate(
        [
            [parameters.family**2],
            np.full(len(members), parameters.model**2),
            np.full(len(skills), parameters.skill**2),
        ]
    )
    return System(members, tuple(skills), tuple(rows), incidence, variance)


def noise_variance(rows: Sequence[tuple[int, Result]], parameters: Parameters) -> Floats:
    """Of each result. What one maker's benchmarks say of one skill of one model counts as one result together."""
    alike: dict[tuple[int, str, str], int] = {}
    for index, result in rows:
        alike[index, result.skill, result.series] = alike.get((index, result.skill, result.series), 0) + 1
    return np.array(
        [
            parameters.readings[result.key].noise ** 2
            * alike[index, result.skill, result.series]
            * (SELF_REPORTED if result.self_reported else 1.0)
            * (SATURATED if result.saturated else 1.0)
            for index, result in rows
        ]
    )


def posterior(one: System, parameters: Parameters) -> tuple[Floats, Floats]:
    """Mean and covariance of the unknowns."""
    precision = np.diag(1 / one.prior_variance)
    right = np.zeros(len(one.prior_variance))
    if one.rows:
        readings = [parameters.readings[result.key] for _, result in one.rows]
        loading = np.array([reading.loading for reading in readings])
        intercept = np.array([reading.intercept for reading in readings])
        values = np.array([result.value for _, result in one.rows])
        weight = 1 / noise_variance(one.rows, parameters)
        design = loading[:, None] * one.incidence
        precision += design.T @ (weight[:, None] * design)
        right = design.T @ (weight * (values - intercept - loading * one.base))
    covariance = np.linalg.inv(precision).astype(np.float64)
    return covariance @ right, covariance


def _family(
    members: Sequence[Entrant],
    by_model: Mapping[str, Sequence[Result]],
    parameters: Parameters,
    mixture: Mapping[str, float],
) -> dict[str, Standing]:
    one = system(members, by_model, parameters)
    mean, covariance = posterior(one, parameters)
    found: dict[str, Standing] = {}
    for index, member in enumerate(members):
        pick = np.zeros(len(mean))
        pick[[0, 1 + index]] = 1.0
        unseen = 0.0
        for skill, weight in mixture.items():
            if (index, skill) in one.skills:
                pick[1 + len(members) + one.skills.index((index, skill))] = weight
            else:
                unseen += weight**2  # nothing is known of it: its own variance, apart from all others
        spread = float(pick @ covariance @ pick) + unseen * parameters.skill**2
        own = [result for at, result in one.rows if at == index and result.skill in mixture]
        found[member.id] = Standing(
            value=member.prior + float(pick @ mean),
            spread=spread**0.5,
            benchmarks=len(own),
            independent=sum(not result.self_reported for result in own),
        )
    return found
