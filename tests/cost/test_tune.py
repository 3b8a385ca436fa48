"""Time, money and payback of fine-tuning."""

from decimal import Decimal

import pytest

from bakeoff.catalog.finding import find
from bakeoff.cost.hosted import Rate
from bakeoff.cost.load import Load
from bakeoff.cost.tune.asking import tune
from bakeoff.cost.tune.family import relatives
from bakeoff.cost.tune.memory import Training
from bakeoff.cost.tune.pace import operations_per_token, pace
from bakeoff.cost.tune.payback import payback, saved_against, saved_by_shorter_prompt
from bakeoff.cost.tune.ways import SETUP_HOURS
from bakeoff.errors import UsageError
from bakeoff.hardware import machine
from tests.cost.test_tune_memory import EIGHT, SEVENTY, shape_of, tiny

D = Decimal

TORCHTUNE = [
    (EIGHT, "lora", "RTX 4090", 3083.0),
    (EIGHT, "qlora", "RTX 4090", 2413.0),
    (EIGHT, "full-8bit", "RTX 4090", 1650.0),
    (SEVENTY, "lora", "8x A100 80 GB", 3497.0),
    ("meta-llama/Llama-3.1-405B-Instruct", "qlora", "8x A100 80 GB", 653.0),
]
"""Tokens per second in torchtune's README (2024): a fast stack, compiled and packed."""


def test_six_n_for_full_and_four_n_for_lora() -> None:
    """1,000 weights, 40 wide, 5 tokens: attention 2 x 40 x 5 = 400, three times. Adapters: 30 x 2 x 6 = 360."""
    assert operations_per_token(tiny(), Training("full", 5, recompute=False)) == 6 * 1000 + 3 * 400
    assert operations_per_token(tiny(), Training("full", 5)) == 8 * 1000 + 4 * 400
    assert operations_per_token(tiny(), Training("lora", 5, rank=2, recompute=False)) == 4 * 1000 + 3 * 400 + 360


@pytest.mark.parametrize(("model", "method", "where", "measured"), TORCHTUNE)
def test_a_fast_stack_reaches_the_high_end(model: str, method: str, where: str, measured: float) -> None:
    cards = machine(where).accelerators
    training = Training(method, 2048, 2, gpus=len(cards))  # type: ignore[arg-type]
    found = pace(shape_of(model), training, cards, 1e6)
    assert found is not None
    speed = found.tokens_per_second
    assert speed.value < measured < 1.35 * speed.high


def test_twice_the_rows_take_twice_the_time() -> None:
    one, two = (tune("qwen3-8b", on=["RTX 4090"], methods=["lora"], rows=rows) for rows in (1000, 2000))
    first, second = one.ways[0].pace, two.ways[0].pace
    assert first is not None
    assert second is not None
    assert second.hours.value == pytest.approx(2 * first.hours.value)


def test_the_money_is_hours_with_setup_times_the_price_times_the_runs() -> None:
    found = tune("qwen3-8b", on=["RTX 4090"], methods=["lora"], runs=4, rents={"RTX 4090": 0.5})
    way = found.ways[0]
    assert way.pace is not None
    assert way.rented["your price"].value == pytest.approx(4 * 0.5 * (way.pace.hours.value + SETUP_HOURS.value))


def test_ones_own_machine_counts_only_where_it_was_named() -> None:
    assert all(way.own is None for way in tune("qwen3-8b").ways)
    assert tune("qwen3-8b", on=["RTX 4090"], methods=["lora"]).ways[0].own is not None


def test_a_machine_that_is_too_small_is_said_to_be() -> None:
    found = tune("openai/gpt-oss-120b", on=["RTX 4090"])
    assert not any(way.fits for way in found.ways)
    assert (found.cheapest, found.cost) == (None, None)


def test_several_gpus_hold_what_one_does_not() -> None:
    ways = {way.machine: way for way in tune("qwen3-8b", on=["1x H100 SXM", "8x H100 SXM"], methods=["full"]).ways}
    assert (ways["1x H100 SXM"].fits, ways["8x H100 SXM"].fits) == (False, True)


def test_payback_by_hand() -> None:
    """100 USD at 0.002 a request: 50,000 requests. In 20,000 it saves 40; 60 are open, at 0.50 a right answer: 120 of
    20,000 answers, 0.6 %.
    """
    found = payback(D(100), D("0.002"), D(20_000), value_per_answer=D("0.50"))
    assert found.break_even_requests == 50_000
    assert found.uplift_needed == D("0.006")
    assert payback(D(100), D("0.002"), D(60_000), value_per_answer=D(1)).uplift_needed == 0


def test_what_saves_nothing_is_never_paid_back() -> None:
    for saved in (D(0), D("-0.001")):
        assert payback(D(100), saved, D(1000)).break_even_requests is None
    dearer = payback(D(100), D("-0.001"), D(10_000), value_per_answer=D(1))
    assert dearer.uplift_needed == D("0.011")  # (100 + 10) / 10,000


def test_no_requests_pay_for_nothing() -> None:
    assert payback(D(100), D("0.002"), D(0), value_per_answer=D(1)).uplift_needed is None


def test_a_shorter_prompt_saves_its_tokens_at_the_price_they_had() -> None:
    """600 tokens at 0.50 per million; half of them cached at 0.10: 300 x 0.50 + 300 x 0.10 = 180 per million."""
    rate = Rate(D("0.5"), D(2), D("0.1"))
    assert saved_by_shorter_prompt(Load(prompt_tokens=1000), rate, 600) == D("0.0003")
    assert saved_by_shorter_prompt(Load(prompt_tokens=1000, cached_share=0.5), rate, 600) == D("0.00018")


def test_against_a_larger_model() -> None:
    """1,000 + 400 tokens: (0.5 x 1,000 + 2 x 400) - (0.1 x 1,000 + 0.4 x 400) = 1,300 - 260 per million."""
    found = saved_against(Load(), Rate(D("0.1"), D("0.4")), Rate(D("0.5"), D(2)))
    assert found == D("0.00104")


def test_fine_tunes_of_the_model_come_before_those_of_its_kin() -> None:
    found = relatives(find("Qwen/Qwen2.5-7B-Instruct"))
    assert found
    ours = [one.of_the_model for one in found]
    assert ours == sorted(ours, reverse=True)
    assert find("Qwen/Qwen2.5-7B-Instruct").id not in {one.model.id for one in found}
    assert {one.model.kind for one in found} == {"chat"}


def test_a_vietnamese_fine_tune_is_found_below_its_base() -> None:
    assert "AITeamVN/Vi-Qwen2-7B-RAG" in {one.model.id for one in relatives(find("Qwen/Qwen2-7B-Instruct"))}


def test_a_price_of_ones_own_finds_its_machine_by_a_part_of_the_name() -> None:
    (way,) = tune("qwen3-8b", on=["RTX 4090"], methods=["lora"], prices={"4090": 0}, rents={"rtx 4090": 2}).ways
    assert way.pace is not None
    hours = way.pace.hours.value + SETUP_HOURS.value
    assert way.rented["your price"].value == pytest.approx(3 * 2 * hours)
    assert way.own is not None
    assert way.own.value < way.rented["your price"].value / 10


@pytest.mark.parametrize(
    "wrong",
    [
        {"rows": 0}, {"tokens_per_row": float("nan")}, {"epochs": float("inf")}, {"runs": -1}, {"rank": 0},
        {"micro_batch": 0}, {"years": 0}, {"sequence_tokens": -5}, {"data_usd": "nan"}, {"example_tokens": 5000},
        {"value_per_answer": "-1"}, {"on": ["Foo 9000"]}, {"instead_of": "no such model"},
        {"prices": {"Foo 9000": 1}}, {"rents": {"H100": 1}},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        tune("qwen3-8b", **wrong)  # type: ignore[arg-type]
