"""The price files: readable, dated, sourced, about GPUs that exist, and sane."""

import csv
import re

import pytest

from bakeoff.cost.data_files import DATA, PROVIDER_CLASSES, electricity, purchases, rentals
from bakeoff.cost.power import draw, tariff
from bakeoff.cost.purchase import SINCE_LAUNCH, from_launch_price, machine_price
from bakeoff.cost.rental import hourly
from bakeoff.errors import UsageError
from bakeoff.hardware import machine
from bakeoff.hardware.table import find

DATE = re.compile(r"20\d\d(-\d\d(-\d\d)?)?")


def sources() -> set[str]:
    """Keys of `sources.csv`."""
    with (DATA / "sources.csv").open(encoding="utf-8") as lines:
        return {row["source"] for row in csv.DictReader(lines)}


def test_every_row_is_of_a_known_gpu_dated_and_sourced() -> None:
    known = sources()
    for rental in rentals():
        assert find(rental.gpu).name == rental.gpu, rental.gpu  # type: ignore[union-attr]
        assert rental.provider_class in PROVIDER_CLASSES
        assert 0 < rental.low <= rental.usual <= rental.high
        assert DATE.fullmatch(rental.as_of)
        assert set(rental.sources) <= known
    for row in purchases():
        assert find(row.gpu) is not None, row.gpu
        assert DATE.fullmatch(row.as_of)
        assert row.source in known
        assert row.is_launch or (row.low or 0) <= row.usual <= (row.high or 0)
    assert len({row.gpu for row in purchases()}) == len(purchases())


def test_every_tariff_is_sourced_and_the_one_without_a_country_comes_first() -> None:
    assert electricity()[0].code == ""
    for one in electricity():
        assert one.usd_per_kwh.detail.partition("(")[2].rstrip(")") in sources()


def test_vietnams_tariff_is_the_mean_over_a_week_of_its_three_prices() -> None:
    """30 peak, 42 off-peak, 96 normal hours of 168, at 26,400 VND per USD (Decision 1279/QĐ-BCT)."""
    mean = (30 * 5422 + 42 * 1918 + 96 * 3152) / 168
    assert mean == pytest.approx(3248.9, abs=0.1)
    assert tariff("Vietnam").usd_per_kwh.value == pytest.approx(mean / 26_400, abs=1e-4)
    assert tariff("vn").usd_per_kwh.high == pytest.approx(3460 * 1.08 / 26_400, abs=1e-3)


def test_hyperscalers_ask_more_than_marketplaces_for_the_same_card() -> None:
    found = hourly(machine("1x H100 SXM"))
    assert found["marketplace"].value < found["specialised"].value < found["hyperscaler"].value


def test_two_cards_cost_twice_as_much() -> None:
    one, two = hourly(machine("1x H100 SXM")), hourly(machine("2x H100 SXM"))
    assert all(two[kind].high == pytest.approx(2 * one[kind].high) for kind in one)


def test_a_range_of_few_offers_is_widened() -> None:
    few = next(row for row in rentals() if row.offers == 1 and row.provider_class == "specialised")
    found = hourly(machine(f"1x {few.gpu}"))["specialised"]
    assert found.low < few.usual < found.high


def test_a_launch_price_is_stretched_and_said_to_be_one() -> None:
    card = machine("RTX 4090")
    price = machine_price(card)
    assert price is not None
    assert from_launch_price(card)
    assert price.source == "estimated"
    assert price.value == pytest.approx(1599 * SINCE_LAUNCH[1] + 1500)
    assert not from_launch_price(machine("RTX 5090"))


def test_todays_price_is_not_the_launch_price() -> None:
    """RTX PRO 6000: 8,565 at launch, 16,000 in August 2026."""
    price = machine_price(machine("RTX PRO 6000 Blackwell"))
    assert price is not None
    assert price.low > 13_000


def test_a_machine_that_nobody_prices_has_no_price() -> None:
    assert machine_price(machine("M3 Max 64 GB")) is None
    assert machine_price(machine("EPYC 9654, 256 GB")) is None
    assert hourly(machine("M3 Max 64 GB")) == {}


@pytest.mark.parametrize(
    "name", ["RTX 4090", "8x H100 SXM", "M3 Max 64 GB", "DGX Spark", "EPYC 9654, 256 GB", "RTX 3060"]
)
def test_a_machine_draws_more_at_work(name: str) -> None:
    found = draw(machine(name))
    assert 0 < found.idle_watts.value < found.busy_watts.value


def test_measured_machines_lie_in_the_range() -> None:
    """At the wall with llama.cpp (geerlingguy): RTX 4090 262-509 W, DGX Spark 123-156 W, M3 Ultra 223-262 W."""
    for name, low, high in (("RTX 4090", 262, 509), ("DGX Spark", 123, 156), ("M3 Ultra 256 GB", 223, 262)):
        found = draw(machine(name)).busy_watts
        assert found.low <= high
        assert found.high >= low


@pytest.mark.parametrize("text", ["mars", "-0.1", "nan", "inf", "99", "0.1x"])
def test_what_is_no_price_of_electricity_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        tariff(text)
