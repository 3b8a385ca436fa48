"""Deterministic graders: a row and an answer in, a score with its reason out. No model is asked.

Each family of kinds is a file; `registry.KINDS` names them. A rule is a frozen dataclass of options that judges one
`Case`; a `Grader` is a rule with a target. docs/guides/graders.md shows them.
"""

from bakeoff.evaluate.graders.grader import Grader, GraderFacts, grade, grader, grading_caveats, joined, target_of
from bakeoff.evaluate.graders.registry import KINDS, kind_named, rule_of
from bakeoff.evaluate.graders.rule import Case, Grade, Rule

__all__ = [
    "KINDS",
    "Case",
    "Grade",
    "Grader",
    "GraderFacts",
    "Rule",
    "grade",
    "grader",
    "grading_caveats",
    "joined",
    "kind_named",
    "rule_of",
    "target_of",
]
