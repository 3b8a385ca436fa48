"""`[cost]`: what the owner of a project knows better than the measured, the needs and the usual."""

from typing import Annotated, Any

from pydantic import Field, field_validator

from bakeoff.cost.load import MOST_REQUESTS, MOST_TOKENS, Load
from bakeoff.cost.money import as_given
from bakeoff.project.config.section import Section, Text

Tokens = Annotated[float | None, Field(ge=0, le=MOST_TOKENS)]
Price = Annotated[float, Field(ge=0, le=1e12)]
Prices = Annotated[dict[Text, Price] | None, Field(max_length=32)]


class CostSection(Section):
    """`[cost]`; the options of `bakeoff cost` count before it."""

    requests_per_day: Annotated[float | None, Field(ge=0, le=MOST_REQUESTS, description="of the first month")] = None
    prompt_tokens: Annotated[Tokens, Field(description="of one request; instead of what the run measured")] = None
    output_tokens: Annotated[Tokens, Field(description="of one answer, without thinking")] = None
    thinking_tokens: Annotated[Tokens, Field(description="written before an answer")] = None
    cached_share: Annotated[
        float | None, Field(ge=0, le=1, description="of the prompt, that a provider reads from its cache")
    ] = None
    peak: Annotated[float | None, Field(ge=1, le=1000, description="the busiest hour over the mean hour")] = None
    growth_per_year: Annotated[float | None, Field(ge=-0.99, le=100, description="0.5: half as many again")] = None
    max_wait_seconds: Annotated[
        float | None, Field(ge=0, le=86_400, description="that 95 of 100 requests may wait for a place at the peak")
    ] = None
    first_token_ms: Annotated[float | None, Field(gt=0, le=1e9, description="to the first token at most")] = None
    least_speed: Annotated[float | None, Field(gt=0, le=1e6, description="tokens per second of every answer")] = None
    years: Annotated[int | None, Field(ge=1, le=10, description="how far to look")] = None
    machines: Annotated[
        tuple[Text, ...] | None, Field(max_length=8, description="rented or owned, as `bakeoff fit --on` takes them")
    ] = None
    hosted: Annotated[bool | None, Field(description="count providers per token")] = None
    providers: Annotated[tuple[Text, ...], Field(max_length=32, description="only these")] = ()
    batch: Annotated[bool, Field(description="take the discount for batch jobs")] = False
    on_demand: Annotated[bool, Field(description="rented machines stop when there is no request")] = False
    idle_seconds: Annotated[float | None, Field(ge=0, le=86_400, description="until they do")] = None
    electricity: Annotated[Text | None, Field(max_length=40, description="US dollars per kWh, or a country: `vn`")] = (
        None
    )
    prices: Annotated[Prices, Field(description="machine = US dollars to buy it whole")] = None
    rents: Annotated[Prices, Field(description="machine = US dollars per hour")] = None
    measured: Annotated[Prices, Field(description="machine = tokens per second of all requests together")] = None
    staff_usd_per_month: Annotated[float | None, Field(ge=0, le=1e12, description="for whoever runs it")] = None
    residual_share: Annotated[float | None, Field(ge=0, le=1, description="of the price, left at the end")] = None
    life_years: Annotated[float | None, Field(ge=0.25, le=20, description="until a machine is written off")] = None
    pue: Annotated[float | None, Field(ge=1, le=5, description="what the building draws over the machine")] = None
    currency: Annotated[Text | None, Field(pattern="^[A-Z]{3}$", description="amounts are shown in it")] = None
    units_per_usd: Annotated[float | None, Field(gt=0, le=1e12, description="of that currency, at your rate")] = None

    @field_validator("electricity", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        """A price is written as a number."""
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value

    def load(self) -> dict[str, Any]:
        """Fields of a load that it sets."""
        names = ("requests_per_day", "prompt_tokens", "output_tokens", "thinking_tokens", "cached_share",
                 "growth_per_year", "max_wait_seconds", "first_token_ms", "least_speed")  # fmt: skip
        found = {name: value for name in names if (value := getattr(self, name)) is not None}
        if self.peak is not None:
            found["peak_factor"] = as_given(self.peak)
        Load(**found)  # says what cannot be
        return found

    def ways(self) -> dict[str, Any]:
        """Keywords of `bakeoff.cost` that it sets, machines and hosted apart."""
        found = {
            "years": self.years, "providers": self.providers, "batch": self.batch, "on_demand": self.on_demand,
            "idle_seconds": self.idle_seconds, "electricity": self.electricity, "prices": self.prices,
            "rents": self.rents, "measured": self.measured, "staff": self.staff_usd_per_month,
            "residual": self.residual_share, "life": self.life_years, "pue": self.pue,
        }  # fmt: skip
        return {
            name: value for name, value in found.items() if value is not None and value is not False and value != ()
        }
