"""Options that take numbers, money or pairs, read the same way by every command. Imports nothing heavy."""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import click

from bakeoff.errors import UsageError

Option = Callable[[click.decorators.FC], click.decorators.FC]


class Money(click.ParamType[Decimal]):
    """US dollars: 5, 0.25 or $2."""

    name = "usd"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """A number above 0.

        Raises:
            click.BadParameter: it is none.
        """
        try:
            amount = Decimal(str(value).strip().removeprefix("$"))
        except ArithmeticError:
            amount = Decimal(0)
        if not (amount.is_finite() and amount > 0):
            self.fail(f"{value!r} is not an amount of money: write for example 2.50", param, ctx)
        return amount


def number(text: str, name: str) -> float:
    """A finite number, also with thousands separators or a percent sign: `5,000`, `1e6`, `40%`.

    Raises:
        UsageError: it is none.
    """
    plain = text.strip().replace(",", "").replace("_", "")
    try:
        value = float(plain.removesuffix("%")) / (100 if plain.endswith("%") else 1)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{name} {text[:40]!r} is not a number", hint=f"write for example {name} 5000")
    return value


def number_option(name: str, text: str, *, default: float | None = None, metavar: str = "N") -> Option[Any]:
    """An option that takes a finite number."""

    def read(_: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
        return default if value is None else number(value, parameter.opts[0])

    return click.option(name, metavar=metavar, callback=read, help=text)


def pairs(given: Sequence[str], name: str) -> dict[str, str]:
    """`("RTX 4090=1800",)` -> `{"RTX 4090": "1800"}`.

    Raises:
        UsageError: there is no `=`, or nothing on one side of it.
    """
    found = {}
    for one in given:
        key, equals, value = one.rpartition("=")
        if not (equals and key.strip() and value.strip()):
            raise UsageError(f"{name} {one[:60]!r} has no value", hint=f'write {name} "RTX 4090=1800"')
        found[key.strip()] = value.strip()
    return found
