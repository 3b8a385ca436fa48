"""`bakeoff.cost.tune(...)`: a model, data and machines in; memory, time and money of each way to fine-tune out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bakeoff.catalog.model import Model
from bakeoff.cost import power
from bakeoff.cost.asking import by_machine, machines_named, model_named
from bakeoff.cost.load import Load
from bakeoff.cost.money import DOLLARS, Currency, amount
from bakeoff.cost.tune.against import Against, held_against
from bakeoff.cost.tune.family import Relative, relatives
from bakeoff.cost.tune.memory import METHODS, Method, Training
from bakeoff.cost.tune.ways import Asker, Way, cheapest_of
from bakeoff.errors import UsageError
from bakeoff.hardware.machine import Machine
from bakeoff.values import Estimate, Reason, reason

LADDER = ("RTX 4090", "1x A100 80 GB", "1x H100 SXM", "8x H100 SXM")
"""Machines that are looked at where none is named: what most people own or rent."""

USUAL_ROWS, USUAL_TOKENS, USUAL_EPOCHS = 1000, 500, 3
"""Where nothing is said: a thousand examples of half a page, seen three times."""

USUAL_RUNS = 3
"""Training runs until one is taken: the first is seldom the last. Our own assumption."""

SHOWN_RELATIVES = 8


@dataclass(frozen=True, slots=True)
class Tuning:
    """What fine-tuning takes and must bring."""

    model: Model
    rows: int
    tokens_per_row: float
    epochs: float
    runs: int
    ways: tuple[Way, ...]
    cheapest: Way | None
    """Of those that fit, by the usual cost; None: nothing fits, or no price is known."""

    cost: Estimate | None
    """US dollars of the cheapest, all runs, with the data."""

    data_usd: Decimal
    """What the user says the examples cost."""

    against: tuple[Against, ...]
    relatives: tuple[Relative, ...]
    more_relatives: int
    currency: Currency
    notes: tuple[Reason, ...]
    load: Load
    years: int


def tune(
    model: str | Model,
    *,
    on: Sequence[str | Machine] = (),
    rows: int = USUAL_ROWS,
    tokens_per_row: float = USUAL_TOKENS,
    epochs: float = USUAL_EPOCHS,
    runs: int = USUAL_RUNS,
    methods: Sequence[Method] = METHODS,
    rank: int = 16,
    sequence_tokens: int | None = None,
    micro_batch: int = 1,
    recompute: bool = True,
    chunked_loss: bool = True,
    electricity: str | None = None,
    prices: Mapping[str, str | float] | None = None,
    rents: Mapping[str, str | float] | None = None,
    data_usd: str | float = 0,
    load: Load | None = None,
    years: int = 1,
    example_tokens: float = 0.0,
    instead_of: str | Model | None = None,
    value_per_answer: str | float | None = None,
    currency: Currency = DOLLARS,
) -> Tuning:
    """What each way to fine-tune a model takes on each machine, and what it must bring to pay.

    Args:
        model: a name as people write it, or a model of the catalog.
        on: machines; several usual ones.
        rows: examples.
        tokens_per_row: of prompt and answer together.
        epochs: times that each is seen.
        runs: training runs that are paid for.
        methods: which to look at.
        rank: of LoRA's adapters, on all matrices of the blocks.
        sequence_tokens: longest row; memory goes by it. Default: 2048, or four times the mean row where that is more.
        micro_batch: rows per GPU and step.
        recompute: activation checkpointing.
        chunked_loss: the loss is computed in pieces, as torchtune, Liger and Unsloth do; plain Transformers does not.
        electricity: US dollars per kWh, or a country.
        prices: machine -> US dollars for the whole machine.
        rents: machine -> US dollars per hour.
        data_usd: what the examples cost to make.
        load: requests after it; with `example_tokens` or `instead_of` it tells when the cost is paid back.
        years: horizon of that.
        example_tokens: of the prompt, that a fine-tuned model needs no longer.
        instead_of: a larger model that would do the same.
        value_per_answer: US dollars that one more right answer is worth.
        currency: what amounts are shown in.

    Raises:
        UsageError: a name or number that means nothing, or a model whose architecture is not known.
    """
    found = model_named(model)
    if found.architecture is None:
        raise UsageError(
            f"the architecture of {found.id} is not known, so its memory cannot be counted",
            hint="take a model whose entry has one: bakeoff catalog show MODEL",
        )
    _check(rows=rows, tokens=tokens_per_row, epochs=epochs, runs=runs, rank=rank, batch=micro_batch, years=years)
    longest = max(2048, math.ceil(4 * tokens_per_row)) if sequence_tokens is None else sequence_tokens
    if not 1 <= longest <= 10_000_000:
        raise UsageError(f"rows of {longest:,} tokens", hint="--sequence lies between 1 and 10,000,000")
    machines = machines_named(on or LADDER, measure=False)
    asker = Asker(
        found,
        machines,
        power.tariff(electricity),
        by_machine(prices, machines, "--price"),
        by_machine(rents, machines, "--rent"),
        rows * tokens_per_row * epochs,
        runs,
        bool(on),
    )
    base = Training("lora", longest, micro_batch, 1, rank, recompute, chunked_loss)
    ways = tuple(
        asker.way(name, machine, replace(base, method=method))
        for method in methods
        for name, machine in machines.items()
    )
    cheapest, cost = cheapest_of(ways)
    data = amount(data_usd, what="data")
    whole = None if cost is None else _shifted(cost, float(data))
    asked = load or Load()
    against = held_against(
        found,
        asked,
        whole,
        years,
        example_tokens=example_tokens,
        instead_of=None if instead_of is None else model_named(instead_of),
        value=value_per_answer,
    )
    family = relatives(found)
    return Tuning(
        model=found,
        rows=rows,
        tokens_per_row=tokens_per_row,
        epochs=epochs,
        runs=runs,
        ways=ways,
        cheapest=cheapest,
        cost=whole,
        data_usd=data,
        against=tuple(against),
        relatives=tuple(family[:SHOWN_RELATIVES]),
        more_relatives=max(0, len(family) - SHOWN_RELATIVES),
        currency=currency,
        notes=_notes(found, data, rank),
        load=asked,
        years=years,
    )


def _shifted(cost: Estimate, more: float) -> Estimate:
    return replace(cost, value=cost.value + more, low=cost.low + more, high=cost.high + more)


def _notes(model: Model, data: Decimal, rank: int) -> tuple[Reason, ...]:
    found = [reason("tune.assumes", rank=rank), reason("tune.hosting")]
    if model.architecture is not None and any(
        run.layer.feed_forward is not None and run.layer.feed_forward.n_experts for run in model.architecture.runs
    ):
        found.append(reason("tune.experts", model=model.id))
    if data == 0:
        found.append(reason("tune.data_left_out"))
    return tuple(found)


def _check(*, rows: int, tokens: float, epochs: float, runs: int, rank: int, batch: int, years: int) -> None:
    limits: list[tuple[str, float, float, float]] = [
        ("rows", rows, 1, 1e9),
        ("tokens per row", tokens, 1, 1e7),
        ("epochs", epochs, 0.01, 1000),
        ("runs", runs, 1, 1000),
        ("rank", rank, 1, 4096),
        ("micro batch", batch, 1, 4096),
        ("years", years, 1, 10),
    ]
    for name, value, least, most in limits:
        if not (math.isfinite(value) and least <= value <= most):
            raise UsageError(f"{value:g} {name}", hint=f"it lies between {least:g} and {most:g}")
