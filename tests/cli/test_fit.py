"""`bakeoff fit` as a person meets it."""

import json
from collections.abc import Iterator
from functools import partial

import pytest

from bakeoff.cli import fit_measure
from bakeoff.evaluate.engines import server
from bakeoff.fit.plan.calibration import load
from bakeoff.weights import ModelFile
from tests.cli.conftest import Run
from tests.json_page import keys, mentioned, promised

CARD = "RTX 4090, 64 GB RAM"


@pytest.fixture(scope="module", autouse=True)
def nothing_of_the_users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The same for all tests here, so that the catalog is read once."""
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BAKEOFF_CATALOG", str(folder / "catalog.jsonl"))
        patch.setenv("BAKEOFF_MEASURED", str(folder / "measured.json"))
        patch.setenv("BAKEOFF_LANG", "en")
        yield


@pytest.fixture
def bakeoff(command: Run) -> Run:
    return partial(command, "fit")


def test_a_model_every_build_the_plan_and_the_command(bakeoff: Run) -> None:
    code, out, err = bakeoff("qwen3", "8b", "--on", CARD, "--context", "32k")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("Qwen/Qwen3-8B on RTX 4090, 64 GB RAM: context 32,768 tokens")
    assert [line.split("\t")[1] for line in lines[1:5]] == ["Build", "gguf:BF16", "gguf:Q8_0", "gguf:Q6_K"]
    assert sum(line.startswith("*\t") for line in lines) == 1
    assert "█" in out
    assert "of 23.1 GiB: weights" in out
    assert "llama-server -hf unsloth/Qwen3-8B-GGUF:" in lines[-1]
    assert "-c 32768" in lines[-1]
    assert "OLLAMA_CONTEXT_LENGTH=32768" in err


def test_the_table_names_tasks_models_and_how_it_is_ordered(bakeoff: Run) -> None:
    code, out, err = bakeoff("--on", CARD)
    assert code == 0
    tasks = {line.split("\t")[0].split()[0] for line in out.splitlines()[2:]}
    assert tasks == {"chat", "code", "reasoning", "vision"}
    assert "your own rows decide" in err
    one = bakeoff("--on", CARD, "--task", "code", "--language", "vi")[1].splitlines()[2:]
    assert {line.split("\t")[0].split()[0] for line in one} == {"code"}


def test_the_documents_have_the_documented_keys(bakeoff: Run) -> None:
    documents = [
        json.loads(bakeoff("qwen3 8b", "--on", CARD, "--json", "--why")[1]),
        json.loads(bakeoff("--on", CARD, "--json")[1]),
    ]
    found = keys(documents, {"machine", "parameters"})
    assert promised("bakeoff.fit") - found == set()
    assert found - mentioned("bakeoff.fit", "bakeoff.decide") == set()


def test_json_is_the_answer_and_nothing_else(bakeoff: Run) -> None:
    code, out, err = bakeoff("qwen3 8b", "--on", CARD, "--json", "--why")
    document = json.loads(out)
    assert (code, err) == (0, "")
    assert (document["schema"], document["version"], document["model"]) == ("bakeoff.fit", 1, "Qwen/Qwen3-8B")
    assert {term["code"].partition(".")[0] for term in document["why"]} == {"why"}
    assert all(set(one) == {"code", "parameters", "en", "vi"} for one in (*document["why"], *document["changes"]))
    table = json.loads(bakeoff("--on", CARD, "--json")[1])
    assert table["schema"] == "bakeoff.fit"
    assert {plan["chosen"] for plan in table["plans"]} == {True}
    assert {"task", "rank", "ability"} <= set(table["plans"][0])


def test_every_sum_is_shown_term_by_term_and_adds_up(bakeoff: Run) -> None:
    out = bakeoff("gpt-oss-120b", "--on", CARD, "--json", "--why")[1]
    document = json.loads(out)
    chosen = next(plan for plan in document["plans"] if plan["chosen"])
    terms = document["why"]
    caches = sum(term["parameters"]["size"] for term in terms if term["code"] == "why.cache")
    assert caches == chosen["memory"]["kv_cache_bytes"]
    decode = chosen["speed"]["decode_tokens_per_second"]["value"]
    token_ms = sum(term["parameters"]["ms"] for term in terms if term["code"] == "why.token_term")
    assert token_ms == pytest.approx(1000 / decode, rel=0.01)
    text = bakeoff("gpt-oss-120b", "--on", CARD, "--why")[1]
    assert "sliding window" in text


@pytest.mark.parametrize("name", ["qwen3 8b", "gpt-oss-120b", "google/gemma-3n-E4B-it", "tiiuae/Falcon-H1-7B-Instruct"])
@pytest.mark.parametrize("on", [CARD, "RTX 4060 Laptop, 16 GB", "M3 Max 64 GB", "CPU only, 8 GB", "2x H100 SXM"])
@pytest.mark.parametrize("lang", ["en", "vi"])
def test_both_languages_have_words_for_every_answer(bakeoff: Run, name: str, on: str, lang: str) -> None:
    code, out, _ = bakeoff(name, "--on", on, "--why", "--lang", lang)
    assert code in (0, 1)
    assert "{" not in out
    assert bakeoff("--on", on, "--task", "chat", "--lang", lang)[0] == 0


def test_nothing_that_runs_is_exit_code_1_with_what_would_help(bakeoff: Run) -> None:
    code, out, _ = bakeoff("deepseek-ai/DeepSeek-V3", "--on", "CPU only, 16 GB")
    assert code == 1
    assert "No build of deepseek-ai/DeepSeek-V3 runs here." in out
    assert "more memory would be enough" in out
    document = json.loads(bakeoff("deepseek-ai/DeepSeek-V3", "--on", "CPU only, 16 GB", "--json")[1])
    assert {plan["runs"] for plan in document["plans"]} == {False}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["llama"], "can be any of"),
        (["qwen3 8b", "--build", "Q4_X"], "is not a build"),
        (["qwen3 8b", "--engine", "ollama"], "is not an engine"),
        (["qwen3 8b", "--context", "4x"], "--context: '4x' is not a number of tokens"),
        (["qwen3 8b", "--context", "1M"], "has a context of"),
        (["qwen3 8b", "--kv", "q7"], "not a cache type"),
        (["qwen3 8b", "--build", "nvfp4"], "compute capability"),
        (["qwen3 8b", "--gpu-memory-utilization", "1.5"], "not a share"),
        (["qwen3 8b", "--min-speed", "-3"], "are no speed"),
        (["qwen3 8b", "--on", "3x 0 GB"], "0 GB"),
        (["qwen3 8b", "--task", "code"], "--task goes without a model"),
        (["--why"], "--why goes with a model"),
        (["--task", "juggling"], "no model in the catalog has the task"),
        (["--measure"], "--measure is about this machine"),
        (["nothing-like-it.gguf/x.gguf"], "no such file"),
    ],
)
def test_wrong_use_is_exit_code_2_with_a_hint(bakeoff: Run, arguments: list[str], message: str) -> None:
    on = [] if "--on" in arguments else ["--on", CARD]
    code, out, err = bakeoff(*arguments, *on)
    assert (code, out) == (2, "")
    assert f"error: {err.partition('error: ')[2].splitlines()[0]}" in err
    assert message in err
    assert "hint: " in err


def test_the_engines_own_planner_agrees(bakeoff: Run) -> None:
    out = bakeoff("smollm2 135m", "--on", "CPU only, 16 GB", "--build", "Q4_1", "--exact", "--json")[1]
    chosen = next(plan for plan in json.loads(out)["plans"] if plan["chosen"])
    said = next(reason["parameters"] for reason in chosen["reasons"] if reason["code"] == "fit.exact")
    assert said["difference"] == 0
    assert chosen["memory"]["compute_bytes"] == said["compute"]


def test_a_short_run_here_is_kept_and_shown_beside_the_prediction(
    bakeoff: Run,
    smollm2: ModelFile,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert server  # the engine itself runs
    smol = "HuggingFaceTB/SmolLM2-135M-Instruct"
    monkeypatch.setattr(fit_measure, "MODELS", ((smol, "gguf:Q4_1", smol),))
    monkeypatch.setattr(fit_measure, "get", lambda *_: smollm2)
    monkeypatch.setattr(fit_measure, "OUTPUT_TOKENS", 8)
    monkeypatch.setattr(fit_measure, "PROMPT_WORDS", 60)
    monkeypatch.setattr(fit_measure, "of_measurements", lambda *_, **__: None)  # how busy this machine is, is no matter
    code, _, err = bakeoff("smollm2 135m", "--build", "Q4_1", "--measure")
    assert code in (0, 1)
    assert "is kept in" in err
    kept = load()
    assert [(one.model, one.build, one.place) for one in kept] == [(smol, "gguf:Q4_1", -1)]
    assert kept[0].decode_tokens_per_second > 0
    assert 50 < kept[0].prompt_tokens < 1000
