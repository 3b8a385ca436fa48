"""What was found before: decisions as a table, measured servers as lines; part of `bakeoff show`."""

from bakeoff.cli.output import Language, print_table, say
from bakeoff.project import Project
from bakeoff.project.history import decisions
from bakeoff.project.probing import latest
from bakeoff.report import numbers
from bakeoff.report.words import label, sentence
from bakeoff.values import reason


def print_history(project: Project, lang: Language) -> None:
    """Number, time, choice, verdict, quality of the choice, rows, lock."""
    names = ("number", "time", "choice", "verdict", "quality", "rows", "lock")
    lines = []
    for finding, lock in decisions(project):
        quality = lock.qualities.get(lock.choice or "")
        lines.append([
            str(finding.number),
            finding.at[:16].replace("T", " "),
            lock.choice or "-",
            label(f"verdict.{lock.verdict}", lang),
            numbers.percent(quality.value, lang) if quality is not None else "-",
            str(lock.rows),
            finding.about[:12],
        ])  # fmt: skip
    print_table([label(f"history.{name}", lang) for name in names], lines)


def say_speeds(project: Project, lang: Language) -> None:
    """What `bakeoff probe` measured of the candidates as they are set up now."""
    for candidate, finding in latest(project):
        best, date = finding.value["highest"], numbers.date(finding.at[:10], lang)
        first = finding.value["levels"][0]["first_token_ms"]
        if best is None or first is None:
            say(sentence(reason("probe.shown_none", candidate=candidate, date=date), lang))
        else:
            say(sentence(reason("probe.shown", candidate=candidate, date=date, n=best, first_token=first["p50"]), lang))
