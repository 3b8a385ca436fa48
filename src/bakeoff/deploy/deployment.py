"""From a plan to everything that is needed to run it, and what to begin with."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bakeoff.catalog.builds import Engine
from bakeoff.catalog.model import Model
from bakeoff.deploy import files
from bakeoff.deploy.serving import Serving, serving
from bakeoff.errors import UsageError
from bakeoff.fit.plan import commands
from bakeoff.fit.plan.plan import Answer, Plan
from bakeoff.units import GIB
from bakeoff.values import Reason, reason

KINDS = ("command", "modelfile", "compose", "kubernetes", "endpoint")
"""In the order of how much there is to look after."""

FILE_NAMES: Mapping[str, str] = {
    "command": "serve.sh",
    "modelfile": "Modelfile",
    "compose": "compose.yaml",
    "kubernetes": "kubernetes.yaml",
    "endpoint": "endpoint.py",
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to run it."""

    kind: str
    """One of `KINDS`."""

    text: str
    """The file's content, or the command."""

    @property
    def file_name(self) -> str:
        """As it is written."""
        return FILE_NAMES[self.kind]


@dataclass(frozen=True, slots=True)
class Deployment:
    """How to run one model for real."""

    plan: Plan
    recipes: tuple[Recipe, ...]
    steps: tuple[Reason, ...]
    """What to do first, and then: start simple, grow when it hurts."""

    left_out: tuple[Reason, ...]
    """Ways that do not work for this plan, with why."""


def deployment(answer: Answer, *, parameters: Mapping[str, Any] | None = None) -> Deployment:
    """Everything that runs the chosen plan.

    Args:
        answer: of `fit`, with a chosen plan.
        parameters: sampling parameters of the candidate, for servers that keep defaults.

    Raises:
        UsageError: nothing runs on the machine.
    """
    plan = answer.chosen
    if plan is None or plan.command is None:
        raise UsageError(
            f"{answer.model.id} does not run on {answer.machine.name}",
            hint=f"bakeoff fit {answer.model.id!r} says what would change that",
        )
    recipes = [Recipe("command", _script(plan))]
    left_out: list[Reason] = []
    own = _modelfile(plan, parameters or {})
    if own is not None:
        recipes.append(Recipe("modelfile", own))
    else:
        left_out.append(reason("deploy.no_modelfile"))
    accelerators = answer.machine.accelerators
    backend = accelerators[plan.offload.devices[0]].backend if plan.offload and plan.offload.devices else None
    if plan.model.file is not None:
        left_out.append(reason("deploy.local_file", file=plan.model.file))
    elif backend == "metal":
        left_out.append(reason("deploy.no_container_on_mac"))
    else:
        try:
            recipes += _containers(plan, serving(plan, backend=backend), left_out)
        except UsageError:
            left_out.append(reason("deploy.no_container", engine=plan.engine))
    return Deployment(plan, tuple(recipes), tuple(_steps(answer, plan, recipes)), tuple(left_out))


def _script(plan: Plan) -> str:
    """The command, alone: it listens on this machine only."""
    return f"#!/bin/sh\n# {plan.model.id} as {plan.build}, planned by Bakeoff.\nexec {plan.command}\n"


def _modelfile(plan: Plan, parameters: Mapping[str, Any]) -> str | None:
    repository = commands.gguf_repository(plan.model, plan.build) if plan.build.format == "gguf" else None
    if repository is None:
        return None
    return files.modelfile(repository, plan.build.quantization, plan.context_tokens, parameters)


def _containers(plan: Plan, one: Serving, left_out: list[Reason]) -> list[Recipe]:
    name = plan.model.name
    weights = plan.file_bytes.value if plan.file_bytes is not None else 0.0
    recipes = [
        Recipe("compose", files.compose(name, one)),
        Recipe("kubernetes", files.kubernetes(name, one, math.ceil(weights / GIB))),
    ]
    total = float(plan.memory.total_bytes) if plan.memory is not None else weights
    if one.engine in ("vllm", "sglang"):
        total = weights * 1.3  # the pool takes what there is; the weights and room for a few requests must fit
    program = files.endpoint(name, _repository(plan), one, total) if one.gpus or one.engine == "llama.cpp" else None
    if program is not None:
        recipes.append(Recipe("endpoint", program))
    else:
        left_out.append(reason("deploy.no_instance", size=total))
    return recipes


def _repository(plan: Plan) -> str:
    model: Model = plan.model
    return (commands.gguf_repository(model, plan.build) if plan.build.format == "gguf" else None) or model.id


SIMPLE: dict[Engine, str] = {"llama.cpp": "deploy.step.llama", "vllm": "deploy.step.vllm", "sglang": "deploy.step.vllm",
                             "mlx": "deploy.step.mlx", "transformers": "deploy.step.transformers"}  # fmt: skip


def _steps(answer: Answer, plan: Plan, recipes: list[Recipe]) -> list[Reason]:
    """In order. Each later one is for when the one before does not do any more."""
    kinds = {one.kind for one in recipes}
    steps = [reason(SIMPLE[plan.engine], users=plan.conversations)]
    if "compose" in kinds:
        steps.append(reason("deploy.step.compose"))
    if plan.engine == "llama.cpp" and answer.wanted.users > 4:
        steps.append(reason("deploy.step.many_users", users=answer.wanted.users))
    if "kubernetes" in kinds:
        steps.append(reason("deploy.step.kubernetes"))
    steps.append(reason("deploy.step.proxy"))
    steps.append(reason("deploy.step.check"))
    return steps
