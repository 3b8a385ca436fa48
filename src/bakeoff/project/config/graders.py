"""`[[graders]]`: what is right."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from bakeoff.evaluate.graders import Grader, kind_named, rule_of
from bakeoff.project.config.section import Text


class GraderSection(BaseModel):
    """`[[graders]]`; the other keys depend on the kind."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: Annotated[Text, Field(description="how an answer is judged, one of those below")]
    target: Annotated[str, Field(description="template of what is right for a row, for example `{{ answer }}`")] = ""
    weight: Annotated[
        float | None,
        Field(gt=0, description="share in a cell's score; without weights it is right when every grader says so"),
    ] = None
    name: Annotated[Text | None, Field(description="in tables; else its kind")] = None

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        kind_named(kind)
        return kind

    @model_validator(mode="after")
    def _options_of_the_kind(self) -> "GraderSection":
        if kind_named(self.kind).needs_target and not self.target:
            raise ValueError('target is missing: what is right for a row, for example target = "{{ answer }}"')
        rule_of(self.kind, self.options)
        return self

    @property
    def options(self) -> dict[str, Any]:
        """What the kind is told."""
        return dict(self.model_extra or {})

    def value(self, folder: Path = Path(".")) -> Grader:
        """As the rest of the package sees it.

        Args:
            folder: the project's; files that options name are relative to it.
        """
        return Grader(rule_of(self.kind, self.options), self.target, self.weight, self.name or "", folder)
