"""Five invoices worked by hand, to the cent; and what must never be counted as zero."""

from datetime import date
from decimal import Decimal

import pytest
from genai_prices.types import ModelPrice, Tier, TieredPrices

from bakeoff.catalog.finding import find
from bakeoff.cost import prices
from bakeoff.cost.hosted import Rate, invoice
from bakeoff.cost.load import Load
from bakeoff.cost.money import to_cent

D = Decimal


def test_first_invoice_prompt_and_answer() -> None:
    """150,000 x 700 = 105 M at 0.20 = 21.00; 150,000 x 60 = 9 M at 0.60 = 5.40."""
    load = Load(prompt_tokens=700, output_tokens=60)
    assert invoice(load, Rate(D("0.20"), D("0.60")), 150_000) == D("26.40")


def test_second_invoice_cached_prompt() -> None:
    """10,000 x 2,000 = 20 M: 5 M fresh at 0.50 = 2.50, 15 M cached at 0.05 = 0.75; 3 M out at 2.00 = 6.00."""
    load = Load(prompt_tokens=2000, output_tokens=300, cached_share=0.75)
    assert invoice(load, Rate(D("0.50"), D("2.00"), D("0.05")), 10_000) == D("9.25")
    # no discount known: 20 M at 0.50 = 10.00, and 6.00
    assert invoice(load, Rate(D("0.50"), D("2.00")), 10_000) == D("16.00")


def test_third_invoice_thinking_is_output() -> None:
    """1,234 x 512 = 631,808 at 0.14 = 0.08845312; 1,234 x (128 + 900) = 1,268,552 at 0.28 = 0.35519456."""
    load = Load(prompt_tokens=512, output_tokens=128, thinking_tokens=900)
    assert invoice(load, Rate(D("0.14"), D("0.28")), 1234) == D("0.44")


def test_fourth_invoice_prices_by_the_hour() -> None:
    """DeepSeek V4 Pro from 17 August 2026: 7 of 24 hours at 1.32 and 3.96, 17 at 0.66 and 1.98.

    Mean input (7 x 1.32 + 17 x 0.66) / 24 = 20.46 / 24 = 0.8525, output three times that = 2.5575. 100,000 requests of
    1,000 + 400 tokens: 100 M x 0.8525 = 85.25, 40 M x 2.5575 = 102.30.
    """
    load = Load(prompt_tokens=1000, output_tokens=400)
    found = prices.offers(find("deepseek-ai/DeepSeek-V4-Pro"), load, at=date(2026, 11, 24))
    offer = next(one for one in found if one.provider == "deepseek")
    assert invoice(load, offer.usual, 100_000) == D("187.55")
    assert sorted(count for _, count in offer.rates) == [14, 34]  # half hours


def test_fifth_invoice_tier_by_prompt_and_a_fee_per_request() -> None:
    """40 x 250,000 = 10 M, all at the tier's 2.50 = 25.00; 40 x 1,000 at 10 = 0.40; 40 x 5/1,000 = 0.20."""
    price = ModelPrice(
        input_mtok=TieredPrices(base=D("1.25"), tiers=[Tier(start=200_000, price=D("2.50"))]),
        output_mtok=D(10),
        requests_kcount=D(5),
    )
    long, short = (Load(prompt_tokens=tokens, output_tokens=1000) for tokens in (250_000, 200_000))
    rate = prices._rate(price, long)
    assert rate is not None
    assert invoice(long, rate, 40) == D("25.60")
    base = prices._rate(price, short)
    assert base is not None
    assert base.input == D("1.25")  # at the threshold it does not yet apply


def test_half_a_cent_is_rounded_up_as_on_invoices() -> None:
    assert [to_cent(D(text)) for text in ("0.125", "0.135", "-0.125", "2.0049")] == [
        D("0.13"), D("0.14"), D("-0.13"), D("2.00"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "price",
    [
        ModelPrice(),
        ModelPrice(input_mtok=D("0.1")),
        ModelPrice(output_mtok=D("0.1")),
        ModelPrice(input_mtok=D(0), output_mtok=D(0)),
    ],
)
def test_a_missing_or_free_price_is_unknown_never_zero(price: ModelPrice) -> None:
    assert prices._rate(price, Load()) is None
