"""From the header of a GGUF file to the shape of its model: what the file's tensors are, and what llama.cpp reads into
its metadata. The way back is `gguf_metadata`.

Tensors decide wherever they can, so that a family which is not known here still has the right weights and cache.
Sources: src/llama-arch.cpp and src/models/*.cpp of llama.cpp, build b11549.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from itertools import groupby

from bakeoff.catalog.architecture import Architecture, Layer, LayerRun, Weight
from bakeoff.catalog.gguf_keys import Keys
from bakeoff.catalog.gguf_layers import Shape, attention, feed_forward, is_norm, recurrent
from bakeoff.catalog.tensors import EMBEDDING_NORM_LAST, block_tensors
from bakeoff.errors import DataError
from bakeoff.headers.gguf import GgufHeader, LongArray

_BLOCK = re.compile(r"blk\.([0-9]+)\.(.+)")

OUTSIDE = frozenset(
    (
        *("token_embd.weight", "output.weight", "output_norm.weight", "output_norm.bias"),
        *("per_layer_token_embd.weight", "per_layer_model_proj.weight", "per_layer_proj_norm.weight"),
        *("rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight"),
    )
)
"""Tensors outside the blocks that have a field, or that are tables of a few hundred numbers."""

Tensors = Mapping[str, Shape]


def architecture_from_gguf(header: GgufHeader, *parts: GgufHeader) -> Architecture:
    """The shape of the model in a file.

    Args:
        header: of the file, or of the first part of a split model.
        parts: of the other parts.

    Raises:
        DataError: the header does not describe a text model, or tensors are missing.
    """
    keys = Keys(header.metadata)
    outside, blocks = _tensors(header, *parts)
    hidden = keys.number("embedding_length", least=1)
    n_next = _prediction_layers(keys, blocks)
    count = keys.n_layers - n_next
    missing = next((number for number in range(count) if number not in blocks), None)
    if missing is not None:
        raise DataError(
            f"layer {missing} of {count} has no tensors in the file",
            hint="a model in several parts needs all of them",
        )
    norm_bias = "output_norm.bias" in outside or any("attn_norm.bias" in block for block in blocks.values())
    layers = [_layer(keys, number, blocks[number], hidden, norm_bias) for number in range(count)]
    last_norm = {"token_embd_norm.weight"} if keys.name in EMBEDDING_NORM_LAST else set()
    return Architecture(
        name=keys.name,
        hidden_size=hidden,
        vocab_size=_vocabulary(header, keys, outside),
        tied_embeddings="output.weight" not in outside,
        runs=tuple(LayerRun(sum(1 for _ in group), layer) for layer, group in groupby(layers)),
        context_tokens=keys.number("context_length", 0),
        per_layer_embedding_size=keys.number("embedding_length_per_layer_input", 0),
        n_next_token_layers=n_next,
        norm_bias=norm_bias,
        extra=tuple(_weight(name, shape) for name, shape in outside.items() if name not in OUTSIDE | last_norm),
    )


def _tensors(*headers: GgufHeader) -> tuple[Tensors, Mapping[int, Tensors]]:
    outside: dict[str, Shape] = {}
    blocks: dict[int, dict[str, Shape]] = defaultdict(dict)
    for header in headers:
        for tensor in header.tensors:
            match = _BLOCK.fullmatch(tensor.name)
            if match:
                blocks[int(match[1])][match[2]] = tensor.shape
            else:
                outside[tensor.name] = tensor.shape
    return outside, blocks


def _prediction_layers(keys: Keys, blocks: Mapping[int, Tensors]) -> int:
    """Of multi-token prediction, behind the others; some files announce them and have none."""
    announced = keys.number("nextn_predict_layers", 0)
    if announced >= keys.n_layers:
        raise DataError(f"{announced} of {keys.n_layers} layers are prediction layers")
    first = keys.n_layers - announced
    return announced if all(n not in blocks or any("nextn." in name for name in blocks[n])
                            for n in range(first, keys.n_layers)) else 0  # fmt: skip


def _vocabulary(header: GgufHeader, keys: Keys, outside: Tensors) -> int:
    shape = outside.get("token_embd.weight", ())
    if len(shape) == 2:
        return shape[1]
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    if isinstance(tokens, LongArray):
        return tokens.length
    return len(tokens) if isinstance(tokens, tuple) else keys.number("vocab_size", least=1)


def _layer(keys: Keys, number: int, block: Tensors, hidden: int, norm_bias: bool) -> Layer:
    layer = Layer(
        attention=attention(keys, number, block, hidden),
        recurrent=recurrent(keys, number, block, hidden),
        feed_forward=feed_forward(keys, number, block),
        n_norms=sum(is_norm(name, shape, hidden) for name, shape in block.items()),
    )
    known = {tensor.name for tensor in block_tensors(layer, keys.name, hidden, norm_bias)}
    extra = tuple(
        _weight(name, shape)
        for name, shape in block.items()
        if name not in known and not is_norm(name.replace(".bias", ".weight"), shape, hidden)
    )
    return Layer(layer.attention, layer.recurrent, layer.feed_forward, layer.n_norms, extra)


def _weight(name: str, shape: Shape) -> Weight:
    columns, rows, depth, further = (*shape, 1, 1, 1, 1)[:4]
    return Weight(name, columns, rows, depth * further)
