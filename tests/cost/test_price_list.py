"""The price list of `genai-prices` as it is installed: that it is read, and that no server is asked."""

import socket
from datetime import date
from typing import Any

import pytest

from bakeoff.catalog.loading import load
from bakeoff.cost import prices
from bakeoff.cost.load import Load

REAL_PRICE_LIST = True


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any connection fails the test."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_no_server_is_asked_and_nothing_is_updated() -> None:
    from genai_prices import data_snapshot, update_prices

    prices._providers.cache_clear()
    assert len(prices.provider_ids()) > 20
    assert data_snapshot._custom_snapshot is None
    assert not [name for name, one in vars(update_prices).items() if isinstance(one, update_prices.UpdatePrices)]


def test_the_snapshot_says_how_old_it_is() -> None:
    assert "2026-01-01" < prices.snapshot_date() <= date.today().isoformat()
    assert prices.snapshot_version().startswith("genai-prices ")


def test_many_models_of_the_catalog_have_a_price_and_none_is_zero_or_shared() -> None:
    """217 models with 670 offers in genai-prices 0.2.3."""
    load_ = Load()
    found = {model.id: prices.offers(model, load_) for model in load().models if model.kind == "chat"}
    offers = [offer for some in found.values() for offer in some]
    assert sum(map(bool, found.values())) > 100
    assert all(offer.usual.input >= 0 < offer.usual.output for offer in offers)
    assert len({(offer.provider, offer.model) for offer in offers}) == len(offers)
