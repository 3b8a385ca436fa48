"""Options with round numbers, so that sums can be done by hand."""

from decimal import Decimal

from bakeoff.cost.capacity import Capacity
from bakeoff.cost.hosted import Rate, request_cost
from bakeoff.cost.load import EXACTLY, Load
from bakeoff.cost.option import Option
from bakeoff.cost.queueing import Steps
from bakeoff.values import Estimate

STEADY = Estimate.exact(1.0, source="published")
"""No peak: every hour as the mean."""


def load(**fields: object) -> Load:
    """A load without a peak and with exact lengths."""
    return Load(**({"peak_factor": STEADY, "length": EXACTLY} | fields))  # type: ignore[arg-type]


def sure(value: float) -> Estimate:
    """A number without a range."""
    return Estimate.exact(value, source="published")


def capacity(*, alone: float = 1.0, service: float = 1.0, steps: Steps | None = None) -> Capacity:
    """A machine with ten places, of which nine may be taken."""
    return Capacity(
        engine="vllm", build="safetensors:BF16", places=10, service_seconds=sure(service), alone_seconds=alone,
        tokens_per_second=sure(100.0), first_token_ms=sure(50.0), load_seconds=30.0,
        steps=steps or Steps((9.0,), 10), command="vllm serve",
    )  # fmt: skip


def hosted(asked: Load, rate: Rate, name: str = "api") -> Option:
    """A provider."""
    cost = sure(float(request_cost(asked, rate)))
    return Option(
        key=name,
        kind="hosted",
        model="m",
        where=name,
        machine=None,
        load=asked,
        parameters={f"usd_per_request:{name}": cost},
    )


def rented(asked: Load, per_hour: float | Estimate, name: str = "rented", **machine: object) -> Option:
    """A machine that is always there."""
    price = per_hour if isinstance(per_hour, Estimate) else sure(per_hour)
    return Option(
        key=name, kind="rented", model="m", where="specialised", machine="box", load=asked,
        parameters={"usd_per_hour:box": price}, capacity=capacity(**machine),  # type: ignore[arg-type]
    )  # fmt: skip


def own(
    asked: Load,
    *,
    price: float | Estimate,
    life: float,
    idle: float,
    busy: float,
    electricity: float | Estimate,
    pue: float = 1.0,
    residual: float = 0.0,
    name: str = "own",
    **machine: object,
) -> Option:
    """A machine of one's own."""
    made = capacity(**machine)  # type: ignore[arg-type]
    figures: dict[str, float | Estimate] = {
        "purchase_usd:box": price, "life_years:box": life, "residual_share": residual, "idle_watts:box": idle,
        "busy_watts:box": busy, "electricity": electricity, "pue:box": pue, "alone_seconds:m": made.alone_seconds,
    }  # fmt: skip
    return Option(
        key=name, kind="own", model="m", where="box", machine="box", load=asked, capacity=made,
        parameters={key: one if isinstance(one, Estimate) else sure(one) for key, one in figures.items()},
    )  # fmt: skip


def cents(amount: Decimal) -> str:
    """To the cent."""
    return f"{amount:.2f}"
