"""From a comparison to a decision, by a rule that the user chose before looking.

Two kinds of claims are made, and each keeps its chance of error over all pairs together: "better" is read from exact
paired tests with Holm's correction, "not worse by more than the gap" from simultaneous intervals. What neither
supports is "cannot be told apart", with the number of rows that would tell. Knows nothing about files or words.
"""

from bakeoff.decide.decision import RULES, Decision, Rule, Verdict
from bakeoff.decide.explain import decide
from bakeoff.decide.limits import NO_LIMITS, Limits

__all__ = ["NO_LIMITS", "RULES", "Decision", "Limits", "Rule", "Verdict", "decide"]
