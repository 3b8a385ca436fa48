"""`bakeoff add`: one more candidate, against the present choice."""

from decimal import Decimal
from pathlib import Path

import click

from bakeoff.cli.numbers import Money
from bakeoff.cli.output import Language, answer, language_option, say


@click.command("add")
@click.argument("model")
@click.option("--project", type=click.Path(path_type=Path), default=Path(), help="Folder [default: this one].")
@click.option("--build", help="gguf:Q4_K_M; for a server what you believe it runs.")
@click.option("--via", metavar="ROUTE", help="embedded, a preset such as ollama, or a base URL. [embedded]")
@click.option("--name", help="In tables. [made from model and build]")
@click.option("--key", metavar="NAME", help="Environment variable that holds the key.")
@click.option("--max-cost", type=Money(), help="Stop before its calls, or the judges', cost more, in US dollars.")
@click.option("--json", "as_json", is_flag=True, help="Print the new decision as JSON (schema bakeoff.decide).")
@click.option("--quiet", is_flag=True, help="No progress, no notes.")
@language_option
def add_command(
    model: str,
    project: Path,
    build: str | None,
    via: str | None,
    name: str | None,
    key: str | None,
    max_cost: Decimal | None,
    as_json: bool,
    quiet: bool,
    lang: Language,
) -> int:
    """Add MODEL to the candidates and ask it what the others were asked; nothing else is asked again.

    Prints the present choice against it, then the new decision. The same command goes on after an interruption.

    \b
    Examples:
      bakeoff add Qwen/Qwen3-4B-GGUF --build gguf:Q4_K_M
      bakeoff add qwen3:8b --via ollama --name "Qwen3 8B (Ollama)"
      bakeoff add openai/gpt-oss-120b --via openrouter --max-cost 2
    """
    from bakeoff.cli.outcomes import settle
    from bakeoff.cli.results import count_answers, print_decision
    from bakeoff.cli.watch import Watch
    from bakeoff.project.adding import add, against_told
    from bakeoff.project.locking import complete, keep
    from bakeoff.project.planning import RunOptions
    from bakeoff.report.words import sentence

    watch = Watch(lang=lang, quiet=quiet)
    table = {"name": name, "model": model, "build": build, "via": via, "key": key}
    try:
        added = add(project, table, options=RunOptions(max_cost_usd=max_cost), listener=watch)
    finally:
        watch.close()
    code = settle(added.outcomes, answered=count_answers(added.decision), lang=lang)
    print_decision(added.decision, as_json=as_json, lang=lang)
    for why in against_told(added.name, added.champion, added.pairs):
        line = sentence(why, lang)
        say(line) if as_json else answer(line)
    if complete(added.decision):
        keep(added.project, added.decision)
    return code
