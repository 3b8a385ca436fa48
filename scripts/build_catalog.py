"""Write the shipped catalog from the facts table. History is kept: a fact that changed becomes a further line.

    python scripts/build_catalog.py [FOLDER]          add what is new or changed in FOLDER (default ../shared/data)
    python scripts/build_catalog.py [FOLDER] --check  exit 1 when something would be written

Which rows may ship is said in the table's README: no NoLiMa (non-commercial), nothing from llamafit's benchmark list.
"""

import argparse
import csv
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

from catalog_config import config_of, read_corrections

from bakeoff.catalog.architecture_facts import architecture_to_facts
from bakeoff.catalog.config_architecture import architecture_from_config
from bakeoff.catalog.config_families import UNSUPPORTED
from bakeoff.catalog.facts import GROUPS, Line, dump_line, gather, newest, read_file, same_facts
from bakeoff.catalog.languages import language_codes
from bakeoff.errors import DataError

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "src" / "bakeoff" / "catalog" / "data"
SNAPSHOT = "2026-11-22"
"""Day on which the table was compiled."""

NOT_SHIPPED = ("adobe-research/NoLiMa", "pypi:llamafit==0.1.1")
"""Sources of benchmark rows that may not ship, or whose shipping is in doubt."""

ENGINE = frozenset(
    [
        "afmoe",
        "apertus",
        "arcee",
        "arctic",
        "baichuan",
        "bailingmoe2",
        "bailingmoe3",
        "bitnet",
        "bloom",
        "chatglm",
        "cohere2",
        "cohere2moe",
        "command-r",
        "dbrx",
        "deci",
        "deepseek",
        "deepseek2",
        "deepseek32",
        "deepseek4",
        "dots1",
        "ernie4_5",
        "ernie4_5-moe",
        "exaone",
        "exaone-moe",
        "exaone4",
        "falcon",
        "falcon-h1",
        "gemma",
        "gemma2",
        "gemma3",
        "gemma3n",
        "gemma4",
        "glm-dsa",
        "glm4",
        "glm4moe",
        "glm5-next",
        "gpt-oss",
        "gpt2",
        "gptneox",
        "granite",
        "granite_swa",
        "granitehybrid",
        "granitemoe",
        "grok",
        "hunyuan-dense",
        "hunyuan-moe",
        "hy_v3",
        "hy_v4",
        "internlm2",
        "jais",
        "jais2",
        "jamba",
        "k2-horizon",
        "kimi-k3",
        "kimi-linear",
        "laguna",
        "lfm2",
        "lfm2moe",
        "llada-moe",
        "llama",
        "llama4",
        "mamba",
        "mamba2",
        "mellum",
        "mimo2",
        "minicpm",
        "minicpm3",
        "minimax-01",
        "minimax-m2",
        "mistral3",
        "mistral4",
        "mpt",
        "nanbeige",
        "nemotron",
        "nemotron_h",
        "nemotron_h_moe",
        "olmo",
        "olmo2",
        "olmoe",
        "openelm",
        "phi2",
        "phi3",
        "phimoe",
        "qwen2",
        "qwen2moe",
        "qwen2vl",
        "qwen3",
        "qwen35",
        "qwen35moe",
        "qwen3moe",
        "qwen3next",
        "qwen3vl",
        "qwen3vlmoe",
        "qwen4exp",
        "rwkv7",
        "seed_oss",
        "smollm3",
        "spark2_5",
        "stablelm",
        "starcoder",
        "starcoder2",
        "step35",
    ]
)
"""Architectures that the pinned engine knows (xllamacpp 2026.10.11549, `src/llama-arch.cpp` of its llama.cpp)."""

ALIASES = tomllib.loads((ROOT / "scripts" / "catalog_aliases.toml").read_text(encoding="utf-8"))
QUANTIZATIONS = {"fp8": "fp8", "fp4": "fp4", "int4": "int4", "mxfp4": "mxfp4", "1.58-bit": "ternary"}
GENERAL_TRANSLATORS = ("Unbabel/Tower-Plus",)
"""Specialised in translation, but made to chat as well."""


def main() -> int:
    """Build, write or check; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    files = built(options.folder)
    changed = [path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in changed:
        print(path.relative_to(ROOT))
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path], encoding="utf-8", newline="\n")
    return 1 if options.check and changed else 0


def built(folder: Path) -> dict[Path, str]:
    """Every file of the catalog with its text."""
    rows = [json.loads(line) for line in (folder / "models.jsonl").read_text(encoding="utf-8").splitlines()]
    corrections = read_corrections()
    unknown = set(corrections) - {row["id"] for row in rows}
    if unknown:
        raise SystemExit(f"corrections for models that are not in the table: {sorted(unknown)}")
    files = {}
    by_file: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_file.setdefault(slug(row["organisation"]), []).append(row)
    for name, group in sorted(by_file.items()):
        path = DATA / "models" / f"{name}.jsonl"
        new = [line for row in group for line in facts(row, corrections.get(row["id"], {}))]
        files[path] = with_history(path, new)
    files[DATA / "licences.jsonl"] = licences(rows)
    files[DATA / "benchmarks.csv"] = benchmarks(folder)
    files[DATA / "sources.jsonl"] = sources(folder, "".join(files.values()))
    files[DATA / "snapshot.json"] = json.dumps({"snapshot": SNAPSHOT, "models": len(rows)}) + "\n"
    return files


def slug(name: str) -> str:
    """`"Z.ai (Zhipu)"` -> `"z-ai-zhipu"`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def with_history(path: Path, new: list[Line]) -> str:
    """The file's lines and those of the new ones that say something else than the newest of their group."""
    old = read_file(path) if path.exists() else []
    records = gather(old)
    lines = list(old)
    for line in new:
        before = records.get(line["model"], {}).get(line["fact"])
        if before is None or not same_facts(newest(before), line):
            lines.append(line)
    order = {model: number for number, model in enumerate(dict.fromkeys(line["model"] for line in lines))}
    lines.sort(key=lambda line: (order[line["model"]], GROUPS.index(line["fact"]), line["as_of"]))
    return "".join(dump_line(line) + "\n" for line in lines)


def facts(row: dict[str, Any], corrections: dict[str, Any]) -> Iterator[Line]:
    """The lines of one model."""
    said = row["sources"]
    for group, keys, values in (
        ("identity", (), identity(row)),
        ("release", ("release_date",), release(row)),
        ("parameters", ("params",), parameters(row, corrections)),
        ("context", ("context",), context(row, corrections)),
        ("architecture", ("architecture",), architecture(row, corrections)),
        ("licence", ("license", "gated"), licence(row)),
        ("languages", ("languages",), languages(row)),
        ("abilities", ("modalities", "tasks"), abilities(row)),
        ("openness", ("openness",), openness(row)),
        ("lineage", (), lineage(row)),
        ("builds", ("gguf_repos", "gguf_header"), builds(row)),
        ("notes", (), notes(row)),
    ):
        if not values:
            continue
        found = [short_source(source) for key in keys for source in said.get(key, ())] or ["curator"]
        if "source" in corrections and is_corrected(group, corrections):
            found.append(corrections["source"])
        yield {"model": row["id"], "fact": group, "as_of": SNAPSHOT, "source": list(dict.fromkeys(found)), **values}


def is_corrected(group: str, corrections: dict[str, Any]) -> bool:
    """Whether the corrections of a model have something for this group."""
    key = {"architecture": "source", "parameters": "parameters", "context": "max_position_embeddings"}.get(group)
    return key in corrections


def short_source(text: str) -> str:
    """`"llmfit==1.1.17:embedded model DB ..."` -> `"llmfit"`; git sources keep their path, memory its qualification."""
    if text.startswith("stated ("):
        return short_source(text.removeprefix("stated (").removesuffix(")"))
    if text == "licence terms summary: curator":
        return "curator (terms in short)"
    if text.startswith(("github:", "curator", "assumed", "name rule")):
        return text
    package = re.split(r"==|:", text, maxsplit=1)[0]
    return {"scripts/run_meta.py": "transformers", "name": "name rule"}.get(package, package)


def identity(row: dict[str, Any]) -> dict[str, Any]:
    """Family, organisation, what it is for."""
    found = {
        "aliases": ALIASES.get(row["id"]),
        "family": row["family"],
        "organisation": row["organisation"],
        "kind": kind(row),
        "tier": row["tier"],
        "base": row["is_base_model"],
        "domain": row["domain"],
        "dtype": row["native_dtype"],
    }
    return {key: value for key, value in found.items() if value is not None and value is not False}


def kind(row: dict[str, Any]) -> str:
    """What the model is for."""
    tasks = row["tasks"] or []
    if "embedding" in tasks:
        return "embedding"
    if row["domain"] == "safety classification" or "safeguard" in row["id"]:
        return "safety"
    if row["domain"] == "translation" and not row["id"].startswith(GENERAL_TRANSLATORS):
        return "translation"
    return "base" if row["is_base_model"] else "chat"


def release(row: dict[str, Any]) -> dict[str, Any]:
    """Date with its precision."""
    if row["release_date"] is None:
        return {}
    found = {"date": row["release_date"]}
    if row["release_date_precision"] != "day":
        found["precision"] = row["release_date_precision"]
        found["date"] += "-01" * (2 - row["release_date"].count("-"))
    if row["release_date_approximate"]:
        found["approximate"] = True
    return found


def parameters(row: dict[str, Any], corrections: dict[str, Any]) -> dict[str, Any]:
    """Counts; the total of a checkpoint where the table knows it, with why the sum of the architecture differs."""
    found = {
        "total": row["params_total"],
        "active": row["params_active"] if row["params_active"] != row["params_total"] else None,
        "text": row["params_text_computed"] if row["params_text_computed"] != row["params_total"] else None,
        "active_stated": row["params_active_stated"],
        "basis": row["params_total_basis"],
    } | corrections.get("parameters", {})
    if row["n_experts"] and row["params_active"] is None:
        found["sparse"] = True
    if row["params_check"].startswith("mismatch explained") and "mismatch" not in found:
        found["mismatch"] = row["params_check"].removeprefix("mismatch explained: ")
    return {key: value for key, value in found.items() if value not in (None, 0, "")}


def context(row: dict[str, Any], corrections: dict[str, Any]) -> dict[str, Any]:
    """Longest context, and extended."""
    found = {
        "tokens": corrections.get("max_position_embeddings", row["max_context"]),
        "extended": row["max_context_extended"],
    }
    return {key: value for key, value in found.items() if value is not None}


def architecture(row: dict[str, Any], corrections: dict[str, Any]) -> dict[str, Any]:
    """The shape, or why there is none."""
    if "drop" in corrections:
        return {"none": corrections["drop"]}
    model_type = (row["model_type"] or "").lower().removesuffix("_text")
    if model_type in UNSUPPORTED:
        return {"none": UNSUPPORTED[model_type]}
    try:
        found = architecture_from_config(config_of(row, corrections))
    except DataError as error:
        print(f"{row['id']}: {error}", file=sys.stderr)
        return {"none": "dimensions-missing"}
    if row["model_type"] == "mistral3":
        found = replace(found, name=row["llama_cpp_arch"] or found.name)
    quantized = next((word for key, word in QUANTIZATIONS.items() if key in (row["native_quant"] or "")), None)
    return architecture_to_facts(replace(found, native_quantization=quantized))


def licence(row: dict[str, Any]) -> dict[str, Any]:
    """Key of `licences.jsonl`, and whether one must agree to something first."""
    found = {"key": row["license"]["key"] if row["license"] else None, "gated": row["gated"]}
    return {key: value for key, value in found.items() if value is not None}


def languages(row: dict[str, Any]) -> dict[str, Any]:
    """Codes, and Vietnamese in particular."""
    said = row["vietnamese"] or ""
    vietnamese = (
        "claimed" if said.startswith("not listed") else "pre-training" if said.startswith("pre-") else "stated"
    ) if said else None  # fmt: skip
    if "vi" in (row["languages"] or ()):
        vietnamese = "stated"
    listed = row["languages"] or ()
    codes = language_codes("lo" if code == "la" and "kh" in listed else code for code in listed)  # by countries: Laos
    found = {"codes": codes, "note": row["languages_quality"], "vietnamese": vietnamese}
    return {key: value for key, value in found.items() if value}


def abilities(row: dict[str, Any]) -> dict[str, Any]:
    """Modalities and tasks."""
    chats = kind(row) == "chat"
    tasks = [task for task in row["tasks"] or () if not task.startswith("base") and (chats or task != "chat")]
    found: dict[str, Any] = {"tasks": tasks}
    if row["modalities"]["input"] != ["text"]:
        found["inputs"] = row["modalities"]["input"]
    if row["modalities"]["output"] != ["text"]:
        found["outputs"] = row["modalities"]["output"]
    return found


def openness(row: dict[str, Any]) -> dict[str, Any]:
    """The five things."""
    said = row["openness"]
    found = {
        "training_data": said["training_dataset"],
        "weights": said["full_weights"],
        "evaluation_code": said["evaluation_code"],
        "fine_tuning_code": said["fine_tuning_code"],
        "training_metrics": said["training_metrics"],
        "pretraining_code": said["pretraining_code"],
    }
    found = {key: value or "unknown" for key, value in found.items()}
    return found | {key: said[key] for key in ("paper", "note") if said.get(key)}


def lineage(row: dict[str, Any]) -> dict[str, Any]:
    """Parents."""
    return {"from": row["lineage"]} if row["lineage"] else {}


def builds(row: dict[str, Any]) -> dict[str, Any]:
    """Repositories with GGUF files (one spelling each), and what runs the model."""
    names: dict[str, str] = {}
    for name in row["gguf_repos"] or ():
        names.setdefault(name.lower(), name)
    tools = []
    if row["llama_cpp_arch"] in ENGINE or (row["llama_cpp_arch"] is None and known_to_engine(row)):
        tools.append("llama.cpp")
    if row["hf_architectures"]:
        tools.append("transformers")
    found = {"gguf": list(names.values()), "tools": tools}
    return {key: value for key, value in found.items() if value}


def known_to_engine(row: dict[str, Any]) -> bool:
    """Whether the pinned engine runs the family, where the table does not say."""
    from bakeoff.catalog.config_families import family_of

    family = family_of(row["model_type"] or "")
    return family is not None and family.name in ENGINE and family.name != "llama"


def notes(row: dict[str, Any]) -> dict[str, Any]:
    """Conflicts between sources, and whether the model can be had at all."""
    found = {"flags": row["flags"], "unverified": row["availability_unverified"]}
    return {key: value for key, value in found.items() if value}


def licences(rows: Iterable[dict[str, Any]]) -> str:
    """Every licence once."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        said = row["license"]
        if said is None:
            continue
        line = {key: said[key] for key in ("key", "name", "spdx", "osi_approved", "commercial_use", "clauses")}
        line["osi_approved"] = bool(line["osi_approved"])
        line["commercial_use"] = line["commercial_use"] or "unknown"
        before = found.setdefault(said["key"], line | {"url": said["url"]})
        before["clauses"] = list(dict.fromkeys([*before["clauses"], *said["clauses"]]))
    return "".join(dump_line(found[key]) + "\n" for key in sorted(found))


def sources(folder: Path, written: str) -> str:
    """Every source that is named in what was written, with its licence."""
    lines = []
    with (folder / "model_sources.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = row["source"].removeprefix("package:").removesuffix(" binary (embedded model DB)")
            key = name.replace("https://github.com/", "github:")
            if key not in written:
                continue
            line = {"key": key, "version": row["version_or_commit"], "date": row["date"], "licence": row["license"]}
            lines.append(dump_line(line | {"used_for": row["used_for"], "caveat": row["caveat"]}))
    return "\n".join(lines) + "\n"


def benchmarks(folder: Path) -> str:
    """The rows that may ship, in the columns that `add-evidence` takes."""
    columns = ("model", "benchmark", "metric", "score", "unit", "category", "settings", "date", "self_reported",
               "language", "source")  # fmt: skip
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    with (folder / "benchmarks.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["source_repo"] in NOT_SHIPPED:
                continue
            writer.writerow([
                row["model_id"], row["benchmark"], row["metric"], row["score"], row["unit"], row["category"],
                row["settings"], row["date"], row["self_reported"], row["language"], f"github:{row['source_repo']}",
            ])  # fmt: skip
    return out.getvalue()


if __name__ == "__main__":
    raise SystemExit(main())
