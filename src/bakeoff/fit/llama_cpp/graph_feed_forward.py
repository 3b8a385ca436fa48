"""Dense networks and experts in llama.cpp's compute graph, rehearsed.

Follows `build_ffn` and `build_moe_ffn` in src/llama-graph.cpp, build b11549. Every function reads `norm`, which stays
alive, and returns the result before it is added to the residual.
"""

from bakeoff.catalog.architecture import FeedForward
from bakeoff.fit.llama_cpp.graph import Step
from bakeoff.fit.llama_cpp.scratch import Block


def feed_forward(step: Step, f: FeedForward, norm: Block, last_use: bool) -> Block:
    """Experts, shared experts and the dense network, as far as the layer has them.

    Args:
        step: where the results go.
        f: the layer's.
        norm: the input.
        last_use: nothing reads `norm` afterwards: it dies here.
    """
    if not f.n_experts:
        return dense(step, f.size, f.gated, norm, last_use)
    alone = not f.shared_size
    found = experts(step, f, norm, last_use and alone)
    if alone:
        return found
    shared = dense(step, f.shared_size, f.gated, norm, last_use and not f.shared_gate, fused=False)
    step.scratch.give(shared)
    if last_use and f.shared_gate:
        step.scratch.give(norm)
    return found


def dense(step: Step, size: int, gated: bool, norm: Block, last_use: bool, *, fused: bool = True) -> Block:
    """A network of one hidden layer."""
    scratch, weights = step.scratch, size * step.hidden
    dying = (norm,) if last_use else ()
    if not gated:
        active = step.product(size, weights, *dying)
    elif fused and step.fused_gate_up:
        active = scratch.new(size, step.product(2 * size, 2 * weights, *dying))
    else:
        gate = step.product(size, weights)
        if step.style.bounded_gate:
            gate = scratch.new(size, gate)
        up = step.product(size, weights, *dying)
        active = step.gated(size, gate, up)
    return step.product(step.hidden, weights, active)


def experts(step: Step, f: FeedForward, norm: Block, last_use: bool) -> Block:
    """Router, then each chosen expert side by side, then their sum."""
    scratch, used = step.scratch, f.n_experts_used
    dying = (norm,) if last_use else ()
    scores = step.product(f.n_experts, f.n_experts * step.hidden, bits=32)
    biased = (scratch.new(f.n_experts),) if f.router_bias else ()
    order = scratch.new(f.n_experts, *biased)
    shares = scratch.new(used, scores)
    if step.experts_elsewhere:
        scratch.give(order, shares, *dying)
        return scratch.new(step.hidden)
    width, inner = f.latent_size or step.hidden, f.expert_size * used
    weights = f.n_experts * f.expert_size * width
    repeated = (scratch.new(width * used),) if step.name == "llama4" else ()  # weighed before the experts, not after
    if not f.gated:
        active = step.product(inner, weights, *dying, routed=True)
    elif step.style.gate_up_fused:
        active = scratch.new(inner, step.product(2 * inner, 2 * weights, *dying, routed=True))
    else:
        gate = step.product(inner, weights, routed=True)
        if step.style.bounded_gate:
            gate = scratch.new(inner, gate)
        up = step.product(inner, weights, *dying, routed=True)
        scratch.give(*repeated)
        active = step.gated(inner, gate, up)
    results = step.product(width * used, weights, active, routed=True)
    scratch.give(order, shares)
    found = scratch.new(width, results)
    return found if width == step.hidden else scratch.new(step.hidden, found)
