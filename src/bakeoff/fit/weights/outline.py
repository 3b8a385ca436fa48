"""A model reduced to what quantization rules ask: how many weights of each kind stand in which block.

The same for every build, so it is made once per model and kept.
"""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from math import gcd
from typing import NamedTuple

from bakeoff.catalog.architecture import Architecture, Layer
from bakeoff.catalog.tensors import Place, Tensor, block_tensors, next_token_tensors, outer_tensors
from bakeoff.fit.weights.gguf_mix import Position, Whole, role, use_more_bits

NEXT_TOKEN_IN_FILE = frozenset(("glm4moe", "glm-dsa", "glm5next", "glm5-next", "qwen35"))
"""Architectures whose GGUF files hold the prediction layers; of the others the converter leaves them out."""

NEXT_TOKEN_WITH_TABLES = frozenset(("glm4moe",))
"""Of these, the prediction layers have an embedding and a head of their own."""

MOVING = ("attn_v", "ffn_down", "ffn_up")
"""Roles for which the position matters."""


class Kind(NamedTuple):
    """Weights that every rule treats alike."""

    place: Place
    role: str
    """Of `gguf_mix.role`."""

    unit: int
    """Greatest common divisor of row length and 256."""

    experts: bool
    """Several matrices in one tensor."""


Bag = tuple[tuple[Kind, int], ...]
"""Numbers of weights by kind."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Blocks in a row that are equal and stand in equal positions."""

    count: int
    steady: Bag
    """Weights of one block whose type is the same wherever it stands."""

    moving: Bag
    """The others (`MOVING`)."""

    position: Position
    used: float
    """Share of the experts that a token is routed to."""


@dataclass(frozen=True, slots=True)
class Outline:
    """The model."""

    whole: Whole
    outside: Bag
    stretches: tuple[Stretch, ...]
    next_token: tuple[Stretch, ...]
    """Prediction layers that a GGUF file holds."""

    next_token_weights: int
    """Weights of all prediction layers, as a checkpoint holds them."""

    n_tensors: int
    has_experts: bool


@lru_cache(maxsize=4096)
def outline(architecture: Architecture) -> Outline:
    """The outline of a model."""
    name, hidden, bias = architecture.name, architecture.hidden_size, architecture.norm_bias
    outside = outer_tensors(architecture)
    bags = {run.layer: _bag_of(run.layer, name, hidden, bias) for run in architecture.runs}
    used = {run.layer: part.share_used if (part := run.layer.feed_forward) else 1.0 for run in architecture.runs}
    in_file = architecture.n_next_token_layers if name in NEXT_TOKEN_IN_FILE else 0
    n_layers = architecture.n_layers + in_file
    n_values = sum(run.count * bags[run.layer].values_counted for run in architecture.runs)

    stretches: list[Stretch] = []
    number = values = downs = 0
    for run in architecture.runs:
        layer = bags[run.layer]
        positions = []
        for _ in range(run.count):
            positions.append(_position(number, n_layers, values, n_values, downs))
            number, values, downs = number + 1, values + layer.values, downs + layer.downs
        for position, group in groupby(positions):
            stretches.append(Stretch(sum(1 for _ in group), layer.steady, layer.moving, position, used[run.layer]))
    next_token = next_token_tensors(architecture) if architecture.n_next_token_layers else ()
    tables = (_table("nextn.embed_tokens.weight", architecture), _table("nextn.shared_head_head.weight", architecture))
    in_file_tensors = next_token + (tables if name in NEXT_TOKEN_WITH_TABLES else ())
    return Outline(
        whole=_whole(architecture),
        outside=sum(_bags(outside), ()),
        stretches=tuple(stretches),
        next_token=tuple(
            Stretch(1, *_bags(in_file_tensors), _position(number + i, n_layers, values, n_values, downs), 1.0)
            for i in range(in_file)
        ),
        next_token_weights=architecture.n_next_token_layers * sum(tensor.size for tensor in next_token),
        n_tensors=len(outside)
        + sum(run.count * bags[run.layer].n_tensors for run in architecture.runs)
        + in_file * len(in_file_tensors),
        has_experts=any(kind.place == "expert" for stretch in stretches for kind, _ in stretch.steady + stretch.moving),
    )


class _BlockBag(NamedTuple):
    steady: Bag
    moving: Bag
    values: int
    values_counted: int
    downs: int
    n_tensors: int


@lru_cache(maxsize=8192)
def _bag_of(layer: Layer, name: str, hidden: int, norm_bias: bool) -> _BlockBag:
    tensors = block_tensors(layer, name, hidden, norm_bias)
    names = [tensor.name for tensor in tensors]
    values = names.count("attn_v.weight")
    counted = values + names.count("attn_qkv.weight") + names.count("attn_kv_b.weight")
    downs = sum(name.startswith("ffn_down") and name.endswith(".weight") for name in names)
    return _BlockBag(*_bags(tensors), values, counted, downs, len(names))


def _bags(tensors: tuple[Tensor, ...]) -> tuple[Bag, Bag]:
    found: Counter[Kind] = Counter()
    for tensor in tensors:
        kind = Kind(
            tensor.place, role(tensor.name, vector=tensor.is_vector), gcd(tensor.columns, 256), tensor.depth > 1
        )
        found[kind] += tensor.size
    steady = tuple((kind, count) for kind, count in found.items() if kind.role not in MOVING)
    return steady, tuple((kind, count) for kind, count in found.items() if kind.role in MOVING)


def _table(name: str, architecture: Architecture) -> Tensor:
    return Tensor(name, "block", architecture.hidden_size, architecture.vocab_size)


def _grouping(layer: Layer) -> int:
    """Query heads per key head as the file's header has them: MLA counts one key head, a block without attention 0."""
    attention = layer.attention
    if attention is None or not attention.n_kv_heads:
        return 0
    return attention.n_heads if attention.latent else attention.n_heads // attention.n_kv_heads


def _whole(architecture: Architecture) -> Whole:
    experts = max((run.layer.feed_forward.n_experts for run in architecture.runs if run.layer.feed_forward), default=0)
    grouping = _grouping(architecture.runs[0].layer)
    eighty = architecture.n_layers == 80
    return Whole(
        falcon=architecture.name == "falcon",
        eight_experts=experts == 8,
        four_experts=experts >= 4,
        grouped=grouping >= 4,
        tied=architecture.tied_embeddings,
        large_llama=eighty
        and (architecture.name == "qwen2" or (architecture.name in ("llama", "deci") and grouping > 1)),
        importance=True,
    )


@lru_cache(maxsize=1 << 14)
def _position(number: int, n_layers: int, value: int, n_values: int, downs: int) -> Position:
    return Position(
        value_more=use_more_bits(value, n_values),
        value_first_two=value < 2,
        value_first_four=value < 4,
        layer_more=use_more_bits(number, n_layers),
        layer_first_eighth=number < n_layers // 8,
        layer_first_sixteenth=number < n_layers // 16,
        layer_middle=n_layers // 8 <= number < 7 * n_layers // 8,
        down_first_eighth=downs < n_layers // 8,
    )
