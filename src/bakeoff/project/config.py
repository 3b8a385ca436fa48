"""`bakeoff.toml` as values: read, checked, and refused with the line that is wrong.

Strangers' data comes in here, so pydantic checks it; the rest of the package sees frozen dataclasses.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bakeoff.decide import RULES, Rule
from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders import Grader, Kind
from bakeoff.evaluate.types import Api, Candidate, Example, Prompt

FILE_NAME = "bakeoff.toml"

SAMPLING = frozenset({
    "temperature", "top_p", "top_k", "min_p", "max_tokens", "max_completion_tokens", "stop", "seed", "grammar",
    "presence_penalty", "frequency_penalty", "repeat_penalty", "repetition_penalty", "logit_bias", "logprobs",
    "top_logprobs", "response_format", "json_schema", "reasoning_effort", "reasoning", "chat_template_kwargs",
    "extra_body", "provider",
})  # fmt: skip
"""Parameters that servers are known to take. Others are sent as well, unless they look like a typing error."""

RESERVED = frozenset({"messages", "prompt", "stream", "stream_options", "model", "n", "cache_prompt", "tools"})
"""Keys of the request that Bakeoff writes itself."""

DEFAULT_PARAMETERS = {"temperature": 0.0, "max_tokens": 512}

Text = Annotated[str, Field(min_length=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSection(_Section):
    """`[data]`"""

    file: Text
    id: str | None = None
    group: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None


class ExampleSection(_Section):
    """`[[prompt.examples]]`"""

    user: str
    assistant: str


class PromptSection(_Section):
    """`[prompt]`"""

    user: Text
    system: str | None = None
    completion: str | None = None
    examples: tuple[ExampleSection, ...] = ()


class CandidateSection(BaseModel):
    """`[[candidates]]`; keys that are not listed are sampling parameters."""

    model_config = ConfigDict(extra="allow", frozen=True)

    model: Text
    name: Text | None = None
    build: Text | None = None
    via: Text = "embedded"
    api: Api = "auto"
    key: Text | None = None
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
        _check_parameters(self.model_extra or {}, also=set(type(self).model_fields))
        return self


def _check_parameters(parameters: dict[str, Any], *, also: set[str]) -> None:
    from difflib import get_close_matches

    for name in parameters:
        if name in RESERVED:
            raise ValueError(f"{name!r} is written by Bakeoff itself and cannot be set")
        if name not in SAMPLING:
            near = get_close_matches(name, [*also, *SAMPLING], n=1, cutoff=0.8)
            if near:
                raise ValueError(f"unknown key {name!r}: did you mean {near[0]!r}?")


class GraderSection(_Section):
    """`[[graders]]`"""

    kind: Kind
    target: Text
    labels: tuple[Text, ...] = ()
    ignore_case: bool = False

    @field_validator("labels")
    @classmethod
    def _different(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if len({label.casefold() for label in labels}) < len(labels):
            raise ValueError("two labels differ in nothing, or in upper and lower case only")
        return labels


class DecideSection(_Section):
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


class File(_Section):
    """The whole file."""

    data: DataSection
    prompt: PromptSection
    candidates: Annotated[tuple[CandidateSection, ...], Field(min_length=1)]
    graders: Annotated[tuple[GraderSection, ...], Field(min_length=1)]
    parameters: dict[str, Any] = {}
    decide: DecideSection = DecideSection()

    @field_validator("parameters")
    @classmethod
    def _known_parameters(cls, parameters: dict[str, Any]) -> dict[str, Any]:
        _check_parameters(parameters, also=set())
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
            _explain(error, text, path.name), hint="docs/reference/project-file.md lists every key"
        ) from None
    return _config(parsed)


def _config(file: File) -> Config:
    candidates = []
    for section in file.candidates:
        parameters = DEFAULT_PARAMETERS | file.parameters | (section.model_extra or {})
        candidates.append(
            Candidate(
                name=section.name or _default_name(section),
                model=section.model,
                build=section.build,
                via=section.via.rstrip("/"),
                api=section.api,
                key=section.key,
                concurrency=section.concurrency,
                parameters=parameters,
            )
        )
    names = [candidate.name for candidate in candidates]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ProjectError(f"two candidates are called {twice[0]!r}", hint="give one of them a `name` of its own")
    prompt = file.prompt
    return Config(
        data=file.data,
        prompt=Prompt(
            user=prompt.user,
            system=prompt.system,
            examples=tuple(Example(example.user, example.assistant) for example in prompt.examples),
            completion=prompt.completion,
        ),
        candidates=tuple(candidates),
        graders=tuple(Grader(g.kind, g.target, g.labels, g.ignore_case) for g in file.graders),
        decide=file.decide,
        contexts={n: s.context_tokens for n, s in zip(names, file.candidates, strict=True) if s.context_tokens},
        timeouts={n: s.timeout_seconds for n, s in zip(names, file.candidates, strict=True) if s.timeout_seconds},
    )


def _default_name(section: CandidateSection) -> str:
    """`SmolLM2-135M-Instruct Q4_1` from the model and the build."""
    model = Path(section.model).stem if section.model.endswith(".gguf") else section.model.rsplit("/", 1)[-1]
    return f"{model} {section.build.removeprefix('gguf:')}" if section.build else model


def _explain(error: ValidationError, text: str, name: str) -> str:
    """One line per problem: `bakeoff.toml:12: candidates.1.via: ...`."""
    problems = []
    for problem in error.errors():
        where = [part for part in problem["loc"] if part != "function-after"]
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            message = f"unknown key {where[-1]!r}"
        elif problem["type"] == "missing":
            message = "is missing"
        line = _line_of(text, where)
        problems.append(f"{name}{f':{line}' if line else ''}: {'.'.join(map(str, where))}: {message}")
    return "\n".join(problems)


def _line_of(text: str, where: list[Any]) -> int | None:
    """The line of a key, found by counting headers; good enough for files that people write."""
    if not where:
        return None
    index = next((part for part in where[1:] if isinstance(part, int)), 0)
    header = f"[[{where[0]}]]" if len(where) > 1 and isinstance(where[1], int) else f"[{where[0]}]"
    key = next((part for part in reversed(where) if isinstance(part, str)), "")
    seen, inside, start = -1, False, None
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.startswith("["):
            inside = False
            if bare.split("#")[0].strip() == header:
                seen += 1
                inside = seen == index
                start = number if inside else start
        elif inside and bare.split("=")[0].strip().strip('"') == key:
            return number
    return start
