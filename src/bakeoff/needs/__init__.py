"""What a person requires of a model: the constraints that everything after them is measured against.

Knows nothing about models. Contradictions inside the needs are found here; what cannot be met is found by `shortlist`.
"""

from bakeoff.needs.contradictions import contradictions, fix
from bakeoff.needs.needs import Needs, parse_needs
from bakeoff.needs.questions import QUESTIONS, Question
from bakeoff.needs.templates import TEMPLATES, Template, template

__all__ = [
    "QUESTIONS",
    "TEMPLATES",
    "Needs",
    "Question",
    "Template",
    "contradictions",
    "fix",
    "parse_needs",
    "template",
]
