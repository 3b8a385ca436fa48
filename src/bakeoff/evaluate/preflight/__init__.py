"""What makes a comparison unfair is caught and shown: each answer is examined before it is graded.

Knows answers, prompts and what a candidate should be; nothing about files, servers or reports.
"""

from bakeoff.evaluate.preflight.examine import Examined, Expected, examine
from bakeoff.evaluate.preflight.faults import DEFAULT_RULES, Fault, Rule, Rules
from bakeoff.evaluate.preflight.over_all import Preflight, WhoAnswered, cut_short, rows_in_examples
from bakeoff.evaluate.preflight.thinking import split_thinking

__all__ = [
    "DEFAULT_RULES",
    "Examined",
    "Expected",
    "Fault",
    "Preflight",
    "Rule",
    "Rules",
    "WhoAnswered",
    "cut_short",
    "examine",
    "rows_in_examples",
    "split_thinking",
]
