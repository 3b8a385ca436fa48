"""Tests here hold whatever the price list says next month."""

from collections.abc import Iterator

import pytest

from tests.cost.snapshot import of_our_own


@pytest.fixture(scope="module", autouse=True)
def price_list(request: pytest.FixtureRequest) -> Iterator[None]:
    """Our own price list, but where the real one is asked for."""
    if getattr(request.module, "REAL_PRICE_LIST", False):
        yield
        return
    with of_our_own():
        yield
