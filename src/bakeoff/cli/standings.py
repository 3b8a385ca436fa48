"""Candidates as a judge or people have them, as a table on the terminal."""

from collections.abc import Sequence

from bakeoff.cli.output import Language, print_table
from bakeoff.evaluate.judge.scores import Standing
from bakeoff.report.view.judging import standings_table


def print_standings(standings: Sequence[Standing], lang: Language) -> None:
    """One line per candidate, the best first."""
    header, lines = standings_table(standings, lang)
    print_table(list(header), [list(line) for line in lines], numeric=set(range(1, len(header))))
