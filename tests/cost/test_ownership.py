"""Three machines of one's own worked by hand, to the cent; years, replacements, rented machines."""

from decimal import Decimal

import numpy as np
import pytest

from bakeoff.cost.load import HOURS_PER_MONTH
from bakeoff.cost.option import Option
from bakeoff.cost.queueing import Steps
from bakeoff.cost.years import horizons
from tests.cost.common import capacity, cents, load, own, rented, sure

D = Decimal


def pc(**more: float) -> Option:
    """Case A: 3,600 USD over 3 years, 100 W idle, 400 W at work, 0.20 USD/kWh, 2 s per request."""
    asked = load(requests_per_day=30_000 * 12 / 365)
    return own(
        asked, price=3600, idle=100, busy=400, electricity=0.20, **({"life": 3, "alone": 2.0} | more)  # type: ignore[arg-type]
    )  # fmt: skip


def server(**more: object) -> Option:
    """Case B and C: 240,000 USD, a tenth left after 4 years, 2 kW idle, 6 kW at work, PUE 1.4, 0.10 USD/kWh, 3.6 s."""
    return own(
        load(), price=240_000, life=4, residual=0.1, idle=2000, busy=6000, pue=1.4, electricity=0.10, alone=3.6, **more
    )  # type: ignore[arg-type]


def test_case_a_a_pc() -> None:
    """3,600/36 = 100.00; 0.1 kW x 730 h x 0.20 = 14.60; 30,000 x 2 s = 16.667 h x 0.3 kW = 5 kWh = 1.00."""
    assert cents(pc().monthly(D(30_000))) == "115.60"


def test_case_b_servers() -> None:
    """216,000/48 = 4,500.00; 2 kW x 730 h x 1.4 x 0.10 = 204.40; 100,000 x 3.6 s = 100 h x 4 kW x 0.14 = 56.00."""
    assert cents(server().monthly(D(100_000))) == "4760.40"
    assert cents(server().monthly(D(100_000), machines=2)) == "9464.80"  # 2 x 4,704.40 + 56.00


def test_case_c_a_server_that_is_never_idle() -> None:
    """A million requests one by one take 1,000 h; they share 730 h: 730 h x 4 kW x 0.14 = 408.80."""
    assert cents(server().monthly(D(1_000_000), machines=1)) == "5113.20"  # 4,500.00 + 204.40 + 408.80


def test_years_by_depreciation_and_by_what_is_paid() -> None:
    """36 x 115.60 = 4,161.60 either way at the end; after a year 12 x 115.60, but 3,600 + 12 x 15.60 have been paid."""
    first, _, third = horizons(pc(), 3)
    assert (cents(first.cost), cents(first.paid)) == ("1387.20", "3787.20")
    assert (cents(third.cost), cents(third.paid)) == ("4161.60", "4161.60")
    assert cents(third.requests) == "1080000.00"


def test_a_machine_is_bought_again_at_the_end_of_its_life() -> None:
    """2 years: 3,600/24 = 150.00 a month. Paid after 3 years: 2 x 3,600 + 36 x 15.60; 1,800 is still there."""
    third = horizons(pc(life=2), 3)[2]
    assert cents(third.paid) == "7761.60"
    assert cents(third.cost) == "5961.60"  # 36 x 165.60


def test_the_residual_value_comes_back_when_it_is_replaced() -> None:
    """240,000, after 4 years 240,000 - 24,000 more; running costs of 260.40 a month."""
    found = own(load(requests_per_day=100_000 * 12 / 365), price=240_000, life=4, residual=0.1, idle=2000, busy=6000,
                pue=1.4, electricity=0.10, alone=3.6)  # fmt: skip
    assert cents(horizons(found, 5)[4].paid) == cents(D(240_000 + 216_000) + 60 * D("260.40"))


def test_growth_adds_machines_and_owned_ones_stay() -> None:
    """One machine carries 9 erlangs, 10 s each: 0.9 requests a second, 77,760 a day."""
    made = Steps((9.0,), 10)
    growing = own(load(requests_per_day=70_000, growth_per_year=1.0), price=1200, life=1, idle=0, busy=0, electricity=0,
                  service=10.0, steps=made)  # fmt: skip
    assert [one.machines for one in horizons(growing, 3)] == [2, 4, 7]  # 132 k, 264 k, 529 k in the last months
    shrinking = own(load(requests_per_day=150_000, growth_per_year=-0.9), price=1200, life=1, idle=0, busy=0,
                    electricity=0, service=10.0, steps=made)  # fmt: skip
    assert [one.machines for one in horizons(shrinking, 2)] == [2, 2]
    given_back = rented(load(requests_per_day=150_000, growth_per_year=-0.9), 1.0, service=10.0, steps=made)
    assert [one.machines for one in horizons(given_back, 2)] == [1, 1]


def test_rented_machines_cost_every_hour_whatever_they_do() -> None:
    option = rented(load(requests_per_day=0), 2.5)
    assert option.monthly(D(0)) == D("1825.0")  # 730 h
    assert option.monthly(D(1_000_000)) == D("1825.0")


def test_rented_on_demand_costs_from_the_start_to_the_stop() -> None:
    """30 s to start, 6 s to answer, 324 s until it stops: 0.1 h at 3.00 = 0.30 a request; at most the whole month."""
    option = Option(
        key="d", kind="rented on demand", model="m", where="specialised", machine="box", load=load(),
        parameters={"usd_per_hour:box": sure(3.0), "start_seconds:m": sure(30), "alone_seconds:m": sure(6),
                    "idle_seconds": sure(324)},
        capacity=capacity(alone=6.0),
    )  # fmt: skip
    assert cents(option.monthly(D(1000))) == "300.00"
    assert cents(option.monthly(D(10_000_000))) == cents(HOURS_PER_MONTH * 3)
    assert option.monthly(D(0)) == 0


@pytest.mark.parametrize("per_hour", [0.5, 5.0, 10.0, 30.0, 200.0])
def test_on_demand_is_above_a_simulated_machine_by_at_most_37_percent_of_it(per_hour: float) -> None:
    """Requests that come as they like, each keeping the machine up for 360 s from its arrival; a long month of them."""
    seconds, hours = 360.0, 20_000.0
    arrivals = np.cumsum(np.random.default_rng(3).exponential(3600 / per_hour, int(per_hour * hours)))
    gaps = np.diff(arrivals)
    up = np.minimum(gaps, seconds).sum() / arrivals[-1]
    line = min(1.0, per_hour * seconds / 3600)
    assert -0.01 < line - up < 0.38


@pytest.mark.parametrize("staff", [D(0), D(500)])
def test_staff_is_counted_only_when_it_is_given(staff: Decimal) -> None:
    from dataclasses import replace

    assert replace(pc(), fixed_monthly=staff).monthly(D(30_000)) - staff == pc().monthly(D(30_000))
