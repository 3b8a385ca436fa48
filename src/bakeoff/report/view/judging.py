"""What judges and people make of the candidates, as tables and sentences. Knows no markup."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bakeoff.evaluate.judge.scores import Standing
from bakeoff.evaluate.judge.telling import telling, telling_people
from bakeoff.report import numbers
from bakeoff.report.data import ReportData
from bakeoff.report.numbers import UNKNOWN, Language
from bakeoff.report.text import one_line
from bakeoff.report.words import label, sentence


@dataclass(frozen=True, slots=True)
class JudgingView:
    """One section: of the judge, or of people."""

    key: str
    """`judge` or `people`."""

    heading: str
    caption: str
    header: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    """One per candidate, the best first; may be empty."""

    sentences: tuple[str, ...]


def judging(data: ReportData, lang: Language) -> tuple[JudgingView, ...]:
    """The sections that a report has, in order: none, one or both."""
    return tuple(_sections(data, lang))


def _sections(data: ReportData, lang: Language) -> Iterator[JudgingView]:
    found = data.judged
    if found is not None:
        pairs = found.settings.form == "pairwise"
        caption = label("caption.judge", lang) if pairs else label("caption.rubric", lang)
        names = ", ".join(f"{one_line(judge.name)} ({one_line(judge.build)})" for judge in found.judges)
        how = [
            f"{label('how.judge', lang)}: {names or UNKNOWN}",
            f"{label('how.judge_prompt', lang)}: {found.settings.template_name}, {found.settings.template_digest}",
        ]
        said = [sentence(one, lang) for one in telling(found)]
        yield _view("judge", label("heading.judge", lang), caption, found.standings, [*said, *how], lang)
    if data.people is not None and data.people.people.items:
        people = data.people
        standings = people.pairs or people.points
        caption = label("caption.judge", lang) if people.pairs else label("caption.points", lang)
        said = [sentence(one, lang) for one in telling_people(people)]
        yield _view("people", label("heading.people", lang), caption, standings, said, lang)


def _view(
    key: str, heading: str, caption: str, standings: Sequence[Standing], sentences: Sequence[str], lang: Language
) -> JudgingView:
    header, lines = standings_table(standings, lang)
    return JudgingView(key, heading, caption, header, lines, tuple(sentences))


def standings_table(
    standings: Sequence[Standing], lang: Language
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """(header, one line per candidate)."""
    pairs = any(standing.strength is not None for standing in standings)
    header = [label("column.model", lang), label("column.rows", lang), label("column.share", lang)]
    header += [label("column.wins", lang), label("column.strength", lang)] if pairs else []
    return tuple(header), tuple(_line(standing, pairs, lang) for standing in standings)


def _line(one: Standing, pairs: bool, lang: Language) -> tuple[str, ...]:
    share = f"{numbers.percent(one.value, lang)} ({numbers.percent_range(one.low, one.high, lang)})"
    line = (one_line(one.candidate), numbers.count(one.rows, lang), share)
    if not pairs:
        return line
    tally = " · ".join(numbers.count(number, lang) for number in (one.wins, one.ties, one.losses))
    if one.strength is None:
        return (*line, tally, UNKNOWN)
    elo, elo_low, elo_high = (numbers.count(round(part), lang) for part in one.strength.elo)
    return (*line, tally, f"{elo} ({elo_low}–{elo_high})")
