"""`bakeoff demo`: the whole way on a bundled example, with two real models."""

from pathlib import Path

import click

from bakeoff.cli.output import Language, language_option, say


@click.command("demo")
@click.argument("folder", type=click.Path(path_type=Path), default="bakeoff-demo")
@click.option("--example", type=click.Choice(["sentiment_en", "sentiment_vi"]), help="Which rows [default: by --lang].")
@click.option("--json", "as_json", is_flag=True, help="Print the decision as JSON (schema bakeoff.decide).")
@click.option("--quiet", is_flag=True, help="No progress, no notes.")
@language_option
def demo_command(folder: Path, example: str | None, as_json: bool, quiet: bool, lang: Language) -> int:
    """Compare two small models on real rows, and decide: from nothing to a report.

    \b
    Examples:
      bakeoff demo
      bakeoff demo thu-nghiem --lang vi

    Makes FOLDER (default: bakeoff-demo), fetches the models (about 330 MB, once), runs, decides, writes report.html.
    """
    from bakeoff.cli.outcomes import settle
    from bakeoff.cli.results import count_answers, print_decision
    from bakeoff.cli.watch import Watch
    from bakeoff.project import Project, demo_folder
    from bakeoff.report.words import sentence
    from bakeoff.values import Reason

    watch = Watch(lang=lang, quiet=quiet)
    chosen = example or f"sentiment_{lang}"
    opened = Project(demo_folder(folder, example=chosen), listener=watch)
    watch.note(Reason("demo.start", {"folder": str(folder), "n": len(opened.table().rows)}))
    try:
        outcomes = opened.run()
    finally:
        watch.close()
    decision = opened.decide()
    settle(outcomes, answered=count_answers(decision), lang=lang)
    path = opened.folder / "report.html"
    path.write_text(opened.report("html", lang), encoding="utf-8")
    print_decision(decision, as_json=as_json, lang=lang)
    if not quiet:
        say(sentence(Reason("demo.done", {"folder": str(folder), "report": str(path)}), lang))
    return 0
