"""`[[graders]]`: what is right."""

from typing import Annotated

from pydantic import Field, field_validator

from bakeoff.evaluate.graders import Grader, Kind
from bakeoff.project.config.section import Section, Text


class GraderSection(Section):
    """`[[graders]]`"""

    kind: Kind
    target: Text
    labels: tuple[Text, ...] = ()
    ignore_case: bool = False
    weight: Annotated[float, Field(gt=0)] | None = None

    @field_validator("labels")
    @classmethod
    def _different(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if len({label.casefold() for label in labels}) < len(labels):
            raise ValueError("two labels differ in nothing, or in upper and lower case only")
        return labels

    def value(self) -> Grader:
        """As the rest of the package sees it."""
        return Grader(self.kind, self.target, self.labels, self.ignore_case, self.weight)
