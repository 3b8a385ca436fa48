"""One candidate's graded cells as numbers: quality, speed, tokens, counts, confusion.

A row counts for quality when it has a score: blank and cut answers count as they were graded, rows that failed or
were not asked do not count at all. Knows nothing about the other candidates.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from bakeoff.evaluate.results import Column, GradedCell, ModelResult, Percentiles, Quality, Tokens
from bakeoff.evaluate.stats.clusters import group_codes, mean_interval_by_group, share_interval
from bakeoff.evaluate.stats.f1 import encode, macro_f1, macro_f1_interval
from bakeoff.evaluate.stats.proportions import mean_interval, percentile
from bakeoff.evaluate.stats.repeats import repeats

ANSWERED = ("answered", "blank", "cut")
"""States with an answer."""

STREAMED_SHARE = 0.05
"""Our own clock gives a decode speed only where at least this share of the time lies after the first token: a server
that sends its answer in one piece shows no speed."""


def scored(column: Column) -> list[GradedCell]:
    """The cells that count for quality."""
    return [cell for cell in column.cells if cell.score is not None]


def model_result(column: Column, metrics: Sequence[str]) -> ModelResult:
    """Everything about one candidate.

    Args:
        column: its graded cells.
        metrics: what to measure, the deciding one first: `accuracy` or `score`, `macro_f1`.
    """
    counted = scored(column)
    answered = [cell for cell in column.cells if cell.state in ANSWERED]
    qualities = tuple(quality_of(metric, counted) for metric in metrics) if counted else ()
    decode, clock = _decode_speed(answered)
    return ModelResult(
        model=column.candidate,
        build=column.build,
        n=len(column.cells),
        quality=qualities[0] if qualities else None,
        qualities=qualities,
        latency_ms=_percentiles(cell.latency_ms for cell in answered),
        time_to_first_token_ms=_percentiles(cell.time_to_first_token_ms for cell in answered),
        decode_tokens_per_second=decode,
        prompt_tokens_per_second=_ratio(answered, "prompt_n", "prompt_ms"),
        speed_clock=clock,  # type: ignore[arg-type]
        tokens=_tokens(answered),
        cost_usd=column.cost_usd,
        memory=column.memory,
        counts=_counts(column),
        faults=dict(Counter(fault for cell in answered for fault in cell.faults)),
        confusion=_confusion(counted) if "macro_f1" in metrics else {},
        repeats=repeats([cell.repeat_scores for cell in counted]),
    )


def quality_of(metric: str, cells: Sequence[GradedCell]) -> Quality:
    """A metric over scored cells, at least one, with its interval."""
    scores = np.array([cell.score for cell in cells], dtype=np.float64)
    codes = group_codes([cell.group for cell in cells])
    if metric == "macro_f1":
        data = encode([cell.target for cell in cells], [cell.label for cell in cells])
        value, (low, high) = macro_f1(data), macro_f1_interval(data, codes)
    elif metric in ("score", "judge", "people"):
        value = float(np.mean(scores))
        low, high = mean_interval(scores) if codes is None else mean_interval_by_group(scores, codes)
    else:
        value = float(np.mean(scores))
        asked = max((len(cell.repeat_scores) for cell in cells), default=1)
        low, high = share_interval(scores, codes, repeats=max(1, asked))
    groups = int(codes.max()) + 1 if codes is not None else None
    return Quality(metric=metric, value=value, low=low, high=high, n=len(cells), groups=groups)


def _percentiles(values: Iterable[float | None]) -> Percentiles | None:
    known = np.array([value for value in values if value is not None], dtype=np.float64)
    return Percentiles(p50=percentile(known, 0.5), p95=percentile(known, 0.95)) if len(known) else None


def _decode_speed(cells: Sequence[GradedCell]) -> tuple[float | None, str | None]:
    """(tokens per second, whose clock). The engine's own clock where every answer brings it, else ours.

    llama.cpp starts its clock when the first token is there and counts that token too (`predicted_n` tokens in
    `predicted_ms`), so that for an answer of two tokens n/ms is twice the true speed; one token is taken off.
    """
    engine = [cell for cell in cells if "predicted_n" in cell.timings and "predicted_ms" in cell.timings]
    if engine and len(engine) == len(cells):
        steps = [(cell.timings["predicted_n"] - 1, cell.timings["predicted_ms"]) for cell in engine]
        speed = _speed(steps)
        return speed, "engine" if speed is not None else None
    ours = [cell for cell in cells if cell.latency_ms is not None and cell.time_to_first_token_ms is not None]
    steps = [
        ((cell.output_tokens or 0) - 1, (cell.latency_ms or 0) - (cell.time_to_first_token_ms or 0)) for cell in ours
    ]
    streamed = sum(milliseconds for _, milliseconds in steps)
    if streamed < STREAMED_SHARE * sum(cell.latency_ms or 0 for cell in ours):
        return None, None
    speed = _speed(steps)
    return speed, "client" if speed is not None else None


def _speed(steps: Sequence[tuple[float, float]]) -> float | None:
    """Tokens per second from (tokens after the first, milliseconds); answers of one token say nothing."""
    several = [(tokens, milliseconds) for tokens, milliseconds in steps if tokens >= 1]
    spent = sum(milliseconds for _, milliseconds in several)
    return 1000 * sum(tokens for tokens, _ in several) / spent if spent > 0 else None


def _ratio(cells: Sequence[GradedCell], count: str, milliseconds: str) -> float | None:
    """Per second, over all cells that bring both timings."""
    known = [cell.timings for cell in cells if count in cell.timings and milliseconds in cell.timings]
    spent = sum(timings[milliseconds] for timings in known)
    return 1000 * sum(timings[count] for timings in known) / spent if spent > 0 else None


def _tokens(cells: Sequence[GradedCell]) -> Tokens:
    thought = [cell for cell in cells if cell.thinking_tokens]
    return Tokens(
        prompt=sum(cell.prompt_tokens or 0 for cell in cells),
        output=sum(cell.output_tokens or 0 for cell in cells),
        thinking=sum(cell.thinking_tokens or 0 for cell in thought) if thought else None,
        thinking_estimated=any(cell.thinking_estimated for cell in thought),
    )


def _counts(column: Column) -> dict[str, int]:
    """Rows by state, and those of them that have no score."""
    states = Counter(cell.state for cell in column.cells)
    counts = {state: states[state] for state in ("answered", "blank", "cut", "failed", "missing")}
    counts["excluded"] = sum(cell.excluded for cell in column.cells)
    without = sum(cell.score is None and cell.state in ANSWERED for cell in column.cells)
    counts["unscored"] = without - counts["excluded"]
    return counts


def _confusion(cells: Sequence[GradedCell]) -> dict[str, dict[str, int]]:
    """Target to answer to count; no readable label is the empty text."""
    table: dict[str, dict[str, int]] = {}
    for cell in cells:
        row = table.setdefault(cell.target, {})
        row[cell.label or ""] = row.get(cell.label or "", 0) + 1
    return table
