"""`bakeoff quote`: what a run would ask, cost and take, and what its rows can show."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bakeoff.cli.output import Language, answer, language_option, print_json, print_table, say
from bakeoff.errors import UsageError

if TYPE_CHECKING:
    from bakeoff.project import Project
    from bakeoff.project.planning import RunOptions
    from bakeoff.values import Estimate


@click.command("quote")
@click.argument("project", type=click.Path(path_type=Path), default=".")
@click.option("--rows", metavar="N|IDS", help="Only N rows, the first of the shuffled order; or ids with commas.")
@click.option("--only", metavar="NAME", multiple=True, help="Only this candidate; may be given several times.")
@click.option("--repeats", type=click.IntRange(1, 100), help="Answers to each row. [project file, else 1]")
@click.option("--machines", metavar="N * MACHINE", multiple=True, help="For a cluster of these, as of `fit --on`.")
@click.option("--on-gpus", is_flag=True, help="With --machines: as if vLLM served the models on their GPUs.")
@click.option(
    "--max-minutes", type=click.FloatRange(0, min_open=True), help="With --machines: by when it must be done."
)
@click.option("--json", "as_json", is_flag=True, help="Print the quote as JSON (schema bakeoff.quote).")
@language_option
def quote_command(
    project: Path,
    rows: str | None,
    only: tuple[str, ...],
    repeats: int | None,
    machines: tuple[str, ...],
    on_gpus: bool,
    max_minutes: float | None,
    as_json: bool,
    lang: Language,
) -> int:
    """Say what `bakeoff run` on PROJECT (default: this folder) would ask, cost and take. Asks no model.

    \b
    Examples:
      bakeoff quote
      bakeoff quote --rows 200
      bakeoff run --rows 20 && bakeoff quote      measured, where it was supposed
      bakeoff quote --machines "4 * 8x H100" --on-gpus --max-minutes 600

    It also says which difference these rows can show, and how many rows the difference that matters needs.
    """
    from bakeoff.project import Project
    from bakeoff.project.planning import RunOptions

    options = RunOptions(only=only, rows=rows, repeats=repeats, max_minutes=max_minutes)
    if machines:
        from bakeoff.cli.cluster_quote import print_cluster_quote
        from bakeoff.cluster.machines import parse_group

        groups = [parse_group(text) for text in machines]
        return print_cluster_quote(Project(project), options, groups, on_gpus=on_gpus, as_json=as_json, lang=lang)
    if on_gpus:
        raise UsageError("--on-gpus is about a cluster", hint="name its machines with --machines")
    if max_minutes is not None:
        raise UsageError("--max-minutes here is a deadline for a cluster", hint="name its machines with --machines")
    return print_quote(Project(project), options, as_json=as_json, lang=lang)


def print_quote(project: "Project", options: "RunOptions", *, as_json: bool, lang: Language) -> int:
    """Print what a run with these options would be."""
    from bakeoff.project.quote_json import quote_json
    from bakeoff.report.numbers import UNKNOWN, count, points, points_in_words
    from bakeoff.report.words import label, sentence

    quote = project.quote(options)
    if as_json:
        print_json(quote_json(quote))
        return 0
    names = ("model", "quote.calls", "quote.prompt", "quote.output", "cost", "quote.minutes")
    rows = [
        [
            line.candidate,
            count(line.calls, lang),
            whole(line.prompt_tokens, lang),
            whole(line.output_tokens, lang),
            dollars_between(line.cost_usd, lang),
            minutes_between(line.minutes, lang),
        ]
        for line in quote.candidates
    ]
    if len(rows) > 1:
        rows.append(
            [
                label("quote.total", lang),
                count(quote.calls, lang),
                "",
                "",
                dollars_between(quote.cost_usd, lang),
                minutes_between(quote.minutes, lang),
            ]
        )
    print_table([label(f"column.{name}", lang) for name in names], rows, numeric=set(range(1, 6)))
    for note in quote.notes:
        say(f"! {sentence(note, lang)}")
    if quote.detectable_gap is not None:
        gap = quote.detectable_gap
        answer(
            label(
                "quote.shows",
                lang,
                n=quote.rows,
                gap=points_in_words(gap.value, lang),
                low=points(gap.low, lang, signed=False),
                high=points(gap.high, lang, signed=False),
            )
        )
    if quote.rows_needed is not None:
        needed = quote.rows_needed
        known = [
            text
            for text in (dollars_between(quote.needed_cost_usd, lang), minutes_between(quote.needed_minutes, lang))
            if text not in ("", UNKNOWN)
        ]
        answer(
            label(
                "quote.needs",
                lang,
                gap=points_in_words(quote.gap_that_matters, lang),
                n=round(needed.value),
                low=round(needed.low),
                high=round(needed.high),
                rest=": " + ", ".join(known) if known else "",
            )
        )
    return 0


def ends(estimate: "Estimate") -> tuple[float, float, float]:
    """The usual, the low and the high value."""
    return estimate.value, estimate.low, estimate.high


def between(shown: list[str]) -> str:
    """A value with its range: `12 (8–20)`; the value alone where it is exact."""
    value, low, high = shown
    return value if low == high else f"{value} ({low}–{high})"


def whole(estimate: "Estimate | None", lang: Language) -> str:
    """In whole numbers, with the range."""
    from bakeoff.report.numbers import UNKNOWN, count

    if estimate is None:
        return UNKNOWN
    return between([count(round(one), lang) for one in ends(estimate)])


def dollars_between(estimate: "Estimate | None", lang: Language) -> str:
    """US dollars, with the range."""
    from bakeoff.report.numbers import UNKNOWN, dollars

    if estimate is None:
        return UNKNOWN
    return between([dollars(str(round(one, 4 if one < 1 else 2)), lang) for one in ends(estimate)])


def minutes_between(estimate: "Estimate | None", lang: Language) -> str:
    """Minutes as a stretch of time, with the range."""
    from bakeoff.report.numbers import UNKNOWN, seconds

    if estimate is None:
        return UNKNOWN
    return between([seconds(60 * one, lang) for one in ends(estimate)])
