"""Which offers are a model's, at what price."""

from datetime import date

import pytest

from bakeoff.catalog.finding import find
from bakeoff.cost import prices
from bakeoff.cost.hosted import request_cost
from bakeoff.cost.load import Load

DAY = date(2026, 11, 24)


def offers(model: str, load: Load | None = None, *, batch: bool = False) -> dict[str, prices.Offer]:
    """By provider."""
    return {one.provider: one for one in prices.offers(find(model), load or Load(), at=DAY, batch=batch)}


def test_the_cheapest_for_the_load_comes_first_and_each_provider_once() -> None:
    """Together reads dearer, Groq writes dearer: which is first depends on the load."""
    model = "meta-llama/Llama-3.3-70B-Instruct"
    assert list(offers(model)) == ["together", "groq"]
    load = Load(prompt_tokens=10, output_tokens=2000)
    costs = [request_cost(load, one.usual) for one in offers("Qwen/Qwen3-8B", load).values()]
    assert costs == sorted(costs)
    assert len(costs) == 2


def test_a_fine_tune_is_not_taken_for_its_base() -> None:
    assert {one.model for one in offers("Qwen/Qwen3-8B").values()} == {"qwen/qwen3-8b", "Qwen/Qwen3-8B"}


def test_a_base_model_is_not_what_providers_sell_under_its_name() -> None:
    assert "groq" in offers("meta-llama/Llama-3.1-8B-Instruct")
    assert find("meta-llama/Llama-3.1-8B").is_base
    assert offers("meta-llama/Llama-3.1-8B") == {}


def test_a_provider_may_add_a_word_of_its_own() -> None:
    found = offers("meta-llama/Llama-3.3-70B-Instruct")
    assert found["groq"].model == "llama-3.3-70b-versatile"
    assert found["together"].model == "meta-llama/Llama-3.3-70B-Instruct-Turbo"


def test_the_maker_of_open_weights_is_no_provider_where_it_serves_none() -> None:
    assert set(offers("openai/gpt-oss-120b")) == {"together", "groq"}


def test_free_and_batch_twins_of_a_router_are_not_the_usual_price() -> None:
    assert offers("Qwen/Qwen3-8B")["openrouter"].model == "qwen/qwen3-8b"


def test_a_discount_for_batch_jobs_is_taken_where_it_is_known() -> None:
    usual, batch = (offers("openai/gpt-oss-120b", batch=batch) for batch in (False, True))
    assert batch["groq"].is_batch
    assert batch["groq"].usual.input * 2 == usual["groq"].usual.input
    assert not batch["together"].is_batch
    assert batch["together"].usual == usual["together"].usual


def test_an_endpoint_is_known_by_its_address() -> None:
    for host in ("api.together.xyz", "api.together.ai"):
        found = prices.offer_at(f"https://{host}/v1", "openai/gpt-oss-20b", Load(), at=DAY)
        assert found is not None
        assert found.provider == "together"
    assert prices.offer_at("https://api.together.xyz/v1", "nobody/nothing", Load(), at=DAY) is None
    assert prices.offer_at("https://models.example.org/v1", "gpt-oss-20b", Load(), at=DAY) is None


@pytest.mark.parametrize(("day", "rates"), [(date(2026, 8, 1), 2), (date(2026, 9, 1), 2)])
def test_a_price_holds_from_its_day_on(day: date, rates: int) -> None:
    found = prices.offers(find("deepseek-ai/DeepSeek-V4-Pro"), Load(), at=day)[0]
    assert len(found.rates) == rates
    low = min(float(rate.input) for rate, _ in found.rates)
    assert low == (0.435 if day < date(2026, 8, 17) else 0.66)
