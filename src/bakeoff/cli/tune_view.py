"""What `bakeoff tune` prints: each method on each machine, the cheapest, what it must bring, fine-tunes there are."""

from collections.abc import Iterator

from bakeoff.cli.cost_view import money
from bakeoff.cli.output import Language, answer, print_json, print_table, say
from bakeoff.cost.tune.against import against_told
from bakeoff.cost.tune.as_json import tune_json
from bakeoff.cost.tune.asking import Tuning
from bakeoff.cost.tune.ways import Way
from bakeoff.fit.plan.as_json import reason_json
from bakeoff.report.numbers import UNKNOWN, count, decimal, seconds, size
from bakeoff.report.reasons_json import with_sentences
from bakeoff.report.text import one_line
from bakeoff.report.words import label, sentence
from bakeoff.values import Estimate, Reason


def show_tuning(tuning: Tuning, *, as_json: bool, lang: Language, verdict: Reason | None = None) -> int:
    """Print what fine-tuning takes, and what a run said of it.

    Returns:
        0, or 1 where nothing fits.
    """
    fits = any(way.fits for way in tuning.ways)
    if as_json:
        print_json(with_sentences(tune_json(tuning) | {"verdict": None if verdict is None else reason_json(verdict)}))
        return 0 if fits else 1
    answer(_heading(tuning, lang))
    names = ("method", "machine", "memory", "fits", "time", "rented", "own")
    header = ["", *(label(f"tune.column.{name}", lang) for name in names)]
    print_table(header, [_row(way, tuning, lang) for way in tuning.ways], numeric={3, 5, 6, 7})
    for line in _findings(tuning, lang):
        answer(line)
    if verdict is not None:
        answer("\n" + sentence(verdict, lang))
    for note in tuning.notes:
        say(f"  - {sentence(note, lang)}")
    return 0 if fits else 1


def _heading(tuning: Tuning, lang: Language) -> str:
    return label(
        "tune.heading",
        lang,
        model=tuning.model.id,
        rows=count(tuning.rows, lang),
        tokens=decimal(tuning.tokens_per_row, 0, lang),
        epochs=decimal(tuning.epochs, 1, lang, trim=True),
        runs=tuning.runs,
    )


def _row(way: Way, tuning: Tuning, lang: Language) -> list[str]:
    memory = way.memory.total
    usual = [price for kind, price in way.rented.items() if kind != "interruptible"]
    rented = min(usual, key=lambda one: one.value, default=None)
    return [
        "*" if way is tuning.cheapest else "",
        label(f"tune.method.{way.method.replace('-', '_')}", lang),
        one_line(way.machine),
        f"{size(memory.value, lang)} ({size(memory.low, lang)}–{size(memory.high, lang)})",
        label(f"tune.fits.{'no' if not way.fits else 'tight' if way.tight else 'yes'}", lang),
        seconds(way.pace.hours.value * 3600, lang) if way.pace is not None else UNKNOWN,
        _between(rented, tuning, lang),
        _between(way.own, tuning, lang),
    ]


def _between(estimate: Estimate | None, tuning: Tuning, lang: Language) -> str:
    """`$4.20 ($1.10–$9.80)`."""
    if estimate is None:
        return UNKNOWN
    low, usual, high = (money(value, tuning.currency, lang) for value in (estimate.low, estimate.value, estimate.high))
    return f"{usual} ({low}–{high})"


def _findings(tuning: Tuning, lang: Language) -> Iterator[str]:
    yield ""
    if tuning.cheapest is not None and tuning.cost is not None:
        method = label(f"tune.method.{tuning.cheapest.method.replace('-', '_')}", lang)
        machine, cost = one_line(tuning.cheapest.machine), _between(tuning.cost, tuning, lang)
        if tuning.data_usd:
            yield label("tune.cheapest_with_data", lang, method=method, machine=machine, cost=cost)
        else:
            yield label("tune.cheapest", lang, method=method, machine=machine, cost=cost)
    elif not any(way.fits for way in tuning.ways):
        yield label("tune.nothing_fits", lang)
    for one in tuning.against:
        yield f"  - {sentence(against_told(one, tuning.years), lang)}"
    if tuning.relatives:
        yield "\n" + label("tune.test_first", lang)
        for found in tuning.relatives:
            about = ", ".join(filter(None, [found.relation, found.parent, found.model.domain or ""]))
            yield f"  - {one_line(found.model.id)} ({one_line(about)})"
        if tuning.more_relatives:
            yield "  " + label("tune.more_relatives", lang, n=tuning.more_relatives)
