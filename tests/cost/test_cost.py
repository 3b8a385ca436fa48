"""`cost(...)`: the whole question, from names to ranges."""

import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.catalog.finding import find
from bakeoff.cost import Load, cost
from bakeoff.cost.capacity import Capacities, capacity
from bakeoff.cost.costs import Costs, leaders
from bakeoff.cost.load import EXACTLY
from bakeoff.cost.money import amount, currency
from bakeoff.errors import UsageError
from bakeoff.hardware import machine
from bakeoff.values import Estimate

CARD = "RTX 4090, 64 GB RAM"
ASKED = Load(requests_per_day=5000, prompt_tokens=700, output_tokens=60)


@pytest.fixture(scope="module")
def answer() -> Costs:
    """One model hosted, rented and own."""
    return cost(["qwen3-8b"], load=ASKED, on=[CARD, "2x H100 SXM", "M3 Max 64 GB"])


def test_every_way_is_there_the_cheapest_first(answer: Costs) -> None:
    kinds = {(line.option.kind, line.option.machine) for line in answer.lines}
    assert kinds == {("hosted", None), *((kind, name) for kind in ("rented", "own") for name in (CARD, "2x H100 SXM"))}
    totals = [line.horizons[-1].cost for line in answer.lines]
    assert totals == sorted(totals)
    assert all(line.total.low <= line.total.value <= line.total.high for line in answer.lines)
    assert all(line.total.value == pytest.approx(float(line.horizons[-1].cost)) for line in answer.lines)


def test_the_best_way_of_a_model_is_one_that_stays(answer: Costs) -> None:
    best = answer.best("Qwen/Qwen3-8B")
    assert best is answer.lines[0]
    rented = cost(["qwen3-8b"], load=ASKED, on=["1x H100 SXM"], hosted=False).best("Qwen/Qwen3-8B")
    assert rented is not None
    assert rented.option.where != "interruptible"
    assert answer.best("nobody/nothing") is None


def test_what_has_no_price_is_named_and_never_zero(answer: Costs) -> None:
    assert {(one.kind, one.reason.code) for one in answer.unknown} == {
        ("rented", "cost.no_rent"), ("own", "cost.no_purchase_price"),
    }  # fmt: skip
    assert all(one.where == "M3 Max 64 GB" for one in answer.unknown)
    assert all(line.monthly > 0 for line in answer.lines)


def test_every_two_options_have_a_break_even(answer: Costs) -> None:
    n = len(answer.lines)
    assert len(answer.break_evens) == math.comb(n, 2)


def test_a_machine_that_one_has_already_costs_its_electricity() -> None:
    found = cost(["qwen3-8b"], load=ASKED, on=[CARD], hosted=False, prices={"4090": 0}, electricity="0.20")
    mine = next(line for line in found.lines if line.option.kind == "own")
    idle, busy = (mine.option.parameters[f"{name}_watts:{CARD}"].value for name in ("idle", "busy"))
    hours = float(ASKED.requests_in_month()) * mine.option.capacity.alone_seconds / 3600  # type: ignore[union-attr]
    assert float(mine.monthly) == pytest.approx((idle * 730 + (busy - idle) * hours) / 1000 * 0.20)


def test_the_users_own_figures_beat_ours() -> None:
    found = cost(["qwen3-8b"], load=ASKED, on=[CARD], hosted=False, rents={CARD: "0.5"}, prices={CARD: 3600}, life=3)
    assert {line.option.where for line in found.lines} == {"your price", CARD}
    assert next(line for line in found.lines if line.option.kind == "rented").monthly == Decimal("365.0")


def test_a_measured_throughput_takes_the_place_of_the_estimate() -> None:
    """100 tokens a second of 60 each: 1.67 requests a second at full load."""
    model = find("qwen3-8b")
    found = capacity(model, machine(CARD), ASKED, measured=100.0)
    assert found is not None
    assert found.service_seconds.source == "measured"
    assert found.places / found.service_seconds.value * 60 == pytest.approx(100)
    fewer, more = (
        cost([model], load=Load(requests_per_day=1e6), on=[CARD], measured={CARD: speed}, hosted=False)
        .lines[0]
        .machines
        for speed in (2000.0, 200.0)
    )
    assert more == pytest.approx(10 * fewer, rel=0.2)


def test_tighter_targets_need_more_machines() -> None:
    def machines(**fields: Any) -> int:
        load = Load(requests_per_day=300_000, prompt_tokens=700, output_tokens=60, **fields)
        return cost(["qwen3-8b"], load=load, on=[CARD], hosted=False).lines[0].machines

    assert machines() < machines(least_speed=60.0)
    assert machines(max_wait_seconds=30.0) <= machines(max_wait_seconds=0.0)
    assert machines(peak_factor=Estimate.exact(1.0, source="published")) < machines()


def test_a_target_that_no_build_meets_is_said() -> None:
    found = cost(["qwen3-8b"], load=Load(least_speed=100_000.0), on=[CARD], hosted=False)
    assert not found.lines
    assert [one.reason.code for one in found.unknown] == ["cost.not_served"]


def test_a_large_machine_runs_several_copies_of_a_small_model() -> None:
    model = find("qwen3-8b")
    one, eight = (capacity(model, machine(name), ASKED) for name in ("1x H100 SXM", "8x H100 SXM"))
    assert one is not None
    assert eight is not None
    assert eight.copies > 1
    assert eight.tokens_per_second.value > 4 * one.tokens_per_second.value


def test_thinking_costs_as_output_and_takes_time() -> None:
    plain, thinking = (
        cost(["qwen3-8b"], load=Load(requests_per_day=200_000, thinking_tokens=tokens), on=[CARD])
        for tokens in (0, 2000)
    )

    def of(found: Costs, kind: str) -> Any:
        return next(line for line in found.lines if line.option.kind == kind)

    rate = of(plain, "hosted").option.rate
    difference = of(thinking, "hosted").monthly - of(plain, "hosted").monthly
    assert float(difference) == pytest.approx(float(rate.output) * 2000 / 1e6 * 200_000 * 365 / 12)
    assert of(thinking, "own").machines > of(plain, "own").machines


def test_zero_requests_cost_only_what_stands_there() -> None:
    found = cost(["qwen3-8b"], load=Load(requests_per_day=0), on=[CARD], on_demand=True)
    costs = {line.option.kind: line.monthly for line in found.lines}
    assert (costs["hosted"], costs["rented on demand"]) == (0, 0)
    assert costs["own"] > 0


def test_only_these_providers() -> None:
    found = cost(["gpt-oss-120b"], providers=["groq", "together"])
    assert {line.option.where for line in found.lines} == {"groq", "together"}


def test_what_is_left_out_is_said_as_far_as_it_concerns_the_options() -> None:
    hosted = {one.code for one in cost(["qwen3-8b"]).left_out}
    assert "cost.left_out.staff" not in hosted
    with_machine = {one.code for one in cost(["qwen3-8b"], on=[CARD]).left_out}
    assert {"cost.left_out.staff", "cost.left_out.capital", "cost.left_out.commitment"} <= with_machine
    paid = {one.code for one in cost(["qwen3-8b"], on=[CARD], staff=2000).left_out}
    assert "cost.left_out.staff" not in paid


WRONG: list[dict[str, Any]] = [
    {"models": []}, {"models": ["no such model"]}, {"on": ["Foo 9000"]}, {"years": 0}, {"years": 11}, {"residual": 1.5},
    {"residual": float("nan")}, {"life": 0}, {"pue": 0.5}, {"staff": "-1"}, {"electricity": "mars"},
    {"providers": ["nobody"]}, {"prices": {"x": 1}}, {"on": [CARD], "prices": {CARD: "nan"}},
    {"on": [CARD], "rents": {CARD: "-1"}}, {"on": [CARD], "measured": {CARD: 0}}, {"idle_seconds": -1},
    {"on": [CARD, "RTX 4090"], "prices": {"4090": 1}}, {"on": [CARD], "build": "Q99"},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_makes_no_sense_is_refused_with_a_hint(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        cost(**({"models": ["qwen3-8b"]} | wrong))
    assert caught.value.hint


@pytest.mark.parametrize(
    "field", ["requests_per_day", "prompt_tokens", "cached_share", "growth_per_year", "least_speed"]
)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.0, 1e300])
def test_a_load_that_is_none_is_refused(field: str, value: float) -> None:
    with pytest.raises(UsageError):
        Load(**{field: value})


@settings(max_examples=25, deadline=None)
@given(
    requests=st.floats(0, 1e10),
    prompt=st.floats(1, 1e5),
    output=st.floats(0, 1e4),
    growth=st.floats(-0.99, 100),
    cached=st.floats(0, 1),
    peak=st.floats(1, 1000),
)
def test_any_possible_load_has_finite_sums(
    requests: float, prompt: float, output: float, growth: float, cached: float, peak: float
) -> None:
    load = Load(requests, prompt, output, 0.0, cached, Estimate.exact(peak, source="published"), growth, EXACTLY)
    found = cost(["llama-3.1-8b"], load=load, on=["RTX 5090"])
    for line in found.lines:
        assert line.monthly.is_finite()
        assert line.monthly >= 0
        assert math.isfinite(line.total.high)


def test_the_rooms_are_their_verbs() -> None:
    """In whatever order modules were imported before."""
    import bakeoff
    import bakeoff.cost.tune.asking

    assert bakeoff.cost(["qwen3-8b"], load=ASKED).lines
    assert bakeoff.tune("qwen3-8b").ways
    assert bakeoff.cost.tune("qwen3-8b", methods=["lora"]).ways  # type: ignore[operator]


def test_a_currency_needs_the_users_rate() -> None:
    assert currency("vnd", "26,400").of(Decimal(2)) == 52_800
    assert currency(None, None).code == "USD"
    for code, rate in (("VND", None), (None, "26400"), ("VND", "0"), ("VND", "nan"), ("dong", "26400"), ("VN1", "3")):
        with pytest.raises(UsageError):
            currency(code, rate)


@pytest.mark.parametrize("text", ["", "abc", "nan", "inf", "-1", "1e13", "1/2"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        amount(text)


def test_pairs_of_leaders_are_those_of_all(answer: Costs) -> None:
    machines = [CARD, "2x H100 SXM", "M3 Max 64 GB"]
    both: dict[str, Any] = {"load": ASKED, "on": machines}
    every, few = cost(["qwen3-8b", "qwen3-4b"], **both), cost(["qwen3-8b", "qwen3-4b"], **both, every_pair=False)
    models = {line.option.key: line.option.model for line in leaders(every.lines)}
    expected = [pair for pair in every.break_evens if models.get(pair.first, 1) == models.get(pair.second, 2)]
    assert list(few.break_evens) == expected
    assert 0 < len(expected) < len(every.break_evens)
    assert few.lines == every.lines


def test_what_was_worked_out_before_is_what_is_worked_out_anew() -> None:
    known, model, on = Capacities(), find("qwen3-8b"), [machine(CARD), machine("2x H100 SXM")]
    changes: tuple[dict[str, Any], ...] = (
        {}, {"max_wait_seconds": 1.0}, {"first_token_ms": 40.0}, {"least_speed": 60.0}, {"requests_per_day": 9.0},
        {"prompt_tokens": 5000.0}, {"output_tokens": 900.0}, {}, {"max_wait_seconds": 20.0},
    )  # fmt: skip
    loads = [replace(ASKED, **changed) for changed in changes]
    for load in loads:
        for one in on:
            for measured in (None, 90.0):
                expected = capacity(model, one, load, measured=measured)
                assert known.of(model, one, load, measured=measured) == expected
    assert len({str(known.of(model, on[0], load)) for load in loads}) > 4
