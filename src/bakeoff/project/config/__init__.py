"""`bakeoff.toml` as values: read, checked, and refused with the line that is wrong.

Strangers' data comes in here, so pydantic checks it; the rest of the package sees frozen dataclasses. Each table of
the file has a module of its own.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator, model_validator

from bakeoff.errors import ProjectError, UsageError
from bakeoff.evaluate.caps import PricePerToken
from bakeoff.evaluate.graders import Grader
from bakeoff.evaluate.types import BETWEEN, Candidate, Prompt
from bakeoff.needs import Needs, parse_needs
from bakeoff.project import FILE_NAME
from bakeoff.project.config.candidates import OURS, CandidateSection, contexts_of, prices_of, timeouts_of, tuned_of
from bakeoff.project.config.cluster import ClusterSection
from bakeoff.project.config.cost import CostSection
from bakeoff.project.config.data import DataSection
from bakeoff.project.config.decide import DecideSection
from bakeoff.project.config.explain import explain
from bakeoff.project.config.graders import GraderSection
from bakeoff.project.config.judges import BarSection, CriterionSection, Judges, JudgeSection
from bakeoff.project.config.parameters import DEFAULT_PARAMETERS, SAMPLING, check_parameters
from bakeoff.project.config.preflight import PreflightSection
from bakeoff.project.config.prompt import ExampleSection, PromptSection, VariantSection
from bakeoff.project.config.run import PriceSection, RunSection
from bakeoff.project.config.section import Section

__all__ = [
    "DEFAULT_PARAMETERS",
    "SAMPLING",
    "BarSection",
    "CandidateSection",
    "ClusterSection",
    "Config",
    "CostSection",
    "CriterionSection",
    "DataSection",
    "DecideSection",
    "ExampleSection",
    "GraderSection",
    "JudgeSection",
    "Judges",
    "PreflightSection",
    "PriceSection",
    "PromptSection",
    "RunSection",
    "VariantSection",
    "parse_config",
    "read_config",
]


class File(Section):
    """The whole file."""

    data: DataSection
    prompt: PromptSection
    candidates: Annotated[tuple[CandidateSection, ...], Field(min_length=1)]
    graders: tuple[GraderSection, ...] = ()
    parameters: dict[str, Any] = Field(default_factory=dict)
    decide: DecideSection = DecideSection()
    needs: dict[str, Any] | None = None
    preflight: PreflightSection = PreflightSection()
    judge: JudgeSection | None = None
    run: RunSection = RunSection()
    cost: CostSection = CostSection()
    cluster: ClusterSection = ClusterSection()

    @model_validator(mode="after")
    def _something_decides(self) -> "File":
        metric = self.decide.metric
        if not self.graders and metric not in ("judge", "people"):
            raise ValueError(
                "graders: is missing: [[graders]] say what is right; without them, write metric = "
                '"judge" or "people" under [decide]'
            )
        if metric == "judge" and self.judge is None:
            raise ValueError('decide: metric = "judge" needs [judge] with [[judge.models]]')
        return self

    @field_validator("parameters")
    @classmethod
    def _known_parameters(cls, parameters: dict[str, Any]) -> dict[str, Any]:
        check_parameters(parameters, also=set(OURS))
        if not isinstance(parameters.get("thinking", False), bool):
            raise ValueError("`thinking` is true or false")
        return parameters

    @field_validator("needs")
    @classmethod
    def _known_needs(cls, needs: dict[str, Any] | None) -> dict[str, Any] | None:
        try:
            parse_needs(needs or {})
        except UsageError as error:
            raise ValueError(f"{error.message}: {error.hint}") from None
        return needs


@dataclass(frozen=True, slots=True)
class Config:
    """A checked project file."""

    folder: Path
    """Where it lies: paths in it are meant from here."""

    data: DataSection
    prompts: tuple[Prompt, ...]
    """The variants of the prompt; most projects have one, without a name."""

    candidates: tuple[Candidate, ...]
    graders: tuple[Grader, ...]
    decide: DecideSection
    needs: Needs | None
    contexts: dict[str, int]
    """Candidate name to context in tokens, where the file sets one."""

    timeouts: dict[str, float]
    """Candidate name to longest silence in seconds, where the file sets one."""

    preflight: PreflightSection = field(default_factory=PreflightSection)
    judges: Judges | None = None
    """Models that judge answers, where the project has some."""

    run: RunSection = field(default_factory=RunSection)
    cost: CostSection = field(default_factory=CostSection)
    cluster: ClusterSection = field(default_factory=ClusterSection)
    prices: Mapping[str, PricePerToken] = field(default_factory=dict)
    """Candidate name to its price, where the file gives one."""

    tuned: Mapping[str, str] = field(default_factory=dict)
    """Name of a fine-tune to name of its base, where the file says so."""

    @property
    def prompt(self) -> Prompt:
        """The first variant: what tables and reports show of a row is its user part."""
        return self.prompts[0]


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
    return parse_config(text, path)


def parse_config(text: str, path: Path) -> Config:
    """Check the text of a `bakeoff.toml`, before it is written or after it was read.

    Args:
        text: of the file.
        path: where it lies or will lie.

    Raises:
        ProjectError: it is not TOML, or says something impossible; with the line.
    """
    try:
        parsed = File.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"{path.name}: {error}", hint="see https://toml.io for how TOML is written") from None
    except ValidationError as error:
        raise ProjectError(
            explain(error, text, path.name), hint="docs/reference/project-file.md lists every key"
        ) from None
    return _config(parsed, path.parent)


def _config(file: File, folder: Path) -> Config:
    candidates = tuple(section.value(file.parameters) for section in file.candidates)
    names = [candidate.name for candidate in candidates]
    _different_names(names, [prompt.name for prompt in file.prompt.values() if prompt.name])
    return Config(
        folder=folder,
        data=file.data,
        prompts=file.prompt.values(),
        candidates=candidates,
        graders=tuple(section.value(folder) for section in file.graders),
        decide=file.decide,
        needs=parse_needs(file.needs) if file.needs is not None else None,
        contexts=contexts_of(file.candidates, names),
        timeouts=timeouts_of(file.candidates, names),
        preflight=file.preflight,
        run=file.run,
        cost=file.cost,
        cluster=file.cluster,
        prices=prices_of(file.candidates, names),
        tuned=tuned_of(file.candidates, names),
        judges=file.judge.value(folder) if file.judge is not None else None,
    )


def _different_names(candidates: list[str], variants: list[str]) -> None:
    """Columns are told apart by their names alone."""
    names = [f"{one}{BETWEEN}{variant}" for one in candidates for variant in variants] + candidates
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ProjectError(f"two candidates are called {twice[0]!r}", hint="give one of them a `name` of its own")
