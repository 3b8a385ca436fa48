"""What the stages around the test found, as parts of the report in Markdown."""

from collections.abc import Iterator, Mapping, Sequence

from bakeoff.report.data import ReportData
from bakeoff.report.marks import block, bullets, escape, grid
from bakeoff.report.numbers import UNKNOWN, Language
from bakeoff.report.view.costs import costs
from bakeoff.report.view.load import load
from bakeoff.report.view.models import ModelView
from bakeoff.report.view.needs import needs
from bakeoff.report.view.running import running
from bakeoff.report.view.shortlist import PickView, shortlist
from bakeoff.report.view.tradeoffs import tradeoffs
from bakeoff.report.words import label


def choice_parts(data: ReportData, lang: Language) -> list[str]:
    """Trade-offs, cost, speed under load, and how to run the choice."""
    return [*_tradeoffs(data, lang), *_costs(data, lang), *_load(data, lang), *_running(data, lang)]


def around(data: ReportData, views: Mapping[str, ModelView], lang: Language) -> list[str]:
    """Needs, and the way from the catalog to the candidates."""
    return [*_needs(data, lang), *_shortlist(data, views, lang)]


def _tradeoffs(data: ReportData, lang: Language) -> Iterator[str]:
    found = tradeoffs(data, lang)
    if not found.sentences and not found.weights:
        return
    yield f"## {label('heading.tradeoffs', lang)}"
    if found.sentences:
        yield bullets(map(escape, found.sentences))
    if found.weights:
        yield f"### {label('heading.weights', lang)}"
        if found.share:
            yield escape(found.share)
        names = ("column.criterion", "column.turn", "column.weight")
        lines = [[one.criterion, one.turn, one.weight] for one in found.weights]
        yield grid([label(name, lang) for name in names], lines, text_columns=2)


def _costs(data: ReportData, lang: Language) -> Iterator[str]:
    found = costs(data.stages.costs, data.decision.choice, lang)
    if found is None:
        return
    yield f"## {label('heading.costs', lang)}"
    yield from map(escape, found.leads)
    if found.lines:
        yield escape(found.caption)
        heads = [label(name, lang) for name in ("column.model", "costs.way", "cost.column.where")]
        heads += [label("cost.column.month", lang), label("costs.year", lang), found.total]
        heads += [label("cost.column.range", lang), label("costs.price_of", lang)]
        lines = [
            [one.candidate, one.way, one.where, one.month, one.year, one.total, one.range or UNKNOWN, one.price_of]
            for one in found.lines
        ]
        yield grid(heads, lines, text_columns=3)
    yield from _listed(label("costs.break_even", lang), found.crossings)
    yield from _listed(label("costs.unknown", lang), found.unknown)
    yield from _listed(label("costs.notes", lang), found.notes)
    yield from _listed(label("costs.left_out", lang), found.left_out)


def _listed(heading: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"### {heading}"
        yield bullets(map(escape, lines))


def _load(data: ReportData, lang: Language) -> Iterator[str]:
    found = load(data.stages.probes, lang)
    if found:
        yield f"## {label('heading.load', lang)}"
    for one in found:
        yield f"### {escape(one.name)}"
        yield escape(one.lead)
        yield escape(one.caption)
        yield grid(one.header, one.lines, text_columns=0)
        if one.broken:
            yield bullets(map(escape, one.broken))


def _running(data: ReportData, lang: Language) -> Iterator[str]:
    found = running(data.stages.deployment, lang)
    if found is None:
        return
    yield f"## {label('heading.running', lang)}"
    if found.lead:
        yield escape(found.lead)
    if found.command:
        yield block(found.command)
    yield "\n".join(f"{number}. {escape(step)}" for number, step in enumerate(found.steps, 1))
    if found.more:
        yield escape(found.more)


def _needs(data: ReportData, lang: Language) -> Iterator[str]:
    found = needs(data.stages.needs, lang)
    if found:
        yield f"## {label('heading.needs', lang)}"
        yield bullets(f"{escape(name)}: {escape(value)}" for name, value in found)


def _shortlist(data: ReportData, views: Mapping[str, ModelView], lang: Language) -> Iterator[str]:
    found = shortlist(data.stages.shortlist, views, lang)
    if found is None:
        return
    yield f"## {label('heading.shortlist', lang)}"
    yield escape(found.lead)
    yield bullets(f"{escape(step.name)}: {step.count}" for step in found.steps)
    if found.picks:
        yield f"### {label('picks.heading', lang)}"
        yield escape(label("picks.unit", lang))
        for pick in found.picks:
            yield from _pick(pick)
    else:
        yield escape(label("picks.none", lang))
        yield bullets(map(escape, found.relaxed))
    yield from _listed(label("picks.beside", lang), [f"{name}: {why}" for name, why in found.beside])
    if found.notes:
        yield bullets(map(escape, found.notes))


def _pick(pick: PickView) -> Iterator[str]:
    yield f"#### {escape(pick.name)} ({escape(pick.role)}, {pick.state})"
    yield escape(" · ".join([pick.build, *pick.numbers]))
    signed = [f"\\+ {escape(why)}" for why in pick.reasons_for] + [f"− {escape(why)}" for why in pick.reasons_against]
    if signed:
        yield bullets(signed)
