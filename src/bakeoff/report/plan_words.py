"""Parts of a plan in words, for the command and the page."""

from bakeoff.fit.plan.plan import Plan
from bakeoff.report.numbers import NBSP, UNKNOWN, Language, decimal, rate, seconds
from bakeoff.report.words import label
from bakeoff.values import Estimate


def where(plan: Plan, lang: Language) -> str:
    """Where the layers lie, in a few words."""
    offload = plan.offload
    if offload is None:
        return UNKNOWN
    n = len(offload.devices)
    if offload.mode == "layers on cpu":
        n = offload.layers - sum(offload.gpu_layers)
    elif offload.mode == "experts on cpu":
        n = offload.expert_layers_on_cpu
    return label(f"fit.mode.{offload.mode}", lang, n=n, layers=offload.layers)


def told(plan: Plan, lang: Language) -> list[str]:
    """Cells: tokens per second, time of a request, quality lost, verdict."""
    speed = plan.speed
    return [
        rate(speed.decode_tokens_per_second.value, lang) if speed.decode_tokens_per_second else UNKNOWN,
        seconds(speed.request_seconds.value, lang) if speed.request_seconds else UNKNOWN,
        lost(plan.quality_loss, lang),
        label(f"fit.verdict.{plan.verdict}", lang),
    ]


def lost(loss: Estimate | None, lang: Language) -> str:
    """Points: `0.4–1.2`, or `0` where nothing is lost."""
    if loss is None:
        return UNKNOWN
    if loss.high == 0:
        return "0"
    if loss.high < 0.05:
        return f"<{NBSP}{decimal(0.1, 1, lang)}"
    return f"{decimal(loss.low, 1, lang)}–{decimal(loss.high, 1, lang)}"
