"""The load: how many requests, how long, how bunched together, growing how fast. Values only."""

import math
from dataclasses import dataclass
from decimal import Decimal

from bakeoff.cost.money import as_given, exact
from bakeoff.errors import UsageError
from bakeoff.values import Estimate

DAYS_PER_MONTH = Decimal(365) / 12
HOURS_PER_MONTH = Decimal(730)
"""8,760 hours over 12 months, as cloud price pages count."""

SECONDS_PER_DAY = 86_400

USUAL_REQUESTS, USUAL_PROMPT, USUAL_OUTPUT = 1000.0, 1000.0, 400.0
"""Where nothing is said: the request that `bakeoff fit` assumes, a thousand times a day."""

USUAL_PEAK = Estimate(3.0, 1.5, 6.0, "estimated", "a working day of 8 hours")
"""The busiest hour over the mean hour: a day's work done within 8 of 24 hours (Pan et al., arXiv 2509.18101, count 8
hours of business days). Its 80 % range is our own: from spread over a whole day to bunched in 4 hours of it."""

MOST_REQUESTS = 1e10
MOST_TOKENS = 1e8
EXACTLY = as_given(1)


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of the model, all requests alike."""

    requests_per_day: float = USUAL_REQUESTS
    prompt_tokens: float = USUAL_PROMPT
    """Of one request, examples and system prompt included."""

    output_tokens: float = USUAL_OUTPUT
    """Of one answer, without thinking."""

    thinking_tokens: float = 0.0
    """Written before the answer; billed and computed as output."""

    cached_share: float = 0.0
    """Of the prompt, that a provider bills as read from its cache."""

    peak_factor: Estimate = USUAL_PEAK
    """The busiest hour over the mean hour."""

    growth_per_year: float = 0.0
    """0.5 is half as much again after a year."""

    length: Estimate = EXACTLY
    """Factor on all token counts, for what is not known of them."""

    max_wait_seconds: float = 1.0
    """Time that 95 of 100 requests may wait for a free place at the peak."""

    first_token_ms: float | None = None
    """Target to the first token, without waiting; None: none."""

    least_speed: float | None = None
    """Tokens per second that each answer is written with; None: none."""

    def __post_init__(self) -> None:
        limits = {
            "requests_per_day": (0.0, MOST_REQUESTS),
            "prompt_tokens": (0.0, MOST_TOKENS),
            "output_tokens": (0.0, MOST_TOKENS),
            "thinking_tokens": (0.0, MOST_TOKENS),
            "cached_share": (0.0, 1.0),
            "growth_per_year": (-0.99, 100.0),
            "max_wait_seconds": (0.0, 86_400.0),
            "first_token_ms": (0.001, 1e9),
            "least_speed": (0.001, 1e6),
        }
        for name, (least, most) in limits.items():
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and least <= value <= most):
                raise UsageError(f"{name.replace('_', ' ')} is {value}", hint=f"it lies between {least:g} and {most:g}")
        if not (math.isfinite(self.peak_factor.high) and self.peak_factor.low >= 1):
            raise UsageError(
                f"peak factor is {self.peak_factor.value:g}", hint="the busiest hour has at least the mean: 1 or more"
            )
        if self.prompt_tokens + self.written_tokens <= 0:
            raise UsageError("a request without tokens costs nothing", hint="give --prompt-tokens and --output-tokens")

    @property
    def written_tokens(self) -> float:
        """Per request: answer and thinking."""
        return self.output_tokens + self.thinking_tokens

    def requests_in_month(self, month: int = 0) -> Decimal:
        """Requests of a month; month 0 is the first, growth is spread evenly over the year."""
        grown = exact(1 + self.growth_per_year) ** (Decimal(month) / 12) if self.growth_per_year else Decimal(1)
        return exact(self.requests_per_day) * DAYS_PER_MONTH * grown

    def peak_per_second(self, requests_per_month: float) -> float:
        """Requests per second in the busiest hour of a month with so many."""
        return requests_per_month / (float(DAYS_PER_MONTH) * SECONDS_PER_DAY) * self.peak_factor.value
