"""`bakeoff new`: a project folder from the user's own file."""

from pathlib import Path

import click

from bakeoff.cli.output import Language, language_option, say


@click.command("new")
@click.argument("name", type=click.Path(path_type=Path))
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    required=True,
    help="csv, tsv, jsonl, parquet or xlsx; or hf://... or s3://...",
)
@click.option("--target", help="Column with what is right [default: guessed from usual names].")
@click.option("--input", "input_", help="Column that the prompt shows [default: the one with the longest texts].")
@click.option("--id", "id_", help="Column with the rows' ids [default: id, or the row's number].")
@click.option("--prompt", help="Template of the user message, for example '{{ text }}'.")
@language_option
def new_command(
    name: Path,
    data: Path,
    target: str | None,
    input_: str | None,
    id_: str | None,
    prompt: str | None,
    lang: Language,
) -> None:
    """Make the project folder NAME from a data file.

    \b
    Examples:
      bakeoff new tickets --data tickets.csv
      bakeoff new faq --data faq.xlsx --input question --target answer
    """
    from bakeoff.project import new
    from bakeoff.report.words import sentence
    from bakeoff.values import Reason

    folder = new(name, data, target=target, input=input_, id=id_, prompt=prompt)
    say(sentence(Reason("new.done", {"folder": str(folder)}), lang))
