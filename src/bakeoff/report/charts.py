"""The charts of quality against speed and against cost: Vega-Lite specifications, and their drawing as SVG.

The only file that imports `vl_convert`. The page draws the same specification with Vega-Lite in the browser.

Every position is given (tick values, titles, sizes), so that the drawing does not depend on the fonts of the machine
that draws. Colours are those of the light theme; `report.css` replaces them by attribute in the dark one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any, Literal

from bakeoff.report.numbers import Language
from bakeoff.report.words import label

INK, MUTED, LINE, PAPER, ACCENT = "#1c2024", "#5c6670", "#e3e6ea", "#ffffff", "#0b6b72"
"""The light theme, as in `report.css`, which a test compares."""

LOG_FROM_RATIO = 12
"""Speeds that differ by more than this are drawn on a logarithmic axis."""

_LOCALES: dict[Language, dict[str, Any]] = {
    "en": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["$", ""]},
    "vi": {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", " USD"]},
}

Width = Literal["wide", "narrow"]


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """One model."""

    key: str
    """The letter that stands for it in the report."""

    quality: float
    low: float
    high: float
    """Shares from 0 to 1, with the 95 % interval."""

    p50_ms: float
    p95_ms: float
    chosen: bool


@dataclass(frozen=True, slots=True)
class CostPoint:
    """One model, with what it costs."""

    key: str
    quality: float
    low: float
    high: float
    """As in `ChartPoint`."""

    usd: float
    chosen: bool


def quality_speed_spec(points: Sequence[ChartPoint], *, metric: str, lang: Language, width: Width) -> dict[str, Any]:
    """The Vega-Lite 5 and 6 specification.

    Args:
        points: at least one.
        metric: name of the quality for the axis, in the language.
        lang: language of titles and numbers.
        width: for a page, or for a telephone.
    """
    seconds = max(point.p95_ms for point in points) >= 2000
    unit = 1000 if seconds else 1
    rows = [
        {**_row(point), "x": round(point.p50_ms / unit, 4), "end": round(max(point.p95_ms, point.p50_ms) / unit, 4)}
        for point in points
    ]
    title = label("chart.x.seconds" if seconds else "chart.x.milliseconds", lang)
    return _spec(rows, title=title, metric=metric, width=width)


def quality_cost_spec(
    points: Sequence[CostPoint], *, monthly: bool, metric: str, lang: Language, width: Width
) -> dict[str, Any]:
    """Quality against US dollars, a month or for the run; else as `quality_speed_spec`."""
    rows = [{**_row(point), "x": round(point.usd, 8), "end": round(point.usd, 8)} for point in points]
    return _spec(rows, title=label("chart.x.month" if monthly else "chart.x.run", lang), metric=metric, width=width)


def _row(point: ChartPoint | CostPoint) -> dict[str, Any]:
    return {
        "key": point.key,
        "quality": round(100 * point.quality, 3),
        "low": round(100 * point.low, 3),
        "high": round(100 * point.high, 3),
        "chosen": point.chosen,
    }


def _spec(rows: list[dict[str, Any]], *, title: str, metric: str, width: Width) -> dict[str, Any]:
    size = (680, 300) if width == "wide" else (300, 260)
    across = _across([row["x"] for row in rows], [row["end"] for row in rows])
    up = _linear(min(row["low"] for row in rows), max(row["high"] for row in rows), 5, floor_at=0, ceiling=100)
    x = {"field": "x", "type": "quantitative", "scale": across["scale"], "axis": _axis_x(across, title)}
    y = {"field": "quality", "type": "quantitative", "scale": up["scale"], "axis": _axis_y(up, metric)}
    colour = {"condition": {"test": "datum.chosen", "value": ACCENT}, "value": MUTED}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": size[0],
        "height": size[1],
        "autosize": {"type": "none"},
        "padding": {"left": 44, "right": 16, "top": 34, "bottom": 46},
        "background": None,
        "data": {"values": rows},
        "layer": [
            *_front(rows, x, y),
            {
                "mark": {"type": "rule", "strokeWidth": 2, "strokeDash": [2, 3], "aria": False},
                "encoding": {"x": x, "x2": {"field": "end"}, "y": y, "color": colour},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 2, "aria": False},
                "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": colour},
            },
            {
                "mark": {"type": "point", "size": 520, "filled": True, "opacity": 1, "aria": False},
                "encoding": {"x": x, "y": y, "color": colour},
            },
            {
                "mark": {"type": "text", "fontSize": 12, "fontWeight": 600, "color": PAPER, "aria": False},
                "encoding": {"x": x, "y": y, "text": {"field": "key"}},
            },
        ],
        "config": {
            "font": "sans-serif",
            "view": {"stroke": None},
            "axis": {
                "labelColor": MUTED, "titleColor": INK, "gridColor": LINE, "domain": False, "ticks": False,
                "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": 600, "labelPadding": 8, "aria": False,
                "labelOverlap": False, "labelBound": False, "labelFlush": False,
            },
        },
    }  # fmt: skip


def has_front(spec: dict[str, Any]) -> bool:
    """The specification draws the steps of a Pareto front."""
    return any(layer["mark"]["type"] == "line" for layer in spec["layer"])


def _front(rows: list[dict[str, Any]], x: dict[str, Any], y: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of the Pareto front: who no other beats in both. Nothing where that is one alone."""
    kept: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda one: (one["x"], -one["quality"])):
        if not kept or row["quality"] > kept[-1]["quality"]:
            kept.append(row)
    if len(kept) < 2:
        return []
    line = {"type": "line", "interpolate": "step-after", "strokeWidth": 1, "color": MUTED, "aria": False}
    return [{"data": {"values": kept}, "mark": line, "encoding": {"x": x, "y": y, "order": {"field": "x"}}}]


def draw(spec: dict[str, Any], *, lang: Language) -> str:
    """The specification as an SVG element, text as text, to stand inside an HTML page. Fetches nothing."""
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(
        spec, vl_version="6.1", format_locale=_LOCALES[lang], allowed_base_urls=[], show_warnings=False
    )
    # The size is the style sheet's; the drawing is described by the text around it.
    return re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"', r"\1", svg, count=1)


def _axis_x(across: dict[str, Any], title: str) -> dict[str, Any]:
    return {
        "title": title,
        "values": across["ticks"],
        "format": ",~f",
        "titleAnchor": "start",
        "titleAlign": "left",
        "titleX": 0,
        "titleY": 40,
        "grid": False,
    }


def _axis_y(up: dict[str, Any], metric: str) -> dict[str, Any]:
    return {
        "title": metric,
        "values": up["ticks"],
        "format": ",~f",
        "titleAngle": 0,
        "titleAlign": "left",
        "titleBaseline": "bottom",
        "titleX": -36,
        "titleY": -16,
    }


def _across(medians: Sequence[float], ends: Sequence[float]) -> dict[str, Any]:
    low, high = min(medians), max(ends)
    if low > 0 and high / low > LOG_FROM_RATIO:
        domain = [low / 1.25, high * 1.15]
        exponents = range(floor(log10(low)) - 1, floor(log10(high)) + 2)
        steps = [mantissa * 10.0**exponent for exponent in exponents for mantissa in (1, 3)]
        ticks = [round(step, 6) for step in steps if domain[0] <= step <= domain[1]]
        return {"ticks": ticks, "scale": {"type": "log", "domain": domain, "nice": False}}
    return _linear(0, high * 1.05, 5, floor_at=0, ceiling=None)


def _linear(low: float, high: float, about: int, *, floor_at: float, ceiling: float | None) -> dict[str, Any]:
    """A domain that ends on ticks, with steps of 1, 2 or 5 times a power of ten (Heckbert 1990, nice numbers)."""
    span = max(high - low, 1e-9)
    raw = span / about
    power = 10.0 ** floor(log10(raw))
    step = next(nice * power for nice in (1, 2, 5, 10) if nice * power >= raw)
    first, last = floor(low / step), -floor(-high / step)
    ticks = [round(index * step, 10) for index in range(first, last + 1)]
    ticks = [tick for tick in ticks if tick >= floor_at and (ceiling is None or tick <= ceiling)]
    return {"ticks": ticks, "scale": {"domain": [ticks[0], ticks[-1]], "nice": False, "zero": False}}
