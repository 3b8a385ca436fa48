"""Which of a model's plans to take: not the largest build that fits, but the least loss that is fast enough.

    1. What runs fast enough with a loss that can be borne, comfortable before usable.
    2. What runs fast enough at all, comfortable before usable.
    3. What runs, with a loss that can be borne if there is such.

Within a step the least expected loss of quality; among losses that no test set could tell apart, the shortest wait. A
build that lies on GPUs as a whole is taken for one that does not, and waits longer, for a quarter of a point. In the
last one nothing is fast enough, so there the shortest wait comes first.
"""

from collections.abc import Iterable

from bakeoff.catalog.builds import Engine
from bakeoff.fit.plan.plan import Plan
from bakeoff.fit.speed.verdict import (
    COMFORTABLE_ANSWER_SECONDS,
    COMFORTABLE_FIRST_SECONDS,
    READING_TOKENS_PER_SECOND,
)
from bakeoff.values import Estimate

SAME_LOSS = 0.1
"""Losses that differ by fewer points are the same: to see a tenth of a point takes hundreds of thousands of rows."""

WHOLE_LOSS = 0.25
"""Points that are not worth leaving layers with the processor for: ten thousand rows do not show so little."""

CLOSE = 1.2
"""Waiting times that differ by a smaller factor are the same, the intervals being wider; then the engine decides."""

ENGINES: tuple[Engine, ...] = ("llama.cpp", "mlx", "vllm", "sglang", "transformers")
"""In the order of how little there is to install."""

UNKNOWN_LOSS = 2.0
"""Where nothing is known of a build."""

POINTS_PER_DOUBLING = 4.0
"""What twice the size brings on the test that losses are counted on. MMLU of one family, Qwen2.5 base (arXiv
2412.15115, table 2): 7B 74.2, 14B 79.7, 32B 83.3, 72B 86.1: 11.9 points in 3.3 doublings."""

BEARABLE_LOSS = POINTS_PER_DOUBLING
"""Points, at the upper end of what is expected: beyond, a model of half the size at more bits may be the better one."""


HEAVY, TOO_SLOW = 2, 4
"""Steps from which on the loss is heavy, and nothing is fast enough."""


def choose(plans: Iterable[Plan]) -> Plan | None:
    """The plan to take; None where none runs."""
    runs = [plan for plan in plans if plan.runs]
    if not runs:
        return None
    first = min(step(plan) for plan in runs)
    among = [plan for plan in runs if step(plan) == first]
    if first >= TOO_SLOW:
        return min(among, key=wait)
    least = min(loss(plan) for plan in among)
    alike = [plan for plan in among if loss(plan) <= least + SAME_LOSS]
    shortest = min(wait(plan) for plan in alike)
    if not any(is_whole(plan) for plan in alike):
        on_gpus = [plan for plan in among if is_whole(plan) and loss(plan) <= least + WHOLE_LOSS]
        faster = [plan for plan in on_gpus if CLOSE * wait(plan) < shortest]
        if faster:
            least = min(loss(plan) for plan in faster)
            alike = [plan for plan in faster if loss(plan) <= least + SAME_LOSS]
            shortest = min(wait(plan) for plan in alike)
    close = [plan for plan in alike if wait(plan) <= CLOSE * shortest]
    engine = min(ENGINES.index(plan.engine) for plan in close)
    return min((plan for plan in close if ENGINES.index(plan.engine) == engine), key=wait)


def step(plan: Plan) -> int:
    """How far down the list at the top a plan stands; 0 is first."""
    heavy = is_heavy(plan.quality_loss)
    if plan.verdict == "too slow for conversation" or _below_floor(plan):
        return TOO_SLOW + heavy
    return HEAVY * heavy + (0 if plan.verdict == "comfortable" or _nearly_comfortable(plan) else 1)


def _nearly_comfortable(plan: Plan) -> bool:
    """Comfortable but for a fifth, which no prediction can tell: not worth a loss of quality."""
    first, whole = plan.speed.time_to_first_token_ms, plan.speed.request_seconds
    writing = plan.speed.decode_tokens_per_second
    if first is None or whole is None or writing is None:
        return _surely_fast(plan)
    return (
        first.value <= CLOSE * 1e3 * COMFORTABLE_FIRST_SECONDS
        and whole.value <= CLOSE * COMFORTABLE_ANSWER_SECONDS
        and CLOSE * writing.value >= READING_TOKENS_PER_SECOND
    )


def _surely_fast(plan: Plan) -> bool:
    """Nothing is known of the speed, but all of the model is on GPUs."""
    return plan.speed.decode_tokens_per_second is None and is_whole(plan)


def _below_floor(plan: Plan) -> bool:
    """Slower than the user asked for, or without room for all users."""
    if plan.conversations < plan.wanted.conversations:
        return True
    floor, speed = plan.wanted.least_speed, plan.speed.decode_tokens_per_second
    return floor is not None and speed is not None and speed.value < floor


def is_whole(plan: Plan) -> bool:
    """All of the model is on GPUs."""
    return plan.offload is not None and plan.offload.mode in ("gpu", "gpus", "tensor parallel")


def is_heavy(expected: Estimate | None) -> bool:
    """The loss may be as large as that of a model of half the size."""
    return expected is not None and expected.high > BEARABLE_LOSS


def loss(plan: Plan) -> float:
    """Expected points lost."""
    return plan.quality_loss.value if plan.quality_loss is not None else UNKNOWN_LOSS


def wait(plan: Plan) -> float:
    """Seconds for the user's request; long where it is not known."""
    seconds = plan.speed.request_seconds
    return seconds.value if seconds is not None else 1e9
