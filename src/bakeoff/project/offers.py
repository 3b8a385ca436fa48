"""Which models of the catalog are hosted by whom, at which price a month: from `bakeoff.cost`, for the shortlist."""

from collections.abc import Mapping
from decimal import Decimal

from bakeoff.catalog.loading import Catalog
from bakeoff.cost.hosted import request_cost
from bakeoff.cost.load import DAYS_PER_MONTH, Load
from bakeoff.cost.prices import Offer as Priced
from bakeoff.cost.prices import offers
from bakeoff.needs import Needs
from bakeoff.project.presets import presets
from bakeoff.shortlist import Offer

HUB = "huggingface_"
"""How the price list names providers that are reached through Hugging Face."""


def hosted(needs: Needs, catalog: Catalog) -> Mapping[str, tuple[Offer, ...]]:
    """Model id to its offers by providers that a candidate can name; empty where rows must not leave.

    Without `requests_per_day` in the needs there is no price a month: it is unknown, not zero.
    """
    if not needs.hosted_allowed:
        return {}
    load = Load(
        requests_per_day=needs.requests_per_day or 1.0,
        prompt_tokens=needs.prompt_tokens,
        output_tokens=needs.output_tokens,
    )
    found = {}
    for model in catalog.models:
        if model.kind not in ("chat", "translation") or model.tier == 2:
            continue
        own = tuple(
            _offer(model.id, one, route, load, known=needs.requests_per_day is not None)
            for one in offers(model, load)
            if (route := route_of(one.provider)) is not None
        )
        if own:
            found[model.id] = own
    return found


def route_of(provider: str) -> str | None:
    """`via` of a candidate at this provider; None where there is no preset."""
    if provider.startswith(HUB):
        return "huggingface"
    return provider if provider in presets() else None


def _offer(model: str, one: Priced, route: str, load: Load, *, known: bool) -> Offer:
    month = request_cost(load, one.usual) * DAYS_PER_MONTH * Decimal(str(load.requests_per_day))
    return Offer(
        model=model,
        provider=one.provider.removeprefix(HUB),
        served_as=one.model,
        via=route,
        usd_per_month=float(month) if known else None,
        usd_per_million_input=float(one.usual.input),
        usd_per_million_output=float(one.usual.output),
        as_of=one.as_of,
    )
