"""What `bakeoff cost` prints: the options side by side, the cheapest, break-evens, what matters, what is left out."""

from collections.abc import Iterator
from decimal import Decimal

from bakeoff.cli.output import Language, answer, print_json, print_table, say
from bakeoff.cost.as_json import cost_json
from bakeoff.cost.breakeven import BreakEven
from bakeoff.cost.costs import Costs, Line, leaders
from bakeoff.cost.money import Currency, exact
from bakeoff.cost.ranges import VOLUME, Bar
from bakeoff.report.numbers import NBSP, UNKNOWN, count, decimal, percent
from bakeoff.report.reasons_json import with_sentences
from bakeoff.report.text import one_line
from bakeoff.report.view.costs import money as in_usd
from bakeoff.report.words import label, sentence
from bakeoff.values import reason

BARS = 6
"""Things that are shown of what matters."""

WIDTH = 24
"""Characters of the longest bar."""

CROSSINGS = 8
"""Break-evens that are shown; the document has all."""


def show_costs(costs: Costs, *, as_json: bool, lang: Language) -> int:
    """Print the comparison.

    Returns:
        0, or 1 where nothing could be counted.
    """
    if as_json:
        print_json(with_sentences(cost_json(costs)))
        return 0 if costs.lines else 1
    for note in costs.notes:
        say(f"! {sentence(note, lang)}")
    answer(_heading(costs, lang))
    if costs.lines:
        print_table(_header(costs, lang), [_row(line, costs, lang) for line in costs.lines], numeric=set(range(3, 10)))
    for one in costs.unknown:
        answer(f"{UNKNOWN} {_kind(one.kind, lang)}: {sentence(one.reason, lang)}")
    if not costs.lines:
        answer(label("cost.nothing", lang))
        return 1
    for line in _findings(costs, lang):
        answer(line)
    say("\n" + label("cost.left_out", lang))
    for left in costs.left_out:
        say(f"  - {sentence(left, lang)}")
    return 0


def money(amount: Decimal | float, currency: Currency, lang: Language) -> str:
    """An amount as it is read: `$1,234`, `1.234 USD`, `32.500.000 VND`."""
    value = currency.of(exact(amount))
    if currency.code == "USD":
        if value < 0:
            return "−" + money(-exact(amount), currency, lang)
        return in_usd(str(value), lang)
    digits = 0 if abs(value) >= 100 or currency.per_dollar >= 1000 else 2
    return f"{decimal(value, digits, lang)}{NBSP}{currency.code}"


def _heading(costs: Costs, lang: Language) -> str:
    load = costs.subjects[0].load
    return label(
        "cost.heading",
        lang,
        requests=decimal(load.requests_per_day, 0, lang),
        prompt=decimal(load.prompt_tokens, 0, lang),
        output=decimal(load.written_tokens, 0, lang),
        growth=percent(load.growth_per_year, lang, trim=True),
        years=costs.years,
    )


def _header(costs: Costs, lang: Language) -> list[str]:
    names = ("model", "how", "where", "machines", "busy", "month")
    found = [label(f"cost.column.{name}", lang) for name in names]
    years = [label("cost.column.years", lang, n=n) for n in ({1, costs.years})]
    return [*found, *sorted(years, key=years.index), label("cost.column.range", lang), label("cost.column.paid", lang)]


def _row(line: Line, costs: Costs, lang: Language) -> list[str]:
    option, currency = line.option, costs.currency
    shown = sorted({1, costs.years})
    totals = [money(line.horizons[year - 1].cost, currency, lang) for year in shown]
    return [
        one_line(option.model),
        _kind(option.kind, lang),
        _where(line, lang),
        count(line.machines, lang) if line.machines else UNKNOWN,
        percent(line.busy_share, lang) if line.busy_share is not None else UNKNOWN,
        money(line.monthly, currency, lang),
        *totals,
        _between(line, currency, lang),
        money(line.horizons[0].paid, currency, lang),
    ]


def _between(line: Line, currency: Currency, lang: Language) -> str:
    """Nothing where no part has a range: list prices times tokens that were given."""
    if line.total.low == line.total.high:
        return UNKNOWN
    return f"{money(line.total.low, currency, lang)}–{money(line.total.high, currency, lang)}"


def _kind(kind: str, lang: Language) -> str:
    return label(f"cost.kind.{kind.replace(' ', '_')}", lang)


def _where(line: Line, lang: Language) -> str:
    option = line.option
    if option.where == "your price" and option.machine is None:
        return label("cost.class.your_price", lang)
    if option.machine is None or option.kind == "own":
        return one_line(option.where)
    return f"{one_line(option.machine)}, {label('cost.class.' + option.where.replace(' ', '_'), lang)}"


def name(line: Line, lang: Language) -> str:
    """An option in running text."""
    return f"{one_line(line.option.model)} ({_kind(line.option.kind, lang)}, {_where(line, lang)})"


def _findings(costs: Costs, lang: Language) -> Iterator[str]:
    lines = {line.option.key: line for line in costs.lines}
    best = costs.lines[0]
    yield ""
    yield label(
        "cost.cheapest",
        lang,
        option=name(best, lang),
        month=money(best.monthly, costs.currency, lang),
        total=money(best.horizons[-1].cost, costs.currency, lang),
        years=costs.years,
    )
    for said in dict.fromkeys(sentence(note, lang) for line in costs.lines for note in line.option.notes):
        yield f"  - {said}"
    yield from _crossings(costs, lines, lang)
    yield from _tornado(costs, best, lang)
    other = next((line for line in costs.lines if line.option.capacity is not None), None)
    if other is not None and other is not best:
        yield from _tornado(costs, other, lang)


def _crossings(costs: Costs, lines: dict[str, Line], lang: Language) -> Iterator[str]:
    """Of one model, between the cheapest ways of each kind and machine; machines that may be taken away apart."""
    kept = {line.option.key for line in leaders(costs.lines)}
    pairs = [
        one
        for one in costs.break_evens
        if {one.first, one.second} <= kept and lines[one.first].option.model == lines[one.second].option.model
    ]
    best = costs.lines[0].option.key
    shown = [one for one in pairs if one.crossings or best in (one.first, one.second)]
    if not shown:
        return
    yield "\n" + label("cost.break_even", lang)
    for one in shown[:CROSSINGS]:
        yield f"  - {_crossing(one, lines, lang) if one.crossings else _always(one, lines, lang)}"
    if len(shown) > CROSSINGS:
        yield "  " + label("cost.more_break_evens", lang, n=len(shown) - CROSSINGS)


def _crossing(one: BreakEven, lines: dict[str, Line], lang: Language) -> str:
    last = one.crossings[-1]
    other = one.second if last.cheaper_above == one.first else one.first
    said = reason(
        "cost.crossing",
        volume=max(1, round(last.requests_per_day)),
        cheaper=name(lines[last.cheaper_above], lang),
        other=name(lines[other], lang),
        several=len(one.crossings) > 1,
        first=max(1, round(one.crossings[0].requests_per_day)),
        n=len(one.crossings),
    )
    return sentence(said, lang)


def _always(one: BreakEven, lines: dict[str, Line], lang: Language) -> str:
    cheaper = one.cheaper_at_once or one.first
    other = one.second if cheaper == one.first else one.first
    said = reason(
        "cost.no_crossing",
        volume=max(1, round(one.looked_up_to)),
        cheaper=name(lines[cheaper], lang),
        other=name(lines[other], lang),
        same=one.cheaper_at_once is None,
    )
    return sentence(said, lang)


def _tornado(costs: Costs, line: Line, lang: Language) -> Iterator[str]:
    bars = costs.tornado[line.option.key][:BARS]
    if not bars:
        return
    yield "\n" + label("cost.matters", lang, option=name(line, lang), years=costs.years)
    longest = max(bar.swing for bar in bars)
    for bar in bars:
        yield f"  {_bar(bar, longest, costs, line, lang)}"


def _bar(bar: Bar, longest: float, costs: Costs, line: Line, lang: Language) -> str:
    parameter = bar.parameter.partition(":")[0]
    sign = "█" * max(1, round(WIDTH * bar.swing / longest))
    ends = f"{_value(bar, bar.low, lang)} → {money(bar.cost_at_low, costs.currency, lang)}, " + (
        f"{_value(bar, bar.high, lang)} → {money(bar.cost_at_high, costs.currency, lang)}"
    )
    switches = {bar.cheapest_at_low, bar.cheapest_at_high} - {costs.lines[0].option.key}
    more = f"  {label('cost.changes_cheapest', lang)}" if switches else ""
    return f"{sign} {label(f'cost.parameter.{parameter}', lang)}: {ends}{more}"


def _value(bar: Bar, value: float, lang: Language) -> str:
    if bar.parameter == VOLUME:
        return f"×{NBSP}{decimal(value, 1, lang, trim=True)}"
    digits = 0 if abs(value) >= 100 else 2 if abs(value) >= 0.1 else 5
    return decimal(value, digits, lang, trim=True)
