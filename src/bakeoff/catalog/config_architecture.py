"""From a config.json to the shape of the model: every family that transformers and llama.cpp run.

Knows the config's words and the families' habits; knows nothing about files, networks or memory. A config that holds
nonsense gives `DataError`; a family whose shape is not known gives it too, and the model stands without architecture.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

from bakeoff.catalog.architecture import Architecture, Layer, LayerRun
from bakeoff.catalog.config import Config
from bakeoff.catalog.config_blocks import ordinary
from bakeoff.catalog.config_families import UNSUPPORTED, Family, family_of
from bakeoff.catalog.config_layers import n_experts
from bakeoff.catalog.config_special import SPECIAL, outer_extra
from bakeoff.errors import DataError

MAX_CONTEXT = 1 << 30


def architecture_from_config(config: Mapping[str, Any]) -> Architecture:
    """The architecture that a config.json describes.

    Raises:
        DataError: a value is missing or makes no sense, or the family is not known.
    """
    c = Config.of_text_model(config)
    family = known_family(c)
    c = _flattened(c)
    layers = SPECIAL.get(family.name, ordinary)(c, family)
    if c.number("num_kv_shared_layers", default=0, low=0):
        layers = _shared(layers, c.number("num_kv_shared_layers"))
    return Architecture(
        name=_name(c, family, layers),
        hidden_size=c.number("hidden_size", "d_model", "n_embd"),
        vocab_size=c.number("vocab_size", "padded_vocab_size"),
        tied_embeddings=c.flag("tie_word_embeddings", default=family.tied),
        runs=runs_of(layers),
        context_tokens=context_tokens(c),
        per_layer_embedding_size=_per_layer_size(c, family),
        n_next_token_layers=c.number(
            "num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_layers", default=0, low=0, high=64
        ),
        norm_bias=family.norm_bias,
        extra=outer_extra(c, family),
        native_quantization=native_quantization(config),
    )


def shape_or_reason(config: Mapping[str, Any]) -> tuple[Architecture | None, str | None]:
    """The architecture, or the code of the reason why there is none. Raises nothing."""
    try:
        return architecture_from_config(config), None
    except DataError:
        kind = config.get("model_type")
        return None, UNSUPPORTED.get(kind.lower(), "family-unknown") if isinstance(kind, str) else "family-unknown"


def known_family(c: Config) -> Family:
    """The family of the config's model type.

    Raises:
        DataError: no such family, or one whose shape no list of layers describes.
    """
    kind = c.model_type
    family = family_of(kind)
    if family is not None:
        return family
    if kind.lower().removesuffix("_text") in UNSUPPORTED:
        reason = UNSUPPORTED[kind.lower().removesuffix("_text")]
        raise DataError(f"model type {kind!r} has no plain list of layers ({reason})")
    raise DataError(
        f"model type {kind!r} is not known",
        hint="add the model from a GGUF file: its header says what is needed",
    )


def runs_of(layers: Iterable[Layer]) -> tuple[LayerRun, ...]:
    """Equal neighbours together."""
    return tuple(LayerRun(sum(1 for _ in group), layer) for layer, group in groupby(layers))


def context_tokens(c: Config) -> int:
    """Longest context as the config states it, without extension by a factor; 0 where it states none."""
    keys = ("max_position_embeddings", "model_max_length", "max_sequence_length", "max_seq_len", "seq_length",
            "n_positions", "n_ctx", "max_seq_length", "n_ctx_train")  # fmt: skip
    return c.number(*keys, default=0, low=0, high=MAX_CONTEXT)


def native_quantization(config: Mapping[str, Any]) -> str | None:
    """How the published weights are quantized, or None for 16 bit."""
    quantization = Config.of_text_model(config).part("quantization_config")
    if quantization is None:
        return None
    values = quantization.values
    if values.get("expert_dtype") == "fp4" or config.get("expert_dtype") == "fp4":
        return "fp4"
    words = " ".join(str(values.get(key, ""))[:200] for key in ("quant_method", "quant_algo", "format", "fmt")).lower()
    for known in ("mxfp4", "nvfp4", "mxfp8", "fp8", "awq", "gptq", "bitsandbytes", "int4"):
        if known in words:
            return known
    if "pack-quantized" in words:
        return "int4"
    method = values.get("quant_method")
    return method[:40] if isinstance(method, str) and method else None


def _shared(layers: list[Layer], count: int) -> list[Layer]:
    """The last layers read earlier layers' caches (Gemma 3n, Gemma 4 E models)."""
    first = max(len(layers) - count, 0)
    return [
        replace(layer, attention=replace(layer.attention, shares_cache=True))
        if number >= first and layer.attention is not None
        else layer
        for number, layer in enumerate(layers)
    ]


def _name(c: Config, family: Family, layers: Iterable[Layer]) -> str:
    """llama.cpp's name, where what is in the config and not the family decides it."""
    if family.name == "granitehybrid" and not any(layer.recurrent for layer in layers):
        return "granitemoe" if n_experts(c) else "granite"
    if family.name == "qwen3" and n_experts(c):
        return "qwen3moe"
    if family.name == "nemotron_h" and n_experts(c):
        return "nemotron_h_moe"
    if family.name == "kimi-linear" and c.has("routed_expert_hidden_size"):
        return "kimi-k3"
    if family.name == "llama" and c.has("kv_lora_rank"):
        return "deepseek2"
    return family.name


def _per_layer_size(c: Config, family: Family) -> int:
    if family.name not in ("gemma3n", "gemma4"):
        return 0
    shares = family.name == "gemma3n" or c.number("num_kv_shared_layers", default=0, low=0) > 0
    return c.number("hidden_size_per_layer_input", default=256 if shares else 0, low=0)


def _flattened(c: Config) -> Config:
    """DBRX and MPT keep attention and feed-forward values in objects of their own."""
    for key in ("attn_config", "ffn_config"):
        inner = c.part(key)
        if inner is not None:
            c.values = {**inner.values, **{k: v for k, v in c.values.items() if v is not None}}
    return c
