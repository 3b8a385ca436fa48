"""What a decision is. Values only."""

from dataclasses import dataclass
from typing import Literal, get_args

from bakeoff.evaluate.results import ModelResult, Pair
from bakeoff.values import Reason

Rule = Literal["cheapest not worse", "fastest not worse", "best", "best within budget", "weighted"]
"""cheapest, fastest not worse: of the candidates that are shown to be at most the gap below the one that scored best,
the cheapest or fastest. best: the one that is shown to be better than every other. best within budget: the same among
those that are not known to cost more. weighted: the highest sum of quality, cost, latency and memory by the user's own
weights."""

RULES: tuple[Rule, ...] = get_args(Rule)

Verdict = Literal["better", "not worse", "cannot be told apart", "only one", "no answer", "barred"]
"""barred: there are scores, but they may not decide, for example those of a judge that is not trusted."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, with everything that it rests on."""

    verdict: Verdict
    choice: str | None
    """Name of the chosen candidate; None only with the verdicts `no answer` and `barred`."""

    equivalent: tuple[str, ...]
    """The choice first, then in order of preference: with `not worse`, the candidates that are shown to be within the
    gap of the best scorer; with `cannot be told apart`, those that are not shown to be worse than it."""

    sentence: Reason
    """The one sentence, as a code; `report.words` makes it English or Vietnamese."""

    reasons: tuple[Reason, ...]
    """What became of each other candidate, then what would change the choice."""

    rule: str
    smallest_gap_that_matters: float
    models: tuple[ModelResult, ...]
    pairs: tuple[Pair, ...]
    caveats: tuple[Reason, ...]
