"""The quality model of the shortlist: its constants, and how well it foretells benchmarks that it has not seen.

    python -m benchmarks.quality_model [--write]

Fitted by expectation-maximization over all results of the catalog; `--write` puts the constants into
src/bakeoff/shortlist/data/quality.json. Then each benchmark with at least 12 models is left out, with everything of its
maker: the table has the rank correlation of its scores with the ability that the others tell, beside the plain mean of
the other scores and the number of parameters; and the share of its scores that lie within the 80 % interval of what is
foretold, the line through the others being drawn without the model itself.
"""

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from scipy.stats import norm, spearmanr

import bakeoff.shortlist
from bakeoff.catalog import load
from bakeoff.shortlist.quality.parameters import Parameters, Reading
from bakeoff.shortlist.quality.skills import Result, results
from bakeoff.shortlist.quality.standing import Entrant, noise_variance, posterior, standings, system
from bakeoff.shortlist.shortlist import entrants

TARGET = Path(bakeoff.shortlist.__file__).parent / "data" / "quality.json"

FEWEST = 5
"""Models that a line is drawn through."""

FEWEST_LEFT_OUT = 12
ROUNDS = 60

LEAST_NOISE = 0.25
"""Of a score, in standard deviations of the benchmark: no benchmark of a few hundred questions is more exact."""

PRIOR_LINES = 4.0
"""A benchmark's loading is drawn to what is usual as by so many more models."""


def usable(found: Iterable[Result], known: dict[str, Entrant]) -> list[Result]:
    """Results of known models on benchmarks with enough of them."""
    rows = [result for result in found if result.model in known]
    models = defaultdict(set)
    for result in rows:
        models[result.key].add(result.model)
    return [result for result in rows if len(models[result.key]) >= FEWEST]


def start(rows: Sequence[Result], known: dict[str, Entrant]) -> Parameters:
    """Lines through size and date alone, to begin from."""
    readings = {}
    for key, own in by_key(rows).items():
        scores = np.array([result.value for result in own])
        spread = float(np.std(scores)) or 1.0
        priors = np.array([known[result.model].prior for result in own])
        loading = 0.2 * spread
        intercept = float(np.mean(scores - loading * priors))
        readings[key] = Reading(own[0].skill, intercept, loading, 0.6 * spread, len(own))
    return Parameters(1.0, 1.0, 0.8, readings, load().snapshot)


def by_key(rows: Iterable[Result]) -> dict[str, list[Result]]:
    """Results by benchmark."""
    found: dict[str, list[Result]] = defaultdict(list)
    for result in rows:
        found[result.key].append(result)
    return dict(found)


def fit(rows: Sequence[Result], known: dict[str, Entrant]) -> Parameters:
    """Expectation-maximization: abilities given the lines, lines given the abilities."""
    parameters = start(rows, known)
    spreads = {key: float(np.std([r.value for r in own])) or 1.0 for key, own in by_key(rows).items()}
    families: dict[str, list[Entrant]] = defaultdict(list)
    by_model: dict[str, list[Result]] = defaultdict(list)
    for result in rows:
        by_model[result.model].append(result)
    for name in by_model:
        families[known[name].family].append(known[name])
    for _ in range(ROUNDS):
        parameters = _round(parameters, families, by_model, spreads)
    return parameters


def _round(parameters, families, by_model, spreads) -> Parameters:  # type: ignore[no-untyped-def]
    squares: dict[str, list[float]] = {"family": [], "model": [], "skill": []}
    seen = defaultdict(list)
    for members in families.values():
        one = system(members, by_model, parameters)
        mean, covariance = posterior(one, parameters)
        second = mean**2 + np.diag(covariance)
        count = len(members)
        squares["family"].append(second[0])
        squares["model"] += list(second[1 : 1 + count])
        squares["skill"] += list(second[1 + count :])
        ability = one.base + one.incidence @ mean
        variance = np.einsum("ij,jk,ik->i", one.incidence, covariance, one.incidence)
        factors = noise_variance(one.rows, parameters)
        for (_, result), theta, var, noise in zip(one.rows, ability, variance, factors, strict=True):
            factor = noise / parameters.readings[result.key].noise ** 2
            seen[result.key].append((result.value, theta, var, factor))
    relative = np.median([parameters.readings[key].loading / spreads[key] for key in seen])
    readings = {
        key: _line(parameters.readings[key], np.array(rows), spreads[key], float(relative))
        for key, rows in seen.items()
    }
    return replace(
        parameters, readings=readings, **{name: float(np.sqrt(np.mean(values))) for name, values in squares.items()}
    )


def _line(before: Reading, rows: np.ndarray, spread: float, relative: float) -> Reading:
    """Weighted regression of scores on uncertain abilities; the loading is drawn to what is usual."""
    value, theta, variance, factor = rows.T
    weight = 1 / factor
    total = weight.sum()
    mean_theta, mean_value = (weight @ theta) / total, (weight @ value) / total
    square = weight @ ((theta - mean_theta) ** 2 + variance)
    product = weight @ ((theta - mean_theta) * (value - mean_value))
    usual = PRIOR_LINES * square / total
    loading = max((product + usual * relative * spread) / (square + usual), 0.02 * spread)
    intercept = mean_value - loading * mean_theta
    noise = weight @ ((value - intercept - loading * theta) ** 2 + loading**2 * variance) / len(rows)
    floor = LEAST_NOISE * spread
    return Reading(before.skill, float(intercept), float(loading), max(float(noise) ** 0.5, floor), len(rows))


def left_out(rows: Sequence[Result], known: dict[str, Entrant], key: str) -> tuple[float, float, float, float, int]:
    """(rank correlation of ours, of the plain mean, of parameters, share within 80 %, models)."""
    own = by_key(rows)[key]
    rest = [result for result in rows if result.series != own[0].series]
    kept = usable(rest, known)
    parameters = fit(kept, known)
    names = [result.model for result in own]
    scores = np.array([result.value for result in own])
    found = standings(known.values(), kept, parameters, {own[0].skill: 1.0})
    ours = np.array([found[name].value for name in names])
    spread = np.array([found[name].spread for name in names])
    plain = plain_means(kept)
    catalog = load()
    sizes = np.array([math.log(catalog[name].parameters.total or 1) for name in names])
    mean = np.array([plain.get(name, np.nan) for name in names])
    mean = np.where(np.isnan(mean), np.nanmean(mean) if not np.isnan(mean).all() else 0.0, mean)
    return (
        spearmanr(ours, scores).statistic,
        spearmanr(mean, scores).statistic,
        spearmanr(sizes, scores).statistic,
        inside(ours, spread, scores),
        len(names),
    )


def plain_means(rows: Sequence[Result]) -> dict[str, float]:
    """What a plain leaderboard does: the mean of standardized scores."""
    found: dict[str, list[float]] = defaultdict(list)
    for own in by_key(rows).values():
        scores = np.array([result.value for result in own])
        for result in own:
            found[result.model].append((result.value - scores.mean()) / (scores.std() or 1.0))
    return {name: float(np.mean(values)) for name, values in found.items()}


def inside(ability: np.ndarray, spread: np.ndarray, scores: np.ndarray) -> float:
    """Share of scores within 80 %, each foretold by the line through the other models."""
    z = norm.ppf(0.9)
    hits = []
    for index in range(len(scores)):
        others = np.arange(len(scores)) != index
        x, y, var = ability[others], scores[others], spread[others] ** 2
        slope, at_zero = np.polyfit(x, y, 1)
        residual = np.var(y - at_zero - slope * x, ddof=2)
        extra = slope**2 * (spread[index] ** 2 - var.mean())
        deviation = math.sqrt(max(residual * (1 + 1 / len(x)) + extra, 1e-9))
        hits.append(abs(scores[index] - at_zero - slope * ability[index]) <= z * deviation)
    return float(np.mean(hits))


def main() -> None:
    """Fit, write on request, and check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--quick", action="store_true", help="fit only; check nothing")
    arguments = parser.parse_args()
    known = {one.id: one for one in entrants(load())}
    rows = usable(results(load().evidence()), known)
    parameters = fit(rows, known)
    print(
        f"{len(rows)} results of {len({r.model for r in rows})} models on {len(parameters.readings)} benchmarks; "
        f"spread in doublings: families {parameters.family:.2f}, models {parameters.model:.2f}, "
        f"skills {parameters.skill:.2f}\n"
    )
    if arguments.write:
        values = asdict(parameters)
        values["readings"] = {
            key: {**one, **{name: round(one[name], 5) for name in ("intercept", "loading", "noise")}}
            for key, one in sorted(values["readings"].items())
        }
        values |= {name: round(values[name], 4) for name in ("family", "model", "skill")}
        TARGET.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if arguments.quick:
        return
    print("| benchmark left out | skill | models | ours | plain mean | parameters | within 80 % |\n" + "|---" * 7 + "|")
    table = []
    for key, own in sorted(by_key(rows).items(), key=lambda item: (item[1][0].skill, -len(item[1]))):
        if len(own) < FEWEST_LEFT_OUT or own[0].self_reported:
            continue
        ours, plain, size, within, n = left_out(rows, known, key)
        table.append((ours, plain, size, within, n))
        print(
            f"| {key.replace('|', ', ')} | {own[0].skill} | {n} | {ours:.2f} | {plain:.2f} | {size:.2f} "
            f"| {100 * within:.0f} % |",
            flush=True,
        )
    found = np.array(table)
    weights = found[:, 4]
    means = [float(np.average(found[:, column], weights=weights)) for column in range(4)]
    first = int((found[:, 0] >= found[:, 1:3].max(1)).sum())
    print(f"\nWeighted by models: ours {means[0]:.3f}, plain mean {means[1]:.3f}, parameters {means[2]:.3f}")
    print(f"Within 80 %: {100 * means[3]:.1f} %. Ours is first in {first} of {len(found)}.")


if __name__ == "__main__":
    main()
