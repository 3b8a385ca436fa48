"""`bakeoff tune`: memory, time and money of fine-tuning, and what it must bring to pay."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bakeoff.cli.cost import currency_of, load_of
from bakeoff.cli.numbers import number_option, pairs
from bakeoff.cli.output import Language, language_option
from bakeoff.errors import UsageError

if TYPE_CHECKING:
    from bakeoff.cost.tune.asking import Tuning
    from bakeoff.values import Reason


@click.command("tune")
@click.argument("model", nargs=-1, required=True)
@click.option("--on", multiple=True, metavar="MACHINE", help='Look at this machine: "2x RTX 4090". Repeatable.')
@click.option("--method", multiple=True, type=click.Choice(["lora", "qlora", "full", "full-8bit"]), help="Only these.")
@click.option("--rows", type=int, default=1000, show_default=True, metavar="N", help="Examples.")
@number_option("--tokens-per-row", "Prompt and answer together. Default: 500.", default=500.0)
@number_option("--epochs", "Times that each example is seen. Default: 3.", default=3.0)
@click.option("--runs", type=int, default=3, show_default=True, metavar="N", help="Training runs that are paid for.")
@click.option("--rank", type=int, default=16, show_default=True, metavar="R", help="Of LoRA's adapters.")
@click.option("--sequence", type=int, metavar="N", help="Longest row in tokens. Default: 2048, or 4 x the mean.")
@click.option("--micro-batch", type=int, default=1, show_default=True, metavar="N", help="Rows per GPU and step.")
@click.option("--no-checkpointing", is_flag=True, help="Keep all activations: more memory, a quarter less work.")
@click.option("--whole-loss", is_flag=True, help="The loss is not computed in pieces (plain Transformers).")
@click.option("--electricity", metavar="PRICE", help="US dollars per kWh, or a country: vn, us, eu, de.")
@click.option("--price", multiple=True, metavar="MACHINE=USD", help="What a whole machine costs to buy.")
@click.option("--rent", multiple=True, metavar="MACHINE=USD", help="What a whole machine costs per hour.")
@click.option("--data-cost", default="0", metavar="USD", help="What the examples cost to make. Default: left out.")
@number_option("--example-tokens", "Of the prompt, that a tuned model needs no longer.", default=0.0)
@click.option("--instead-of", metavar="MODEL", help="A larger model that would do the same.")
@click.option("--value-per-answer", metavar="USD", help="What one more right answer is worth.")
@number_option("--requests-per-day", "After tuning. Default: 1000.")
@number_option("--prompt-tokens", "Of one request now, examples included. Default: 1000.")
@number_option("--output-tokens", "Of one answer. Default: 400.")
@number_option("--thinking-tokens", "Written before an answer. Default: 0.")
@number_option("--cached-share", "Of the prompt, that a provider reads from its cache: 0.6 or 60%.")
@click.option("--years", type=int, default=1, show_default=True, help="Within which it must pay.")
@click.option("--project", type=click.Path(path_type=Path), help="With --base and --tuned: say whether it paid.")
@click.option("--base", metavar="NAME", help="Candidate of the project that was tuned.")
@click.option("--tuned", metavar="NAME", help="Candidate of the project that is the fine-tune.")
@click.option("--currency", metavar="CODE", help="Show amounts in it; needs --rate.")
@click.option("--rate", metavar="R", help="Units of the currency for one US dollar: 26400.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON (schema bakeoff.tune).")
@language_option
def tune_command(model: tuple[str, ...], as_json: bool, lang: Language, **asked: Any) -> int:
    """Say what fine-tuning MODEL takes: memory, time and money for LoRA, QLoRA and full, on each machine.

    Shows fine-tunes that exist already, to be tested first; and with --example-tokens, --instead-of or
    --value-per-answer what a fine-tune must bring to pay. After a run with base and fine-tune as candidates, --base and
    --tuned say whether it does. Exits with 1 when nothing fits.

    \b
    Examples:
      bakeoff tune qwen3-8b --rows 5000 --tokens-per-row 600
      bakeoff tune llama-3.3-70b --on "2x RTX 4090" --method qlora
      bakeoff tune qwen3-4b --example-tokens 600 --requests-per-day 20000
      bakeoff tune qwen3-8b --instead-of llama-3.3-70b --value-per-answer 0.02
    """
    from bakeoff.cli.tune_view import show_tuning
    from bakeoff.cost.tune.asking import tune
    from bakeoff.cost.tune.memory import METHODS

    found = tune(
        " ".join(model),
        on=asked["on"],
        rows=asked["rows"],
        tokens_per_row=asked["tokens_per_row"],
        epochs=asked["epochs"],
        runs=asked["runs"],
        methods=asked["method"] or METHODS,
        rank=asked["rank"],
        sequence_tokens=asked["sequence"],
        micro_batch=asked["micro_batch"],
        recompute=not asked["no_checkpointing"],
        chunked_loss=not asked["whole_loss"],
        electricity=asked["electricity"],
        prices=pairs(asked["price"], "--price"),
        rents=pairs(asked["rent"], "--rent"),
        data_usd=asked["data_cost"],
        load=load_of(asked),
        years=asked["years"],
        example_tokens=asked["example_tokens"],
        instead_of=asked["instead_of"],
        value_per_answer=asked["value_per_answer"],
        currency=currency_of(asked, lang),
    )
    return show_tuning(found, as_json=as_json, lang=lang, verdict=_verdict(found, asked))


def _verdict(found: "Tuning", asked: dict[str, Any]) -> "Reason | None":
    """What a run with base and fine-tune says; None where none was named."""
    if not (asked["project"] or asked["base"] or asked["tuned"]):
        return None
    if not (asked["base"] and asked["tuned"]):
        raise UsageError("the verdict needs two candidates", hint="--base NAME --tuned NAME, as the project names them")
    from bakeoff.project import Project
    from bakeoff.project.costing import tuned_verdict

    needed = [one.payback.uplift_needed for one in found.against if one.payback.uplift_needed is not None]
    comparison = Project(asked["project"] or Path()).compare()
    return tuned_verdict(comparison, asked["base"], asked["tuned"], uplift=float(max(needed)) if needed else None)
