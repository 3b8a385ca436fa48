"""The quote for a cluster on the terminal: `bakeoff quote --machines`, `bakeoff run --on-cluster X --dry-run`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bakeoff.cli.output import Language, answer, print_json, print_table, say
from bakeoff.cli.quote import between, dollars_between, ends, minutes_between, whole

if TYPE_CHECKING:
    from bakeoff.cluster.machines import Group
    from bakeoff.cluster.quoted import ClusterQuote
    from bakeoff.project import Project
    from bakeoff.project.planning import RunOptions

DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

SHOWN_PART = 0.01
"""Parts below this share of the time are left out of the sentence; --json has all."""


def print_cluster_quote(
    project: "Project",
    options: "RunOptions",
    groups: "Sequence[Group]",
    *,
    ledger: str | None = None,
    on_gpus: bool = False,
    as_json: bool,
    lang: Language,
) -> int:
    """Print what a run with these options would be on these machines. 1 where the deadline is missed.

    Args:
        project: whose run it is.
        options: `max_minutes` is the deadline.
        groups: the machines.
        ledger: address of the one that is shared, where one was named.
        on_gpus: models of the catalog are served by vLLM on the machines' GPUs.
        as_json: as JSON.
        lang: language.
    """
    from bakeoff.cluster.quote_json import cluster_quote_json
    from bakeoff.cluster.quoting import quote_on

    quote = quote_on(project, options, groups, ledger=None if ledger is None else "postgresql", on_gpus=on_gpus)
    if as_json:
        print_json(cluster_quote_json(quote))
    else:
        _show(quote, lang)
    return 1 if quote.in_time is False else 0


def _show(quote: "ClusterQuote", lang: Language) -> None:
    from bakeoff.report.numbers import UNKNOWN, decimal, rate, seconds, size
    from bakeoff.report.words import label, sentence

    machines = ", ".join(f"{one.count} x ({one.name})" if one.count > 1 else one.name for one in quote.machines)
    ledger = DATABASES[quote.ledger]
    answer(label("cluster.on", lang, machines=machines, workers=quote.workers, ledger=ledger))
    header = [
        label(f"column.{name}", lang) for name in ("model", "quote.calls", "quote.prompt", "quote.output", "cost")
    ]
    header += [label(f"cluster.column.{name}", lang) for name in ("rate", "limit", "where")]
    header += [label("column.quote.minutes", lang)]
    rows = []
    for line in quote.candidates:
        speed = line.calls_per_second
        rows.append(
            [
                line.candidate,
                whole(line.calls, lang),
                whole(line.prompt_tokens, lang),
                whole(line.output_tokens, lang),
                dollars_between(line.cost_usd, lang),
                UNKNOWN
                if speed is None
                else between([rate(one, lang) for one in (speed.value, speed.low, speed.high)]),
                UNKNOWN if line.part is None else label(f"cluster.part.{line.part}", lang),
                ", ".join(filter(None, [label(f"cluster.place.{line.place}", lang), *line.how])),
                minutes_between(line.minutes, lang),
            ]
        )
    print_table(header, rows, numeric={1, 2, 3, 4, 5, 8})
    for note in quote.notes:
        say(f"! {sentence(note, lang)}")
    if quote.minutes is None or quote.limit is None:
        answer(label("cluster.time_unknown", lang))
    else:
        longest = label(f"cluster.part.{quote.limit}", lang)
        answer(label("cluster.time", lang, time=minutes_between(quote.minutes, lang), part=longest))
        shown = [
            f"{label(f'cluster.part.{part}', lang)} {seconds(60 * one.value, lang)}"
            for part, one in sorted(quote.parts.items(), key=lambda item: -item[1].value)
            if one.value >= SHOWN_PART * quote.minutes.value
        ]
        answer(label("cluster.parts", lang, parts="; ".join(shown)))
    if quote.deadline_minutes is not None and quote.minutes is not None:
        met = {True: "yes", False: "no", None: "perhaps"}[quote.in_time]
        answer(label(f"cluster.in_time.{met}", lang, deadline=seconds(60 * quote.deadline_minutes, lang)))
        if quote.machines_needed is not None:
            answer(label("cluster.needed", lang, n=whole(quote.machines_needed, lang)))
    if quote.cost_usd is not None:
        answer(label("cluster.tokens_cost", lang, cost=dollars_between(quote.cost_usd, lang)))
    for one in quote.rented:
        cost, hour = dollars_between(one.usd, lang), dollars_between(one.usd_per_hour, lang)
        answer(label("cluster.rented", lang, kind=label(f"cost.class.{one.kind}", lang), cost=cost, hour=hour))
    if quote.energy_kwh is not None and quote.energy_usd is not None:
        energy = decimal(quote.energy_kwh.value, 0 if quote.energy_kwh.value >= 10 else 2, lang)
        answer(label("cluster.energy", lang, energy=energy, cost=dollars_between(quote.energy_usd, lang)))
    grown = quote.ledger_bytes
    if quote.calls.value:
        sizes = between([size(one, lang) for one in ends(grown)])
        answer(label("cluster.ledger", lang, size=sizes))
