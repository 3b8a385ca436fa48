"""Every check of `validate` can fail, and its message tells the fix."""

import datetime
from typing import Any

import pytest

from bakeoff.catalog.facts import gather
from bakeoff.catalog.loading import Catalog, shipped_licences
from bakeoff.catalog.validate import Problem, validate

TODAY = datetime.date(2026, 11, 24)

GOOD: dict[str, dict[str, Any]] = {
    "identity": {"family": "f", "organisation": "o", "kind": "chat", "tier": 1},
    "release": {"date": "2025-04-29"},
    "parameters": {"total": 8190735360},
    "context": {"tokens": 40960},
    "licence": {"key": "mit"},
    "architecture": {
        "name": "qwen3", "hidden_size": 4096, "vocab_size": 151936, "tied_embeddings": False, "context_tokens": 40960,
        "kinds": {"full": {
            "attention": {"n_heads": 32, "n_kv_heads": 8, "head_dim_k": 128, "head_dim_v": 128, "qk_norm": True},
            "feed_forward": {"size": 12288},
        }},
        "layers": "36xfull",
    },
}  # fmt: skip
"""Qwen3-8B, which has 8,190,735,360 parameters."""


def problems(*models: str, **changes: dict[str, Any]) -> list[Problem]:
    lines = []
    for model in models or ("a/b",):
        for group, values in {**GOOD, **{group: GOOD.get(group, {}) | new for group, new in changes.items()}}.items():
            line = {"model": model, "fact": group, "as_of": "2026-11-22", "source": ["a test"], **values}
            lines.append(line)
    catalog = Catalog(gather(lines), {}, shipped_licences(), "2026-11-22")
    return [problem for problem in validate(catalog, TODAY) if problem.model in (*(models or ("a/b",)), "nick")]


def with_attention(**values: Any) -> dict[str, Any]:
    shape = GOOD["architecture"]
    full = shape["kinds"]["full"]
    return {"kinds": {"full": {**full, "attention": {**full["attention"], **values}}}}


def test_a_good_model_has_no_problems() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"parameters": {"total": 8_400_000_000}}, "parameters", "8,190,735,360 parameters, stated are 8,400,000,000"),
        ({"parameters": {"total": 9 * 10**9, "text": 8_400_000_000}}, "parameters", r"\(-2\.5%\)"),
        ({"parameters": {"active": 9 * 10**9}}, "active", "9,000,000,000 active of 8,190,735,360"),
        ({"architecture": {"tied_embeddings": True}}, "parameters", r"\(-7\.6%\)"),
        ({"architecture": {"layers": "35xfull"}}, "parameters", "parameters, stated are"),
        ({"architecture": with_attention(n_kv_heads=64)}, "layers", "64 key-value heads for 32 heads"),
        ({"architecture": with_attention(window=0)}, "layers", "a window of 0 tokens"),
        ({"release": {"date": "2027-01-01"}}, "dates", "released on 2027-01-01, after 2026-11-24"),
        ({"release": {"date": "1999-01-01"}}, "dates", "released on 1999-01-01"),
        ({"release": {"date": "April 2025"}}, "dates", "'April 2025'"),
        ({"licence": {"key": "no-such-licence"}}, "licence", "'no-such-licence' is not described"),
        ({"lineage": {"from": [{"relation": "finetune", "model": "a/b"}]}}, "lineage", "its own parent"),
        ({"lineage": {"from": [{"relation": "finetune", "model": "llama"}]}}, "lineage", "'llama' is no id"),
        ({"context": {"tokens": 10**9}}, "context", "1,000,000,000 tokens"),
        ({"context": {"extended": 1000}}, "context", "extended to 1,000 tokens from 40,960"),
        ({"identity": {"kind": "toaster"}}, "identity", "kind is 'toaster'"),
        ({"identity": {"tier": 7}}, "identity", "tier is 7"),
    ],
)
def test_a_fault_is_found_and_told(changes: dict[str, dict[str, Any]], code: str, message: str) -> None:
    import re

    found = [problem for problem in problems(**changes) if problem.severity == "error"]
    assert code in {problem.code for problem in found}
    assert [problem for problem in found if re.search(message, problem.message)]
    assert all(problem.hint for problem in found)


def test_an_explained_difference_is_data_and_passes() -> None:
    assert problems(parameters={"total": 9_000_000_000, "mismatch": "a vision tower"}) == []


def test_a_difference_of_one_and_a_half_percent_is_allowed_and_more_is_not() -> None:
    counted = 8190735360
    assert problems(parameters={"total": int(counted / 1.0149)}) == []
    assert problems(parameters={"total": int(counted / 0.9851)}) == []
    assert [p.code for p in problems(parameters={"total": int(counted / 1.0151)})] == ["parameters"]
    assert [p.code for p in problems(parameters={"total": int(counted / 0.9849)})] == ["parameters"]


def test_a_parent_that_is_not_there_is_a_warning() -> None:
    found = problems(lineage={"from": [{"relation": "finetune", "model": "x/y"}]})
    assert [(problem.code, problem.severity) for problem in found] == [("lineage", "warning")]


def test_two_spellings_of_one_id_are_a_duplicate() -> None:
    assert {problem.code for problem in problems("a/b", "A/B")} == {"duplicate"}


def test_one_nickname_for_two_models_is_a_duplicate() -> None:
    found = problems("a/b", "c/d", identity={"aliases": ["nick"]})
    assert [(problem.code, problem.model) for problem in found] == [("duplicate", "nick")]


def test_a_fact_from_the_future_is_found() -> None:
    lines = [{"model": "a/b", "fact": "context", "as_of": "2027-05-05", "source": ["x"], "tokens": 4096}]
    found = validate(Catalog(gather(lines), {}, {}, "2026-11-22"), TODAY)
    assert "context is dated 2027-05-05, after 2026-11-24" in {problem.message for problem in found}
