"""Scores that may not decide, for example those of a judge that is not trusted: shown, and no choice."""

from bakeoff.decide.decision import Decision, Rule
from bakeoff.evaluate.results import Comparison
from bakeoff.values import Reason


def barred(comparison: Comparison, why: Reason, *, rule: Rule, gap: float) -> Decision:
    """No choice, whatever the scores.

    Args:
        comparison: what was measured.
        why: nothing may be decided from it; the decision's sentence.
        rule: of the project.
        gap: of the project.
    """
    return Decision(
        verdict="barred",
        choice=None,
        equivalent=(),
        sentence=why,
        reasons=(),
        rule=rule,
        smallest_gap_that_matters=gap,
        models=comparison.models,
        pairs=comparison.pairs,
        caveats=comparison.caveats,
    )
