"""A price list of our own making, in the form of `genai-prices`: tests hold whatever the package says next month."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, time
from decimal import Decimal

import pytest
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    Provider,
    StartDateConstraint,
    TimeOfDateConstraint,
)

from bakeoff.cost import prices

D = Decimal


def price(input_mtok: str, output_mtok: str, cache_read_mtok: str | None = None) -> ModelPrice:
    """US dollars per million tokens."""
    return ModelPrice(
        input_mtok=D(input_mtok),
        output_mtok=D(output_mtok),
        cache_read_mtok=None if cache_read_mtok is None else D(cache_read_mtok),
    )


def model(name: str, prices: ModelPrice | list[ConditionalPrice], batch: ModelPrice | None = None) -> ModelInfo:
    """A model at a provider."""
    variants = [PriceVariant(when={"processing": "batch"}, prices=batch)] if batch is not None else None
    return ModelInfo(id=name, match=ClauseEquals(equals=name.lower()), prices=prices, price_variants=variants)


def provider(name: str, *models: ModelInfo) -> Provider:
    """A provider whose address is its name."""
    return Provider(id=name, name=name.title(), api_pattern=rf"https://api\.{name}\.", models=list(models))


PEAK_AND_OFF_PEAK = [
    ConditionalPrice(prices=price("0.435", "0.87")),
    ConditionalPrice(StartDateConstraint(date(2026, 8, 17)), prices=price("0.66", "1.98")),
    ConditionalPrice(TimeOfDateConstraint(time(1, tzinfo=UTC), time(4, tzinfo=UTC)), prices=price("1.32", "3.96")),
    ConditionalPrice(TimeOfDateConstraint(time(6, tzinfo=UTC), time(10, tzinfo=UTC)), prices=price("1.32", "3.96")),
]
"""As DeepSeek V4 Pro in genai-prices 0.2.3."""

PROVIDERS = [
    provider(
        "openrouter",
        model("qwen/qwen3-8b", price("0.035", "0.138")),
        model("qwen3-8b:free", ModelPrice()),
        model("qwen/qwen3-8b:batch", price("0.001", "0.001")),
        model("deepseek/deepseek-r1-0528-qwen3-8b", price("0.01", "0.01")),
        model("openai/gpt-oss-20b", price("0.03", "0.14")),
    ),
    provider("nscale", model("Qwen/Qwen3-8B", price("0.07", "0.18")), model("Qwen/Qwen3-8B-fp8", price("0.09", "0.2"))),
    provider(
        "together",
        model("meta-llama/Llama-3.3-70B-Instruct-Turbo", price("0.135", "0.40")),
        model("openai/gpt-oss-120b", price("0.15", "0.60")),
        model("openai/gpt-oss-20b", price("0.05", "0.20", "0.01")),
    ),
    provider(
        "groq",
        model("llama-3.3-70b-versatile", price("0.59", "0.79")),
        model("llama-3.1-8b-instant", price("0.05", "0.08")),
        model("openai/gpt-oss-120b", price("0.15", "0.75"), batch=price("0.075", "0.375")),
    ),
    provider("deepseek", model("deepseek-v4-pro", PEAK_AND_OFF_PEAK)),
    provider("openai", model("gpt-oss-120b", price("0.039", "0.18"))),
]


def _clear() -> None:
    for cached in (prices._by_words, prices.snapshot_date):
        cached.cache_clear()


@contextmanager
def of_our_own() -> Iterator[None]:
    """Our price list in the place of the package's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prices, "_providers", lambda: PROVIDERS)
        _clear()
        yield
    _clear()
