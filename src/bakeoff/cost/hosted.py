"""What a provider bills for tokens: the sum for one request, and an invoice to the cent. Knows no price by itself."""

from dataclasses import dataclass
from decimal import Decimal

from bakeoff.cost.load import Load
from bakeoff.cost.money import exact, to_cent

MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Rate:
    """US dollars per million tokens, at one time of day."""

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    """For the part of the prompt that the provider had in its cache; None: it gives no discount."""

    per_request: Decimal = Decimal(0)
    """US dollars for each request, where a provider charges that."""


def request_cost(load: Load, rate: Rate) -> Decimal:
    """US dollars for one request.

    prompt x (1 - cached share) x input + prompt x cached share x cached input + (answer + thinking) x output.
    """
    prompt, cached = exact(load.prompt_tokens), exact(load.cached_share)
    cached_rate = rate.cached_input if rate.cached_input is not None else rate.input
    tokens = prompt * (1 - cached) * rate.input + prompt * cached * cached_rate
    return (tokens + exact(load.written_tokens) * rate.output) / MILLION + rate.per_request


def invoice(load: Load, rate: Rate, requests: int) -> Decimal:
    """US dollars for so many requests, to the cent."""
    return to_cent(request_cost(load, rate) * requests)
