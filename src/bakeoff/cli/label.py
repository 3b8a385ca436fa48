"""`bakeoff label`: say which answers are better, without seeing whose they are."""

import getpass
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bakeoff.cli.output import Language, answer, language_option, print_json, say

if TYPE_CHECKING:
    from bakeoff.project import Project
    from bakeoff.project.labelling import Labelling, Shown


@click.command("label")
@click.argument("project", type=click.Path(path_type=Path), default=".")
@click.option("--author", help="Who labels. Default: your user name.")
@click.option("--pointwise/--pairwise", default=None, help="One answer, right or wrong; or two. Default: as the judge.")
@click.option("--most", type=click.IntRange(min=1), help="Stop after so many labels.")
@click.option("--reveal", is_flag=True, help="Show who is who: what people found so far.")
@click.option("--import", "import_file", type=click.Path(path_type=Path), help="Add labels from a csv or jsonl file.")
@click.option("--export", "export_file", type=click.Path(path_type=Path), help="Write all labels; .csv or .jsonl.")
@click.option("--json", "as_json", is_flag=True, help="With --reveal: print JSON (schema bakeoff.labels).")
@language_option
def label_command(
    project: Path,
    author: str | None,
    pointwise: bool | None,
    most: int | None,
    reveal: bool,
    import_file: Path | None,
    export_file: Path | None,
    as_json: bool,
    lang: Language,
) -> int:
    """Label answers of PROJECT (default: this folder) by keyboard. Nobody sees which model wrote what.

    \b
    Keys: a left is better, b right is better, t tie, x both bad, s skip, u undo, q quit;
    with --pointwise: r right, w wrong. Off a terminal the keys are read from standard input.

    \b
    Examples:
      bakeoff label
      bakeoff label --author lan --most 30
      bakeoff label --reveal

    Every label is kept at once; the same command goes on from there.
    """
    from bakeoff.project import Project

    opened = Project(project)
    name = author if author is not None else _user_name()
    if import_file is not None:
        return _import(opened, import_file, name, lang)
    if export_file is not None:
        return _export(opened, export_file, lang)
    if reveal or as_json:
        return _reveal(opened, as_json=as_json, lang=lang)
    kind = None if pointwise is None else "point" if pointwise else "pair"
    return _ask(opened.labelling(name, kind=kind), most, lang)  # type: ignore[arg-type]


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "me"


def _ask(work: "Labelling", most: int | None, lang: Language) -> int:
    """Show and listen until the person, the items or the input come to an end."""
    from bakeoff.cli.label_keys import keyboard

    with keyboard() as keys:
        _listen(work, keys, most, lang)
    reached = work.reached()
    _tell("labelling.kept", lang, n=reached.mine, left=reached.left)
    return 0


def _listen(work: "Labelling", keys: Iterator[str], most: int | None, lang: Language) -> None:
    from bakeoff.cli.label_keys import QUIT, UNDO, meanings

    said, kept = meanings(work.kind), 0
    shown, since = _show_next(work, lang), time.monotonic()
    for key in keys:
        if key == QUIT or (shown is None and key != UNDO):
            return
        if key == UNDO:
            undone = work.undo()
            _tell("labelling.withdrawn" if undone else "labelling.nothing_to_undo", lang)
            kept -= undone is not None
        elif key in said and shown is not None:
            work.say(shown, said[key], seconds=round(time.monotonic() - since, 1))
            kept += said[key] != "skip"
        else:
            _tell("labelling.unknown_key", lang, key=key)
            continue
        if most is not None and kept >= most:
            return
        shown, since = _show_next(work, lang), time.monotonic()


def _show_next(work: "Labelling", lang: Language) -> "Shown | None":
    from bakeoff.cli.label_view import show_item

    shown = work.next()
    if shown is None:
        _tell("labelling.nothing_left", lang)
        _tell("labelling.keys_end", lang)
    else:
        reached = work.reached()
        show_item(shown, lang)
        facts = {"mine": reached.mine, "left": reached.left, "fair": reached.fair}
        _tell("labelling.progress", lang, needed=reached.needed or None, **facts)
        _tell("labelling.keys_pair" if work.kind == "pair" else "labelling.keys_point", lang)
    return shown


def _tell(code: str, lang: Language, **parameters: object) -> None:
    from bakeoff.report.words import sentence
    from bakeoff.values import Reason

    say(sentence(Reason(code, parameters), lang))


def _reveal(opened: "Project", *, as_json: bool, lang: Language) -> int:
    from bakeoff.cli.standings import print_standings
    from bakeoff.evaluate.judge.telling import telling_people
    from bakeoff.report.words import sentence

    found = opened.people()
    if as_json:
        from bakeoff.report.judge_json import people_json

        print_json(people_json(found))
        return 0
    for standings in (found.pairs, found.points):
        if standings:
            print_standings(standings, lang)
    for one in telling_people(found):
        answer(sentence(one, lang))
    return 0


def _import(opened: "Project", file: Path, author: str, lang: Language) -> int:
    _tell("labelling.imported", lang, n=opened.import_labels(file, author=author))
    return 0


def _export(opened: "Project", file: Path, lang: Language) -> int:
    from bakeoff.errors import StorageError, UsageError
    from bakeoff.evaluate.people.exchange import write_labels

    kind = file.suffix.removeprefix(".").lower()
    if kind not in ("csv", "jsonl"):
        raise UsageError(f"{file.name}: labels are written as csv or jsonl", hint="name the file labels.csv")
    labels = opened.labels()
    try:
        file.write_text(write_labels(labels, kind), encoding="utf-8", newline="")
    except OSError as error:
        raise StorageError(f"{file}: {error.strerror or error}", hint="choose a folder that can be written") from None
    _tell("labelling.exported", lang, n=len(labels), file=file.name)
    return 0
