"""From a comparison to a decision, by a rule that the user chose before looking."""

from dataclasses import dataclass
from typing import Literal

from bakeoff.evaluate.results import ModelResult, Pair
from bakeoff.values import Reason

Verdict = Literal["better", "not worse", "cannot be told apart", "only one", "no answer"]


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, with everything that it rests on."""

    verdict: Verdict
    choice: str | None
    """Name of the chosen candidate; None only with the verdict `no answer`."""

    equivalent: tuple[str, ...]
    """Candidates that the data cannot tell from the best, the choice included, in order of preference."""

    sentence: Reason
    """The one sentence, as a code; `report.words` makes it English or Vietnamese."""

    reasons: tuple[Reason, ...]
    """Why, and what would change it."""

    rule: str
    smallest_gap_that_matters: float
    models: tuple[ModelResult, ...]
    pairs: tuple[Pair, ...]
    caveats: tuple[Reason, ...]
