"""A Hub on the loopback, an empty cache, and no waiting between tries."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bakeoff.weights import hub as hub_module
from tests.weights.fake_hub import FakeHub, fake_hub


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of its own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("BAKEOFF_CACHE", str(folder))
    return folder


@pytest.fixture
def hub(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A Hub to fetch from, into an empty cache; the Hub's own cache is empty as well."""
    from huggingface_hub import close_session, constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setattr(hub_module, "RETRY_PAUSE_SECONDS", 0.0)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with fake_hub() as served:
        monkeypatch.setenv("HF_ENDPOINT", served.address)
        yield served
        close_session()
