"""A row of the facts table as the config.json that it was taken from: the keys that `config_architecture` reads."""

import tomllib
from pathlib import Path
from typing import Any

CORRECTIONS = Path(__file__).with_name("catalog_corrections.toml")
NOT_CONFIG = ("source", "drop", "blocks", "parameters")

PLAIN = {
    "n_layers": "num_hidden_layers",
    "hidden_size": "hidden_size",
    "intermediate_size": "intermediate_size",
    "n_heads": "num_attention_heads",
    "n_kv_heads": "num_key_value_heads",
    "head_dim_k": "head_dim",
    "vocab_size": "vocab_size",
    "tie_embeddings": "tie_word_embeddings",
    "n_experts": "num_experts",
    "n_experts_used": "num_experts_per_tok",
    "n_shared_experts": "n_shared_experts",
    "shared_expert_intermediate_size": "shared_expert_intermediate_size",
    "first_dense_layers": "first_k_dense_replace",
    "moe_intermediate_size": "moe_intermediate_size",
    "sliding_window": "sliding_window",
    "attention_chunk_size": "attention_chunk_size",
    "global_head_dim": "global_head_dim",
    "n_global_kv_heads": "num_global_key_value_heads",
    "n_kv_shared_layers": "num_kv_shared_layers",
    "mtp_layers": "num_nextn_predict_layers",
    "max_context": "max_position_embeddings",
    "model_type": "model_type",
}

STATE = {
    "mamba_heads": "mamba_n_heads",
    "mamba_head_dim": "mamba_d_head",
    "state_size": "mamba_d_state",
    "conv_kernel": "mamba_d_conv",
    "n_groups": "mamba_n_groups",
    "expand": "mamba_expand",
    "d_ssm": "mamba_d_ssm",
    "linear_key_heads": "linear_num_key_heads",
    "linear_value_heads": "linear_num_value_heads",
    "linear_key_head_dim": "linear_key_head_dim",
    "linear_value_head_dim": "linear_value_head_dim",
}


def config_of(row: dict[str, Any], corrections: dict[str, Any]) -> dict[str, Any]:
    """The config of one row, with what was found wrong or missing in the row put right."""
    config = {key: row[name] for name, key in PLAIN.items() if row[name] is not None}
    if row["head_dim_v"] is not None and row["head_dim_v"] != row["head_dim_k"]:
        config["v_head_dim"] = row["head_dim_v"]
    types = layer_types(row)
    if types:
        config["layer_types"] = types
    for name in ("mla", "sparse_attention"):
        config.update(row[name] or {})
    state = row["ssm"] or {}
    config.update({STATE[name]: value for name, value in state.items() if name in STATE})
    if "conv_kernel" in state:
        config["linear_conv_kernel_dim"] = config["conv_L_cache"] = state["conv_kernel"]
    if "linear_heads" in state:
        config["linear_num_heads"], config["linear_head_dim"] = state["linear_heads"], state["linear_head_dim"]
    if row["mla"]:
        config.pop("head_dim", None)
    config.update({key: spelled_out(value) for key, value in corrections.items() if key not in NOT_CONFIG})
    if "blocks" in corrections:
        config["block_configs"] = blocks(corrections["blocks"])
    if "hybrid_override_pattern" in config:
        config.pop("layer_types", None)
    return {key: value for key, value in config.items() if value not in (None, "none")}


def layer_types(row: dict[str, Any]) -> list[str] | None:
    """One name per layer, from the run-length list, the repeated pattern, or one type for all."""
    count = row["n_layers"] or 0
    if row["layer_types_rle"]:
        return [kind for kind, times in row["layer_types_rle"] for _ in range(times)]
    if row["layer_pattern"]:
        pattern = row["layer_pattern"]
        return (pattern * (count // len(pattern) + 1))[:count]
    counts = row["layer_type_counts"]
    if counts and len(counts) == 1:
        return [next(iter(counts))] * count
    return None


def read_corrections() -> dict[str, dict[str, Any]]:
    """By model id."""
    return tomllib.loads(CORRECTIONS.read_text(encoding="utf-8"))


def spelled_out(value: Any) -> Any:
    """`"runs: 3*0 57*1"` as the list that it stands for."""
    if isinstance(value, dict):
        return {key: spelled_out(part) for key, part in value.items()}
    if isinstance(value, str) and value.startswith("runs:"):
        return [int(part) for part in repeated(value.removeprefix("runs:"))]
    return value


def repeated(text: str) -> list[str]:
    """`"2*a b"` as `["a", "a", "b"]`."""
    found: list[str] = []
    for word in text.split():
        count, _, part = word.rpartition("*")
        found += [part] * int(count or 1)
    return found


def blocks(text: str) -> list[dict[str, Any]]:
    """`block_configs` of a Nemotron-NAS model from `heads in a group:width`; 0 heads is a block without attention."""
    found = []
    for word in repeated(text):
        heads, width = word.split(":")
        mixer = {"n_heads_in_group": int(heads)} if heads != "0" else {"no_op": True}
        found.append({"attention": mixer, "ffn": {"ffn_mult": float(width)}})
    return found
