"""Weights of a GGUF build, from the architecture and the mixture behind the build's name. No file is needed."""

from collections.abc import Iterator
from itertools import chain, repeat
from math import gcd

from bakeoff.catalog.architecture import Architecture
from bakeoff.catalog.builds import Build
from bakeoff.catalog.tensors import Tensor, name_in_file, tensors
from bakeoff.fit.weights.build_weights import BlockWeights, BuildWeights
from bakeoff.fit.weights.dynamic import Recipe, recipe
from bakeoff.fit.weights.gguf_mix import BLOCKS, DEFAULT_TYPE, Position, divisible, role, tensor_type
from bakeoff.fit.weights.metadata import metadata_bytes
from bakeoff.fit.weights.outline import Bag, Kind, Outline, outline

_PLACES = {"block": 0, "expert": 1, "embedding": 2, "layer embedding": 3, "output": 4}


def gguf_weights(architecture: Architecture, build: Build) -> BuildWeights:
    """Bytes of a GGUF build.

    Args:
        architecture: the model.
        build: of format `gguf`, with a quantization of `gguf_mix.DEFAULT_TYPE` or `dynamic.NAMES`.
    """
    model = outline(architecture)
    mix = recipe(build.quantization, architecture.name, model.has_experts) or Recipe(build.quantization)
    mxfp4 = architecture.name in MXFP4_EXPERTS
    nowhere = Position()
    outside = _sum(model.outside, mix, model, nowhere, mxfp4)
    steady: dict[int, list[int]] = {}
    made: dict[tuple[int, Position, int], BlockWeights] = {}
    blocks = []
    for stretch in model.stretches:
        key = (id(stretch.steady), stretch.position, stretch.count)
        if key not in made:
            if key[0] not in steady:
                steady[key[0]] = _sum(stretch.steady, mix, model, nowhere, mxfp4)
            moving = _sum(stretch.moving, mix, model, stretch.position, mxfp4)
            dense, expert = (a + b for a, b in zip(steady[key[0]][:2], moving, strict=False))
            made[key] = BlockWeights(stretch.count, dense, expert, round(expert * stretch.used))
        blocks.append(made[key])
    next_token = sum(sum(_sum(s.steady + s.moving, mix, model, s.position, mxfp4)) for s in model.next_token)
    others, _, embedding, layer_embedding, output = outside
    below, above = mix.spread
    if layer_embedding:  # the rewrite of 2026 gives them the head's type
        dense = sum(run.count * run.dense_bytes for run in blocks)
        above += 0.45 * layer_embedding / (dense + embedding + layer_embedding)
    return BuildWeights(
        build=build,
        blocks=tuple(blocks),
        embedding_bytes=embedding,
        output_bytes=output + others,
        layer_embedding_bytes=layer_embedding,
        next_token_bytes=next_token,
        metadata_bytes=metadata_bytes(architecture, model.n_tensors),
        embedding_row_bytes=(embedding + layer_embedding) // max(architecture.vocab_size, 1),
        tied=architecture.tied_embeddings,
        below=below,
        above=above,
        detail=mix.detail,
    )


def tensor_types(architecture: Architecture, file_type: str) -> Iterator[tuple[str, Tensor, str]]:
    """Every tensor of a file by one of llama.cpp's mixtures: name in the file, shape, type. Prediction layers not.

    Args:
        architecture: the model.
        file_type: a key of `gguf_mix.DEFAULT_TYPE`.
    """
    model = outline(architecture)
    positions = chain.from_iterable(repeat(stretch.position, stretch.count) for stretch in model.stretches)
    block, position = None, Position()
    for number, tensor in tensors(architecture):
        if number != block:
            block, position = number, next(positions)
        part = role(tensor.name, vector=tensor.is_vector)
        unit = gcd(tensor.columns, 256)
        kind = tensor_type(file_type, model.whole, position, part, unit, tensor.depth > 1)
        if architecture.name in MXFP4_EXPERTS and "_exps.weight" in tensor.name and _bits(kind) > _bits("MXFP4"):
            kind = "MXFP4"
        yield name_in_file(number, tensor), tensor, kind


MXFP4_EXPERTS = frozenset(("gpt-oss", "deepseek4", "deepseek41", "kimi-k3"))
"""Architectures whose experts are published in MXFP4; they stay so in files of more bits, whatever the name says."""


def _sum(bag: Bag, mix: Recipe, model: Outline, position: Position, mxfp4: bool) -> list[int]:
    """Bytes of a bag by place, in the order of `_PLACES`."""
    found = [0, 0, 0, 0, 0]
    plain = mix.plain
    for kind, count in bag:
        type_ = tensor_type(mix.base, model.whole, position, kind.role, kind.unit, kind.experts)
        block, size = BLOCKS[type_]
        bytes_ = count // block * size
        if not plain or mxfp4:
            type_, factor = _by_recipe(kind, type_, mix, model, mxfp4)
            block, size = BLOCKS[type_]
            bytes_ = round(count // block * size * factor)
        found[_PLACES[kind.place]] += bytes_
    return found


def _by_recipe(kind: Kind, type_: str, mix: Recipe, model: Outline, mxfp4: bool) -> tuple[str, float]:
    """Type and factor of a tensor, where the base mixture gives it `type_`."""
    if kind.role in ("float32", "float16"):
        return type_, 1.0
    if kind.role in ("token_embd", "per_layer_token_embd", "output"):
        floor = mix.head if kind.role == "output" or model.whole.tied else mix.embedding
        more = floor is not None and _bits(floor) > _bits(type_)
        return (divisible(floor, kind.unit), 1.0) if more and floor is not None else (type_, 1.0)
    if kind.place != "expert":
        if model.has_experts and mix.beside_experts is not None:
            return divisible(mix.beside_experts, kind.unit), 1.0
        return type_, mix.dense
    factor = 1.0
    if mix.experts is not None:
        type_, factor = divisible(DEFAULT_TYPE[mix.base], kind.unit), mix.experts
    if mxfp4 and factor * _bits(type_) > _bits("MXFP4"):
        return "MXFP4", 1.0
    return type_, factor


def _bits(kind: str) -> float:
    block, size = BLOCKS[kind]
    return 8 * size / block
