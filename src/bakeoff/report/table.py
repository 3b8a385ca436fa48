"""The results as one table of strings, the same in terminal, Markdown and page."""

from bakeoff.decide import Decision
from bakeoff.evaluate.results import ModelResult
from bakeoff.report import numbers
from bakeoff.report.numbers import UNKNOWN, Language
from bakeoff.report.text import one_line, shorten
from bakeoff.report.words import label

MOST_NAME = 60
"""Characters of a model's name that a table shows."""


def ranked(decision: Decision) -> list[ModelResult]:
    """The models, best quality first; those without a score last; equals in the order of the project file."""
    return sorted(
        decision.models, key=lambda model: (model.quality is None, -(model.quality.value if model.quality else 0))
    )


def keys(decision: Decision) -> dict[str, str]:
    """Model to the letter that stands for it in charts and narrow tables: A for the first of `ranked`, ..., Z, A2."""
    return {
        model.model: chr(ord("A") + index % 26) + (str(index // 26 + 1) if index >= 26 else "")
        for index, model in enumerate(ranked(decision))
    }


def metric_of(decision: Decision) -> str | None:
    """The metric that decides; None where nothing was scored."""
    return next((model.quality.metric for model in decision.models if model.quality), None)


def short_name(name: str) -> str:
    """A model's name for a table."""
    return shorten(one_line(name), MOST_NAME)


def results_table(decision: Decision, lang: Language) -> tuple[list[str], list[list[str]]]:
    """Header and rows, best quality first. The first two columns are text, the others numbers.

    Columns that no model has a value for are left out.
    """
    metric = metric_of(decision)
    models = ranked(decision)
    columns: list[tuple[str, list[str]]] = [
        (label("column.model", lang), [short_name(model.model) for model in models]),
        (label("column.build", lang), [short_name(model.build) for model in models]),
        (label(f"metric.{metric}" if metric else "column.quality", lang), [quality(model, lang) for model in models]),
        (label("column.interval", lang), [interval(model, lang) for model in models]),
        (label("column.scored", lang), [scored(model, lang) for model in models]),
        (label("column.p50", lang), [p50(model, lang) for model in models]),
        (label("column.p95", lang), [p95(model, lang) for model in models]),
        (label("column.rate", lang), [rate(model, lang) for model in models]),
        (label("column.cost", lang), [cost(model, lang) for model in models]),
    ]
    kept = [(name, cells) for index, (name, cells) in enumerate(columns) if index < 3 or set(cells) - {UNKNOWN}]
    return [name for name, _ in kept], [list(row) for row in zip(*(cells for _, cells in kept), strict=True)]


def quality(model: ModelResult, lang: Language) -> str:
    """The deciding metric in percent."""
    return numbers.percent(model.quality.value, lang) if model.quality else UNKNOWN


def interval(model: ModelResult, lang: Language) -> str:
    """Its 95 % interval."""
    return numbers.percent_range(model.quality.low, model.quality.high, lang) if model.quality else UNKNOWN


def scored(model: ModelResult, lang: Language) -> str:
    """Scored rows of all rows."""
    return f"{numbers.count(model.quality.n if model.quality else 0, lang)}/{numbers.count(model.n, lang)}"


def p50(model: ModelResult, lang: Language) -> str:
    """Median time per answer."""
    return numbers.milliseconds(model.latency_ms.p50, lang) if model.latency_ms else UNKNOWN


def p95(model: ModelResult, lang: Language) -> str:
    """95th percentile of the time per answer."""
    return numbers.milliseconds(model.latency_ms.p95, lang) if model.latency_ms else UNKNOWN


def rate(model: ModelResult, lang: Language) -> str:
    """Tokens per second while writing."""
    speed = model.decode_tokens_per_second
    return UNKNOWN if speed is None else numbers.rate(speed, lang)


def cost(model: ModelResult, lang: Language) -> str:
    """What the answers cost; unknown is not zero."""
    return UNKNOWN if model.cost_usd is None else numbers.dollars(model.cost_usd, lang)
