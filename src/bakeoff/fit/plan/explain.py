"""Every number of a plan, term by term: what `bakeoff fit --why` shows. Reasons only; sentences are made elsewhere."""

from collections import Counter
from collections.abc import Iterator

from bakeoff.fit.llama_cpp.shape import Kind, shape
from bakeoff.fit.plan.layers import Layers
from bakeoff.fit.plan.making import Maker
from bakeoff.fit.plan.plan import Plan
from bakeoff.fit.plan.pools import device_name
from bakeoff.fit.speed import token_terms
from bakeoff.fit.speed.decode import known
from bakeoff.fit.weights import BuildWeights
from bakeoff.values import Reason, reason

LEAST_MS = 0.005
"""Shorter terms of a token's time are left out."""


def explain(maker: Maker, plan: Plan) -> Iterator[Reason]:
    """The sums behind a plan: weights, cache, state, buffers, devices, the time of a token, of a request, the loss.

    Args:
        maker: of the answer that the plan is in.
        plan: one of its plans.
    """
    yield from _weights(maker.weights(plan.build))
    if plan.engine == "llama.cpp":
        yield from _caches(maker, plan)
    yield from _buffers(plan)
    for one in plan.devices:
        yield reason("why.device", device=one.name, used=one.use.total_bytes, usable=one.usable_bytes)
    if plan.runs:
        yield from _times(maker, plan)
    if plan.quality_loss is not None:
        loss = plan.quality_loss
        yield reason("why.loss", value=loss.value, low=loss.low, high=loss.high, how=loss.detail)


def _weights(weights: BuildWeights) -> Iterator[Reason]:
    yield reason(
        "why.weights",
        layers=sum(run.count for run in weights.blocks),
        blocks=weights.block_bytes,
        embedding=weights.embedding_bytes + weights.layer_embedding_bytes,
        output=weights.output_bytes,
        total=weights.tensor_bytes,
        how=weights.detail,
    )
    if weights.expert_bytes:
        yield reason("why.experts", total=weights.expert_bytes, read=weights.expert_bytes_read)


def _caches(maker: Maker, plan: Plan) -> Iterator[Reason]:
    """Layers that keep the same cache, together."""
    assert maker.model.architecture is not None
    context = maker.wanted.all_conversations(maker.limit)
    layers = Layers(maker.model.architecture, maker.weights(plan.build), maker.wanted.settings(context))
    model = shape(maker.model.architecture)
    counts = Counter((kind, cache) for kind, cache in zip(model.order, layers.caches, strict=True))
    for (kind, cache), count in counts.items():
        if cache.kv_bytes:
            yield _cache_line(layers, model.kinds[kind], count, cache.kv_bytes)
        if cache.state_bytes:
            yield reason("why.state", n=count, each=cache.state_bytes, size=count * cache.state_bytes)


def _cache_line(layers: Layers, kind: Kind, count: int, size: int) -> Reason:
    settings = layers.settings
    cells = settings.layer_cells(kind.window) * settings.n_streams
    return reason(
        "why.cache",
        n=count,
        cells=cells,
        kind="all" if kind.window is None else "window",
        per_token=size / cells,
        keys=settings.kv_type_k,
        values=settings.kv_type_v,
        size=count * size,
    )


def _buffers(plan: Plan) -> Iterator[Reason]:
    memory = plan.memory
    if memory is None:
        return
    yield reason("why.compute", size=memory.compute_bytes, tokens=plan.wanted.ubatch)
    if memory.output_bytes:
        yield reason("why.output", size=memory.output_bytes, n=plan.wanted.conversations)
    yield reason("why.overhead", size=memory.overhead_bytes)
    yield reason("why.total", size=memory.total_bytes)


def _times(maker: Maker, plan: Plan) -> Iterator[Reason]:
    speed, wanted = plan.speed, maker.wanted
    if speed.decode_tokens_per_second is None or speed.time_to_first_token_ms is None or speed.request_seconds is None:
        return
    depth = wanted.prompt_tokens + wanted.output_tokens / 2
    laid = maker.lay(plan.build, plan.engine)
    work = laid.work_at(depth)
    if plan.engine in ("llama.cpp", "mlx") and known(work, maker.machine):
        scale = maker.scale(laid) if plan.engine == "llama.cpp" else None
        for term in token_terms(
            work, maker.machine, engine="mlx" if plan.engine == "mlx" else "llama.cpp", scale=scale
        ):
            if 1000 * term.seconds >= LEAST_MS:
                device = device_name(maker.machine, term.place)
                yield reason("why.token_term", device=device, name=term.name, ms=1000 * term.seconds)
    decode = speed.decode_tokens_per_second
    yield reason(
        "why.decode", rate=decode.value, low=decode.low, high=decode.high, depth=round(depth), how=decode.detail
    )
    first, whole = speed.time_to_first_token_ms, speed.request_seconds
    yield reason("why.first_token", ms=first.value, low=first.low, high=first.high, tokens=wanted.prompt_tokens)
    yield reason("why.request", seconds=whole.value, low=whole.low, high=whole.high, tokens=wanted.output_tokens)
    if plan.load_seconds is not None:
        yield reason("why.load", seconds=plan.load_seconds.value, how=plan.load_seconds.detail)
