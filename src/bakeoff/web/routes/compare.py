"""Compare: the decision's own document, its charts, and the way from every number to its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from bakeoff.decide import Decision
from bakeoff.decide.explain import more_rows
from bakeoff.errors import BakeoffError
from bakeoff.evaluate.distributions import latencies
from bakeoff.evaluate.flips import confused, flips
from bakeoff.evaluate.people.standing import people_columns
from bakeoff.evaluate.results import Column, Comparison, GradedCell, Pair
from bakeoff.evaluate.slices import FEWEST_ROWS
from bakeoff.project.counting import costs_of
from bakeoff.project.judging import present_labels
from bakeoff.project.opinions import judge_columns
from bakeoff.project.planned import planned_machine
from bakeoff.project.project import Project
from bakeoff.project.reporting import machine_of
from bakeoff.project.slicing import LENGTH, slices_by
from bakeoff.report import Language, charts, table
from bakeoff.report.decision_json import decision_json
from bakeoff.report.reasons_json import reason_json
from bakeoff.report.text import clean, one_line, shorten
from bakeoff.report.view.models import metric_name, states_of
from bakeoff.report.view.points import cost_points, speed_points
from bakeoff.report.view.tradeoffs import costs_at, front
from bakeoff.report.words import sentence
from bakeoff.values import reason, to_json
from bakeoff.web.errors import Refused
from bakeoff.web.language import Lang
from bakeoff.web.words import all_told
from bakeoff.web.workspace import Opened, Project_

router = APIRouter(prefix="/api/projects/{project}", tags=["compare"])

MOST_SHOWN = 600
"""Characters of a question or an answer in a list; the sheet has them whole."""

MOST_ROWS = 200
"""Rows of one answer."""

Start = Annotated[int, Query(ge=0, description="rows to leave out")]
Count = Annotated[int, Query(ge=1, le=MOST_ROWS, description="rows at most")]


@dataclass(frozen=True, slots=True)
class Compared:
    """What this page rests on, kept until answers, labels or the project change."""

    columns: Sequence[Column]
    comparison: Comparison
    decision: Decision


def columns_of(opened: Opened) -> list[Column]:
    """Every candidate's graded cells; graded again only after a new answer."""
    return opened.kept("columns", Project.columns, with_ledger="answers")


def compared(opened: Opened) -> Compared:
    """The comparison and its decision."""

    def work(project: Project) -> Compared:
        columns = columns_of(opened)
        comparison = project.compare(columns)
        return Compared(columns, comparison, project.decide(comparison))

    return opened.kept("compared", work)


@router.get("/compare")
def get_compare(opened: Project_, lang: Lang) -> dict[str, Any]:
    """The decision (the document of `bakeoff decide --json`), and what a reader needs beside it."""
    found, project = compared(opened), opened.project()
    decision = found.decision
    metric = table.metric_of(decision)
    letters = table.keys(decision)
    alike = decision.equivalent if decision.verdict in ("not worse", "cannot be told apart") else ()
    return {
        "decision": decision_json(decision),
        "sentence": sentence(decision.sentence, lang),
        "reasons": all_told(decision.reasons, lang),
        "caveats": all_told(decision.caveats, lang),
        "models": [
            {
                "model": one.model,
                "key": letters[one.model],
                "alike": one.model in alike,
                "states": states_of(one, lang),
                "more": [{"name": metric_name(q.metric, lang), **to_json(q)} for q in one.qualities[1:]],
            }
            for one in table.ranked(decision)
        ],
        "metric": metric,
        "metric_name": metric_name(metric, lang) if metric else None,
        "more_rows": [_more_rows(pair, decision) for pair in decision.pairs],
        "n_rows": len(project.table().rows),
        "missing": sum(one.counts.get("missing", 0) for one in decision.models),
        "cells": sum(one.n for one in decision.models),
        "columns": list(project.table().columns),
        "slice_by": opened.kept("slice by", _slice_by, with_ledger=False),
        "slices": project.config.decide.metric not in ("judge", "people"),
        "labels": any(one.confusion for one in decision.models) and _has_labels(found.columns),
    }


def _slice_by(project: Project) -> str:
    """A column with few values to begin with; else the length of the longest one."""
    data = project.table()
    values = {name: {str(row.values[name]) for row in data.rows} for name in data.columns}
    few = [name for name, found in values.items() if 2 <= len(found) <= len(data.rows) / FEWEST_ROWS]
    if few:
        return few[0]
    return LENGTH + max(data.columns, key=lambda name: sum(map(len, values[name])))


def _has_labels(columns: Sequence[Column]) -> bool:
    return any(cell.label is not None for column in columns for cell in column.cells)


def _more_rows(pair: Pair, decision: Decision) -> int | None:
    """How many more rows would tell the two apart; None where they are, or nothing is known."""
    if not pair.n or pair.low_simultaneous > 0 or pair.high_simultaneous < 0:
        return None
    half = (pair.high_simultaneous - pair.low_simultaneous) / 2
    return more_rows(pair.n, half, decision.smallest_gap_that_matters, pairs=len(decision.pairs))


@router.get("/compare/chart")
def get_chart(opened: Project_, lang: Lang, against: Literal["speed", "cost"] = "speed") -> dict[str, Any]:
    """Quality against time or cost as a Vega-Lite specification, the report's own; null where there is none."""
    decision = compared(opened).decision
    usd, monthly = opened.kept("usd", lambda project: _usd(opened, project))
    metric = f"{metric_name(table.metric_of(decision) or 'score', lang)}, %"
    spec = None
    if against == "speed":
        speed = speed_points(decision)
        spec = charts.quality_speed_spec(speed, metric=metric, lang=lang, width="wide") if speed else None
    else:
        cost = cost_points(decision, usd)
        if len(cost) > 1:
            spec = charts.quality_cost_spec(cost, monthly=monthly, metric=metric, lang=lang, width="wide")
    return {
        "spec": spec,
        "has_front": spec is not None and charts.has_front(spec),
        "monthly": monthly,
        "usd": usd,
        "sentences": [sentence(one, lang) for one in front(decision, usd, lang)],
        "colours": {"ink": charts.INK, "muted": charts.MUTED, "line": charts.LINE, "paper": charts.PAPER,
                    "accent": charts.ACCENT},
    }  # fmt: skip


def _usd(opened: Opened, project: Project) -> tuple[dict[str, float], bool]:
    """As in the report: at the load of the needs where it can be counted, else for the run."""
    found = compared(opened)
    with project.ledger() as ledger:
        machine = planned_machine(project.config.needs, machine_of(project.contestants(), ledger))
    try:
        facts = costs_of(project.config, found.columns, machine, found.decision.choice)
    except (BakeoffError, ArithmeticError, LookupError, ValueError):
        facts = None  # the page Cost says why
    return costs_at(found.decision, facts)


@router.get("/compare/flips")
def get_flips(
    opened: Project_,
    lang: Lang,
    a: str,
    b: str,
    better: Literal["a", "b"] = "a",
    start: Start = 0,
    count: Count = 20,
) -> dict[str, Any]:
    """Rows on which one candidate is right (or scores more) and the other not, with both answers."""
    columns = _deciding(opened)
    one, other = _column(columns, a), _column(columns, b)
    found = flips(one, other)
    rows = found.a_better if better == "a" else found.b_better
    return {
        "a": a,
        "b": b,
        "n": found.n,
        "a_better": len(found.a_better),
        "b_better": len(found.b_better),
        "both_right": found.both_right,
        "both_wrong": found.both_wrong,
        "total": len(rows),
        "rows": [_row((one.cells[row], other.cells[row]), lang) for row in rows[start : start + count]],
    }


@router.get("/compare/confused")
def get_confused(
    opened: Project_, lang: Lang, candidate: str, target: str, answered: str = "", start: Start = 0, count: Count = 20
) -> dict[str, Any]:
    """Rows of one field of a candidate's confusion matrix; `answered` is empty where no label could be read."""
    columns = _deciding(opened)
    cells = _column(columns, candidate).cells
    rows = confused(cells, target, answered)
    return {"total": len(rows), "rows": [_row((cells[row],), lang) for row in rows[start : start + count]]}


def _deciding(opened: Opened) -> dict[str, Column]:
    """The cells with the scores that decide: the graders', a judge's or people's."""

    def work(project: Project) -> dict[str, Column]:
        columns: Sequence[Column] = columns_of(opened)
        if project.config.decide.metric == "judge":
            columns = judge_columns(columns, project.judged(columns=columns))
        elif project.config.decide.metric == "people":
            columns = people_columns(present_labels(project.labels(), columns), columns)
        return {column.candidate: column for column in columns}

    return opened.kept("deciding", work)


def _column(columns: Mapping[str, Column], name: str) -> Column:
    if name not in columns:
        raise Refused(404, "not-found", f"there is no candidate {shorten(one_line(name), 80)!r}", hint="see compare")
    return columns[name]


def _row(cells: Sequence[GradedCell], lang: Language) -> dict[str, Any]:
    first = cells[0]
    return {
        "id": first.row_id,
        "shown": shown(first.shown),
        "target": shown(first.target),
        "answers": [
            {
                "text": shown(cell.text),
                "score": cell.score,
                "label": cell.label,
                "reasons": [sentence(one, lang) for one in cell.details if one is not None],
            }
            for cell in cells
        ],
    }


def shown(text: str, most: int = MOST_SHOWN) -> str:
    """A stranger's text, without what could act on a screen, cut for a list."""
    return shorten(clean(text[: 4 * most]), most)


@router.get("/compare/slices")
def get_slices(opened: Project_, lang: Lang, by: Annotated[str, Query(max_length=1000)]) -> dict[str, Any]:
    """Results by the value of a data column, or with `length:COLUMN` by its length (`bakeoff.slices`)."""
    found = slices_by(opened.project(), by, columns=columns_of(opened))
    notes = [reason("slices.none", column=found.name)] if not found.slices else []
    notes += [reason("slices.small", n=found.n_small)] if found.n_small else []
    notes += [reason("slices.blank", n=found.n_blank)] if found.n_blank else []
    return {
        "schema": "bakeoff.slices",
        "version": 1,
        **to_json(found),
        "findings": [reason_json(one) for one in found.findings],
        "told": [sentence(one, lang) for one in found.findings],
        "notes": [sentence(one, lang) for one in notes],
    }


@router.get("/compare/latencies")
def get_latencies(opened: Project_) -> dict[str, Any]:
    """How long answers took: the same bins, in milliseconds, for every candidate."""
    document: dict[str, Any] = to_json(latencies(columns_of(opened)))
    return document
