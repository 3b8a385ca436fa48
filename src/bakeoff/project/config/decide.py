"""`[decide]`: how the choice is made."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from bakeoff.decide import RULES, Rule
from bakeoff.project.config.section import Section


class DecideSection(Section):
    """`[decide]`"""

    rule: Rule = "cheapest not worse"
    smallest_gap_that_matters: Annotated[float, Field(gt=0, lt=1)] = 0.03
    metric: Literal["accuracy", "macro_f1"] = "accuracy"

    @field_validator("rule", mode="before")
    @classmethod
    def _known_rule(cls, rule: Any) -> Any:
        if rule not in RULES:
            raise ValueError(f"{rule!r} is not a rule: write one of {', '.join(map(repr, RULES))}")
        return rule
