"""`bakeoff quote`: what a run would ask, cost and take, and what its rows can show."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bakeoff.cli.output import Language, answer, language_option, print_json, print_table, say

if TYPE_CHECKING:
    from bakeoff.project import Project
    from bakeoff.project.planning import RunOptions
    from bakeoff.values import Estimate


@click.command("quote")
@click.argument("project", type=click.Path(path_type=Path), default=".")
@click.option("--rows", metavar="N|IDS", help="Only N rows, the first of the shuffled order; or ids with commas.")
@click.option("--only", metavar="NAME", multiple=True, help="Only this candidate; may be given several times.")
@click.option("--repeats", type=click.IntRange(1, 100), help="Answers to each row. [project file, else 1]")
@click.option("--json", "as_json", is_flag=True, help="Print the quote as JSON (schema bakeoff.quote).")
@language_option
def quote_command(
    project: Path, rows: str | None, only: tuple[str, ...], repeats: int | None, as_json: bool, lang: Language
) -> int:
    """Say what `bakeoff run` on PROJECT (default: this folder) would ask, cost and take. Asks no model.

    \b
    Examples:
      bakeoff quote
      bakeoff quote --rows 200
      bakeoff run --rows 20 && bakeoff quote      measured, where it was supposed

    It also says which difference these rows can show, and how many rows the difference that matters needs.
    """
    from bakeoff.project import Project
    from bakeoff.project.planning import RunOptions

    return print_quote(Project(project), RunOptions(only=only, rows=rows, repeats=repeats), as_json=as_json, lang=lang)


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
            _whole(line.prompt_tokens, lang),
            _whole(line.output_tokens, lang),
            _money(line.cost_usd, lang),
            _minutes(line.minutes, lang),
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
                _money(quote.cost_usd, lang),
                _minutes(quote.minutes, lang),
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
            for text in (_money(quote.needed_cost_usd, lang), _minutes(quote.needed_minutes, lang))
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


def _between(shown: list[str]) -> str:
    value, low, high = shown
    return value if low == high else f"{value} ({low}–{high})"


def _whole(estimate: "Estimate | None", lang: Language) -> str:
    from bakeoff.report.numbers import UNKNOWN, count

    if estimate is None:
        return UNKNOWN
    return _between([count(round(one), lang) for one in (estimate.value, estimate.low, estimate.high)])


def _money(estimate: "Estimate | None", lang: Language) -> str:
    from bakeoff.report.numbers import UNKNOWN, dollars

    if estimate is None:
        return UNKNOWN
    ends = (estimate.value, estimate.low, estimate.high)
    return _between([dollars(str(round(one, 4 if one < 1 else 2)), lang) for one in ends])


def _minutes(estimate: "Estimate | None", lang: Language) -> str:
    from bakeoff.report.numbers import UNKNOWN, seconds

    if estimate is None:
        return UNKNOWN
    return _between([seconds(60 * one, lang) for one in (estimate.value, estimate.low, estimate.high)])
