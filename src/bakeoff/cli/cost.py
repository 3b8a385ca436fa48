"""`bakeoff cost`: hosted per token, rented GPUs and own hardware side by side, at a load."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bakeoff.cli.numbers import number_option, pairs
from bakeoff.cli.output import Language, language_option
from bakeoff.errors import UsageError

if TYPE_CHECKING:
    from bakeoff.catalog.model import Model
    from bakeoff.cost.costs import Costs
    from bakeoff.cost.load import Load
    from bakeoff.cost.money import Currency


@click.command("cost")
@click.argument("model", nargs=-1)
@click.option("--project", type=click.Path(path_type=Path), help="Count its candidates with the tokens of its run.")
@click.option("--on", multiple=True, metavar="MACHINE", help='Count this machine: "RTX 4090, 64 GB RAM". Repeatable.')
@number_option("--requests-per-day", "Of the first month. Default: 1000.")
@number_option("--prompt-tokens", "Of one request, examples included. Default: 1000.")
@number_option("--output-tokens", "Of one answer, without thinking. Default: 400.")
@number_option("--thinking-tokens", "Written before an answer; billed as output. Default: 0.")
@number_option("--cached-share", "Of the prompt, that a provider reads from its cache: 0.6 or 60%.")
@number_option("--peak", "The busiest hour over the mean hour. Default: 3, and 1.5 to 6 in the range.")
@number_option("--growth", "Per year: 0.5 or 50%.")
@click.option("--years", type=int, help="How far to look, 1 to 10.  [default: 3]")
@number_option(
    "--max-wait", "Seconds that 95 of 100 requests may wait for a place at the peak. Default: 1.", metavar="S"
)
@number_option("--first-token", "Milliseconds to the first token at most, waiting apart.", metavar="MS")
@number_option("--min-speed", "Tokens per second that every answer is written with at least.", metavar="T")
@click.option("--build", metavar="BUILD", help="On machines only this one: Q4_K_M, awq, fp8.")
@click.option("--provider", multiple=True, metavar="NAME", help="Only these hosted providers. Default: the 3 cheapest.")
@click.option("--no-hosted", is_flag=True, help="Leave hosted providers out.")
@click.option("--batch", is_flag=True, help="Take the discount for batch jobs where one is known.")
@click.option("--on-demand", is_flag=True, help="Rented machines stop when there is no request (scale to zero).")
@number_option("--idle-seconds", "Until they do. Default: 300.", metavar="S")
@click.option("--electricity", metavar="PRICE", help="US dollars per kWh, or a country: vn, us, eu, de.")
@click.option("--price", multiple=True, metavar="MACHINE=USD", help="What a whole machine costs to buy.")
@click.option("--rent", multiple=True, metavar="MACHINE=USD", help="What a whole machine costs per hour.")
@click.option("--measured", multiple=True, metavar="MACHINE=T", help="Tokens/s of all requests together, measured.")
@click.option("--staff", metavar="USD", help="Per month, for whoever runs the machines. Default: left out.")
@number_option("--residual", "Share of the purchase price left at the end of its life. Default: 0.")
@number_option("--life", "Years until a machine is written off. Default: 3, data-centre GPUs 4.")
@number_option("--pue", "What the building draws over what the machine draws. Default: 1, data-centre GPUs 1.4.")
@click.option("--currency", metavar="CODE", help="Show amounts in it; needs --rate.")
@click.option("--rate", metavar="R", help="Units of the currency for one US dollar: 26400.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON (schema bakeoff.cost).")
@language_option
def cost_command(model: tuple[str, ...], as_json: bool, lang: Language, **asked: Any) -> int:
    """Put every way to run MODELs side by side: hosted per token, on rented GPUs, on your own machines.

    Inside a project, without MODEL: its candidates, with the tokens that the run measured. Its [cost] and [needs] fill
    in what no option says. Prices are those that come with Bakeoff and genai-prices, each with its date; no server is
    asked. A price that is not known is never counted as zero. Exits with 1 when nothing can be counted.

    \b
    Examples:
      bakeoff cost qwen3-8b --requests-per-day 5000 --prompt-tokens 700 --output-tokens 60
      bakeoff cost qwen3-8b llama-3.3-70b --on "RTX 4090, 64 GB RAM" --on "2x H100 SXM" --growth 50%
      bakeoff cost gpt-oss-20b --on "RTX 5090" --price "RTX 5090=3900" --electricity vn
      bakeoff cost qwen3-8b --lang vi --currency VND --rate 26400
    """
    from bakeoff.cli.cost_view import show_costs

    return show_costs(_costs(model, lang, asked), as_json=as_json, lang=lang)


def _costs(model: tuple[str, ...], lang: Language, asked: dict[str, Any]) -> "Costs":
    from bakeoff.cost.asking import cost
    from bakeoff.cost.load import Load
    from bakeoff.project import FILE_NAME

    folder: Path | None = asked["project"] or (Path() if Path(FILE_NAME).exists() else None)
    more: dict[str, Any] = {"on": asked["on"], "hosted": not asked["no_hosted"]}
    given = load_fields(asked)
    if folder is not None and model:
        from bakeoff.project.costing import allowed_ways, of_needs
        from bakeoff.project.needs import read_needs

        needs = read_needs(folder)
        given = of_needs(needs) | given
        more = allowed_ways(needs, asked["on"], False if asked["no_hosted"] else None, asked["provider"])
    elif folder is not None:
        from bakeoff.project import Project
        from bakeoff.project.costing import allowed_ways, subjects

        opened = Project(folder)
        section = opened.config.cost
        machines, providers = asked["on"] or section.machines, asked["provider"] or section.providers
        hosted = False if asked["no_hosted"] else section.hosted
        more = {"subjects": subjects(opened, section.load() | given), **section.ways()}
        more |= allowed_ways(opened.config.needs, machines, hosted, providers)
        if asked["currency"] is None and asked["rate"] is None and section.units_per_usd is not None:
            asked |= {"currency": section.currency, "rate": section.units_per_usd}
    return cost(split_names(model), load=Load(**given), **(more | _ways(asked)), currency=currency_of(asked, lang))


def _ways(asked: dict[str, Any]) -> dict[str, Any]:
    """Keywords of `bakeoff.cost` that options name; what none names is left to the project, or to what is usual."""
    found = {
        "years": asked["years"],
        "providers": asked["provider"],
        "on_demand": asked["on_demand"],
        "idle_seconds": asked["idle_seconds"],
        "batch": asked["batch"],
        "electricity": asked["electricity"],
        "prices": pairs(asked["price"], "--price"),
        "rents": pairs(asked["rent"], "--rent"),
        "measured": pairs(asked["measured"], "--measured"),
        "staff": asked["staff"],
        "residual": asked["residual"],
        "life": asked["life"],
        "pue": asked["pue"],
        "build": asked["build"],
    }
    return {name: value for name, value in found.items() if value not in (None, (), {}) and value is not False}


def currency_of(asked: dict[str, Any], lang: Language) -> "Currency":
    """The currency that the options name; for Vietnamese a rate alone is that of the dong."""
    from bakeoff.cost.money import currency

    code = asked["currency"] or ("VND" if lang == "vi" and asked["rate"] is not None else None)
    return currency(code, asked["rate"])


def load_of(asked: dict[str, Any]) -> "Load":
    """The load that the options describe."""
    from bakeoff.cost.load import Load

    return Load(**load_fields(asked))


def load_fields(asked: dict[str, Any]) -> dict[str, Any]:
    """Fields of a load, as far as they were named."""
    from bakeoff.values import Estimate

    fields = {
        "requests_per_day": asked["requests_per_day"],
        "prompt_tokens": asked["prompt_tokens"],
        "output_tokens": asked["output_tokens"],
        "thinking_tokens": asked["thinking_tokens"],
        "cached_share": asked["cached_share"],
        "growth_per_year": asked.get("growth"),
        "max_wait_seconds": asked.get("max_wait"),
        "first_token_ms": asked.get("first_token"),
        "least_speed": asked.get("min_speed"),
    }
    peak = asked.get("peak")
    if peak is not None:
        fields["peak_factor"] = Estimate.exact(peak, source="published", detail="as given")
    return {name: value for name, value in fields.items() if value is not None}


def split_names(words: tuple[str, ...]) -> "list[Model]":
    """Models from the words of a command: each word one, or all of them the name of one (`qwen3 8b`).

    Raises:
        UsageError: a word is no model, and all of them together are none.
        WeightsError: a model file is damaged.
    """
    from bakeoff.cost.asking import model_named

    try:
        return [model_named(word) for word in words]
    except UsageError as error:
        if len(words) < 2:
            raise
        try:
            return [model_named(" ".join(words))]
        except UsageError:
            raise error from None
