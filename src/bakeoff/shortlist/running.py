"""Which of the models that suit also run on the machine, fast enough for the needs."""

from bakeoff.fit.plan.plan import Plan
from bakeoff.fit.plan.wanted import Wanted
from bakeoff.fit.speed.verdict import USABLE_ANSWER_SECONDS
from bakeoff.needs import Needs
from bakeoff.values import Reason, reason

BATCH = frozenset({"classification", "extraction", "summarization", "translation"})
"""Tasks that nobody waits for at a screen, unless the needs say so by a limit of their own."""

DAY = 86_400.0
"""Seconds: what a day's requests, as many at once as the needs have users, must be done in."""


def wanted(needs: Needs) -> Wanted:
    """The needs as a question to the planner."""
    return Wanted(
        context_tokens=needs.context_tokens,
        prompt_tokens=needs.prompt_tokens,
        output_tokens=needs.output_tokens,
        users=needs.concurrent_users,
        least_speed=needs.min_decode_tokens_per_second,
    )


def too_slow(plan: Plan | None, needs: Needs) -> Reason | None:
    """Why a plan does not do; None where it does. What is not known of a speed is not held against it."""
    if plan is None:
        return reason("out.does_not_run")
    if plan.conversations < needs.concurrent_users:
        return reason("out.users", users=plan.conversations, need=needs.concurrent_users)
    speed, first = plan.speed.decode_tokens_per_second, plan.speed.time_to_first_token_ms
    least, most = needs.min_decode_tokens_per_second, needs.max_time_to_first_token_ms
    if least is not None and speed is not None and speed.value < least:
        return reason("out.decode_speed", speed=speed.value, need=least)
    if most is not None and first is not None and first.value > most:
        return reason("out.first_token", ms=first.value, need=most)
    seconds = plan.speed.request_seconds
    if seconds is None:
        return None
    waited_for = needs.task not in BATCH
    if seconds.value > USABLE_ANSWER_SECONDS or (waited_for and plan.verdict == "too slow for conversation"):
        return reason("out.too_slow", seconds=seconds.value)
    load = (needs.requests_per_day or 0.0) * seconds.value / needs.concurrent_users
    if load > DAY:
        return reason("out.load", seconds=seconds.value, need=round(needs.requests_per_day or 0.0))
    return None
