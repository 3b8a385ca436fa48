"""Talking to models as they are set up in a project. What is said is no row: nothing goes to the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from bakeoff.errors import UsageError
from bakeoff.evaluate.caps import PricePerToken
from bakeoff.evaluate.preflight import split_thinking
from bakeoff.evaluate.request import Request, build_request, columns_used, render
from bakeoff.evaluate.types import Answer, Candidate, Example, Prompt, Row
from bakeoff.project.config import CandidateSection, Config
from bakeoff.project.pricing import price_of
from bakeoff.project.project import Project
from bakeoff.project.routes import Resolved, resolve

OF_THE_TASK = ("stop", "response_format", "grammar", "logit_bias")
"""Parameters that shape the answers to rows; in free talk they are left out."""

LEAST_STREAM_MS = 20.0
"""Of writing; below it a rate says nothing."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How models are talked to."""

    as_rows: bool = False
    """As the project's rows are: with its examples, its parameters, each message in its template."""

    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Speaker:
    """A model that can be talked to."""

    name: str
    resolved: Resolved
    price: PricePerToken | None


def typed_candidate(model: str, build: str | None, via: str | None) -> Candidate:
    """A candidate that stands in no project file.

    Raises:
        UsageError: it makes no sense.
    """
    given = {"model": model, "build": build or None, **({"via": via} if via else {})}
    try:
        return CandidateSection.model_validate(given).value({})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{where}: {first['msg']}", hint="for example model qwen3:8b via ollama") from None


def named_candidate(config: Config, name: str) -> Candidate:
    """A candidate of the project.

    Raises:
        UsageError: it has none of this name, or one whose answers are in a file.
    """
    for one in config.candidates:
        if one.name == name:
            if one.via == "file":
                raise UsageError(f"{name} is answers from a file: nobody is there to talk to", hint="choose another")
            return one
    known = ", ".join(one.name for one in config.candidates)
    raise UsageError(f"there is no candidate {name!r}", hint=f"there are: {known}")


def speaker(project: Project, candidate: Candidate, manner: Manner) -> Speaker:
    """Who is asked, with the parameters that are sent. Downloads nothing.

    Raises:
        BakeoffError: it cannot be had: as of a run.
    """
    parameters = dict(candidate.parameters)
    if not manner.as_rows:
        parameters = {name: value for name, value in parameters.items() if name not in OF_THE_TASK}
        parameters.pop("max_completion_tokens", None)
        chosen = {"temperature": manner.temperature, "max_tokens": manner.max_tokens, "seed": manner.seed}
        parameters |= {name: value for name, value in chosen.items() if value is not None}
        candidate = replace(candidate, json_schema=None)
    asked = replace(candidate, parameters=parameters)
    config = project.config
    resolved = resolve(asked, config, project._cached_weights, prompt=replace(config.prompt, images=()))
    return Speaker(candidate.name, resolved, price_of(candidate, resolved, config.prices))


def talk_request(
    one: Speaker, config: Config, manner: Manner, turns: Sequence[tuple[str, str]], message: str
) -> Request:
    """The exact request for the next message of a conversation.

    Args:
        one: who is asked.
        config: of the project.
        manner: how.
        turns: what was said, as (user, answer).
        message: what is said now. Text is text: braces in it mean nothing.
    """
    prompt = config.prompt
    column = message_column(prompt) if manner.as_rows else None

    def said(text: str) -> str:
        return text if column is None else render(prompt.user, {column: text})

    earlier = tuple(Example(said(user), answer) for user, answer in turns)
    talk = Prompt(
        user="{{ user }}",
        system="{{ system }}" if manner.system else None,
        examples=((*prompt.examples, *earlier) if manner.as_rows else earlier),
        completion=prompt.completion if manner.as_rows else None,
    )
    route = one.resolved.route
    row = Row("playground", 1, {"system": manner.system or "", "user": said(message)})
    return build_request(talk, row, api=route.api, model=route.model, parameters=route.parameters)


def message_column(prompt: Prompt) -> str | None:
    """The one column of the data that the user's template is made of; None where it is several, or none."""
    used = columns_used(Prompt(user=prompt.user))
    return next(iter(used)) if len(used) == 1 else None


def told_answer(answer: Answer, price: PricePerToken | None) -> dict[str, Any]:
    """An answer with its measures, as plain JSON."""
    split = split_thinking(answer.text)
    thinking = "\n".join(part for part in (answer.thinking, split.thinking) if part) or None
    cost = None
    if price is not None and answer.prompt_tokens is not None and answer.output_tokens is not None:
        cost = str(price.cost(answer.prompt_tokens, answer.output_tokens))
    return {
        "text": split.text,
        "thinking": thinking,
        "finish_reason": answer.finish_reason,
        "latency_ms": answer.latency_ms,
        "time_to_first_token_ms": answer.time_to_first_token_ms,
        "prompt_tokens": answer.prompt_tokens,
        "output_tokens": answer.output_tokens,
        "tokens_per_second": _rate(answer),
        "cost_usd": cost,
        "served_model": answer.served_model,
        "provider": answer.provider,
    }


def _rate(answer: Answer) -> float | None:
    """Tokens a second after the first one, by the clock here."""
    if answer.time_to_first_token_ms is None or answer.output_tokens is None or answer.latency_ms is None:
        return None
    writing = answer.latency_ms - answer.time_to_first_token_ms
    if writing < LEAST_STREAM_MS or answer.output_tokens < 2:
        return None
    return (answer.output_tokens - 1) / (writing / 1000)
