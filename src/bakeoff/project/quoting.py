"""The verb `quote`: what a run would ask, cost and take, and what its rows can show. Asks no model.

Measured rows of this project count before estimates; the fields of each estimate say which it is.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import fmean, pvariance

from bakeoff.errors import BakeoffError
from bakeoff.evaluate.caps import PricePerToken, longest_output
from bakeoff.evaluate.pacing import FIRST, MOST
from bakeoff.evaluate.results import Column
from bakeoff.evaluate.stats.power import DISCORDANCE, Plan, detectable_gap, plan_from_pilot, rows_for
from bakeoff.evaluate.stats.proportions import wilson
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Table
from bakeoff.project.afterwards import different
from bakeoff.project.config import Config
from bakeoff.project.contestants import Contestant
from bakeoff.project.filling import Planned
from bakeoff.project.planning import Job
from bakeoff.values import Z80, Estimate, Reason, reason

BYTES_PER_TOKEN = (4.0, 6.0, 2.0)
"""Usual, most, fewest: English prose in a large vocabulary has about 4 (OpenAI's rule of thumb: "one token is about 4
characters"), long common words more; Vietnamese in UTF-8 in a vocabulary that was not made for it, and code, 2."""

PILOT_ROWS = 20
"""Rows of two candidates from which the share on which they differ is taken; with fewer it is supposed."""

LIKELY_DISCORDANCE = (0.05, 0.35)
"""Where nothing was measured: two builds of one model, and two unlike models of 78 %."""


@dataclass(frozen=True, slots=True)
class CandidateQuote:
    """What one candidate still owes."""

    candidate: str
    calls: int
    kept: int
    """Calls that have an answer already and cost nothing."""

    prompt_tokens: Estimate
    """Of all these calls."""

    output_tokens: Estimate | None
    """Of all these calls; None where nothing limits them and nothing was measured."""

    cost_usd: Estimate | None
    """None where the price is not known; what runs on this machine has none."""

    price_source: str | None
    minutes: Estimate | None
    """None where nothing was measured and no speed is known."""

    local: bool
    """It runs on this machine, and others wait for it."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The run that would be made, and what it could show."""

    rows: int
    repeats: int
    candidates: tuple[CandidateQuote, ...]
    calls: int
    cost_usd: Estimate | None
    """Of the candidates with a price; None where none has one, or one elsewhere has not."""

    minutes: Estimate | None
    discordance: Estimate
    """Share of rows on which exactly one of two candidates is right."""

    detectable_gap: Estimate | None
    """Difference that these rows show with 80 % power; None where they show none, or there is one candidate."""

    gap_that_matters: float
    rows_needed: Estimate | None
    """Rows that show the gap that matters, with 80 % power."""

    needed_cost_usd: Estimate | None
    """Of all answers to so many rows."""

    needed_minutes: Estimate | None
    notes: tuple[Reason, ...]


def quote(
    config: Config,
    table: Table,
    found: Sequence[Contestant],
    planned: Planned,
    columns: Sequence[Column],
    ledger: Ledger,
) -> Quote:
    """Work it out.

    Args:
        config: the project file.
        table: the data.
        found: the candidates.
        planned: the run.
        columns: what was answered so far.
        ledger: lengths and times of earlier answers.
    """
    by_name = {contestant.candidate.name: contestant for contestant in found}
    lines = tuple(_candidate(job, by_name[job.name], table, ledger) for job in planned.jobs)
    priced = [line.cost_usd for line in lines if line.cost_usd is not None or not line.local]
    cost = _sum(priced) if priced and all(one is not None for one in priced) else None
    minutes = _minutes(lines)
    rows, repeats = len(planned.order), config.run.repeats
    discordance, plan = _supposed(columns, max(2, len(found)), repeats)
    gap = config.decide.smallest_gap_that_matters
    needed = _rows_needed(gap, plan, discordance) if len(found) > 1 else None
    per_row = needed.value * repeats * len(lines) / planned.owed if needed is not None and planned.owed else None
    return Quote(
        rows=rows,
        repeats=repeats,
        candidates=lines,
        calls=planned.owed,
        cost_usd=cost,
        minutes=minutes,
        discordance=discordance,
        detectable_gap=_gap(rows, plan, discordance) if len(found) > 1 else None,
        gap_that_matters=gap,
        rows_needed=needed,
        needed_cost_usd=_times(cost, per_row),
        needed_minutes=_times(minutes, per_row),
        notes=tuple(_notes(lines, by_name)),
    )


# one candidate


def _candidate(job: Job, contestant: Contestant, table: Table, ledger: Ledger) -> CandidateQuote:
    measured = ledger.lengths(different(contestant.digests)) if contestant.digests else []
    n = len(job.calls)
    prompt = _prompt(job, contestant, table, [one[0] for one in measured])
    output = _output(job, [one[1] for one in measured])
    return CandidateQuote(
        candidate=job.name,
        calls=n,
        kept=job.kept,
        prompt_tokens=prompt,
        output_tokens=output,
        cost_usd=_cost(job.price, prompt, output, n),
        price_source=job.price.source if job.price is not None else None,
        minutes=_time(job, prompt, output, [one[2] for one in measured]),
        local=job.resolved.local,
    )


def _prompt(job: Job, contestant: Contestant, table: Table, measured: Sequence[float]) -> Estimate:
    if len(measured) > 1:
        return _total(measured, len(job.calls), "mean of the answers so far")
    sizes = contestant.sizes
    if sizes is None:
        total = sum(len(job.resolved.route.request(table.rows[i]).body) for _, i in job.calls[:50])
        total = round(total / max(1, min(50, len(job.calls))) * len(job.calls))
    else:
        total = sum(sizes[index] for _, index in job.calls)
    value, low, high = (total / each for each in BYTES_PER_TOKEN)
    return Estimate(value, low, high, "estimated", "4 bytes of text a token, 2 to 6")


def _output(job: Job, measured: Sequence[float]) -> Estimate | None:
    n = len(job.calls)
    if len(measured) > 1:
        return _total(measured, n, "mean of the answers so far")
    most = longest_output(job.resolved.route.parameters)
    if most is None:
        return None
    return Estimate(
        float(n * most), float(min(n, n * most)), float(n * most), "estimated", "at most max_tokens an answer"
    )


def _total(values: Sequence[float], n: int, detail: str) -> Estimate:
    """The sum of n more like these, with its 80 % interval: the mean is uncertain, and so are the n themselves."""
    mean, m = fmean(values), len(values)
    error = math.sqrt(pvariance(values) * m / (m - 1) * (1 / m + 1 / n)) * n if n else 0.0
    return Estimate(mean * n, max(0.0, mean * n - Z80 * error), mean * n + Z80 * error, "measured", detail)


def _cost(price: PricePerToken | None, prompt: Estimate, output: Estimate | None, n: int) -> Estimate | None:
    if price is None or output is None:
        return None
    cost, low, high = (
        float(price.input) * one + float(price.output) * other + float(price.per_request) * n
        for one, other in ((prompt.value, output.value), (prompt.low, output.low), (prompt.high, output.high))
    )
    return Estimate(cost, low, high, output.source, f"{price.source}; output {output.detail}")


def _time(job: Job, prompt: Estimate, output: Estimate | None, measured: Sequence[float]) -> Estimate | None:
    """Minutes: latency x calls / requests in flight."""
    n, fixed = len(job.calls), job.resolved.route.candidate.concurrency
    least, most = (fixed, fixed) if fixed else (1, 1) if job.resolved.local else (FIRST, MOST)
    if n == 0:
        return Estimate.exact(0.0, source="measured", detail="nothing to ask")
    if len(measured) > 1:
        total = _total([one / 60_000 for one in measured], n, "latency of the answers so far")
        return replace(total, value=total.value / least, low=total.low / most, high=total.high / least)
    if job.resolved.model_file is None or output is None:
        return None
    return _fitted(job, prompt.value / n, output, n)


def _fitted(job: Job, prompt: float, output: Estimate, n: int) -> Estimate | None:
    from bakeoff.fit.plan.asking import fit

    assert job.resolved.model_file is not None
    ends = []
    try:
        for tokens in (output.value, output.low):
            answer = fit(
                str(job.resolved.model_file.path),
                prompt_tokens=max(1, round(prompt)),
                output_tokens=max(1, round(tokens / n)),
                engine="llama.cpp",
            )
            seconds = answer.chosen.speed.request_seconds if answer.chosen is not None else None
            if seconds is None:
                return None
            ends.append(seconds)
    except BakeoffError:
        return None
    longest, shortest = ends
    return Estimate(
        longest.value * n / 60,
        min(shortest.low, longest.value) * n / 60,
        longest.high * n / 60,
        "estimated",
        "bakeoff fit",
    )


# the run


def _minutes(lines: Sequence[CandidateQuote]) -> Estimate | None:
    """Models on this machine one after the other, then all others at once."""
    if any(line.minutes is None for line in lines):
        return None
    local = _sum([line.minutes for line in lines if line.local])
    others = [line.minutes for line in lines if not line.local and line.minutes is not None]
    if not others:
        return local
    longest = Estimate(
        max(one.value for one in others),
        max(one.low for one in others),
        max(one.high for one in others),
        others[0].source,
        others[0].detail,
    )
    return _sum([local, longest])


def _sum(parts: Sequence[Estimate | None]) -> Estimate | None:
    known = [part for part in parts if part is not None and part.value]
    if not known:
        return Estimate.exact(0.0, source="measured") if parts else None
    source = "measured" if all(part.source == "measured" for part in known) else "estimated"
    return Estimate(
        sum(part.value for part in known),
        sum(part.low for part in known),
        sum(part.high for part in known),
        source,  # type: ignore[arg-type]
        "; ".join(dict.fromkeys(part.detail for part in known if part.detail)),
    )


def _times(estimate: Estimate | None, factor: float | None) -> Estimate | None:
    if estimate is None or factor is None:
        return None
    return replace(estimate, value=estimate.value * factor, low=estimate.low * factor, high=estimate.high * factor)


# what the rows can show


def _supposed(columns: Sequence[Column], candidates: int, repeats: int) -> tuple[Estimate, Plan]:
    """The share of rows on which two candidates differ: of the two that differ most so far, else a usual one."""
    best: tuple[Estimate, Plan] | None = None
    for a, b in combinations(columns, 2):
        both = [
            (x.score - y.score, x.group or x.row_id)
            for x, y in zip(a.cells, b.cells, strict=True)
            if x.score is not None and y.score is not None
        ]
        if len(both) < PILOT_ROWS:
            continue
        differences = [one[0] for one in both]
        groups = [one[1] for one in both] if any(cell.group is not None for cell in a.cells) else None
        plan = replace(plan_from_pilot(differences, groups=groups, candidates=candidates), repeats=repeats)
        low, high = wilson(min(1.0, plan.discordance), len(both), alpha=0.2)
        found = Estimate(
            plan.discordance,
            min(low, plan.discordance),
            max(high, plan.discordance),
            "measured",
            f"{len(both)} rows so far",
        )
        if best is None or plan.discordance > best[1].discordance:
            best = found, plan
    if best is not None:
        return best
    low, high = LIKELY_DISCORDANCE
    supposed = Estimate(DISCORDANCE, low, high, "estimated", "supposed, for as long as fewer rows are answered")
    return supposed, Plan(candidates=candidates, repeats=repeats)


def _at_ends(plan: Plan, discordance: Estimate) -> tuple[Plan, Plan]:
    return replace(plan, discordance=max(1e-3, discordance.low)), replace(plan, discordance=min(1.0, discordance.high))


def _gap(n: int, plan: Plan, discordance: Estimate) -> Estimate | None:
    value = detectable_gap(n, plan)
    if value is None:
        return None
    few, many = (detectable_gap(n, end) for end in _at_ends(plan, discordance))
    low, high = min(value, few if few is not None else value), max(value, many if many is not None else 1.0)
    return Estimate(value, low, high, discordance.source, discordance.detail)


def _rows_needed(gap: float, plan: Plan, discordance: Estimate) -> Estimate | None:
    value = rows_for(gap, plan)
    if value is None:
        return None
    few, many = (rows_for(gap, end) or value for end in _at_ends(plan, discordance))
    return Estimate(
        float(value), float(min(few, value)), float(max(many, value)), discordance.source, discordance.detail
    )


def _notes(lines: Sequence[CandidateQuote], by_name: Mapping[str, Contestant]) -> list[Reason]:
    found = [
        reason("candidate.unavailable", candidate=name, error=contestant.error.message)
        for name, contestant in by_name.items()
        if contestant.error is not None
    ]
    unpriced = [line.candidate for line in lines if not line.local and line.cost_usd is None and line.calls]
    if unpriced:
        found.append(reason("quote.no_price", models=unpriced))
    guessed = [
        line.candidate
        for line in lines
        if line.calls and line.output_tokens and line.output_tokens.source != "measured"
    ]
    if guessed:
        found.append(reason("quote.not_measured", models=guessed))
    return found
