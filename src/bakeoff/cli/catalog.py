"""`bakeoff catalog`: which models exist, what they are, and adding to them."""

from pathlib import Path

import click

from bakeoff.cli.output import Language, answer, language_option, print_json, say
from bakeoff.errors import UsageError

KINDS = ("chat", "base", "embedding", "reranker", "translation", "safety", "speech", "any")


@click.group("catalog")
def catalog_command() -> None:
    """See which models exist and what they are, and add your own.

    \b
    Examples:
      bakeoff catalog search --language vi --license commercial
      bakeoff catalog show "qwen3 8b"
      bakeoff catalog add ./my-model.gguf
    """


def json_option(command: click.decorators.FC) -> click.decorators.FC:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON (schema bakeoff.catalog).")(command)


def count(text: str | None) -> int | None:
    """`8B` -> 8000000000, `350M`, `1.5b`, or a plain number.

    Raises:
        UsageError: the text is not a number of parameters.
    """
    if text is None:
        return None
    factor = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}.get(text[-1:].lower())
    digits = text[:-1] if factor else text
    try:
        value = float(digits) * (factor or 1)
    except ValueError:
        value = -1.0
    if not 0 < value < 1e15:
        raise UsageError(f"{text!r} is not a number of parameters", hint="write for example 8B or 350M")
    return int(value)


@catalog_command.command("list", short_help="List the models, newest first.")
@click.option("--kind", type=click.Choice(KINDS), default="chat", show_default=True, help="What the models are for.")
@click.option("--all", "everything", is_flag=True, help="Also older, incomplete and unverified models.")
@json_option
@language_option
def list_models(kind: str, everything: bool, as_json: bool, lang: Language) -> None:
    """List the models, newest first.

    \b
    Examples:
      bakeoff catalog list
      bakeoff catalog list --kind embedding --all
    """
    from bakeoff.catalog.searching import Wish
    from bakeoff.cli.catalog_view import show_search

    wanted = None if kind == "any" else kind
    show_search(Wish(kind=wanted, recommended_only=not everything), as_json, lang)  # type: ignore[arg-type]


@catalog_command.command("search", short_help="Search by name and by what a model must have.")
@click.argument("words", nargs=-1)
@click.option("--task", "tasks", multiple=True, metavar="TASK", help="chat, code, reasoning, tool use, vision, ...")
@click.option("--language", "languages", multiple=True, metavar="CODE", help="ISO code, for example vi.")
@click.option(
    "--license",
    "licence",
    type=click.Choice(["any", "commercial", "osi-approved"]),
    default="any",
    help="What it must allow.",
)
@click.option(
    "--openness",
    type=click.Choice(["weights", "weights+data", "fully-open"]),
    default="weights",
    help="What must be published, at least.",
)
@click.option("--input", "inputs", multiple=True, metavar="MODALITY", help="image, audio or video.")
@click.option("--domain", metavar="WORD", help="For example medicine or Vietnamese.")
@click.option("--kind", type=click.Choice(KINDS), default="any", show_default=True, help="What the models are for.")
@click.option("--larger-than", metavar="N", help="Parameters in total, at least: 7B.")
@click.option("--smaller-than", metavar="N", help="Parameters in total, at most: 32B.")
@click.option("--active", metavar="N", help="Parameters per token, at most: 4B.")
@click.option("--context", type=click.IntRange(min=1), metavar="TOKENS", help="Context, at least.")
@click.option("--since", metavar="DATE", help="Released on this day or later: 2026-01-01.")
@click.option("--all", "everything", is_flag=True, help="Also older, incomplete and unverified models.")
@json_option
@language_option
def search_models(
    words: tuple[str, ...],
    tasks: tuple[str, ...],
    languages: tuple[str, ...],
    inputs: tuple[str, ...],
    larger_than: str | None,
    smaller_than: str | None,
    active: str | None,
    context: int | None,
    everything: bool,
    as_json: bool,
    lang: Language,
    **named: str | None,
) -> None:
    """Search by WORDS of the name and by what a model must have.

    \b
    Examples:
      bakeoff catalog search qwen --smaller-than 10B
      bakeoff catalog search --language vi --license commercial --since 2026-01-01
      bakeoff catalog search --task code --context 131072 --active 4B
    """
    from bakeoff.catalog.searching import Wish
    from bakeoff.cli.catalog_view import show_search

    kind = None if named["kind"] == "any" else named["kind"]
    wish = Wish(
        words=" ".join(words),
        kind=kind,  # type: ignore[arg-type]
        tasks=tasks,
        languages=languages,
        licence=named["licence"],  # type: ignore[arg-type]
        openness=named["openness"],  # type: ignore[arg-type]
        inputs=inputs,
        domain=named["domain"],
        parameters_at_least=count(larger_than),
        parameters_at_most=count(smaller_than),
        active_at_most=count(active),
        context_at_least=context,
        since=_day(named["since"]),
        recommended_only=not everything,
    )
    show_search(wish, as_json, lang)


def _day(text: str | None) -> str | None:
    import datetime

    if text is None:
        return None
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageError(f"{text!r} is not a date", hint="write it as 2026-01-31") from None


@catalog_command.command("show", short_help="Show everything about one model.")
@click.argument("name", nargs=-1, required=True)
@click.option("--history", is_flag=True, help="Every fact that was ever written down, with its date.")
@json_option
@language_option
def show_model(name: tuple[str, ...], history: bool, as_json: bool, lang: Language) -> None:
    """Show everything about one model. NAME is an id, a tag of Ollama, or a nickname.

    \b
    Examples:
      bakeoff catalog show Qwen/Qwen3-8B
      bakeoff catalog show llama 3.1 8b
      bakeoff catalog show qwen3:8b --json
    """
    from bakeoff.cli.catalog_view import show_one

    show_one(" ".join(name), history, as_json, lang)


@catalog_command.command("add", short_help="Add a model of your own.")
@click.argument("reference")
@click.option("--name", help="Id to give it, for a file or an address: local/my-model.")
@json_option
@language_option
def add_model(reference: str, name: str | None, as_json: bool, lang: Language) -> None:
    """Add a model to your own catalog, from its file, the Hub, an address, or Ollama.

    Only headers and small JSON files are read. Your facts beat the shipped ones.

    \b
    Examples:
      bakeoff catalog add ./my-model-Q4_K_M.gguf
      bakeoff catalog add Qwen/Qwen3-8B
      bakeoff catalog add ollama:qwen3:8b
    """
    from bakeoff.cli.catalog_view import show_added

    show_added(reference, name, as_json, lang)


@catalog_command.command("refresh", short_help="Ask the Hub again.")
@click.argument("names", nargs=-1)
@json_option
@language_option
def refresh_models(names: tuple[str, ...], as_json: bool, lang: Language) -> None:
    """Ask the Hub again about the models NAMES, or all: still there, gated, licence, how much used.

    \b
    Examples:
      bakeoff catalog refresh Qwen/Qwen3-8B
      bakeoff catalog refresh
    """
    from bakeoff.cli.catalog_view import show_refreshed

    show_refreshed(names, as_json, lang)


@catalog_command.command("validate", short_help="Check that the facts hold together.")
@click.option("--warnings", is_flag=True, help="Show warnings too.")
@json_option
def validate_catalog(warnings: bool, as_json: bool) -> int:
    """Check that the facts hold together: parameters recomputed from architectures, dates, licences, lineage.

    Exits with 1 when something is wrong.
    """
    from bakeoff.catalog.as_json import document, problems_json
    from bakeoff.catalog.loading import load
    from bakeoff.catalog.validate import validate

    catalog = load()
    problems = validate(catalog)
    errors = [problem for problem in problems if problem.severity == "error"]
    if as_json:
        print_json(document(catalog, checked=len(catalog), errors=len(errors), problems=problems_json(problems)))
        return 1 if errors else 0
    for problem in problems if warnings else errors:
        answer(f"{problem.severity}: {problem.model}: {problem.message}\n  {problem.hint}")
    hidden = 0 if warnings else len(problems) - len(errors)
    say(
        f"{len(catalog)} models checked, {len(errors)} errors" + (f", {hidden} warnings (--warnings)" if hidden else "")
    )
    return 1 if errors else 0


@catalog_command.command("add-evidence", short_help="Import benchmark results.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
@language_option
def add_evidence_rows(file: Path, as_json: bool, lang: Language) -> None:
    """Import benchmark results from the csv FILE into your own catalog.

    \b
    Columns: model, benchmark, metric, score, unit, category, settings, date, self_reported, language, source.
    Needed: model, benchmark, score, date, source.
    """
    from bakeoff.cli.catalog_view import show_imported

    show_imported(file, as_json, lang)
