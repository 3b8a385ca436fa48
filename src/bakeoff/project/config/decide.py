"""`[decide]`: how the choice is made."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from bakeoff.decide import RULES, Rule
from bakeoff.decide.weighted import checked_weights
from bakeoff.errors import UsageError
from bakeoff.project.config.section import Section


class DecideSection(Section):
    """`[decide]`"""

    rule: Annotated[Rule, Field(description="chosen before looking")] = "cheapest not worse"
    smallest_gap_that_matters: Annotated[
        float, Field(gt=0, lt=1, description="difference in quality that would change your mind: 0.03 is three points")
    ] = 0.03
    metric: Annotated[
        Literal["accuracy", "macro_f1", "judge", "people"],
        Field(description="what quality is: by graders, by a trusted judge, by people"),
    ] = "accuracy"

    weights: Annotated[
        dict[str, float] | None,
        Field(description="for the rule `weighted`: of quality, cost, latency, memory; they need not add up to 1"),
    ] = None

    @field_validator("weights")
    @classmethod
    def _known_weights(cls, weights: dict[str, float] | None) -> dict[str, float] | None:
        if weights is not None:
            try:
                checked_weights(weights)
            except UsageError as error:
                raise ValueError(f"{error.message.removeprefix('weights: ')}: {error.hint}") from None
        return weights

    @field_validator("rule", mode="before")
    @classmethod
    def _known_rule(cls, rule: Any) -> Any:
        if rule not in RULES:
            raise ValueError(f"{rule!r} is not a rule: write one of {', '.join(map(repr, RULES))}")
        return rule
