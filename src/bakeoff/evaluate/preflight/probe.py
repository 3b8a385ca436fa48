"""One cheap look at a candidate before its rows are asked: what its server says, and two equal short questions.

What is found is a list of codes, kept in the ledger with the answers, so that nothing is asked twice for it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bakeoff.evaluate.caps import OUTPUT_LIMITS
from bakeoff.evaluate.client import AskError, Client
from bakeoff.evaluate.preflight.facts import ServerFacts, Way, server_facts
from bakeoff.evaluate.preflight.rendered import rendered
from bakeoff.evaluate.preflight.served import bare
from bakeoff.evaluate.preflight.signs import special_tokens
from bakeoff.evaluate.request import Request, ResolvedApi, build_request
from bakeoff.evaluate.types import Answer, Prompt, Row
from bakeoff.values import Reason, from_json, reason, to_json

QUESTION = "Count from one to ten."
LIMIT = 16
"""Tokens of an answer to it."""

FORM = ("response_format", "grammar", "stop")
"""Parameters that shape an answer and would get in the way of a question of our own."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe found."""

    facts: ServerFacts
    findings: tuple[Reason, ...]
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What the project file says about a candidate, for comparison."""

    name: str
    api: ResolvedApi
    model: str
    parameters: Mapping[str, Any]
    prompt: Prompt
    build: str | None = None
    context_tokens: int | None = None
    """That is asked for."""

    has_template: bool | None = None
    """Of a model file of ours."""

    local: bool = False
    """It runs on this machine: a server whose name is not given may be asked what it is."""

    way: Way | None = None


def probe_request(plan: Plan) -> Request:
    """The question, with the candidate's own parameters."""
    limits = [name for name in OUTPUT_LIMITS if name in plan.parameters] or ["max_tokens"]
    parameters = {name: value for name, value in plan.parameters.items() if name not in FORM}
    parameters |= dict.fromkeys(limits, LIMIT)
    return build_request(
        Prompt(user=QUESTION), Row("probe", 1, {}), api=plan.api, model=plan.model, parameters=parameters
    )


async def probe(client: Client, plan: Plan) -> Probed | None:
    """Ask and look. None where the server does not answer: the rows will tell why.

    Args:
        client: of the server.
        plan: what should be found.
    """
    request = probe_request(plan)
    try:
        first = await client.ask(request.path, request.body)
        # The same JSON in other bytes, so that no cache on the way answers in the model's place.
        second = await client.ask(request.path, request.body + b"\n")
    except AskError:
        return None
    facts = ServerFacts()
    if plan.way is not None or plan.local:
        facts = await server_facts(client, plan.way, plan.model)
    told = await rendered(client, json.loads(request.body)) if plan.way == "llama-server" else None
    findings = [*_about_answers(plan, first, second), *_about_server(plan, facts), *_about_prompt(plan)]
    if told is not None and told.doubled_start:
        findings.append(reason("preflight.double_start", model=plan.name))
    return Probed(facts, tuple(findings), (first, second))


def _about_answers(plan: Plan, first: Answer, second: Answer) -> list[Reason]:
    found = []
    fixed = plan.parameters.get("temperature") == 0 or "seed" in plan.parameters or "random_seed" in plan.parameters
    if fixed and (first.text, first.thinking) != (second.text, second.thinking):
        found.append(reason("preflight.not_repeatable", model=plan.name))
    return found


def _about_server(plan: Plan, facts: ServerFacts) -> list[Reason]:
    found = []
    if plan.context_tokens and facts.context_tokens and facts.context_tokens < plan.context_tokens:
        found.append(
            reason(
                "preflight.small_context",
                model=plan.name,
                wanted=plan.context_tokens,
                context=facts.context_tokens,
            )
        )
    if plan.build and facts.quantization and bare(facts.quantization) not in bare(plan.build.replace(":", "/")):
        found.append(reason("preflight.other_build", model=plan.name, planned=plan.build, served=facts.quantization))
    template = plan.has_template if plan.has_template is not None else facts.has_template
    if plan.api == "chat" and template is False:
        found.append(reason("preflight.no_template", model=plan.name))
    return found


def _about_prompt(plan: Plan) -> list[Reason]:
    """Marks of a chat template that were typed into the prompt: the server puts its own around them."""
    if plan.api != "chat":
        return []
    prompt = plan.prompt
    texts = [prompt.system or "", prompt.user, *(part for e in prompt.examples for part in (e.user, e.assistant))]
    marks = sorted({mark for text in texts for mark in special_tokens(text, "")})
    return [reason("preflight.template_in_prompt", model=plan.name, marks=marks[:5])] if marks else []


def kept(probed: Probed) -> dict[str, Any]:
    """As the ledger keeps it."""
    found: dict[str, Any] = to_json(probed)
    return found


def found_again(stored: Mapping[str, Any], name: str) -> Probed:
    """Read back; the candidate may have another name now."""
    probed = from_json(Probed, stored)
    findings = tuple(Reason(one.code, {**one.parameters, "model": name}) for one in probed.findings)
    return Probed(probed.facts, findings, probed.answers)
