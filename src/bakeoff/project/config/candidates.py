"""`[[candidates]]`: the models, their builds, the routes to them."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from bakeoff.evaluate.caps import PricePerToken
from bakeoff.evaluate.types import Api, Candidate
from bakeoff.project.config.parameters import DEFAULT_PARAMETERS, check_parameters
from bakeoff.project.config.run import PriceSection
from bakeoff.project.config.section import Text
from bakeoff.project.presets import presets

ANSWER_KEYS = ("answers", "answers_id", "answers_column")

OURS = ("thinking", "json_schema")
"""Set for all candidates under `[parameters]` or for one; not sent as they are."""


class CandidateSection(BaseModel):
    """`[[candidates]]`; keys that are not listed are sampling parameters."""

    model_config = ConfigDict(extra="allow", frozen=True)

    model: Annotated[Text, Field(description="`ORG/NAME`, path of a .gguf, or the id that the server knows")]
    name: Annotated[Text | None, Field(description="in tables; made from model and build where not given")] = None
    build: Annotated[Text | None, Field(description="`gguf:Q4_K_M`; for a server what you believe it runs")] = None
    via: Annotated[Text, Field(description="`embedded`, `file`, a preset such as `ollama`, or a base URL")] = "embedded"
    provider: Annotated[
        Text | dict[str, Any] | None, Field(description="who computes, behind `huggingface` or `openrouter`")
    ] = None
    api: Annotated[Api, Field(description="chat messages, one text, or by what the model has")] = "auto"
    key: Annotated[Text | None, Field(description="NAME of the environment variable that holds the key")] = None
    system: Annotated[str | None, Field(description="system template, instead of the prompt's")] = None
    thinking: Annotated[bool | None, Field(description="think before answering, in the server's own way")] = None
    json_schema: Annotated[
        Text | dict[str, Any] | None, Field(description="answers must be JSON of this schema: a table, or a file")
    ] = None
    unset: Annotated[tuple[Text, ...], Field(description="shared parameters not to send to this candidate")] = ()
    tuned_from: Annotated[Text | None, Field(description="name of the candidate that this is a fine-tune of")] = None
    answers: Annotated[Text | None, Field(description='with `via = "file"`: the file with the answers')] = None
    answers_id: Annotated[Text | None, Field(description="its column of row ids")] = None
    answers_column: Annotated[Text | None, Field(description="its column of answers")] = None
    concurrency: Annotated[
        int | None,
        Field(ge=1, le=1024, description="requests in flight; on this machine 1, elsewhere as the server allows"),
    ] = None
    requests_per_minute: Annotated[
        float | None, Field(gt=0, description="most requests that start in a minute, retries included; evenly spread")
    ] = None
    price_per_million: Annotated[PriceSection | None, Field(description="US dollars: input and output tokens")] = None
    context_tokens: Annotated[int | None, Field(ge=64, description="of each request; embedded: at most 4096")] = None
    timeout_seconds: Annotated[float | None, Field(gt=0, description="longest silence of the server")] = None

    @field_validator("via")
    @classmethod
    def _known_route(cls, via: str) -> str:
        if via in ("embedded", "file") or via in presets() or via.startswith(("http://", "https://")):
            return via
        near = get_close_matches(via, ["embedded", "file", *presets()], n=1, cutoff=0.6)
        meant = f"did you mean {near[0]!r}? Otherwise " if near else ""
        raise ValueError(
            f'{via!r} is not a route: {meant}write "embedded", "file", a base URL such as http://127.0.0.1:8080/v1, '
            f"or one of {', '.join(presets())}"
        )

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

    @model_validator(mode="after")
    def _nothing_contradicts(self) -> "CandidateSection":
        given = [name for name in ANSWER_KEYS if getattr(self, name) is not None]
        if self.via == "file" and self.answers is None:
            raise ValueError('via = "file" needs the file: write answers = "answers.csv"')
        if self.via != "file" and given:
            raise ValueError(f'`{given[0]}` is for answers made elsewhere: write via = "file", or remove it')
        if self.via == "file" and (extra := sorted(self.model_extra or {})):
            raise ValueError(f"`{extra[0]}` has no effect on answers that are there already: remove it")
        if isinstance(self.provider, str) and not self._router():
            routers = ", ".join(name for name, preset in presets().items() if preset.provider)
            raise ValueError(f"`provider` is chosen behind a router only: write via = one of {routers}, or remove it")
        both = set(self.unset) & set(self.model_extra or {})
        if both:
            raise ValueError(f"{sorted(both)[0]!r} is set and in `unset`: remove one of the two")
        return self

    def _router(self) -> bool:
        return self.via in presets() and presets()[self.via].provider is not None

    def value(self, shared: Mapping[str, Any]) -> Candidate:
        """As the rest of the package sees it.

        Args:
            shared: sampling parameters of all candidates.
        """
        common = {name: value for name, value in shared.items() if name not in OURS}
        parameters = DEFAULT_PARAMETERS | common | (self.model_extra or {})
        if isinstance(self.provider, dict):
            parameters["provider"] = self.provider
        if "max_completion_tokens" in common | (self.model_extra or {}):
            parameters = _without_default_limit(parameters, common | (self.model_extra or {}))
        preset = presets().get(self.via)
        return Candidate(
            name=self.name or default_name(self.model, self.build, self.provider),
            model=self.model,
            build=self.build,
            via=self.via.rstrip("/"),
            provider=self.provider if isinstance(self.provider, str) else None,
            api=self.api,
            key=self.key or (preset.key if preset is not None else None),
            system=self.system,
            concurrency=self.concurrency,
            requests_per_minute=self.requests_per_minute,
            parameters={name: value for name, value in parameters.items() if name not in self.unset},
            thinking=shared.get("thinking") if self.thinking is None else self.thinking,
            json_schema=self.json_schema if self.json_schema is not None else shared.get("json_schema"),
            answers=self.answers,
            answers_id=self.answers_id,
            answers_column=self.answers_column,
        )


def contexts_of(sections: Sequence[CandidateSection], names: Sequence[str]) -> dict[str, int]:
    """Name to context in tokens, where the file sets one."""
    return {n: s.context_tokens for n, s in zip(names, sections, strict=True) if s.context_tokens}


def timeouts_of(sections: Sequence[CandidateSection], names: Sequence[str]) -> dict[str, float]:
    """Name to longest silence in seconds, where the file sets one."""
    return {n: s.timeout_seconds for n, s in zip(names, sections, strict=True) if s.timeout_seconds}


def prices_of(sections: Sequence[CandidateSection], names: Sequence[str]) -> dict[str, PricePerToken]:
    """Name to price, where the file gives one."""
    return {n: s.price_per_million.value() for n, s in zip(names, sections, strict=True) if s.price_per_million}


def tuned_of(sections: Sequence[CandidateSection], names: Sequence[str]) -> dict[str, str]:
    """Name of a fine-tune to name of its base, where the file says so. The base need not be there (any more)."""
    return {n: s.tuned_from for n, s in zip(names, sections, strict=True) if s.tuned_from}


def _without_default_limit(parameters: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """`max_completion_tokens` takes the place of the default `max_tokens`; both set by hand are sent as they are."""
    return {name: value for name, value in parameters.items() if name != "max_tokens" or "max_tokens" in given}


def default_name(model: str, build: str | None, provider: object = None) -> str:
    """`SmolLM2-135M-Instruct Q4_1` from the model and the build."""
    short = Path(model).stem if model.endswith(".gguf") else model.rsplit("/", 1)[-1]
    name = f"{short} {build.removeprefix('gguf:')}" if build else short
    return f"{name} ({provider})" if isinstance(provider, str) else name
