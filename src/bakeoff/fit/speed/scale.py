"""What a measurement on a machine changes in the predictions for that machine. Made by `fit.measure`."""

from dataclasses import dataclass

from bakeoff.fit.speed.constants import Spread


@dataclass(frozen=True, slots=True)
class Scale:
    """Factors on predicted times."""

    stream: float = 1.0
    """On what grows with the weights that are read."""

    fixed: float = 1.0
    """On what every token costs whatever the model."""

    prefill: float = 1.0
    spread: Spread | None = None
    """Speeds of other builds over their predictions after the measurement; None keeps that of the family."""

    detail: str = ""
    """What was measured."""

    as_of: str | None = None

    def factor(self, streams: bool) -> float:
        """For one term of a token's time."""
        return self.stream if streams else self.fixed
