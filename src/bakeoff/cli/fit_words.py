"""Parts of a plan in words, for both views of `bakeoff fit`."""

from typing import Any

from bakeoff.cli.output import Language
from bakeoff.fit.plan.plan import Plan
from bakeoff.report.numbers import LANGUAGES, NBSP, UNKNOWN, decimal
from bakeoff.report.words import label, sentence
from bakeoff.values import Estimate, reason


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


def lost(loss: Estimate | None, lang: Language) -> str:
    """Points: `0.4–1.2`, or `0` where nothing is lost."""
    if loss is None:
        return UNKNOWN
    if loss.high == 0:
        return "0"
    if loss.high < 0.05:
        return f"<{NBSP}{decimal(0.1, 1, lang)}"
    return f"{decimal(loss.low, 1, lang)}–{decimal(loss.high, 1, lang)}"


def with_sentences(value: Any) -> Any:
    """The document with every reason said in both languages, as in the other documents."""
    if isinstance(value, list):
        return [with_sentences(one) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"code", "parameters"}:
        said = reason(value["code"], **value["parameters"])
        return value | {lang: sentence(said, lang) for lang in LANGUAGES}
    return {key: with_sentences(one) for key, one in value.items()}
