"""No test of the catalog sees the user's own catalog, the Hub, or a real Ollama."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's catalog file of this test."""
    path = tmp_path / "own" / "catalog.jsonl"
    monkeypatch.setenv("BAKEOFF_CATALOG", str(path))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "ollama"))
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    return path
