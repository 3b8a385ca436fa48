"""What a fine-tune must bring: requests until its cost is back, and the uplift that pays for the rest.

The cost is paid once. Each request saves the examples that the prompt no longer carries, or the difference to a larger
model. Where that does not pay it back within the horizon, better answers must: the share of answers that come right and
were wrong before, times what a right answer is worth.
"""

from dataclasses import dataclass
from decimal import Decimal

from bakeoff.cost.hosted import Rate, request_cost
from bakeoff.cost.load import Load
from bakeoff.cost.money import exact


@dataclass(frozen=True, slots=True)
class Payback:
    """When one training run, or several, are paid for."""

    cost: Decimal
    """US dollars, once."""

    saved_per_request: Decimal
    """US dollars; negative where the tuned model costs more."""

    requests: Decimal
    """In the horizon."""

    break_even_requests: Decimal | None
    """None: the saving never pays it back."""

    uplift_needed: Decimal | None
    """Share of answers that must come right in addition, so that the horizon pays; 0 where the saving alone does; None
    where no value of a right answer was given, or there are no requests."""


def payback(
    cost: Decimal, saved_per_request: Decimal, requests: Decimal, *, value_per_answer: Decimal | None = None
) -> Payback:
    """From the cost of tuning, the saving and the volume."""
    reached = cost / saved_per_request if saved_per_request > 0 else None
    uplift = None
    if value_per_answer is not None and value_per_answer > 0 and requests > 0:
        open_amount = cost - saved_per_request * requests
        uplift = max(Decimal(0), open_amount / (requests * value_per_answer))
    return Payback(cost, saved_per_request, requests, reached, uplift)


def saved_by_shorter_prompt(load: Load, rate: Rate, example_tokens: float) -> Decimal:
    """US dollars per request for examples that the prompt no longer carries; cached ones cost as cached."""
    shorter = exact(load.prompt_tokens) - exact(example_tokens)
    cached, rest = exact(load.cached_share), 1 - exact(load.cached_share)
    cached_rate = rate.cached_input if rate.cached_input is not None else rate.input
    per_token = (rest * rate.input + cached * cached_rate) / 1_000_000
    return per_token * (exact(load.prompt_tokens) - max(shorter, Decimal(0)))


def saved_against(load: Load, tuned: Rate, larger: Rate) -> Decimal:
    """US dollars per request by taking the tuned model and not the larger one."""
    return request_cost(load, larger) - request_cost(load, tuned)
