"""The report as Markdown (GitHub flavour), for a wiki, an issue or a pull request. No charts; everything else.

Text that strangers wrote stands inside code spans or with every sign of Markdown and HTML escaped.
"""

from collections.abc import Iterable

from bakeoff.report import numbers, table
from bakeoff.report.data import ReportData
from bakeoff.report.marks import block, bullets, code, escape, grid
from bakeoff.report.numbers import Language
from bakeoff.report.stages_markdown import around, choice_parts
from bakeoff.report.text import one_line
from bakeoff.report.view import matrices, models, pairs, rows
from bakeoff.report.view.how import HowView, how
from bakeoff.report.view.judging import judging
from bakeoff.report.view.models import ModelView
from bakeoff.report.words import label

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
        grid(header, lines, text_columns=2),
        *_pairs(data, views, lang),
    ]
    parts += choice_parts(data, lang)
    parts += _since(data, lang)
    if caveats:
        parts += [f"## {label('heading.caveats', lang)}", bullets(escape(caveat) for caveat in caveats)]
    parts += [
        *around(data, views, lang),
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
    found = models.since(data, lang)
    if found is None:
        return []
    heading, lines = found
    return [f"## {escape(heading)}", bullets(map(escape, lines))]


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
        grid([label(name, lang) for name in names], lines, text_columns=1),
    ]


def _judging(data: ReportData, lang: Language) -> list[str]:
    parts = []
    for section in judging(data, lang):
        parts.append(f"## {section.heading}")
        if section.lines:
            parts += [section.caption, grid(section.header, section.lines, text_columns=1)]
        parts.append(bullets(escape(one) for one in section.sentences))
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
            f"**{label('rows.id', lang)} {escape(row.id)}** {code(row.shown.short)}\n\n{bullets([target, *answers])}"
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
            parts.append(grid(["", *matrix.labels], lines, text_columns=1))
        else:
            names = ("column.target", "column.answer", "column.count")
            parts.append(grid([label(name, lang) for name in names], matrix.frequent, text_columns=2))
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
    return bullets(f"{escape(name)}: {escape(value)}" for name, value in facts)


def _memory(data: ReportData, views: dict[str, ModelView], lang: Language) -> list[str]:
    memory = models.memory(data, views, lang)
    if not memory:
        return []
    header = [label("column.model", lang), *(label(f"memory.{part}", lang) for part in models.MEMORY_PARTS)]
    lines = [[model.name, *sizes] for model, sizes in memory]
    return [
        f"### {label('heading.memory', lang)}",
        label("caption.memory", lang),
        grid(header, lines, text_columns=1),
    ]
