"""What an engine does for one token, by memory pool: bytes read, weights multiplied, kernels started.

The sums are of the model and its build alone; how long they take is in `decode` and `prefill`. Where each layer lies
is given by the planner.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import chain, repeat
from typing import NamedTuple

from bakeoff.catalog.architecture import Architecture, Layer
from bakeoff.catalog.tensors import block_tensors, outer_tensors
from bakeoff.fit.speed.attention import attention_operations, cache_numbers, reader, readers, state_traffic
from bakeoff.fit.weights import BlockWeights, BuildWeights

SYSTEM = -1
"""The place that is the processor's memory; accelerators have their position in the machine's list."""

F16_BYTES = 2.0

OUTER_KERNELS = 2.0
"""The last norm and the head."""


@dataclass(frozen=True, slots=True)
class Part:
    """What lies in one memory pool and is computed beside it."""

    place: int
    """Number of the accelerator, or `SYSTEM`."""

    dense_bytes: float = 0.0
    """Weights that every token reads: all but routed experts, the head included."""

    expert_bytes: float = 0.0
    """All routed experts that lie here."""

    cache_bytes: float = 0.0
    """Keys and values that one token of one sequence reads; recurrent states that it reads and writes."""

    latent_bytes: float = 0.0
    """Of a compressed cache (MLA), the same."""

    dense_weights: float = 0.0
    """Weights that every token multiplies, the head included."""

    head_weights: float = 0.0
    """Of these, the head: prompts multiply it for their last token only."""

    expert_weights: float = 0.0
    """Weights of the routed experts that one token multiplies."""

    kernels: float = 0.0
    """Tensors: a measure of how many kernels one step starts."""

    expert_layers: int = 0
    delta_layers: int = 0
    """Gated delta nets, whose steps take several small kernels."""

    layers: int = 0

    def operations(self, tokens: float) -> tuple[float, float]:
        """Operations of matrices for a prompt, dense and of experts: two per weight and token, the head once."""
        dense = 2.0 * ((self.dense_weights - self.head_weights) * tokens + self.head_weights)
        return dense, 2.0 * self.expert_weights * tokens


@dataclass(frozen=True, slots=True)
class Work:
    """One token of a model in a build, at a depth."""

    parts: tuple[Part, ...]
    expert_share: float
    """Share of the routed experts that one token reads; 1 where there are none."""

    hidden_size: int
    layers: int
    depth_tokens: float
    architecture: Architecture

    @property
    def is_moe(self) -> bool:
        """Some weights are routed experts."""
        return any(part.expert_bytes for part in self.parts)

    @property
    def is_offloaded(self) -> bool:
        """The processor computes some layers or experts, and an accelerator others."""
        places = {part.place for part in self.parts if part.layers or part.expert_bytes}
        return SYSTEM in places and len(places) > 1

    @property
    def read_bytes(self) -> float:
        """Bytes that one token reads, everywhere."""
        return sum(
            part.dense_bytes + part.expert_bytes * self.expert_share + part.cache_bytes + part.latent_bytes
            for part in self.parts
        )

    def experts_read(self, tokens: float) -> float:
        """Share of the experts that a step of several tokens reads: 1 - (1 - k/E)^n, routing as if independent."""
        return 1.0 if self.expert_share >= 1.0 else 1.0 - (1.0 - self.expert_share) ** max(tokens, 0.0)

    def operations(self, tokens: float, start: float = 0.0) -> float:
        """Operations of a prompt of `tokens` after `start` cached ones, the head once."""
        matrices = sum(sum(part.operations(tokens)) for part in self.parts)
        return matrices + attention_operations(self.architecture, start, tokens)


class _Block(NamedTuple):
    dense_weights: int
    used_weights: float
    kernels: int
    expert_layers: int
    delta_layers: int


@lru_cache(maxsize=8192)
def _block(layer: Layer, name: str, hidden: int, norm_bias: bool) -> _Block:
    tensors = block_tensors(layer, name, hidden, norm_bias)
    part = layer.feed_forward
    routed = sum(tensor.size for tensor in tensors if tensor.place == "expert")
    used = routed * part.n_experts_used / part.n_experts if part is not None and part.n_experts else 0.0
    delta = layer.recurrent is not None and layer.recurrent.kind in ("gated_delta_net", "kda")
    return _Block(
        dense_weights=sum(tensor.size for tensor in tensors if tensor.place == "block"),
        used_weights=used,
        kernels=len(tensors),
        expert_layers=int(routed > 0),
        delta_layers=int(delta),
    )


@lru_cache(maxsize=4096)
def _head_weights(architecture: Architecture) -> int:
    place = "embedding" if architecture.tied_embeddings else "output"
    return sum(tensor.size for tensor in outer_tensors(architecture) if tensor.place == place)


class _Totals(NamedTuple):
    """Of the whole model."""

    dense_weights: float
    used_weights: float
    kernels: float
    expert_layers: int
    delta_layers: int
    layers: int
    state_traffic: float


@lru_cache(maxsize=4096)
def _totals(architecture: Architecture) -> _Totals:
    found = [
        (run.count, _block(run.layer, architecture.name, architecture.hidden_size, architecture.norm_bias))
        for run in architecture.runs
    ]
    return _Totals(
        dense_weights=sum(count * block.dense_weights for count, block in found) + _head_weights(architecture),
        used_weights=sum(count * block.used_weights for count, block in found),
        kernels=sum(count * block.kernels for count, block in found) + OUTER_KERNELS,
        expert_layers=sum(count * block.expert_layers for count, block in found),
        delta_layers=sum(count * block.delta_layers for count, block in found),
        layers=architecture.n_layers,
        state_traffic=sum(
            run.count * state_traffic(run.layer.recurrent)
            for run in architecture.runs
            if run.layer.recurrent is not None
        ),
    )


def whole(
    architecture: Architecture,
    weights: BuildWeights,
    *,
    place: int = 0,
    depth_tokens: float = 0.0,
    number_bytes: float = F16_BYTES,
) -> Work:
    """Everything in one pool.

    Args:
        architecture: the model's shape.
        weights: its build.
        place: the pool: an accelerator's number, or `SYSTEM`.
        depth_tokens: tokens in the cache when the token is made.
        number_bytes: bytes per cached number: 2 for f16, 34/32 for q8_0.
    """
    totals = _totals(architecture)
    dense = expert = used = 0.0
    for run in weights.blocks:
        dense += run.count * run.dense_bytes
        expert += run.count * run.expert_bytes
        used += run.count * run.expert_bytes_read
    cache, latent = totals.state_traffic, 0.0
    for one in readers(architecture):
        read = one.count * cache_numbers(one, depth_tokens) * number_bytes
        if one.latent:
            latent += read
        else:
            cache += read
    part = Part(
        place=place,
        dense_bytes=dense + weights.head_bytes + weights.embedding_row_bytes,
        expert_bytes=expert,
        cache_bytes=cache,
        latent_bytes=latent,
        dense_weights=totals.dense_weights,
        head_weights=_head_weights(architecture),
        expert_weights=totals.used_weights,
        kernels=totals.kernels,
        expert_layers=totals.expert_layers,
        delta_layers=totals.delta_layers,
        layers=totals.layers,
    )
    return _work(architecture, (part,), used / expert if expert else 1.0, depth_tokens)


def by_depth(
    architecture: Architecture, weights: BuildWeights, *, place: int = 0, number_bytes: float = F16_BYTES
) -> Callable[[float], Work]:
    """`whole` by the depth alone, as `request_time` and `serving` ask for it."""
    return lambda depth: whole(architecture, weights, place=place, depth_tokens=depth, number_bytes=number_bytes)


def placed(
    architecture: Architecture,
    weights: BuildWeights,
    *,
    layers: Sequence[int],
    experts: Sequence[int] | None = None,
    head: int = 0,
    depth_tokens: float = 0.0,
    number_bytes: float = F16_BYTES,
) -> Work:
    """Each layer where the planner put it.

    Args:
        architecture: the model's shape.
        weights: its build.
        layers: the pool of every layer, its cache included.
        experts: the pool of every layer's routed experts; where the layer is, if None.
        head: the pool of the head.
        depth_tokens: tokens in the cache when the token is made.
        number_bytes: bytes per cached number.
    """
    experts = layers if experts is None else experts
    shapes = chain.from_iterable(
        repeat(kind, run.count) for kind, run in zip(_kinds(architecture), architecture.runs, strict=True)
    )
    sizes = chain.from_iterable(repeat(run, run.count) for run in weights.blocks)
    alike: dict[tuple[int, int, int], list[BlockWeights]] = {}
    for shape, size, here, there in zip(shapes, sizes, layers, experts, strict=True):
        alike.setdefault((shape, here, there), []).append(size)
    head_weights = _head_weights(architecture)
    found = [
        Part(
            place=head,
            dense_bytes=weights.head_bytes + weights.embedding_row_bytes,
            dense_weights=head_weights,
            head_weights=head_weights,
            kernels=OUTER_KERNELS,
        )
    ]
    used = routed = 0.0
    for (shape, here, there), group in alike.items():
        layer = architecture.runs[shape].layer
        block = _block(layer, architecture.name, architecture.hidden_size, architecture.norm_bias)
        dense_bytes = sum(size.dense_bytes for size in group)
        found.append(_dense_part(layer, block, here, len(group), dense_bytes, depth_tokens, number_bytes))
        expert_bytes = sum(size.expert_bytes for size in group)
        if expert_bytes:
            used += sum(size.expert_bytes_read for size in group)
            routed += expert_bytes
            found.append(
                Part(
                    place=there,
                    expert_bytes=expert_bytes,
                    expert_weights=len(group) * block.used_weights,
                    expert_layers=len(group),
                )
            )
    parts: dict[int, Part] = {}
    for part in found:
        parts[part.place] = _plus(parts[part.place], part) if part.place in parts else part
    ordered = tuple(parts[place] for place in sorted(parts, reverse=True))
    return _work(architecture, ordered, used / routed if routed else 1.0, depth_tokens)


@lru_cache(maxsize=4096)
def _kinds(architecture: Architecture) -> tuple[int, ...]:
    """For every run the first one with an equal layer."""
    first: dict[Layer, int] = {}
    return tuple(first.setdefault(run.layer, i) for i, run in enumerate(architecture.runs))


def _dense_part(
    layer: Layer, block: _Block, place: int, count: int, dense_bytes: float, depth: float, number_bytes: float
) -> Part:
    cache = count * state_traffic(layer.recurrent) if layer.recurrent is not None else 0.0
    latent = 0.0
    if layer.attention is not None:
        one = reader(layer.attention)
        read = count * cache_numbers(one, depth) * number_bytes
        cache, latent = (cache, read) if one.latent else (cache + read, 0.0)
    return Part(
        place=place,
        dense_bytes=dense_bytes,
        cache_bytes=cache,
        latent_bytes=latent,
        dense_weights=count * block.dense_weights,
        kernels=count * block.kernels,
        delta_layers=count * block.delta_layers,
        layers=count,
    )


_NUMBERS = tuple(field.name for field in fields(Part) if field.name != "place")


def _plus(one: Part, other: Part) -> Part:
    return Part(one.place, **{name: getattr(one, name) + getattr(other, name) for name in _NUMBERS})


def _work(architecture: Architecture, parts: tuple[Part, ...], share: float, depth: float) -> Work:
    return Work(
        parts=parts,
        expert_share=share,
        hidden_size=architecture.hidden_size,
        layers=architecture.n_layers,
        depth_tokens=depth,
        architecture=architecture,
    )


def of_file(work: Work, factor: float) -> Work:
    """The same with all weights larger by a factor: a file whose size is known beats one that was estimated."""
    parts = tuple(
        replace(part, dense_bytes=part.dense_bytes * factor, expert_bytes=part.expert_bytes * factor)
        for part in work.parts
    )
    return replace(work, parts=parts)
