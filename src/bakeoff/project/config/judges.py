"""`[judge]` and `[[judge.models]]`: who judges, by what, and what a judge must show before it may decide."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from bakeoff.errors import ProjectError
from bakeoff.evaluate.caps import PricePerToken
from bakeoff.evaluate.judge.asking import unknown_names
from bakeoff.evaluate.judge.prompts import prompt_name, prompt_text
from bakeoff.evaluate.judge.settings import Bar, Criterion, Design, Form, JuryRule, PromptLanguage, Settings
from bakeoff.evaluate.request import digest
from bakeoff.evaluate.types import Candidate
from bakeoff.project.config.candidates import CandidateSection, contexts_of, prices_of, timeouts_of
from bakeoff.project.config.section import Section, Text

Share = Annotated[float, Field(ge=0, le=1)]


class CriterionSection(Section):
    """`[[judge.criteria]]`"""

    name: Annotated[str, Field(pattern=r"^\w[\w -]{0,40}$", description="a plain word: a key of the judge's JSON")]
    description: Annotated[str, Field(description="what is good and what is bad, in your words")] = ""
    low: Annotated[int, Field(ge=-1000, le=1000, description="worst, of a rubric")] = 1
    high: Annotated[int, Field(ge=-1000, le=1000, description="best")] = 5
    weight: Annotated[float, Field(gt=0, description="share in the score")] = 1.0

    @model_validator(mode="after")
    def _a_scale(self) -> "CriterionSection":
        if not 1 <= self.high - self.low <= 100:
            raise ValueError(f"{self.low} to {self.high} is not a scale of 2 to 101 whole numbers")
        return self

    def value(self) -> Criterion:
        """As the rest of the package sees it."""
        return Criterion(self.name, self.description, self.low, self.high, self.weight)


class BarSection(Section):
    """`[judge.bar]`: what a judge must show on people's labels."""

    labels: Annotated[int, Field(ge=3, description="fewest labels drawn by chance")] = Bar().labels
    each: Annotated[int, Field(ge=1, description="fewest right and wrong ones; of pairs, fewest that are no tie")] = (
        Bar().each
    )
    agreement: Annotated[Share, Field(description="AC1 is shown to lie above this")] = Bar().agreement
    most_flips: Annotated[Share, Field(description="share of pairs on which the place decides")] = Bar().most_flips
    most_invalid: Annotated[Share, Field(description="share of items without a valid verdict")] = Bar().most_invalid
    most_pull: Annotated[Share, Field(description="lead of one place that is shown")] = Bar().most_pull
    most_length: Annotated[Share, Field(description="pull of long answers, beyond people's, that is shown")] = (
        Bar().most_length
    )

    def value(self) -> Bar:
        """As the rest of the package sees it."""
        return Bar(**{name: getattr(self, name) for name in type(self).model_fields})


class JudgeSection(Section):
    """`[judge]`"""

    models: Annotated[
        tuple[CandidateSection, ...], Field(min_length=1, description="`[[judge.models]]`, keys as of a candidate")
    ]
    form: Annotated[Form, Field(description="two answers side by side, or one by a scale")] = "pairwise"
    language: Annotated[PromptLanguage, Field(description="of the judge's prompt")] = "en"
    prompt: Annotated[Text | None, Field(description="a prompt file of your own, in the project")] = None
    criteria: Annotated[tuple[CriterionSection, ...], Field(description="`[[judge.criteria]]`")] = ()
    reference: Annotated[Text | None, Field(description="template of a good answer: `{{ answer }}`")] = None
    pairs: Annotated[Design, Field(description="who meets whom on a row")] = "auto"
    baseline: Annotated[Text | None, Field(description="candidate that the others meet")] = None
    per_row: Annotated[int, Field(ge=1, description='pairs per row, with pairs = "sampled"')] = 1
    rows: Annotated[int | None, Field(ge=1, description="so many rows, by the seed")] = None
    seed: Annotated[int, Field(description="of the rows and pairs that are drawn")] = 1
    jury: Annotated[JuryRule, Field(description="how several judges become one")] = "mean"
    pass_at: Annotated[Share, Field(description="score of a rubric from which an answer counts as right")] = 0.75
    structured: Annotated[bool, Field(description="ask the server to hold the answer to a JSON schema")] = True
    allow_family: Annotated[bool, Field(description="let a model judge its own kin")] = False
    bar: Annotated[BarSection, Field(description="what it must show to be trusted")] = BarSection()

    @field_validator("criteria")
    @classmethod
    def _different(cls, criteria: tuple[CriterionSection, ...]) -> tuple[CriterionSection, ...]:
        names = [criterion.name.casefold() for criterion in criteria]
        if len(set(names)) < len(names):
            raise ValueError("two criteria have the same name")
        return criteria

    @field_validator("models")
    @classmethod
    def _can_be_asked(cls, models: tuple[CandidateSection, ...]) -> tuple[CandidateSection, ...]:
        if any(model.via == "file" for model in models):
            raise ValueError('a judge must be asked: via = "file" has answers only')
        return models

    def value(self, folder: Path) -> "Judges":
        """As the rest of the package sees it. Nothing of the candidates' `[parameters]` is taken over.

        Args:
            folder: of the project.

        Raises:
            ProjectError: the prompt file cannot be read or uses unknown names, or two judges have one name.
        """
        name, text = self._prompt(folder)
        candidates = tuple(section.value({}) for section in self.models)
        names = [candidate.name for candidate in candidates]
        if len(set(names)) < len(names):
            raise ProjectError("two judges have the same name", hint="give one of them a `name` of its own")
        settings = Settings(
            form=self.form,
            template=text,
            template_name=name,
            template_digest=digest(text),
            criteria=tuple(criterion.value() for criterion in self.criteria),
            reference=self.reference,
            design=self.pairs,
            baseline=self.baseline,
            per_row=self.per_row,
            rows=self.rows,
            seed=self.seed,
            jury=self.jury,
            pass_at=self.pass_at,
            structured=self.structured,
            bar=self.bar.value(),
        )
        return Judges(
            settings=settings,
            candidates=candidates,
            allow_family=self.allow_family,
            contexts=contexts_of(self.models, names),
            timeouts=timeouts_of(self.models, names),
            prices=prices_of(self.models, names),
        )

    def _prompt(self, folder: Path) -> tuple[str, str]:
        """(name, text) of the prompt."""
        if self.prompt is None:
            name = prompt_name(self.form, self.language)
            return name, prompt_text(name)
        path = folder / self.prompt
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ProjectError(
                f"[judge] prompt: {path}: {error}", hint="write a path from the project folder"
            ) from None
        unknown = unknown_names(text)
        if unknown:
            raise ProjectError(
                f"[judge] prompt: {self.prompt} uses {unknown[0]!r}, which nothing fills",
                hint="docs/guides/judge.md lists the names that a prompt file may use",
            )
        return path.name, text


@dataclass(frozen=True, slots=True)
class Judges:
    """The judges of a project."""

    settings: Settings
    candidates: tuple[Candidate, ...]
    """The judging models, as any other candidate."""

    allow_family: bool
    contexts: dict[str, int]
    """Judge's name to context in tokens, where the file sets one."""

    timeouts: dict[str, float]
    prices: dict[str, PricePerToken]
    """Judge's name to its price, where the file sets one."""
