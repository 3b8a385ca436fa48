"""`[[candidates]]`: the models, their builds, the routes to them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from bakeoff.evaluate.types import Api, Candidate
from bakeoff.project.config.parameters import DEFAULT_PARAMETERS, check_parameters
from bakeoff.project.config.section import Text


class CandidateSection(BaseModel):
    """`[[candidates]]`; keys that are not listed are sampling parameters."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)

    model: Text
    name: Text | None = None
    build: Text | None = None
    via: Text = "embedded"
    api: Api = "auto"
    key: Text | None = None
    system: str | None = None
    concurrency: Annotated[int, Field(ge=1, le=1024)] | None = None
    context_tokens: Annotated[int, Field(ge=64)] | None = None
    timeout_seconds: Annotated[float, Field(gt=0)] | None = None

    @field_validator("via")
    @classmethod
    def _known_route(cls, via: str) -> str:
        if via != "embedded" and not via.startswith(("http://", "https://")):
            raise ValueError(f'{via!r} is not a route: write "embedded" or a base URL such as http://127.0.0.1:8080/v1')
        return via

    @field_validator("key")
    @classmethod
    def _key_is_a_name(cls, key: str | None) -> str | None:
        if key is not None and not (key.isidentifier() and key.upper() == key):
            raise ValueError("write the NAME of the environment variable that holds the key, never the key itself")
        return key

    @model_validator(mode="after")
    def _parameters_are_parameters(self) -> "CandidateSection":
        check_parameters(self.model_extra or {}, also=set(type(self).model_fields))
        return self

    def value(self, shared: Mapping[str, Any]) -> Candidate:
        """As the rest of the package sees it.

        Args:
            shared: sampling parameters of all candidates.
        """
        return Candidate(
            name=self.name or _default_name(self),
            model=self.model,
            build=self.build,
            via=self.via.rstrip("/"),
            api=self.api,
            key=self.key,
            system=self.system,
            concurrency=self.concurrency,
            parameters=DEFAULT_PARAMETERS | dict(shared) | (self.model_extra or {}),
        )


def _default_name(section: CandidateSection) -> str:
    """`SmolLM2-135M-Instruct Q4_1` from the model and the build."""
    model = Path(section.model).stem if section.model.endswith(".gguf") else section.model.rsplit("/", 1)[-1]
    return f"{model} {section.build.removeprefix('gguf:')}" if section.build else model
