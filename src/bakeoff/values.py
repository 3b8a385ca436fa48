"""The small values that every stage shares: an estimate with its source, a reason as a code.

Knows nothing about models, machines or languages. Every dataclass of the package can be written as JSON with
`to_json` and read back with `from_json`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

T = TypeVar("T")

Source = Literal["measured", "file header", "published", "estimated"]
"""How a number was learnt. The four are never mixed silently."""


Z80 = 1.2815515655446004
"""Half width of an 80 % interval in standard errors: the 90th percentile of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number that a person sees, with where it came from."""

    value: float
    """The number itself; the unit is in the name of the field that holds the estimate."""

    low: float
    """Lower end of the interval; equal to `value` where the number is exact."""

    high: float
    """Upper end of the interval."""

    source: Source
    """How it was learnt."""

    detail: str = ""
    """The instrument, file, page or formula, in a few words."""

    as_of: str | None = None
    """ISO date on which it was true, where it can change."""

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"estimate {self.value} lies outside its own interval {self.low}..{self.high}")

    @classmethod
    def exact(cls, value: float, *, source: Source, detail: str = "", as_of: str | None = None) -> "Estimate":
        """An estimate without spread."""
        return cls(value, value, value, source, detail, as_of)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is so: a code with parameters. `report.words` turns it into a sentence, in en or vi."""

    code: str
    """Key of the sentence, for example `cells.blank`."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What the sentence needs: plain numbers and strings."""


def reason(code: str, **parameters: Any) -> Reason:
    """Shorthand: `reason("cells.blank", model="qwen3-8b", n=3)`."""
    return Reason(code, parameters)


def to_json(value: Any) -> Any:
    """Any dataclass of this package as plain JSON types. `Decimal` becomes a string, tuples become lists."""
    from pydantic_core import to_jsonable_python

    return to_jsonable_python(value)


def from_json(kind: type[T], data: Any) -> T:
    """Read back what `to_json` wrote.

    Raises:
        pydantic.ValidationError: `data` is not a `kind`; the message names the field.
    """
    from pydantic import TypeAdapter

    return TypeAdapter(kind).validate_python(data)
