"""Fine-tunes among the candidates are held against their base, wherever a decision is shown."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.common import stub_process
from click.testing import CliRunner

from bakeoff.cli.decide import decide_command
from bakeoff.evaluate.results import Pair
from bakeoff.evaluate.types import Candidate
from bakeoff.project import Project
from bakeoff.project.tuned import verdicts
from tests.project.common import candidate, make_project

BASE, TUNED = "Qwen/Qwen3-8B", "internlm/Intern-S1-mini"
"""The catalog knows the second as a fine-tune of the first."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with stub_process() as found:
        yield found


def pair(a: str, b: str, *, n: int = 100) -> Pair:
    return Pair(a, b, n, 0.05, 0.02, 0.08, 0.01, 0.01, 40, 0.02, 0.08)


def found(pairs: list[Pair], *candidates: tuple[str, str], said: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """(tuned, base) of each verdict; candidates are (name, model)."""
    named = [Candidate(name=name, model=model) for name, model in candidates]
    return [(str(one.parameters["tuned"]), str(one.parameters["base"])) for one in verdicts(pairs, named, said or {})]


def test_the_catalog_knows_who_was_made_from_whom() -> None:
    both = (("big", BASE), ("mini", TUNED))
    assert found([pair("big", "mini")], *both) == [("mini", "big")]
    assert found([pair("mini", "big")], *both) == [("mini", "big")]
    assert found([pair("big", "mini", n=0)], *both) == []
    assert found([pair("big", "other")], ("big", BASE), ("other", "google/gemma-3-270m")) == []
    assert found([pair("a", "b")], ("a", BASE), ("b", BASE)) == []


def test_ancestors_further_up_count_too() -> None:
    assert found([pair("base", "mini")], ("base", "Qwen/Qwen3-8B-Base"), ("mini", TUNED)) == [("mini", "base")]


def test_the_project_file_says_it_of_models_that_nobody_knows() -> None:
    own = (("base", "served-base"), ("ours", "served-ours"), ("third", "served-third"))
    pairs = [pair("base", "ours"), pair("base", "third"), pair("ours", "third")]
    assert found(pairs, *own) == []
    assert found(pairs, *own, said={"ours": "base"}) == [("ours", "base")]
    # What the file says beats the catalog.
    assert found([pair("big", "mini")], ("big", BASE), ("mini", TUNED), said={"mini": "gone"}) == [("mini", "gone")]


def test_variants_of_the_prompt_are_held_against_the_same_variant() -> None:
    pairs = [pair("big · short", "mini · short"), pair("big · short", "mini · long"), pair("big · long", "mini · long")]
    assert found(pairs, ("big", BASE), ("mini", TUNED)) == [
        ("mini · short", "big · short"),
        ("mini · long", "big · long"),
    ]


def test_decide_and_report_say_it(tmp_path: Path, address: str) -> None:
    folder = make_project(
        tmp_path / "p",
        candidate("base", f"{address}/ok/v1"),
        candidate("ours", f"{address}/ok/v1", more='tuned_from = "base"'),
        rows=12,
    )
    told = json.loads(CliRunner().invoke(decide_command, [str(folder), "--json", "--quiet"]).stdout)
    (said,) = [one for one in told["reasons"] if one["code"].startswith("tune.")]
    assert said["code"] == "tune.verdict_open"
    assert (said["parameters"]["tuned"], said["parameters"]["base"], said["parameters"]["n"]) == ("ours", "base", 12)
    for kind in ("html", "md"):
        assert "Whether the fine-tune ours is better than base" in Project(folder).report(kind, "en")
        assert "Chưa rõ bản tinh chỉnh ours" in Project(folder).report(kind, "vi")
    toml = folder / "bakeoff.toml"
    toml.write_text(toml.read_text().replace('tuned_from = "base"', 'tuned_from = "gone"'))
    assert [one.code for one in Project(folder).decide().reasons if one.code.startswith("tune.")] == ["tune.no_base"]
