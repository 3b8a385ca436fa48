"""What a rule has to say: the parts of a decision that depend on the rule."""

from dataclasses import dataclass

from bakeoff.decide.decision import Verdict
from bakeoff.values import Reason


@dataclass(frozen=True, slots=True)
class Told:
    """As in `Decision`."""

    verdict: Verdict
    choice: str | None
    equivalent: tuple[str, ...]
    sentence: Reason
    reasons: tuple[Reason, ...]
