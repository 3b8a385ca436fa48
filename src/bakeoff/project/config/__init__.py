"""`bakeoff.toml` as values: read, checked, and refused with the line that is wrong.

Strangers' data comes in here, so pydantic checks it; the rest of the package sees frozen dataclasses. Each table of
the file has a module of its own.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders import Grader
from bakeoff.evaluate.types import Candidate, Prompt
from bakeoff.project.config.candidates import CandidateSection
from bakeoff.project.config.data import DataSection
from bakeoff.project.config.decide import DecideSection
from bakeoff.project.config.explain import explain
from bakeoff.project.config.graders import GraderSection
from bakeoff.project.config.parameters import DEFAULT_PARAMETERS, SAMPLING, check_parameters
from bakeoff.project.config.prompt import ExampleSection, PromptSection
from bakeoff.project.config.section import Section

__all__ = [
    "DEFAULT_PARAMETERS",
    "FILE_NAME",
    "SAMPLING",
    "CandidateSection",
    "Config",
    "DataSection",
    "DecideSection",
    "ExampleSection",
    "GraderSection",
    "PromptSection",
    "read_config",
]

FILE_NAME = "bakeoff.toml"


class File(Section):
    """The whole file."""

    data: DataSection
    prompt: PromptSection
    candidates: Annotated[tuple[CandidateSection, ...], Field(min_length=1)]
    graders: Annotated[tuple[GraderSection, ...], Field(min_length=1)]
    parameters: dict[str, Any] = Field(default_factory=dict)
    decide: DecideSection = DecideSection()

    @field_validator("parameters")
    @classmethod
    def _known_parameters(cls, parameters: dict[str, Any]) -> dict[str, Any]:
        check_parameters(parameters, also=set())
        return parameters


@dataclass(frozen=True, slots=True)
class Config:
    """A checked project file."""

    data: DataSection
    prompt: Prompt
    candidates: tuple[Candidate, ...]
    graders: tuple[Grader, ...]
    decide: DecideSection
    contexts: dict[str, int]
    """Candidate name to context in tokens, where the file sets one."""

    timeouts: dict[str, float]
    """Candidate name to longest silence in seconds, where the file sets one."""


def read_config(path: Path) -> Config:
    """Read and check `bakeoff.toml`.

    Raises:
        ProjectError: the file is missing, is not TOML, or says something impossible; with the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ProjectError(
            f"{path.parent} is not a project: it has no {FILE_NAME}",
            hint="make one with `bakeoff new NAME --data FILE`, or try `bakeoff demo`",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(f"{path}: {error}", hint=f"{FILE_NAME} must be a readable UTF-8 file") from None
    try:
        parsed = File.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"{path.name}: {error}", hint="see https://toml.io for how TOML is written") from None
    except ValidationError as error:
        raise ProjectError(
            explain(error, text, path.name), hint="docs/reference/project-file.md lists every key"
        ) from None
    return _config(parsed)


def _config(file: File) -> Config:
    candidates = tuple(section.value(file.parameters) for section in file.candidates)
    names = [candidate.name for candidate in candidates]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ProjectError(f"two candidates are called {twice[0]!r}", hint="give one of them a `name` of its own")
    return Config(
        data=file.data,
        prompt=file.prompt.value(),
        candidates=candidates,
        graders=tuple(section.value() for section in file.graders),
        decide=file.decide,
        contexts={n: s.context_tokens for n, s in zip(names, file.candidates, strict=True) if s.context_tokens},
        timeouts={n: s.timeout_seconds for n, s in zip(names, file.candidates, strict=True) if s.timeout_seconds},
    )
