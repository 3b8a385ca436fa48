"""What providers charge per token for a model: the one file that knows the `genai-prices` package.

Its snapshot is read as it lies on the disk. Its updater, which would ask a server, is never started. A price that the
snapshot does not have is unknown, never zero: free offers with daily limits count as unknown, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from bakeoff.catalog.finding import take_apart
from bakeoff.catalog.model import Model
from bakeoff.cost.hosted import Rate, request_cost
from bakeoff.cost.load import Load

PER_TOKEN = ("input_mtok", "output_mtok", "cache_read_mtok")

NOT_A_PROVIDER = frozenset(("cursor", "github-copilot"))
"""Subscriptions inside an editor: their prices are not open to a program."""

NOT_SOLD = frozenset((("openai", "gpt-oss-120b"), ("openai", "gpt-oss-20b")))
"""Entries of the snapshot for what the maker publishes as weights and does not serve itself."""

SERVED_AS = {"together": frozenset(("turbo",)), "groq": frozenset(("versatile", "instant"))}
"""Words that a provider adds to the name of a model that it serves in its own way: the weights are the same."""

FORMERLY = {"api.together.ai": "https://api.together.xyz"}
"""Hosts that the snapshot knows by their former address."""

BATCH = {"processing": "batch"}
"""How the snapshot marks prices of batch jobs, which answer within a day."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One provider's price for one model, for one load."""

    provider: str
    """Id in the snapshot: `together`, `huggingface_novita`."""

    model: str
    """Id at the provider."""

    usual: Rate
    """Mean over the 24 hours of a day."""

    rates: tuple[tuple[Rate, int], ...]
    """Every rate of the day with the number of half hours that it holds; one where the clock does not matter."""

    is_batch: bool
    """The discount for batch jobs is in it."""

    as_of: str
    source: str


@cache
def snapshot_date() -> str:
    """The newest price in the snapshot that holds already: it is not older than that."""
    today = date.today()
    found = [
        condition.constraint.start_date
        for provider in _providers()
        for model in provider.models
        if isinstance(model.prices, list)
        for condition in model.prices
        if hasattr(condition.constraint, "start_date") and condition.constraint.start_date <= today
    ]
    return max(found).isoformat() if found else ""


@cache
def snapshot_version() -> str:
    """Name and version of the package."""
    from importlib.metadata import version

    return f"genai-prices {version('genai-prices')}"


def offers(model: Model, load: Load, *, at: date | None = None, batch: bool = False) -> list[Offer]:
    """Every provider that sells a model, the cheapest for this load first.

    Args:
        model: of the catalog. A provider's model is the same where all words of the names are equal, organisation and
            build apart, so that a fine-tune is never taken for its base. A base model is sold only where the provider
            calls it so.
        load: for the order, and for prices that jump with the length of the prompt.
        at: the day; today.
        batch: take the discount for batch jobs where one is known.
    """
    words = take_apart(model.name)
    found = [
        offer
        for provider, info in _by_words().get(words.words, ())
        if ("base" in take_apart(_last(info.id)).marks) == model.is_base
        and (offer := _offer(provider, info, load, at or date.today(), batch)) is not None
    ]
    cheapest: dict[str, Offer] = {}
    for offer in sorted(found, key=lambda one: request_cost(load, one.usual)):
        cheapest.setdefault(offer.provider, offer)
    return list(cheapest.values())


def offer_at(url: str, model: str, load: Load, *, at: date | None = None, batch: bool = False) -> Offer | None:
    """What an endpoint charges for a model by the id that it is asked with; None where that is not known."""
    provider = _provider_at(url)
    info = provider.find_model(model, all_providers=_providers()) if provider is not None else None
    return None if info is None else _offer(provider, info, load, at or date.today(), batch)


def provider_at(url: str) -> str | None:
    """Id of the provider in the snapshot that answers at an address; None where it is not known."""
    provider = _provider_at(url)
    return None if provider is None else str(provider.id)


def _provider_at(url: str) -> Any | None:
    import re

    address = FORMERLY.get(urlsplit(url).hostname or "", url)
    return next((one for one in _providers() if re.match(one.api_pattern, address)), None)


def provider_ids() -> list[str]:
    """Every provider of the snapshot."""
    return [provider.id for provider in _providers()]


@cache
def _providers() -> list[Any]:
    from genai_prices.data import providers

    return [provider for provider in providers if provider.id not in NOT_A_PROVIDER]


@cache
def _by_words() -> dict[tuple[str, ...], list[tuple[Any, Any]]]:
    found: dict[tuple[str, ...], list[tuple[Any, Any]]] = {}
    for provider in _providers():
        for info in provider.models:
            # openrouter's :free and :batch are not the usual price, its ~names change what they mean
            twin = ":" in info.id or info.id.startswith("~")
            if not info.deprecated and not twin and (provider.id, info.id) not in NOT_SOLD:
                added = SERVED_AS.get(provider.id, frozenset())
                words = tuple(word for word in take_apart(_last(info.id)).words if word not in added)
                found.setdefault(words, []).append((provider, info))
    return found


def _last(model_id: str) -> str:
    return str(model_id).rpartition("/")[2]


def _offer(provider: Any, info: Any, load: Load, at: date, batch: bool) -> Offer | None:
    """None where a price is missing."""
    rates: dict[Rate, int] = {}
    has_batch = batch and any(variant.when == BATCH for variant in info.price_variants or ())
    for moment in _half_hours(at):
        rate = _rate(info.get_prices(moment, BATCH if has_batch else None), load)
        if rate is None:
            return None
        rates[rate] = rates.get(rate, 0) + 1
    return Offer(
        provider=provider.id,
        model=info.id,
        usual=_mean(rates),
        rates=tuple(rates.items()),
        is_batch=has_batch,
        as_of=snapshot_date(),
        source=snapshot_version(),
    )


def _half_hours(at: date) -> Iterator[datetime]:
    """A day in half hours: the conditions of the snapshot change on full and half hours."""
    start = datetime.combine(at, time(), tzinfo=UTC)
    return (start + timedelta(minutes=30 * step) for step in range(48))


def _rate(price: Any, load: Load) -> Rate | None:
    """Prices for a prompt of the load's length; a tier holds for all tokens of a request (`TieredPrices`)."""
    found = [_tier(getattr(price, name), load.prompt_tokens) for name in PER_TOKEN]
    if found[0] is None or found[1] is None or (found[0] == 0 and found[1] == 0):
        return None
    requests = _tier(getattr(price, "requests_kcount"), load.prompt_tokens)  # noqa: B009 - made by __getattr__
    return Rate(found[0], found[1], found[2], requests / 1000 if requests is not None else Decimal(0))


def _tier(price: Any, prompt_tokens: float) -> Decimal | None:
    if price is None or isinstance(price, Decimal):
        return price
    found: Decimal = price.base
    for tier in price.tiers:
        if prompt_tokens > tier.start:
            found = tier.price
    return found


def _mean(rates: dict[Rate, int]) -> Rate:
    total = Decimal(sum(rates.values()))
    if len(rates) == 1:
        return next(iter(rates))

    def mean(name: str) -> Decimal:
        return sum((getattr(rate, name) * count for rate, count in rates.items()), Decimal(0)) / total

    cached = None if any(rate.cached_input is None for rate in rates) else mean("cached_input")
    return Rate(mean("input"), mean("output"), cached, mean("per_request"))
