"""The report as Markdown (GitHub flavour), for a wiki, an issue or a pull request. No charts; everything else.

Text that strangers wrote stands inside code spans or with every sign of Markdown and HTML escaped.
"""

import re
from collections.abc import Iterable, Sequence

from bakeoff.report import numbers, table
from bakeoff.report.data import ReportData
from bakeoff.report.numbers import Language
from bakeoff.report.text import one_line
from bakeoff.report.view import matrices, models, pairs, rows
from bakeoff.report.view.how import HowView, how
from bakeoff.report.view.judging import judging
from bakeoff.report.view.models import ModelView
from bakeoff.report.words import label, sentence

_SPECIAL = re.compile(
    r"([\\`*\[\]<>|~$])"  # emphasis, code, links, HTML, tables, strikethrough, mathematics
    r"|(?<![^\W_])(_)|(_)(?![^\W_])"  # emphasis; not inside a word
    r"|^\s*([-+=#])|(#)(?=\d)|(@)(?=\w)|(&)(?=[#\w])"  # lists, headings, issue numbers, mentions, entities
    r"|(?<=^\d)([.)])(?=\s)|(?<=^\d\d)([.)])(?=\s)|(:)(?=//)|(?<=\bwww)(\.)"  # numbered lists, bare links
)
_MARKS = {"right": "✓", "wrong": "✗", "none": "–"}


def markdown(data: ReportData, lang: Language) -> str:
    """The whole report. The same data give the same bytes."""
    views = models.models(data, lang)
    headline, reasons, caveats = models.sentences(data, lang)
    header, lines = table.results_table(data.decision, lang)
    dates = [numbers.date(data.date, lang)] if data.date else []
    parts = [
        f"# {escape(headline)}",
        " · ".join([label("title", lang), escape(one_line(data.project)), *dates]),
        *(escape(reason) for reason in reasons),
        f"## {label('heading.results', lang)}",
        _table(header, lines, text_columns=2),
        *_pairs(data, views, lang),
    ]
    parts += _since(data, lang)
    if caveats:
        parts += [f"## {label('heading.caveats', lang)}", _list(escape(caveat) for caveat in caveats)]
    parts += [
        *_judging(data, lang),
        *_rows(data, views, lang),
        *_matrices(data, views, lang),
        *_how(how(data, lang), lang),
        *_memory(data, views, lang),
        "---",
        label("footer", lang, version=data.bakeoff),
    ]
    return "\n\n".join(parts) + "\n"


def _since(data: ReportData, lang: Language) -> list[str]:
    if data.since is None:
        return []
    said = [sentence(change, lang) for change in data.since.changes] or [label("since.nothing", lang)]
    return [f"## {escape(label('since.heading', lang, earlier=data.since.earlier))}", _list(map(escape, said))]


def escape(value: str) -> str:
    """Text that shows as it is: no markup, no link, no mention, no HTML, no list or heading at the start of a line."""
    return _SPECIAL.sub(lambda match: f"{match[0][:-1]}\\{match[0][-1]}", value)


def code(value: str) -> str:
    """A code span around any one-line text (CommonMark 6.1: a fence longer than every run of backticks inside)."""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", value)), default=0))
    pad = " " if value.startswith("`") or value.endswith("`") or not value.strip() else ""
    return f"{fence}{pad}{value}{pad}{fence}"


def block(value: str) -> str:
    """A fenced code block around any text (CommonMark 4.5)."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", value)), default=0))
    return f"{fence}text\n{value}\n{fence}"


def _table(header: Sequence[str], lines: Iterable[Sequence[str]], *, text_columns: int) -> str:
    rule = ["---" if index < text_columns else "--:" for index in range(len(header))]
    return "\n".join(
        [_line(map(escape, header)), _line(rule), *(_line(map(escape, line)) for line in lines)],
    )


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _pairs(data: ReportData, views: dict[str, ModelView], lang: Language) -> list[str]:
    found = pairs.pairs(data.decision, views, lang)
    if found is None:
        return []
    names = ("column.pair", "column.difference", "column.simultaneous", "column.discordant", "column.p")
    lines = [
        [f"{pair.a.name} − {pair.b.name}", pair.difference, pair.interval, pair.discordant, pair.p]
        for pair in (*found.first, *found.rest)
    ]
    return [
        f"## {label('heading.pairs', lang)}",
        label("caption.pairs", lang),
        _table([label(name, lang) for name in names], lines, text_columns=1),
    ]


def _judging(data: ReportData, lang: Language) -> list[str]:
    parts = []
    for section in judging(data, lang):
        parts.append(f"## {section.heading}")
        if section.lines:
            parts += [section.caption, _table(section.header, section.lines, text_columns=1)]
        parts.append(_list(escape(one) for one in section.sentences))
    return parts


def _rows(data: ReportData, views: dict[str, ModelView], lang: Language) -> list[str]:
    shown = rows.disagreements(data.comparison.disagreements, views, lang)
    if not shown:
        return []
    total = max(data.comparison.n_disagreements, len(shown))
    lead = label("rows.count", lang, n=total)
    if total > len(shown):
        lead += " " + label("rows.some", lang, shown=len(shown))
    parts = [f"## {label('heading.rows', lang)}", lead]
    for row in shown:
        answers = (
            f"{_MARKS[answer.mark]} {escape(answer.model.name)}: "
            + (code(answer.text.short) if answer.text.short else f"*{label('rows.no_text', lang)}*")
            + "".join(f" ({escape(reason)})" for reason in answer.reasons)
            for answer in row.answers
        )
        target = f"{label('column.target', lang)}: {code(row.target.short)}"
        parts.append(
            f"**{label('rows.id', lang)} {escape(row.id)}** {code(row.shown.short)}\n\n{_list([target, *answers])}"
        )
    return parts


def _matrices(data: ReportData, views: dict[str, ModelView], lang: Language) -> list[str]:
    found = matrices.matrices(data.decision, views, lang)
    if not found:
        return []
    parts = [f"## {label('heading.matrices', lang)}", label("caption.matrices", lang)]
    for matrix in found:
        parts.append(f"### {escape(matrix.model.name)}")
        if matrix.rows:
            lines = [[target, *(count for count, _, _ in cells)] for target, cells in matrix.rows]
            parts.append(_table(["", *matrix.labels], lines, text_columns=1))
        else:
            names = ("column.target", "column.answer", "column.count")
            parts.append(_table([label(name, lang) for name in names], matrix.frequent, text_columns=2))
    return parts


def _how(done: HowView, lang: Language) -> list[str]:
    parts = [f"## {label('heading.how', lang)}", _facts(done.facts), f"### {label('how.prompt', lang)}"]
    parts += [f"{name}:\n\n{block(template)}" for name, template in done.prompt]
    if done.examples:
        parts.append(f"{label('how.examples', lang, n=len(done.examples))}:")
        parts += [block(f"{user}\n→ {assistant}") for user, assistant in done.examples]
    parts.append(f"### {label('how.candidates', lang)}")
    for candidate in done.candidates:
        parts += [f"#### {escape(candidate.name)}", _facts(candidate.lines)]
    parts += [f"### {label('heading.digests', lang)}", _facts(done.digests)]
    return parts


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    return _list(f"{escape(name)}: {escape(value)}" for name, value in facts)


def _memory(data: ReportData, views: dict[str, ModelView], lang: Language) -> list[str]:
    memory = models.memory(data, views, lang)
    if not memory:
        return []
    header = [label("column.model", lang), *(label(f"memory.{part}", lang) for part in models.MEMORY_PARTS)]
    lines = [[model.name, *sizes] for model, sizes in memory]
    return [
        f"### {label('heading.memory', lang)}",
        label("caption.memory", lang),
        _table(header, lines, text_columns=1),
    ]
