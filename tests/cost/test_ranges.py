"""Ranges: the drawn totals are the sums, the same every time; the tornado is sorted and says what would change."""

from decimal import Decimal

import numpy as np
import pytest

from bakeoff.cost.hosted import Rate
from bakeoff.cost.option import Option
from bakeoff.cost.queueing import steps
from bakeoff.cost.ranges import DRAWS, VOLUME, Z80, draws, intervals, tornado, totals
from bakeoff.cost.years import horizons
from bakeoff.values import Estimate
from tests.cost.common import hosted, load, own, rented

WIDE = Estimate(2000.0, 1000.0, 5000.0, "published")
PEAK = Estimate(3.0, 1.5, 6.0, "estimated")


def three(requests: float = 40_000, growth: float = 0.5) -> list[Option]:
    """One of each kind, several machines."""
    asked = load(requests_per_day=requests, growth_per_year=growth, peak_factor=PEAK)
    machine = {"service": 4.0, "alone": 1.0, "steps": steps(10, 0.25)}
    return [
        hosted(asked, Rate(Decimal("0.5"), Decimal("1.25"))),
        rented(asked, Estimate(0.4, 0.2, 0.9, "published"), **machine),  # type: ignore[arg-type]
        own(asked, price=WIDE, life=3, idle=100, busy=400, electricity=Estimate(0.15, 0.08, 0.3, "published"),
            **machine),  # type: ignore[arg-type]
    ]  # fmt: skip


@pytest.mark.parametrize(("requests", "growth"), [(40_000, 0.0), (40_000, 1.5), (400_000, -0.7)])
def test_the_drawn_sum_with_everything_as_usual_is_the_exact_one(requests: float, growth: float) -> None:
    """Also where machines are added, and where owned ones stay though the load shrinks."""
    options = three(requests, growth)
    found = intervals(options, 3)
    for option in options:
        assert found[option.key].value == pytest.approx(float(horizons(option, 3)[-1].cost), rel=1e-9)


def test_eight_of_ten_draws_lie_between_low_and_high() -> None:
    """And the usual value splits them in half, however lopsided the range is."""
    drawn = draws({"price": WIDE})["price"]
    assert np.mean((drawn > WIDE.low) & (drawn < WIDE.high)) == pytest.approx(0.8, abs=0.03)
    assert np.mean(drawn < WIDE.value) == pytest.approx(0.5, abs=0.03)


def test_one_price_alone_has_its_own_interval() -> None:
    """A rented machine whose only doubt is its price: 0.2 to 0.9 an hour for 36 x 730 hours."""
    option = rented(load(requests_per_day=10), Estimate(0.4, 0.2, 0.9, "published"))
    found = intervals([option], 3)[option.key]
    assert found.low == pytest.approx(0.2 * 36 * 730, rel=0.06)
    assert found.high == pytest.approx(0.9 * 36 * 730, rel=0.06)


def test_the_same_question_has_the_same_answer_and_one_more_option_changes_no_other() -> None:
    options = three()
    first, again, fewer = intervals(options, 3), intervals(options, 3), intervals(options[1:], 3)
    assert first == again
    assert {key: first[key] for key in fewer} == fewer


def test_what_is_certain_has_no_range() -> None:
    option = hosted(load(), Rate(Decimal(1), Decimal(2)))
    found = intervals([option], 2)["api"]
    assert found.low == found.value == found.high


def test_a_value_of_zero_stays_zero() -> None:
    assert not draws({"price": Estimate(0.0, 0.0, 10.0, "published")})["price"].any()
    assert len(draws({"price": WIDE})["price"]) == DRAWS


def test_the_tornado_is_sorted_and_each_bar_is_a_sum_of_its_own() -> None:
    options = three()
    bars = tornado(options[2], options, 3)
    swings = [bar.swing for bar in bars]
    assert swings == sorted(swings, reverse=True)
    assert {bar.parameter for bar in bars} == {"purchase_usd:box", "electricity", "peak", VOLUME}
    bar = next(bar for bar in bars if bar.parameter == "purchase_usd:box")
    usual = {name: np.array([e.value]) for name, e in options[2].with_load().items()} | {VOLUME: np.ones(1)}
    dear = totals(options[2], 3, usual | {"purchase_usd:box": np.array([5000.0])})[0]
    assert bar.cost_at_high == pytest.approx(dear)


def test_the_tornado_says_when_another_way_becomes_the_cheapest() -> None:
    options = three(requests=20_000, growth=0.0)
    bars = tornado(options[0], options, 3)
    volume = next(bar for bar in bars if bar.parameter == VOLUME)
    assert volume.cheapest_at_low == "own"
    dear = next(bar for bar in tornado(options[2], options, 3) if bar.parameter == "purchase_usd:box")
    assert {dear.cheapest_at_low, dear.cheapest_at_high} <= {"own", "rented", "api"}


def test_the_interval_is_of_eighty_percent() -> None:
    from scipy.special import ndtri

    assert float(ndtri(0.9)) == pytest.approx(Z80)
