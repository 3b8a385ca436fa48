"""`bakeoff tune` as a person meets it."""

import json
from collections.abc import Iterator
from functools import partial

import pytest

from tests.cli.conftest import Run
from tests.cost.snapshot import of_our_own
from tests.json_page import keys, mentioned, promised


@pytest.fixture(scope="module", autouse=True)
def nothing_of_the_users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The same for all tests here, so that the catalog is read once."""
    with of_our_own(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("BAKEOFF_CATALOG", str(tmp_path_factory.mktemp("own") / "catalog.jsonl"))
        patch.setenv("BAKEOFF_LANG", "en")
        yield


@pytest.fixture
def bakeoff(command: Run) -> Run:
    return partial(command, "tune")


def test_methods_on_machines_the_cheapest_and_fine_tunes_to_test_first(bakeoff: Run) -> None:
    code, out, err = bakeoff("Qwen/Qwen2-7B-Instruct", "--rows", "5000", "--on", "2x RTX 4090", "--on", "1x H100 SXM")
    assert code == 0
    assert out.startswith("Fine-tuning Qwen/Qwen2-7B-Instruct on 5,000 rows of 500 tokens, 3 times, 3 runs")
    assert sum(line.startswith("*\t") for line in out.splitlines()) == 1
    assert "\nCheapest: LoRA on " in out
    assert "test them first:" in out
    assert "AITeamVN/Vi-Qwen2-7B-RAG (finetune" in out
    assert "mostly dearer than training" in err


def test_what_it_must_bring(bakeoff: Run) -> None:
    _, out, _ = bakeoff("qwen3-8b", "--example-tokens", "600", "--instead-of", "llama-3.3-70b")
    assert "Against the examples in the prompt it saves $0.021 per 1,000 requests" in out
    assert "Against meta-llama/Llama-3.3-70B-Instruct it saves" in out
    _, out, _ = bakeoff("llama-3.3-70b", "--instead-of", "qwen3-8b", "--value-per-answer", "0.01", "--years", "2")
    assert "It pays within 2 years if at least" in out
    _, out, _ = bakeoff("llama-3.3-70b", "--instead-of", "qwen3-8b")
    assert "more per 1,000 requests: only better answers pay for it" in out


def test_the_document_has_the_documented_keys(bakeoff: Run) -> None:
    code, out, err = bakeoff("Qwen/Qwen2-7B-Instruct", "--on", "RTX 4090", "--example-tokens", "600", "--json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert (document["schema"], document["version"]) == ("bakeoff.tune", 1)
    found = keys(document, {"parameters"})
    assert promised("bakeoff.tune") - found == set()
    assert found - mentioned("bakeoff.tune", "bakeoff.cost", "bakeoff.decide", "bakeoff.fit") == set()


def test_vietnamese(bakeoff: Run) -> None:
    code, out, err = bakeoff("qwen3-8b", "--lang", "vi", "--rate", "26400")
    assert code == 0
    assert "Rẻ nhất: LoRA trên " in out
    assert "VND" in out
    assert "adapter hạng 16" in err


def test_nothing_that_fits_is_exit_code_one(bakeoff: Run) -> None:
    code, out, _ = bakeoff("gpt-oss-120b", "--on", "RTX 4090")
    assert code == 1
    assert "No method fits on these machines." in out


@pytest.mark.parametrize(
    "arguments",
    [
        ("nosuchmodel",), ("qwen3-8b", "--rows", "0"), ("qwen3-8b", "--epochs", "nan"), ("qwen3-8b", "--sequence", "0"),
        ("qwen3-8b", "--price", "x"), ("qwen3-8b", "--data-cost", "-1"), ("qwen3-8b", "--example-tokens", "1e6"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_use_says_what_and_how_to_mend_it(bakeoff: Run, arguments: tuple[str, ...]) -> None:
    code, out, err = bakeoff(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert "hint: " in err
