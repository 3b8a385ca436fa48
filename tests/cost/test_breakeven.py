"""Break-even volumes: closed form against sums at single volumes."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.cost.breakeven import BreakEven, break_evens, pieces
from bakeoff.cost.hosted import Rate
from bakeoff.cost.load import DAYS_PER_MONTH
from bakeoff.cost.option import Option
from bakeoff.cost.queueing import steps
from tests.cost.common import hosted, load, own, rented

D = Decimal
RATE = Rate(D("0.5"), D("1.25"))
"""1,000 + 400 tokens: 0.001 USD a request."""


def cheaper(one: BreakEven, per_day: Decimal) -> str | None:
    """What the closed form says at a volume."""
    found = one.cheaper_at_once
    for crossing in one.crossings:
        if crossing.requests_per_day < per_day:
            found = crossing.cheaper_above
    return found


def summed(first: Option, second: Option, per_day: Decimal) -> str | None:
    """What the sums of a month say."""
    a, b = (option.monthly(per_day * DAYS_PER_MONTH) for option in (first, second))
    return None if abs(a - b) < D("1e-7") else (first if a < b else second).key


def test_a_machine_pays_from_the_volume_at_which_its_rent_is_the_invoice() -> None:
    """0.50 x 730 = 365 USD a month over 0.001 a request = 365,000 requests a month = 12,000 a day."""
    found = break_evens([hosted(load(), RATE), rented(load(), 0.5, service=0.01, alone=0.01)])[0]
    assert found.cheaper_at_once == "api"
    assert [(round(one.requests_per_day, 6), one.cheaper_above) for one in found.crossings] == [(D(12_000), "rented")]


def test_what_is_cheaper_at_every_volume_has_no_break_even() -> None:
    dear = Rate(D(1), D(3))
    found = break_evens([hosted(load(), RATE, "a"), hosted(load(), dear, "b")])[0]
    assert (found.cheaper_at_once, found.crossings) == ("a", ())
    assert break_evens([hosted(load(), RATE, "a"), hosted(load(), RATE, "b")])[0].cheaper_at_once is None


def test_a_further_machine_may_turn_it_round_again() -> None:
    """One machine carries 77,760 requests a day for 1,825 USD, the provider asks 0.001 a request.

    1,825 a month is 60,000 a day. At 77,760 a second machine comes, until 120,000; at 155,520 a third, until 180,000.
    """
    found = break_evens([hosted(load(requests_per_day=2000), RATE), rented(load(), 2.5, service=10.0)])[0]
    assert [(round(one.requests_per_day), one.cheaper_above) for one in found.crossings] == [
        (60_000, "rented"), (77_760, "api"), (120_000, "rented"), (155_520, "api"), (180_000, "rented"),
    ]  # fmt: skip


amounts = st.floats(0.01, 50.0)


@settings(max_examples=60, deadline=None)
@given(
    price=st.floats(0.01, 20.0),
    rent=amounts,
    capital=st.floats(100, 100_000),
    watts=st.floats(1, 2000),
    service=st.floats(0.05, 60.0),
    places=st.integers(1, 64),
    seed=st.integers(0, 1000),
)
def test_the_closed_form_agrees_with_the_sums_at_any_volume(
    price: float, rent: float, capital: float, watts: float, service: float, places: int, seed: int
) -> None:
    machine = {"service": service, "alone": service / 3, "steps": steps(places, 1 / service)}
    asked = load(requests_per_day=1000)
    options = [
        hosted(asked, Rate(D(str(price)), D(str(price)))),
        rented(asked, rent, **machine),  # type: ignore[arg-type]
        own(asked, price=capital, life=3, idle=watts, busy=3 * watts, electricity=0.2, **machine),  # type: ignore[arg-type]
    ]
    by_key = {option.key: option for option in options}
    for found in break_evens(options):
        top = float(found.looked_up_to)
        volumes = np.exp(np.random.default_rng(seed).uniform(np.log(min(1.0, top / 2)), np.log(top), 40))
        for volume in volumes:
            per_day = D(str(float(volume)))
            if any(abs(one.requests_per_day - per_day) < D("1e-6") * per_day for one in found.crossings):
                continue  # on the very point rounding decides
            expected = summed(by_key[found.first], by_key[found.second], per_day)
            assert expected is None or cheaper(found, per_day) == expected


def test_the_pieces_are_the_monthly_cost() -> None:
    option = own(load(), price=3600, life=3, idle=100, busy=400, electricity=0.2, service=10.0, alone=2.0)
    found = list(pieces(option, load(requests_per_day=300_000).requests_in_month()))
    assert [piece.start for piece in found[1:]] == [piece.end for piece in found[:-1]]
    for piece in found:
        middle = (piece.start + piece.end) / 2
        assert piece.at(middle) == pytest.approx(option.monthly(middle), abs=D("1e-6"))
