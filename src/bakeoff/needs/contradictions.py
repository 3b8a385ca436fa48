"""Needs that contradict each other: each with what to change. Found before anything is looked for."""

from collections.abc import Mapping
from typing import Any

from bakeoff.needs.needs import NO_HARDWARE, THIS_MACHINE, Needs
from bakeoff.values import Reason, reason


def contradictions(needs: Needs) -> tuple[Reason, ...]:
    """Every contradiction, in a fixed order; empty where the needs can be met in principle.

    The parameter `key` of each names the need that is asked again.
    """
    found = []
    request = needs.prompt_tokens + needs.output_tokens
    if request > needs.context_tokens:
        found.append(
            reason("needs.request_too_long", key="context_tokens", request=request, context=needs.context_tokens)
        )
    if needs.hardware == NO_HARDWARE and needs.privacy == "local-only":
        found.append(reason("needs.local_without_hardware", key="hardware"))
    if needs.hardware == NO_HARDWARE and needs.privacy == "private-cloud":
        found.append(reason("needs.private_without_hardware", key="hardware"))
    if needs.hardware == NO_HARDWARE and needs.fine_tuning:
        found.append(reason("needs.fine_tuning_without_hardware", key="fine_tuning"))
    if needs.task == "vision" and "image" not in needs.inputs:
        found.append(reason("needs.vision_without_images", key="inputs"))
    return tuple(found)


def fix(contradiction: Reason, needs: Needs) -> Mapping[str, Any]:
    """The smallest change of the needs after which a contradiction is gone: names and values, as `parse_needs` takes.

    Where several would do, it is the one that the sentence of the contradiction names first.
    """
    match contradiction.code:
        case "needs.request_too_long":
            return {"context_tokens": -(-(needs.prompt_tokens + needs.output_tokens) // 1024) * 1024}
        case "needs.vision_without_images":
            return {"inputs": [*needs.inputs, "image"]}
        case _:
            return {"hardware": THIS_MACHINE}
