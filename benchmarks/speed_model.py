"""Fitting sums of non-negative terms to times, by family, and judging them on devices that were left out.

A time is X c with c >= 0. Fitted is the logarithm, by absolute error (iterated reweighting), each device counting by
the square root of its rows. A family is drawn to its parent, the parent to the whole: a penalty on each coefficient's
share of the time, so that a family with one device keeps mostly to its parent.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from bakeoff.fit.speed.constants import Spread

Floats = NDArray[np.float64]

PULL = 10.0
"""Strength of the penalty; chosen among 3, 10 and 30 by the error on left-out devices, which hardly differs."""

INHERITED = 30.0
"""Strength of the penalty on terms that a family has from its parent."""

NARROW = 0.03
"""Residuals smaller than this are all as good."""


def fit(
    terms: Floats,
    times: Floats,
    weights: Floats,
    least: Floats,
    prior: Floats | None = None,
    inherited: Sequence[int] = (),
) -> Floats:
    """Coefficients that minimise the weighted absolute error of the logarithm.

    Args:
        terms: seconds at unit coefficients, a row each.
        times: seconds.
        weights: of the rows.
        least: smallest coefficients.
        prior: what the coefficients are drawn to: the parent's.
        inherited: terms that are taken from there as they are.
    """
    present = ((terms > 0) * weights[:, None]).sum(0)
    share = (terms / times[:, None] * weights[:, None]).sum(0) / np.maximum(present, 1e-9)
    share = np.where(share > 0, share, 0.1)
    if prior is None:
        start = 1.0 / np.maximum(share, 1e-12) / terms.shape[1]
        coefficients = np.maximum(start, least)
    else:
        coefficients = np.maximum(prior, least)
    for step in range(40):
        predicted = np.maximum(terms @ coefficients, 1e-12)
        residual = np.log(times) - np.log(predicted)
        root = np.sqrt(weights / np.maximum(np.abs(residual), NARROW))
        left = terms / predicted[:, None] * root[:, None]
        right = (1.0 + residual) * root
        if prior is not None:
            pull = np.sqrt(PULL) * share
            pull[list(inherited)] = INHERITED / np.maximum(prior[list(inherited)], 1e-12)
            left, right = np.vstack([left, np.diag(pull)]), np.concatenate([right, pull * prior])
        scale = np.maximum(np.abs(left).max(0), 1e-300)
        solved, _ = nnls(left / scale, right - left @ least)
        new = least + solved / scale
        if np.abs((new - coefficients) * share).max() < 1e-4:
            return new
        coefficients = new if step < 12 else 0.5 * (new + coefficients)
    return coefficients


@dataclass(frozen=True, slots=True)
class Data:
    """Rows as numbers."""

    terms: Floats
    times: Floats
    devices: NDArray[np.str_]
    families: NDArray[np.str_]
    experts: NDArray[np.bool_]

    def only(self, mask: NDArray[np.bool_]) -> "Data":
        """Some rows."""
        return Data(self.terms[mask], self.times[mask], self.devices[mask], self.families[mask], self.experts[mask])

    def weights(self) -> Floats:
        """One over the root of the device's rows."""
        counts = Counter(self.devices.tolist())
        return np.array([counts[name] ** -0.5 for name in self.devices])


def chain(family: str, parents: Mapping[str, str]) -> list[str]:
    """The family and its parents, the widest first."""
    found = [family]
    while found[-1] in parents:
        found.append(parents[found[-1]])
    return found[::-1]


MAKERS = ("nvidia", "amd", "apple")
"""Families that stand for all of a maker's."""


def fit_families(
    data: Data, parents: Mapping[str, str], least: Floats, by_maker: Sequence[int] = ()
) -> dict[str, Floats]:
    """Coefficients of every family that has rows, and of all their parents.

    Args:
        data: the rows.
        parents: family to parent.
        least: smallest coefficients.
        by_maker: terms that only a maker's rows together can tell (attention: few devices have long prompts).
    """
    weights = data.weights()
    chains = {name: chain(name, parents) for name in set(data.families.tolist())}
    found: dict[str, Floats] = {}
    levels = max((len(links) for links in chains.values()), default=0)
    for level in range(levels):
        for name in sorted({links[level] for links in chains.values() if len(links) > level}):
            mask = np.array([name in chains[family] for family in data.families.tolist()])
            prior = found[parents[name]] if name in parents else None
            inherited = () if name in MAKERS else by_maker
            found[name] = fit(data.terms[mask], data.times[mask], weights[mask], least, prior, inherited)
    return found


def coefficients(found: Mapping[str, Floats], family: str, parents: Mapping[str, str]) -> Floats:
    """A family's, or its nearest parent's."""
    return next(found[name] for name in reversed(chain(family, parents)) if name in found)


def left_out(
    data: Data, parents: Mapping[str, str], least: Floats, by: Sequence[str], by_maker: Sequence[int] = ()
) -> Floats:
    """Predicted time of every row, with all rows of the same `by` (a device, a source, a family) out of the fit."""
    groups = np.array(by)
    predicted = np.zeros(len(data.times))
    for group in sorted(set(by)):
        out = groups == group
        found = fit_families(data.only(~out), parents, least, by_maker)
        for i in np.flatnonzero(out):
            predicted[i] = data.terms[i] @ coefficients(found, str(data.families[i]), parents)
    return predicted


def quantile(values: Floats, weights: Floats, share: float) -> float:
    """Weighted quantile."""
    order = np.argsort(values)
    cumulated = np.cumsum(weights[order]) - 0.5 * weights[order]
    return float(np.interp(share * weights.sum(), cumulated, values[order]))


POOLED = 4.0
"""Devices that all families together count for in the spread of one."""


def spread(ratios: Floats, own: NDArray[np.bool_], devices: Sequence[str], tail: float) -> Spread:
    """The middle 80 % of measured over predicted speed: a family's own devices, and all others as if they were
    `POOLED` more. Each device weighs the same.

    Args:
        ratios: measured speed over predicted, of rows that were left out.
        own: rows of the family.
        devices: names.
        tail: share of each tail to leave out; 0.1 for an 80 % interval, less to be careful.
    """
    counts = Counter(devices)
    weights = np.array([1.0 / counts[name] for name in devices])
    total = weights.sum()
    weights = weights * POOLED / total + np.where(own, weights, 0.0)
    logs = np.log(ratios)
    low, high = quantile(logs, weights, tail), quantile(logs, weights, 1 - tail)
    return Spread(float(np.exp(min(low, -0.02))), float(np.exp(max(high, 0.02))))


FEW = 3
"""Devices from which a family's own spread counts. One or two do not tell how their sisters differ: their interval
holds that of families left out, too."""

STRANGE = ("any", "intel", "integrated", "other")
FOREIGN = 1.5
"""Makers whose software was hardly measured at all: the interval's logarithm is half as wide again. Of the few such
rows that are not fitted, an Arc reached half the predicted speed."""

TAIL = 0.09
"""Share of each tail that intervals leave out: a little less than 0.1, because a few devices show less than all there
are. Chosen so that intervals hold 80 % of left-out devices."""


@dataclass(frozen=True, slots=True)
class Residuals:
    """Measured over predicted speed of rows of one sort (dense, experts)."""

    known: Floats
    """With the row's device left out."""

    strange: Floats
    """With its whole family left out."""

    devices: NDArray[np.str_]
    families: NDArray[np.str_]

    def only(self, mask: NDArray[np.bool_]) -> "Residuals":
        """Some rows."""
        return Residuals(self.known[mask], self.strange[mask], self.devices[mask], self.families[mask])

    def interval(self, family: str) -> Spread:
        """The interval for a device of the family that is not among the rows."""
        own = self.families == family
        seen = len(set(self.devices[own].tolist()))
        names = self.devices.tolist()
        known = spread(self.known, own, names, TAIL)
        unknown = spread(self.strange, np.ones(len(names), dtype=bool), names, TAIL)
        power = FOREIGN if family in STRANGE else 1.0
        unknown = Spread(unknown.low**power, unknown.high**power)
        if seen >= FEW:
            return known
        return Spread(min(known.low, unknown.low), max(known.high, unknown.high)) if seen else unknown


def coverage(rows: Residuals) -> tuple[float, float]:
    """Share of rows that lie in the interval made without their device: mean over devices, and of all rows."""
    shares: list[float] = []
    hits = 0
    for device in sorted(set(rows.devices.tolist())):
        out = rows.devices == device
        if out.all():
            return float("nan"), float("nan")
        made = rows.only(~out).interval(str(rows.families[out][0]))
        inside = (rows.known[out] >= made.low) & (rows.known[out] <= made.high)
        shares.append(float(inside.mean()))
        hits += int(inside.sum())
    return float(np.mean(shares)), hits / len(rows.known)
