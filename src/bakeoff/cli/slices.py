"""Results by the value of a column: a table with a line for each slice, and where the winner turns."""

from typing import TYPE_CHECKING

from bakeoff.cli.output import Language, answer, print_json, print_table, say
from bakeoff.report import numbers
from bakeoff.report.numbers import UNKNOWN
from bakeoff.report.words import label, sentence
from bakeoff.values import reason, to_json

if TYPE_CHECKING:
    from bakeoff.evaluate.results import Quality
    from bakeoff.evaluate.slices import Slices


def print_slices(found: "Slices", *, as_json: bool, lang: Language) -> None:
    """One line for each slice, one column for each candidate."""
    if as_json:
        from bakeoff.report.reasons_json import reason_json

        findings = [reason_json(one) for one in found.findings]
        print_json({"schema": "bakeoff.slices", "version": 1, **to_json(found), "findings": findings})
        return
    names = [name for name, _ in found.slices[0].qualities] if found.slices else []
    rows = [
        [one.label, numbers.count(one.n, lang), *(_quality(quality, lang) for _, quality in one.qualities)]
        for one in found.slices
    ]
    if rows:
        print_table([found.name, label("slices.rows", lang), *names], rows, numeric=set(range(1, len(names) + 2)))
    else:
        answer(sentence(reason("slices.none", column=found.name), lang))
    for finding in found.findings:
        answer(sentence(finding, lang))
    if found.n_small:
        say(sentence(reason("slices.small", n=found.n_small), lang))
    if found.n_blank:
        say(sentence(reason("slices.blank", n=found.n_blank), lang))


def _quality(quality: "Quality | None", lang: Language) -> str:
    if quality is None:
        return UNKNOWN
    value = numbers.percent(quality.value, lang)
    return f"{value} ({numbers.percent_range(quality.low, quality.high, lang)})"
