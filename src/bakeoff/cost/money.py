"""Amounts of money: exact decimals in US dollars, cents, and a currency of the user's own at the user's own rate."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from bakeoff.errors import UsageError
from bakeoff.values import Estimate

CENT = Decimal("0.01")
MOST = Decimal(10) ** 12
"""Beyond every budget; keeps sums finite."""


def exact(number: float | str | Decimal) -> Decimal:
    """A number as it is written: 0.1 is a tenth, not the nearest binary fraction."""
    return number if isinstance(number, Decimal) else Decimal(str(number))


def as_given(number: float | Decimal) -> Estimate:
    """A figure of the user's own: taken as it is, without a range."""
    return Estimate.exact(float(number), source="published", detail="as given")


def to_cent(amount: Decimal) -> Decimal:
    """To whole cents, halves up, as invoices do."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Currency:
    """What amounts are shown in."""

    code: str = "USD"
    """ISO 4217."""

    per_dollar: Decimal = Decimal(1)
    """The user's own rate: units for one US dollar."""

    def __post_init__(self) -> None:
        if not (len(self.code) == 3 and self.code.isascii() and self.code.isalpha() and self.code.isupper()):
            raise UsageError(f"{self.code[:20]!r} is not a currency", hint="write its three letters: USD, VND, EUR")
        if not (self.per_dollar.is_finite() and 0 < self.per_dollar <= MOST):
            raise UsageError(f"{self.per_dollar} is not a rate of exchange", hint="units for one US dollar: 26400")

    def of(self, dollars: Decimal) -> Decimal:
        """US dollars in this currency."""
        return dollars * self.per_dollar


DOLLARS = Currency()


def currency(code: str | None, rate: str | float | None) -> Currency:
    """From what was asked for.

    Raises:
        UsageError: a currency other than the dollar without a rate, or a rate that is none.
    """
    name = (code or "USD").strip().upper()
    if rate is None:
        if name != "USD":
            raise UsageError(
                f"no rate for {name[:20]} is known: Bakeoff asks no one for rates",
                hint=f"give yours, in {name[:3]} for one US dollar: --rate {'26400' if name == 'VND' else '0.9'}",
            )
        return DOLLARS
    if name == "USD":
        raise UsageError("a rate without a currency", hint=f"say which: --rate {rate} --currency VND")
    return Currency(name, amount(rate, what="rate"))


def amount(text: str | float, *, what: str = "amount", least: str = "0") -> Decimal:
    """A number of money that a person gave.

    Raises:
        UsageError: it is not a finite number, is below `least`, or beyond every budget.
    """
    try:
        value = Decimal(str(text).strip().replace(",", "").replace("_", ""))
    except ArithmeticError:
        raise UsageError(
            f"{str(text)[:40]!r} is not a number ({what})", hint="write for example 1599 or 0.12"
        ) from None
    if not value.is_finite() or value < Decimal(least) or value > MOST:
        raise UsageError(f"{what} {str(text)[:40]} is not possible", hint=f"it lies between {least} and {MOST:,}")
    return value
