"""Which build is taken: the least loss that is fast enough, not the largest that fits."""

from dataclasses import replace

import pytest

from bakeoff.catalog.builds import Build
from bakeoff.fit.plan.choose import BEARABLE_LOSS, choose
from bakeoff.fit.plan.plan import Plan, Speed
from bakeoff.fit.plan.wanted import Wanted
from bakeoff.values import Estimate
from tests.fit.plan_cases import model


def plan(name: str, loss: float, seconds: float, verdict: str = "comfortable", engine: str = "llama.cpp") -> Plan:
    speed = Estimate.exact(400 / seconds, source="estimated")
    whole = Estimate.exact(seconds, source="estimated")
    return Plan(
        model=model("Qwen/Qwen3-8B"),
        build=Build("gguf", name),
        engine=engine,  # type: ignore[arg-type]
        wanted=Wanted(),
        context_tokens=8192,
        conversations=1,
        runs=verdict != "does not run",
        verdict=verdict,  # type: ignore[arg-type]
        memory=None,
        speed=Speed(speed, speed, whole, whole, speed),
        quality_loss=Estimate(loss, loss / 2, loss * 2, "estimated"),
    )


def test_nothing_that_runs_is_no_choice() -> None:
    assert choose([]) is None
    assert choose([plan("Q8_0", 0.0, 5, "does not run")]) is None


def test_the_least_loss_is_taken_among_what_is_comfortable() -> None:
    found = choose([plan("Q8_0", 0.1, 90, "usable"), plan("Q4_K_M", 0.6, 20), plan("Q3_K_M", 1.5, 10)])
    assert found is not None
    assert found.build.quantization == "Q4_K_M"


def test_losses_that_no_test_set_can_tell_apart_leave_the_choice_to_the_wait() -> None:
    found = choose([plan("BF16", 0.0, 20), plan("Q8_0", 0.03, 11), plan("Q6_K", 0.08, 8), plan("Q5_K_M", 0.2, 6)])
    assert found is not None
    assert found.build.quantization == "Q6_K"


def test_a_heavy_loss_is_taken_only_where_nothing_else_is_fast_enough() -> None:
    heavy = plan("IQ1_M", BEARABLE_LOSS, 5)
    usable = plan("Q4_K_M", 0.5, 90, "usable")
    slow = plan("Q4_K_M", 0.5, 300, "too slow for conversation")
    assert choose([heavy, usable]) is usable
    assert choose([heavy, slow]) is heavy


def test_where_nothing_is_fast_enough_the_shortest_wait_is_taken() -> None:
    slow = [plan("BF16", 0.0, 900, "too slow for conversation"), plan("Q4_K_M", 0.5, 300, "too slow for conversation")]
    assert choose(slow) is slow[1]


def test_a_floor_of_speed_is_kept() -> None:
    quick, good = plan("Q4_K_M", 0.5, 8), plan("Q8_0", 0.0, 20)
    assert choose([quick, good]) is good
    floor = Wanted(least_speed=30.0)
    assert choose([replace(quick, wanted=floor), replace(good, wanted=floor)]) == replace(quick, wanted=floor)


@pytest.mark.parametrize(("seconds", "engine"), [(9.0, "llama.cpp"), (5.0, "vllm")])
def test_of_equals_the_engine_that_is_easiest_to_install_is_taken_unless_another_is_clearly_faster(
    seconds: float, engine: str
) -> None:
    found = choose([plan("Q8_0", 0.0, 10), plan("BF16", 0.0, seconds, engine="vllm")])
    assert found is not None
    assert found.engine == engine


def test_a_plan_without_room_for_all_users_comes_after_those_with() -> None:
    few = replace(plan("Q8_0", 0.0, 5), wanted=Wanted(users=8), conversations=2)
    all_of_them = replace(plan("Q4_K_M", 0.5, 9), wanted=Wanted(users=8), conversations=8)
    assert choose([few, all_of_them]) is all_of_them
