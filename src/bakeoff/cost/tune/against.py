"""A fine-tune against other ways to the same quality: examples in the prompt, a larger model, better answers."""

from dataclasses import dataclass
from decimal import Decimal

from bakeoff.catalog.model import Model
from bakeoff.cost.hosted import Rate
from bakeoff.cost.load import Load
from bakeoff.cost.money import amount, exact
from bakeoff.cost.tune.payback import Payback, payback, saved_against, saved_by_shorter_prompt
from bakeoff.errors import UsageError
from bakeoff.values import Estimate, Reason, reason


@dataclass(frozen=True, slots=True)
class Against:
    """The fine-tune against another way to the same quality."""

    what: str
    """`examples in the prompt`, or the larger model."""

    payback: Payback
    months: float | None
    """Until it is paid back at the load; None: never, or no requests."""


def against_told(one: Against, years: int) -> Reason:
    """When it is paid back, or what better answers must bring instead.

    Args:
        one: the other way.
        years: horizon.
    """
    found = one.payback
    uplift = None if found.uplift_needed is None else float(found.uplift_needed)
    if found.break_even_requests is None:
        return reason(
            "tune.never_back",
            what=one.what,
            dearer=found.saved_per_request < 0,
            more=str(abs(found.saved_per_request * 1000)),
            uplift=uplift,
            years=years,
        )
    return reason(
        "tune.back",
        what=one.what,
        examples=one.what == "examples in the prompt",
        requests=max(1, round(found.break_even_requests)),
        days=max(1, round((one.months or 0) * 365 / 12)),
        saved=str(found.saved_per_request * 1000),
    )


def held_against(
    model: Model,
    load: Load,
    cost: Estimate | None,
    years: int,
    *,
    example_tokens: float,
    instead_of: Model | None,
    value: str | float | None,
) -> list[Against]:
    """When the cost is paid back, against each of them.

    Args:
        model: that is tuned.
        load: requests after it.
        cost: of all runs and the data; None: nothing can be said.
        years: horizon.
        example_tokens: of the prompt, that a tuned model needs no longer.
        instead_of: a larger model that would do the same.
        value: US dollars that one more right answer is worth.

    Raises:
        UsageError: more examples than prompt, or a value that is none.
    """
    if cost is None or not (example_tokens or instead_of or value is not None):
        return []
    if not 0 <= example_tokens <= load.prompt_tokens:
        raise UsageError(
            f"{example_tokens:g} tokens of examples in a prompt of {load.prompt_tokens:g}",
            hint="--prompt-tokens counts the whole prompt, examples included",
        )
    worth = None if value is None else amount(value, what="value of an answer")
    requests = sum((load.requests_in_month(month) for month in range(12 * years)), Decimal(0))
    paid = exact(cost.value)
    mine = _rate(model, load)
    found = []
    if example_tokens and mine is not None:
        saved = saved_by_shorter_prompt(load, mine, example_tokens)
        found.append(_one("examples in the prompt", paid, saved, requests, worth, load))
    if instead_of is not None:
        theirs = _rate(instead_of, load)
        if mine is not None and theirs is not None:
            found.append(_one(instead_of.id, paid, saved_against(load, mine, theirs), requests, worth, load))
    if worth is not None and not found:
        found.append(_one("nothing", paid, Decimal(0), requests, worth, load))
    return found


def _one(what: str, paid: Decimal, saved: Decimal, requests: Decimal, worth: Decimal | None, load: Load) -> Against:
    result = payback(paid, saved, requests, value_per_answer=worth)
    months = None
    if result.break_even_requests is not None and load.requests_per_day > 0:
        months = float(result.break_even_requests / load.requests_in_month())
    return Against(what, result, months)


def _rate(model: Model, load: Load) -> Rate | None:
    """Of the cheapest provider; None where none has a price."""
    from bakeoff.cost.prices import offers

    found = offers(model, load)
    return found[0].usual if found else None
