"""What the candidates cost, as a table and sentences. Knows no markup."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from bakeoff.report import numbers
from bakeoff.report.numbers import NBSP, UNKNOWN, Language
from bakeoff.report.stages import CostFacts, CostLine, Crossing
from bakeoff.report.table import short_name
from bakeoff.report.text import one_line
from bakeoff.report.words import label, sentence
from bakeoff.values import Reason, reason

MOST_CROSSINGS = 12


@dataclass(frozen=True, slots=True)
class CostLineView:
    """One way to run a candidate."""

    candidate: str
    way: str
    where: str
    """With the number of machines, where the user sees to them."""

    month: str
    year: str
    total: str
    range: str
    """Empty where no part of it has a range."""

    price_of: str
    is_cheapest: bool
    """Of its candidate."""


@dataclass(frozen=True, slots=True)
class CostsView:
    """The whole section."""

    leads: tuple[str, ...]
    """The cheapest way of all, and that of the choice; none where nothing could be counted."""

    caption: str
    total: str
    """Heading of the column over all years."""

    lines: tuple[CostLineView, ...]
    crossings: tuple[str, ...]
    unknown: tuple[str, ...]
    notes: tuple[str, ...]
    left_out: tuple[str, ...]


def costs(found: CostFacts | None, choice: str | None, lang: Language) -> CostsView | None:
    """The section; None where the project has no costs.

    Args:
        found: the costs.
        choice: the chosen candidate, of which more is said.
        lang: language.
    """
    if found is None:
        return None
    return CostsView(
        leads=tuple(_leads(found, choice, lang)),
        caption=_caption(found, lang),
        total=label("costs.total", lang, n=found.years),
        lines=tuple(_line(line, found, lang) for line in found.lines),
        crossings=tuple(_crossings(found, lang)),
        unknown=tuple(sentence(one, lang) for one in found.unknown),
        notes=tuple(sentence(one, lang) for one in found.notes),
        left_out=tuple(sentence(one, lang) for one in found.left_out),
    )


def _caption(found: CostFacts, lang: Language) -> str:
    n = numbers.decimal(found.requests_per_day, 1, lang, trim=True)
    if not found.growth_per_year:
        return label("costs.caption", lang, requests=n)
    growth = numbers.percent(abs(found.growth_per_year), lang, trim=True)
    if found.growth_per_year > 0:
        return label("costs.caption_growing", lang, requests=n, growth=growth)
    return label("costs.caption_shrinking", lang, requests=n, growth=growth)


def _leads(found: CostFacts, choice: str | None, lang: Language) -> Iterator[str]:
    if not found.lines:
        return
    best, chosen = found.lines[0], found.cheapest(choice or "")
    yield label("cost.cheapest", lang, **_amounts(best, lang), years=found.years)
    if chosen is not None and chosen is not best:
        yield label("costs.choice", lang, **_amounts(chosen, lang), years=found.years)


def _amounts(line: CostLine, lang: Language) -> dict[str, str]:
    return {
        "option": _name(line, lang),
        "month": money(line.month_usd, lang),
        "total": money(line.total_usd, lang),
    }


def _line(line: CostLine, found: CostFacts, lang: Language) -> CostLineView:
    machines = f" · {label('costs.machines', lang, n=line.machines)}" if line.machines else ""
    between = f"{money(line.low_usd, lang).removesuffix(f'{NBSP}USD')}–{money(line.high_usd, lang)}"
    spread = Decimal(line.low_usd) < Decimal(line.high_usd)
    return CostLineView(
        candidate=short_name(line.candidate),
        way=_way(line, lang),
        where=_where(line, lang) + machines,
        month=money(line.month_usd, lang),
        year=money(line.year_usd, lang),
        total=money(line.total_usd, lang),
        range=between if spread else "",
        price_of=numbers.date(line.as_of, lang) if line.as_of else UNKNOWN,
        is_cheapest=found.cheapest(line.candidate) is line,
    )


def _way(line: CostLine, lang: Language) -> str:
    return label(f"cost.kind.{line.kind.replace(' ', '_')}", lang)


def _where(line: CostLine, lang: Language) -> str:
    if line.machine is None and line.where == "your price":
        return label("cost.class.your_price", lang)
    if line.machine is None or line.kind == "own":
        return short_name(line.where)
    return f"{short_name(line.machine)}, {label('cost.class.' + line.where.replace(' ', '_'), lang)}"


def _name(line: CostLine, lang: Language) -> str:
    """A way in running text."""
    return f"{one_line(line.candidate)} ({_way(line, lang)}, {_where(line, lang)})"


def _crossings(found: CostFacts, lang: Language) -> Iterator[str]:
    lines = {line.key: line for line in found.lines}
    for one in found.crossings[:MOST_CROSSINGS]:
        yield sentence(_crossing(one, lines, lang), lang)


def _crossing(one: Crossing, lines: Mapping[str, CostLine], lang: Language) -> Reason:
    cheaper, other = _name(lines[one.cheaper], lang), _name(lines[one.other], lang)
    volume = one.requests_per_day
    if not one.changes:
        return reason("cost.no_crossing", volume=volume, cheaper=cheaper, other=other, same=False)
    return reason(
        "cost.crossing",
        volume=volume,
        cheaper=cheaper,
        other=other,
        several=one.changes > 1,
        first=one.first,
        n=one.changes,
    )


def money(amount: str, lang: Language) -> str:
    """Whole dollars from a thousand on, else cents: `$1,234`, `1.234 USD`, `$12.30`."""
    value = Decimal(amount)
    if abs(value) < 1000:
        return numbers.dollars(amount, lang)
    return numbers.in_dollars(numbers.decimal(value, 0, lang), lang)
