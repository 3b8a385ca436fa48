"""Which skill a benchmark result speaks about, how its score is put on a straight scale, and how far it can be trusted.

A skill is what several benchmarks measure together. A task of the needs is a mixture of skills.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bakeoff.catalog.model import Evidence

SKILLS = (
    "general", "instructions", "knowledge", "reasoning", "coding", "agents", "writing", "faithfulness",
    "long context", "translation", "vision", "vietnamese",
)  # fmt: skip

BY_CATEGORY: dict[str, str] = {
    "human preference": "general",
    "instruction following": "instructions",
    "knowledge": "knowledge",
    "math": "reasoning",
    "reasoning": "reasoning",
    "coding": "coding",
    "agentic coding": "agents",
    "tool use": "agents",
    "creative writing": "writing",
    "hallucination/RAG": "faithfulness",
    "long context": "long context",
    "translation": "translation",
    "multilingual": "general",
    "vision": "vision",
    "Vietnamese": "vietnamese",
}
"""The catalog's categories of evidence."""

BY_BENCHMARK: dict[str, str] = {"Arena AI code": "coding", "LiveBench overall": "general"}
"""Where the category says less than the name."""

LEFT_OUT = (
    "slop score (lower is better)",  # style, not ability
    "repetition score (lower is better)",
    "rubric score",  # the same answers as the Elo beside it
    "answer rate",  # how often, not how well
    "percent_well_formed",
    "sycophancy rate (lower is better)",
)
"""Metrics that do not rise with ability."""

PARTS = ("RULER v1 4K", "RULER v1 8K", "RULER v1 16K", "RULER v1 32K", "RULER v1 64K", "RULER v1 128K")
"""Parts of an average that is there as well."""

SATURATED = ("HumanEval", "MBPP", "MBPP (EvalPlus subset)", "MMLU", "HellaSwag", "GSM8K", "ARC-C", "BoolQ", "PIQA")
"""Public for years, in training data, and near their ceiling; their results count with twice the noise. HumanEval and
MBPP: EvalPlus leaderboard; MMLU and GSM8K: arXiv 2405.00332 (GSM1k), arXiv 2406.04127 (MMLU-Redux)."""

TASKS: dict[str, dict[str, float]] = {
    "chat": {"general": 0.5, "instructions": 0.25, "knowledge": 0.25},
    "classification": {"instructions": 0.4, "knowledge": 0.4, "general": 0.2},
    "extraction": {"instructions": 0.5, "faithfulness": 0.3, "reasoning": 0.2},
    "rag": {"faithfulness": 0.5, "instructions": 0.25, "long context": 0.25},
    "summarization": {"faithfulness": 0.5, "general": 0.3, "long context": 0.2},
    "translation": {"translation": 1.0},
    "coding": {"coding": 0.75, "agents": 0.25},
    "reasoning": {"reasoning": 1.0},
    "writing": {"writing": 0.75, "general": 0.25},
    "agents": {"agents": 0.6, "instructions": 0.2, "coding": 0.2},
    "vision": {"vision": 0.6, "general": 0.4},
}
"""The needs' tasks as mixtures of skills. A judgement; it moves the order only where a model's skills differ."""

VIETNAMESE_SHARE = 0.4
"""Of the mixture, where Vietnamese is needed and the task is not translation."""


@dataclass(frozen=True, slots=True)
class Result:
    """One benchmark result of one model, as the quality model reads it."""

    model: str
    key: str
    """Benchmark, metric and release: scores are comparable within it."""

    skill: str
    series: str
    """Benchmarks of one maker; their results on one skill are not independent."""

    value: float
    """On a straight scale: log-odds of a share, else the score; higher is better."""

    self_reported: bool
    saturated: bool


def mixture(task: str, languages: Iterable[str]) -> dict[str, float]:
    """Skills and their weights for a task in languages; the weights add up to 1."""
    weights = dict(TASKS[task])
    if "vi" not in languages:
        return weights
    share = VIETNAMESE_SHARE
    return {**{skill: weight * (1 - share) for skill, weight in weights.items()}, "vietnamese": share}


def results(evidence: Iterable[Evidence]) -> Iterator[Result]:
    """The results that speak about a skill; of several of one key the mean, of several releases the newest."""
    found: dict[tuple[str, str, bool], list[tuple[Evidence, float]]] = {}
    newest: dict[tuple[str, str], str] = {}
    for row in evidence:
        if row.metric in LEFT_OUT or row.benchmark in PARTS or skill_of(row) is None:
            continue
        release = row.settings if row.benchmark.startswith("LiveBench") else ""
        if release:
            series = (row.model, row.benchmark)
            newest[series] = max(newest.get(series, ""), release)
        found.setdefault((row.model, key_of(row), row.self_reported), []).append((row, straight(row)))
    for (model, key, self_reported), rows in found.items():
        first = rows[0][0]
        if first.benchmark.startswith("LiveBench") and newest[model, first.benchmark] != first.settings:
            continue
        yield Result(
            model=model,
            key=f"{key}|self-reported" if self_reported else key,
            skill=skill_of(first) or "",
            series=first.benchmark.split()[0].split("-")[0],
            value=sum(value for _, value in rows) / len(rows),
            self_reported=self_reported,
            saturated=first.benchmark in SATURATED,
        )


def skill_of(row: Evidence) -> str | None:
    """The skill that a result speaks about; None where it speaks about none of ours."""
    if _vietnamese(row):
        return "vietnamese"
    return BY_BENCHMARK.get(row.benchmark) or BY_CATEGORY.get(row.category)


def _vietnamese(row: Evidence) -> bool:
    return row.category == "Vietnamese" or row.language == "vi" or row.language.endswith(">vi_VN")


def key_of(row: Evidence) -> str:
    """Scores are comparable within it. All language pairs of a translation benchmark are one, Vietnamese apart."""
    name = row.benchmark
    if row.category == "translation" and not _vietnamese(row):
        name = " ".join(word for word in name.split() if "-" not in word or ">" in word) or name
    release = f"|{row.settings}" if name.startswith("LiveBench") else ""
    return f"{name}|{row.metric}{release}"


def straight(row: Evidence) -> float:
    """The score on a scale on which equal steps mean about equal ability; higher is better."""
    sign = -1.0 if "lower is better" in row.metric else 1.0
    full = {"%": 100.0, "0-100": 100.0, "0-1": 1.0}.get(row.unit)
    if full is None:
        return sign * row.score
    share = min(max(row.score / full, 0.003), 0.997)
    return sign * math.log(share / (1 - share))
