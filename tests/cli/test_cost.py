"""`bakeoff cost` as a person meets it."""

import json
from collections.abc import Iterator
from functools import partial

import pytest

from tests.cli.conftest import Run
from tests.cost.snapshot import of_our_own
from tests.json_page import keys, mentioned, promised

CARD = "RTX 4090, 64 GB RAM"


@pytest.fixture(scope="module", autouse=True)
def nothing_of_the_users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The same for all tests here, so that the catalog is read once."""
    folder = tmp_path_factory.mktemp("own")
    with of_our_own(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("BAKEOFF_CATALOG", str(folder / "catalog.jsonl"))
        patch.setenv("BAKEOFF_LANG", "en")
        patch.chdir(folder)
        yield


@pytest.fixture
def bakeoff(command: Run) -> Run:
    return partial(command, "cost")


def test_side_by_side_then_the_cheapest_break_evens_and_what_matters(bakeoff: Run) -> None:
    code, out, err = bakeoff("qwen3-8b", "--on", CARD, "--requests-per-day", "5,000", "--growth", "50%")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("5,000 requests a day of 1,000 + 400 tokens, growing by 50% a year; 3 years")
    assert lines[1].split("\t")[:4] == ["Model", "How", "Where", "Machines"]
    assert {line.split("\t")[1] for line in lines[2:] if line.count("\t") > 5} == {"per token", "own", "rented"}
    assert "Cheapest at this load: Qwen/Qwen3-8B (per token" in out
    assert "At every volume up to 500,000 requests a day, Qwen/Qwen3-8B (per token, openrouter) costs less" in out
    assert "█ purchase price, USD: " in out
    assert "launch (2022-09-20)" in out
    assert "genai-prices" in err
    assert "Left out of all numbers:" in err


def test_the_volume_from_which_a_machine_pays_is_said(bakeoff: Run) -> None:
    out = bakeoff("qwen3-8b", "--on", CARD, "--price", "4090=2000", "--provider", "nscale")[1]
    assert "requests a day on, Qwen/Qwen3-8B (own, RTX 4090, 64 GB RAM) costs less than Qwen/Qwen3-8B (per token" in out


def test_the_document_has_the_documented_keys(bakeoff: Run) -> None:
    document = json.loads(bakeoff("qwen3-8b", "--on", CARD, "--on", "M3 Max 64 GB", "--json")[1])
    found = keys(document, {"parameters"})
    assert promised("bakeoff.cost") - found == set()
    assert found - mentioned("bakeoff.cost", "bakeoff.decide", "bakeoff.fit") == set()


def test_json_is_the_answer_and_nothing_else(bakeoff: Run) -> None:
    code, out, err = bakeoff("qwen3-8b", "--on", CARD, "--json")
    document = json.loads(out)
    assert (code, err) == (0, "")
    assert (document["schema"], document["version"]) == ("bakeoff.cost", 1)
    assert all(isinstance(one["monthly_usd"], str) for one in document["options"])
    assert all({"en", "vi"} < set(one) for one in (*document["notes"], *document["left_out"]))


def test_vietnamese_with_dong_at_the_users_rate(bakeoff: Run) -> None:
    code, out, err = bakeoff("qwen3-8b", "--on", CARD, "--lang", "vi", "--rate", "26400")
    assert code == 0
    assert "VND" in out
    assert "Rẻ nhất với lượng tải này" in out
    assert "Không con số nào ở trên bao gồm" in err
    assert "$" not in out


def test_several_words_may_be_one_model(bakeoff: Run) -> None:
    assert "Qwen/Qwen3-8B" in bakeoff("qwen3", "8b")[1]
    assert "Llama-3.3-70B" in bakeoff("qwen3-8b", "llama-3.3-70b")[1]


def test_nothing_that_can_be_counted_is_exit_code_one(bakeoff: Run) -> None:
    code, out, _ = bakeoff("qwen3-8b", "--no-hosted", "--on", "M3 Max 64 GB")
    assert code == 1
    assert "no purchase price is known" in out
    assert json.loads(bakeoff("BAAI/bge-m3", "--json")[1])["options"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        (), ("nosuchmodel",), ("qwen3-8b", "--requests-per-day", "nan"), ("qwen3-8b", "--requests-per-day", "-5"),
        ("qwen3-8b", "--peak", "0.5"), ("qwen3-8b", "--price", "3"), ("qwen3-8b", "--price", "a=b"),
        ("qwen3-8b", "--years", "0"), ("qwen3-8b", "--currency", "VND"), ("qwen3-8b", "--rate", "5"),
        ("qwen3-8b", "--electricity", "mars"), ("qwen3-8b", "--provider", "nobody"),
        ("qwen3-8b", "--cached-share", "2"),
        ("qwen3-8b", "--on", "Foo 9000"), ("qwen3-8b", "--staff", "much"), ("--project", "nowhere"),
        ("qwen3-8b", "--prompt-tokens", "0", "--output-tokens", "0"), ("qwen3-8b", "--growth", "1e309"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_use_says_what_and_how_to_mend_it(bakeoff: Run, arguments: tuple[str, ...]) -> None:
    code, out, err = bakeoff(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert "hint: " in err
