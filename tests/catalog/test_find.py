"""A name as people write it finds the model that is meant, or asks back."""

import pytest

from bakeoff.catalog.facts import gather
from bakeoff.catalog.finding import Name, find, nearest, take_apart
from bakeoff.catalog.loading import Catalog, load
from bakeoff.errors import UsageError

MEANT = {
    # ids, in any case, with what is around them
    "Qwen/Qwen3-8B": "Qwen/Qwen3-8B",
    "qwen/qwen3-8b": "Qwen/Qwen3-8B",
    "  Qwen/Qwen3-8B  ": "Qwen/Qwen3-8B",
    "https://huggingface.co/Qwen/Qwen3-8B": "Qwen/Qwen3-8B",
    "huggingface.co/Qwen/Qwen3-8B/tree/main": "Qwen/Qwen3-8B",
    "Qwen3-8B": "Qwen/Qwen3-8B",
    "meta-llama/Llama-3.1-8B": "meta-llama/Llama-3.1-8B",
    # spaces, case, nicknames
    "qwen3 8b": "Qwen/Qwen3-8B",
    "qwen 3 8B": "Qwen/Qwen3-8B",
    "QWEN3  8B": "Qwen/Qwen3-8B",
    "llama 3.1 8b": "meta-llama/Llama-3.1-8B-Instruct",
    "Llama-3.1-8B-Instruct": "meta-llama/Llama-3.1-8B-Instruct",
    "llama 3.1 8b instruct": "meta-llama/Llama-3.1-8B-Instruct",
    "llama 3.1 8b base": "meta-llama/Llama-3.1-8B",
    "llama 3.2 3b": "meta-llama/Llama-3.2-3B-Instruct",
    "llama 3.3 70b": "meta-llama/Llama-3.3-70B-Instruct",
    "llama 4 scout": "meta-llama/Llama-4-Scout-17B-16E-Instruct",
    "llama 4 maverick": "meta-llama/Llama-4-Maverick-17B-128E-Instruct",
    "gpt oss 20b": "openai/gpt-oss-20b",
    "gpt-oss-120b": "openai/gpt-oss-120b",
    "GPT OSS 120B": "openai/gpt-oss-120b",
    "gemma 3 27b": "google/gemma-3-27b-it",
    "gemma-3-27b-it": "google/gemma-3-27b-it",
    "gemma 3 4b": "google/gemma-3-4b-it",
    "gemma 2 9b": "google/gemma-2-9b-it",
    "gemma 3n e4b": "google/gemma-3n-E4B-it",
    "phi 4": "microsoft/phi-4",
    "phi-3.5-mini": "microsoft/Phi-3.5-mini-instruct",
    "deepseek r1": "deepseek-ai/DeepSeek-R1",
    "deepseek v3": "deepseek-ai/DeepSeek-V3",
    "DeepSeek V3.2": "deepseek-ai/DeepSeek-V3.2",
    "mixtral 8x7b": "mistralai/Mixtral-8x7B-Instruct-v0.1",
    "mistral small 3.2": "mistralai/Mistral-Small-3.2-24B-Instruct-2506",
    "ministral 3 8b": "mistralai/Ministral-3-8B-Instruct-2512",
    "qwen3 next": "Qwen/Qwen3-Next-80B-A3B-Instruct",
    "qwen3 30b a3b": "Qwen/Qwen3-30B-A3B",
    "qwen2.5 coder 32b": "Qwen/Qwen2.5-Coder-32B-Instruct",
    "qwq 32b": "Qwen/QwQ-32B",
    "glm 4.5 air": "zai-org/GLM-4.5-Air",
    "glm-4.6": "zai-org/GLM-4.6",
    "glm 4.6v": "zai-org/GLM-4.6V",
    "kimi k2": "moonshotai/Kimi-K2-Instruct",
    "minimax m2": "MiniMaxAI/MiniMax-M2",
    "granite 4 micro": "ibm-granite/granite-4.0-micro",
    "nemotron nano 9b": "nvidia/NVIDIA-Nemotron-Nano-9B-v2",
    "falcon h1 1.5b": "tiiuae/Falcon-H1-1.5B-Instruct",
    "lfm2 1.2b": "LiquidAI/LFM2-1.2B",
    "smollm2 135m": "HuggingFaceTB/SmolLM2-135M-Instruct",
    "vistral": "Viet-Mistral/Vistral-7B-Chat",
    "hermes 4 70b": "NousResearch/Hermes-4-70B",
    # tags of Ollama
    "qwen3:8b": "Qwen/Qwen3-8B",
    "qwen3:30b-a3b": "Qwen/Qwen3-30B-A3B",
    "qwen3-coder:30b": "Qwen/Qwen3-Coder-30B-A3B-Instruct",
    "llama3.1:8b-instruct-q4_K_M": "meta-llama/Llama-3.1-8B-Instruct",
    "llama3.1:8b": "meta-llama/Llama-3.1-8B-Instruct",
    "llama3.2:latest": "meta-llama/Llama-3.2-3B-Instruct",
    "gpt-oss:20b": "openai/gpt-oss-20b",
    "gemma3:27b-it-qat": "google/gemma-3-27b-it",
    "gemma3n:e4b": "google/gemma-3n-E4B-it",
    "mistral:7b": "mistralai/Mistral-7B-Instruct-v0.3",
    "mixtral:8x7b": "mistralai/Mixtral-8x7B-Instruct-v0.1",
    "deepseek-r1:7b": "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B",
    "deepseek-r1:8b": "deepseek-ai/DeepSeek-R1-0528-Qwen3-8B",
    "qwen2.5-coder:32b": "Qwen/Qwen2.5-Coder-32B-Instruct",
    "phi4": "microsoft/phi-4",
    # repositories of builds, and files
    "unsloth/Qwen3-8B-GGUF": "Qwen/Qwen3-8B",
    "someone/Qwen3-8B-GGUF": "Qwen/Qwen3-8B",
    "hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M": "Qwen/Qwen3-8B",
    "Qwen3-8B-Q4_K_M.gguf": "Qwen/Qwen3-8B",
    "Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf": "meta-llama/Llama-3.1-8B-Instruct",
    "gpt-oss-20b-mxfp4.gguf": "openai/gpt-oss-20b",
    "Qwen3-30B-A3B-UD-Q4_K_XL-00001-of-00002.gguf": "Qwen/Qwen3-30B-A3B",
    "gemma-3-27b-it-bf16": "google/gemma-3-27b-it",
    "Qwen3-8B-AWQ": "Qwen/Qwen3-8B",
}


@pytest.mark.parametrize("name", MEANT)
def test_a_name_finds_the_model_that_is_meant(name: str) -> None:
    assert find(name).id == MEANT[name]


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("gemma 3", ["google/gemma-3-27b-it", "google/gemma-3-4b-it"]),
        ("qwen3 coder", ["Qwen/Qwen3-Coder-30B-A3B-Instruct", "Qwen/Qwen3-Coder-480B-A35B-Instruct"]),
        ("phi-3 mini", ["microsoft/Phi-3-mini-4k-instruct", "microsoft/Phi-3-mini-128k-instruct"]),
        ("granite 4", ["ibm-granite/granite-4.0-micro"]),
        ("qwen3 embedding", ["Qwen/Qwen3-Embedding-0.6B"]),
    ],
)
def test_an_ambiguous_name_lists_the_choices(name: str, choices: list[str]) -> None:
    with pytest.raises(UsageError, match="can be any of") as caught:
        find(name)
    assert caught.value.hint is not None
    for choice in choices:
        assert choice in caught.value.hint


def test_many_choices_are_cut_short() -> None:
    with pytest.raises(UsageError) as caught:
        find("qwen")
    assert caught.value.hint is not None
    assert "more" in caught.value.hint
    assert len(caught.value.hint) < 500


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("quen3 8b", "Qwen/Qwen3-8B"),
        ("lama 3.1 8b", "meta-llama/Llama-3.1-8B"),
        ("vistrall", "Viet-Mistral/Vistral-7B-Chat"),
    ],
)
def test_an_unknown_name_gets_the_nearest(name: str, near: str) -> None:
    with pytest.raises(UsageError, match="there is no model") as caught:
        find(name)
    assert caught.value.hint is not None
    assert near in caught.value.hint
    assert nearest(name, load().ids)[0] == near


@pytest.mark.parametrize(
    "name", ["", "   ", "/", "::", "instruct", "-", "x" * 1000, "🦙", "%s%n", "../../etc/passwd", "\x00"]
)
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        find(name)


def test_every_id_finds_itself_in_any_case() -> None:
    catalog = load()
    for model_id in catalog.ids:
        assert find(model_id).id == model_id
        assert find(model_id.lower()).id == model_id
        assert find(f"https://huggingface.co/{model_id}").id == model_id


def test_every_short_form_that_is_unambiguous_finds_its_model() -> None:
    catalog = load()
    by_words: dict[tuple[str, ...], list[str]] = {}
    for model_id in catalog.ids:
        by_words.setdefault(take_apart(model_id.partition("/")[2]).words, []).append(model_id)
    aliases = {alias.lower() for model in catalog.models for alias in model.aliases}
    for words, ids in by_words.items():
        short = " ".join(words)
        if len(ids) == 1 and short not in aliases:
            assert find(short).id == ids[0]


def test_every_repository_of_builds_finds_a_model() -> None:
    for model in load().models:
        for repository in model.gguf_repositories:
            assert repository in find(repository).gguf_repositories


@pytest.mark.parametrize(
    ("text", "words", "marks"),
    [
        ("Meta-Llama-3.1-8B-Instruct", ("llama", "3.1", "8b"), {"instruct"}),
        ("Qwen3-30B-A3B", ("qwen", "3", "30b", "a3b"), set()),
        ("Mistral-7B-Instruct-v0.3", ("mistral", "7b", "0.3"), {"instruct"}),
        ("gemma-3-27b-it-qat-q4_0-gguf", ("gemma", "3", "27b"), {"instruct"}),
        ("Mixtral-8x7B-v0.1", ("mixtral", "8x7b", "0.1"), set()),
        ("GLM-4.6V", ("glm", "4.6", "v"), set()),
        ("granite-4.0-h-tiny", ("granite", "4", "h", "tiny"), set()),
        ("Llama-2-7b-hf", ("llama", "2", "7b"), set()),
    ],
)
def test_a_name_comes_apart(text: str, words: tuple[str, ...], marks: set[str]) -> None:
    assert take_apart(text) == Name(words, frozenset(marks))


def test_a_name_of_the_users_own_comes_first() -> None:
    lines = [
        {
            "model": "ollama/qwen3-8b",
            "fact": "identity",
            "as_of": "2026-11-22",
            "source": ["Ollama"],
            "aliases": ["qwen3:8b"],
        },
    ]
    shipped = gather(
        [{"model": "Qwen/Qwen3-8B", "fact": "release", "as_of": "2026-11-22", "source": ["x"], "date": "2025-04-29"}]
    )
    catalog = Catalog(shipped, gather(lines), {}, "2026-11-22")
    assert find("qwen3:8b", catalog).id == "ollama/qwen3-8b"
    assert find("qwen3 8b", Catalog(shipped, {}, {}, "2026-11-22")).id == "Qwen/Qwen3-8B"
