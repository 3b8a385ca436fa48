"""What is shipped: complete enough, validated, with a source for everything, and nothing that may not ship."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bakeoff.catalog.languages import language_codes
from bakeoff.catalog.loading import DATA, load
from bakeoff.catalog.validate import TOLERANCE, parameter_gap, validate

ROOT = Path(__file__).parents[2]
TABLE = ROOT.parent / "shared" / "data"


def test_the_shipped_catalog_has_no_errors() -> None:
    assert [problem for problem in validate(load()) if problem.severity == "error"] == []


def test_most_models_are_complete() -> None:
    models = load().models
    whole = [model for model in models if model.architecture is not None]
    assert len(models) >= 464
    assert len(whole) >= 700
    assert len([model for model in whole if model.tier == 1]) >= 440
    without_reason = [model.id for model in models if model.architecture is None and model.no_architecture is None]
    assert without_reason == []


def test_nearly_all_counts_agree_to_a_tenth_of_a_percent() -> None:
    gaps = [gap for model in load().models if (gap := parameter_gap(model)) is not None]
    assert len([gap for gap in gaps if abs(gap) < 0.001]) / len(gaps) > 0.95
    unexplained = [m.id for m in load().models if not m.parameters.mismatch and abs(parameter_gap(m) or 0) > TOLERANCE]
    assert unexplained == []


@pytest.mark.parametrize(
    "field",
    ["release", "licence", "openness", "parameters.total", "context_tokens", "tasks"],
)
def test_every_field_is_there_for_almost_every_current_chat_model(field: str) -> None:
    chat = [model for model in load().models if model.kind == "chat" and model.tier == 1]

    def value(model: object) -> object:
        for name in field.split("."):
            model = getattr(model, name)
        return model

    assert len([model for model in chat if value(model)]) / len(chat) > 0.97


def test_families_of_every_design_are_there() -> None:
    names = {model.architecture.name for model in load().models if model.architecture}
    assert names >= {
        "llama", "qwen2", "qwen3", "qwen3moe", "gemma2", "gemma3", "gemma3n", "gemma4", "gpt-oss", "deepseek2",
        "deepseek32", "deepseek4", "llama4", "mamba", "mamba2", "falcon-h1", "jamba", "lfm2", "qwen3next", "qwen35",
        "granitehybrid", "nemotron_h", "kimi-linear", "kimi-k3", "minimax-01", "rwkv7", "glm4moe", "glm-dsa", "phi3",
        "command-r", "olmo2", "starcoder2", "mistral3", "cohere2", "deci", "ernie4_5-moe", "step35", "mimo2",
    }  # fmt: skip


def test_embedders_rerankers_and_translators_are_not_chat_models() -> None:
    chat = {model.id for model in load().models if model.kind == "chat"}
    wrong = [
        model_id for model_id in chat if re.search(r"embed|rerank|bge-|-e5|e5-|nllb|madlad|-tts|Hunyuan-MT", model_id)
    ]
    assert wrong == []
    assert load()["BAAI/bge-m3"].kind == "embedding"
    assert load()["facebook/nllb-200-3.3B"].kind == "translation"
    assert load()["meta-llama/Llama-3.1-8B"].kind == "base"


def test_unverified_models_are_not_of_the_first_tier() -> None:
    assert [model.id for model in load().models if model.unverified and model.tier == 1] == []


def test_rows_that_may_not_ship_do_not() -> None:
    text = (DATA / "benchmarks.csv").read_text(encoding="utf-8").lower()
    assert "nolima" not in text
    assert "llamafit" not in text


def test_every_benchmark_row_has_a_source_that_the_notice_names() -> None:
    listed = {json.loads(line)["key"] for line in (DATA / "sources.jsonl").read_text(encoding="utf-8").splitlines()}
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    used = {row.source for row in load().evidence()}
    assert used <= listed
    assert [source for source in used if source.removeprefix("github:") not in notice] == []


def test_every_fact_has_a_source_that_is_described() -> None:
    listed = {json.loads(line)["key"] for line in (DATA / "sources.jsonl").read_text(encoding="utf-8").splitlines()}
    unknown = set()
    for path in (DATA / "models").glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            for source in json.loads(line)["source"]:
                key = re.match(r"github:[^@: ]+|[a-z-]+(?=$)", source)
                if key is not None and key[0] not in listed:
                    unknown.add(key[0])
    assert unknown == set()


def test_every_language_is_a_language() -> None:
    wrong = {m.id: m.languages for m in load().models if list(m.languages) != language_codes(m.languages)}
    assert wrong == {}


@pytest.mark.parametrize(
    ("listed", "codes"),
    [
        (["en", "in", "id", "kh", "mm"], ["en", "id", "km", "my"]),
        (["ph", "tl", "fil", "yue"], ["fil", "yue"]),
        (["hy-v3", "lg-ai", "on-device", 7, None, "EN"], []),
    ],
)
def test_what_cards_list_for_languages(listed: list[object], codes: list[str]) -> None:
    assert language_codes(listed) == codes


def test_vietnamese_is_explicit() -> None:
    known = [model for model in load().models if model.vietnamese == "stated"]
    assert len(known) > 80
    assert {"Viet-Mistral/Vistral-7B-Chat", "vinai/PhoGPT-4B-Chat"} <= {model.id for model in known}


def test_loading_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from bakeoff.catalog.loading import load\n"
        "load().models\n"
        "print(sorted({'pydantic', 'numpy', 'rapidfuzz', 'filelock', 'urllib.request', 'click'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


@pytest.mark.skipif(not TABLE.is_dir(), reason="the facts table is not beside the repository")
def test_the_files_are_what_the_script_writes() -> None:
    script = ROOT / "scripts" / "build_catalog.py"
    done = subprocess.run([sys.executable, script, TABLE, "--check"], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
