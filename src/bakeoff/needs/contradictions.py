"""Needs that contradict each other: each with what to change. Found before anything is looked for."""

from bakeoff.needs.needs import NO_HARDWARE, Needs
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
