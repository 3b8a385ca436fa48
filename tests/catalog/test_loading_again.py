"""Reading the catalog again in one process."""

import os
from pathlib import Path

import pytest

from bakeoff.catalog import load


def test_a_catalog_that_is_read_again_has_the_same_shapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The very objects: sums are kept by shape, and comparing equal ones layer by layer costs more than the sums."""
    own = tmp_path / "catalog.jsonl"
    monkeypatch.setenv("BAKEOFF_CATALOG", str(own))
    before = load()
    shapes = {model.id: model.architecture for model in before.models}
    own.write_text("", encoding="utf-8")
    os.utime(own, ns=(1, 1))
    after = load()
    assert after is not before
    assert all(model.architecture is shapes[model.id] for model in after.models)
