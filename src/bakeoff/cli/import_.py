"""`bakeoff import`: a project from the files of another evaluation tool."""

from pathlib import Path
from typing import Literal

import click

from bakeoff.cli.output import Language, answer, language_option, say


@click.command("import")
@click.argument("name", type=click.Path(path_type=Path))
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--from",
    "tool",
    type=click.Choice(["promptfoo", "lm-eval", "inspect"]),
    help="Whose files they are [default: by their ending].",
)
@language_option
def import_command(
    name: Path, files: tuple[Path, ...], tool: Literal["promptfoo", "lm-eval", "inspect"] | None, lang: Language
) -> None:
    """Make the project folder NAME from another tool's FILES.

    A promptfoo configuration gives prompts, tests and models. Samples of lm-eval (--log_samples) and logs of
    inspect_ai give rows and answers: each model in them becomes a candidate that need not be asked again.

    \b
    Examples:
      bakeoff import faq promptfooconfig.yaml
      bakeoff import mmlu qwen/samples_mmlu_*.jsonl llama/samples_mmlu_*.jsonl
      bakeoff import logs 2026-11-24T*.eval
    """
    from bakeoff.project.importing import import_evaluation
    from bakeoff.report.words import sentence

    folder, notes = import_evaluation(name, files, tool=tool)
    for note in notes:
        say(sentence(note, lang))
    answer(str(folder))
