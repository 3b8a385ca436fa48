"""The report as one HTML file that needs nothing else: no script, no font, no request to any host.

Every text is escaped by Jinja2; the page's own Content-Security-Policy forbids everything but its inline styles, so
that even a mistake in escaping could load nothing.
"""

from collections.abc import Mapping
from functools import cache, partial
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bakeoff.report import charts, table
from bakeoff.report.data import ReportData
from bakeoff.report.numbers import Language, date
from bakeoff.report.text import one_line
from bakeoff.report.view import matrices, models, pairs, rows
from bakeoff.report.view.costs import costs
from bakeoff.report.view.how import how
from bakeoff.report.view.judging import judging
from bakeoff.report.view.load import load
from bakeoff.report.view.needs import needs
from bakeoff.report.view.points import cost_points, speed_points
from bakeoff.report.view.running import running
from bakeoff.report.view.shortlist import shortlist
from bakeoff.report.view.tradeoffs import costs_of, tradeoffs
from bakeoff.report.words import label

WIDTHS: tuple[charts.Width, ...] = ("wide", "narrow")


def html(data: ReportData, lang: Language) -> str:
    """The whole page. The same data give the same bytes."""
    views = models.models(data, lang)
    headline, reasons, caveats = models.sentences(data, lang)
    metric = table.metric_of(data.decision)
    shown_rows = rows.disagreements(data.comparison.disagreements, views, lang)
    return _environment().get_template("report.html.j2").render(
        t=partial(label, lang=lang),
        lang=lang,
        style=_style(),
        project=one_line(data.project),
        date=data.date,
        shown_date=date(data.date, lang) if data.date else "",
        verdict=data.decision.verdict,
        headline=headline,
        reasons=reasons,
        caveats=caveats,
        since=models.since(data, lang),
        facts=models.facts(data, lang),
        metric=models.metric_name(metric, lang) if metric else label("column.quality", lang),
        models=list(views.values()),
        chart=_chart(data, views, lang),
        cost_chart=_cost_chart(data, views, lang),
        tradeoffs=tradeoffs(data, lang),
        costs=costs(data.stages.costs, data.decision.choice, lang),
        load=load(data.stages.probes, lang),
        running=running(data.stages.deployment, lang),
        needs=needs(data.stages.needs, lang),
        shortlist=shortlist(data.stages.shortlist, views, lang),
        pairs=pairs.pairs(data.decision, views, lang),
        judging=judging(data, lang),
        rows=shown_rows,
        most_open=rows.MOST_OPEN,
        n_rows=max(data.comparison.n_disagreements, len(shown_rows)),
        matrices=matrices.matrices(data.decision, views, lang),
        memory=models.memory(data, views, lang),
        memory_parts=models.MEMORY_PARTS,
        how=how(data, lang),
        bakeoff=data.bakeoff,
    )  # fmt: skip


def _chart(data: ReportData, views: dict[str, models.ModelView], lang: Language) -> dict[str, Any] | None:
    """Two drawings, for a page and for a telephone, and the models that they show."""
    points = speed_points(data.decision)
    if not points:
        return None
    drawings = {
        width: charts.quality_speed_spec(points, metric=_metric(data, lang), lang=lang, width=width) for width in WIDTHS
    }
    return _drawn(drawings, {point.key for point in points}, views, lang)


def _cost_chart(data: ReportData, views: dict[str, models.ModelView], lang: Language) -> dict[str, Any] | None:
    """Likewise, where what they cost is known of two or more."""
    usd, monthly = costs_of(data)
    points = cost_points(data.decision, usd)
    if len(points) < 2:
        return None
    drawings = {
        width: charts.quality_cost_spec(points, monthly=monthly, metric=_metric(data, lang), lang=lang, width=width)
        for width in WIDTHS
    }
    return _drawn(drawings, {point.key for point in points}, views, lang)


def _metric(data: ReportData, lang: Language) -> str:
    return f"{models.metric_name(table.metric_of(data.decision) or '', lang)}, %"


def _drawn(
    specs: Mapping[charts.Width, dict[str, Any]], keys: set[str], views: dict[str, models.ModelView], lang: Language
) -> dict[str, Any]:
    # Drawn by Vega from numbers, fixed words and single letters; nothing of a stranger's is in it.
    drawings: dict[str, Any] = {width: Markup(charts.draw(spec, lang=lang)) for width, spec in specs.items()}
    shown = [model for model in views.values() if model.key in keys]
    return drawings | {"models": shown, "has_front": any(map(charts.has_front, specs.values()))}


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("bakeoff.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _style() -> Markup:
    return Markup(resources.files("bakeoff.report.templates").joinpath("report.css").read_text(encoding="utf-8"))
