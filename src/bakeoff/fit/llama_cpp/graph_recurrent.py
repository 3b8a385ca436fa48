"""Recurrent layers in llama.cpp's compute graph, rehearsed.

Follows src/models/mamba-base.cpp, delta-net-base.cpp, kimi-linear.cpp, lfm2.cpp, rwkv6-base.cpp, rwkv7-base.cpp and
minimax-01.cpp, build b11549. Every function reads `norm`, which it ends, and returns the result before it is added to
the residual.
"""

from collections.abc import Callable

from bakeoff.catalog.architecture import Recurrent
from bakeoff.fit.llama_cpp.graph import Step
from bakeoff.fit.llama_cpp.scratch import Block


def recurrent(step: Step, r: Recurrent, norm: Block) -> Block:
    """The layer's recurrent part."""
    match r.kind:
        case "mamba1":
            return _mamba1(step, r, norm)
        case "mamba2":
            return _mamba2(step, r, norm)
        case "gated_delta_net":
            return _gated_delta_net(step, r, norm)
        case "kda":
            return _kimi_delta(step, r, norm)
        case "short_conv":
            return _short_convolution(step, r, norm)
        case "rwkv6" | "rwkv7":
            return _rwkv(step, r, norm)
        case "lightning":
            return _lightning(step, r, norm)


def _with_history(step: Step, r: Recurrent, width: int, *dead: Block) -> Block:
    """The convolution's input: the last tokens of each slot before the new ones."""
    block = step.scratch.take(4 * width * (step.scratch.rows + (r.conv_kernel - 1) * step.slots))
    step.scratch.give(*dead)
    return block


def _state(step: Step, numbers: int) -> Block:
    return step.scratch.take(4 * numbers * step.slots)


def _with_state(step: Step, width: int, numbers: int, *dead: Block) -> Block:
    """A scan's result: one row per token, and behind them the new state of each slot."""
    block = step.scratch.take(4 * (width * step.scratch.rows + numbers * step.slots))
    step.scratch.give(*dead)
    return block


def _mamba1(step: Step, r: Recurrent, norm: Block) -> Block:
    scratch, inner, size = step.scratch, r.inner_size, r.state_size
    joint = step.product(2 * inner, 2 * inner * step.hidden, norm)
    history = _with_history(step, r, inner)
    convolved = scratch.new(inner, history)
    selected = scratch.new(r.time_step_rank + 2 * size)
    if r.norm:  # of the step size, B and C
        times = scratch.new(inner, scratch.new(r.time_step_rank))
        sides = [scratch.new(size), scratch.new(size)]
        scratch.give(selected)
    else:
        times = scratch.new(inner)
        sides = [selected]
    scanned = _with_state(step, inner, size * inner, times, *sides)
    gate = scratch.new(inner, joint)
    scratch.give(convolved)
    mixed = scratch.new(inner, gate, scanned)
    return step.product(step.hidden, inner * step.hidden, mixed)


def _mamba2(step: Step, r: Recurrent, norm: Block) -> Block:
    last = _convolution_state(step, r)
    return _mamba2_result(step, r, *_mamba2_scan(step, r, norm, last))


def mamba2_beside_attention(step: Step, r: Recurrent, project: Callable[[], Block]) -> Block:
    """Mamba-2 on the same residual as attention (Falcon-H1), whose output matrix comes in the middle of it.

    Args:
        step: where the results go.
        r: the layer's.
        project: attention's output matrix.
    """
    last = _convolution_state(step, r)
    parts = _mamba2_scan(step, r, step.scratch.new(step.hidden), last)
    found = project()
    step.scratch.give(_mamba2_result(step, r, *parts))
    return found


def _convolution_state(step: Step, r: Recurrent) -> Block:
    return _state(step, (r.conv_kernel - 1) * (r.inner_size + 2 * r.n_groups * r.state_size))


def _mamba2_scan(step: Step, r: Recurrent, norm: Block, last: Block) -> tuple[Block, Block, Block]:
    """All projections in one, the convolved part of them, and what the scan makes of it."""
    scratch, inner = step.scratch, r.inner_size
    width = inner + 2 * r.n_groups * r.state_size
    total = inner + width + r.time_step_rank
    joint = step.product(total, total * step.hidden, norm)
    history = _with_history(step, r, width, last)
    convolved = scratch.new(width, history)
    times = scratch.new(r.time_step_rank)
    scanned = _with_state(step, inner, r.state_size * inner, times)
    if step.slots > 1:  # states of the other slots change places
        scratch.give(scratch.take(4 * r.state_size * inner * (step.slots - 1)))
    return joint, convolved, scanned


def _mamba2_result(step: Step, r: Recurrent, joint: Block, convolved: Block, scanned: Block) -> Block:
    scratch, inner = step.scratch, r.inner_size
    gate = scratch.new(inner, joint)
    skip = scratch.new(inner, convolved)
    scratch.give(scanned)
    mixed = scratch.new(inner, gate, skip)
    if r.norm:
        mixed = scratch.new(inner, mixed)
    return step.product(step.hidden, inner * step.hidden, mixed)


def _gated_delta_net(step: Step, r: Recurrent, norm: Block) -> Block:
    scratch, inner, heads = step.scratch, r.inner_size, r.time_step_rank
    keys = r.n_groups * r.state_size
    width = inner + 2 * keys
    last = _state(step, (r.conv_kernel - 1) * width)
    joint = step.product(width, width * step.hidden)
    history = _with_history(step, r, width, last, joint)
    memory = _state(step, r.state_size * inner)
    convolved = scratch.new(width, history)
    query, key = scratch.new(keys), scratch.new(keys)
    if step.name == "qwen3next":  # keys are repeated for every value head
        query, key = scratch.new(r.state_size * heads, query), scratch.new(r.state_size * heads, key)
    decay, strength = scratch.new(heads), scratch.new(heads)
    scanned = _with_state(step, inner, r.state_size * inner, query, key, convolved, decay, strength, memory)
    normed = scratch.new(inner, scanned)
    gate = scratch.new(inner, norm)
    opened = scratch.new(inner, gate)
    scratch.give(opened)
    return step.product(step.hidden, inner * step.hidden, normed)


def _kimi_delta(step: Step, r: Recurrent, norm: Block) -> Block:
    """Kimi delta attention: queries, keys and values each through a convolution of their own."""
    scratch, inner, heads, size = step.scratch, r.inner_size, r.n_groups, r.state_size
    last = _state(step, 3 * (r.conv_kernel - 1) * inner)
    histories = []
    for _ in range(3):
        part = step.product(inner, inner * step.hidden)
        histories.append(_with_history(step, r, inner, part))
    scratch.give(last)
    memory = _state(step, size * inner)
    parts = []
    for number, history in enumerate(histories):
        part = scratch.new(inner, scratch.new(inner, history))
        parts.append(scratch.new(inner, part) if number < 2 else part)
    decay = scratch.new(inner, scratch.new(inner, scratch.new(size)))
    strength = scratch.new(heads, scratch.new(heads))
    scanned = _with_state(step, inner, size * inner, *parts, decay, strength, memory)
    normed = scratch.new(inner, scratch.new(inner, scanned))
    gate = scratch.new(inner, scratch.new(size))
    scratch.give(norm)
    opened = scratch.new(inner, gate)
    scratch.give(opened)
    flat = scratch.new(inner, normed)
    return step.product(step.hidden, inner * step.hidden, flat)


def _short_convolution(step: Step, r: Recurrent, norm: Block) -> Block:
    scratch, hidden = step.scratch, step.hidden
    joint = step.product(3 * hidden, 3 * hidden * hidden, norm)
    gated = scratch.new(hidden)
    history = _with_history(step, r, hidden, gated)
    convolved = scratch.new(hidden, history)
    scratch.give(joint)
    return step.product(hidden, hidden * hidden, convolved)


def _rwkv(step: Step, r: Recurrent, norm: Block) -> Block:
    """Time mixing of RWKV: mixtures of a token with the one before, then the state update."""
    scratch, hidden = step.scratch, step.hidden
    memory = _state(step, r.state_size * hidden)
    mixtures = scratch.new((6 if r.kind == "rwkv7" else 5) * hidden, scratch.new(hidden))
    receptance, decay, key = scratch.new(hidden), scratch.new(hidden), scratch.new(hidden)
    rate = scratch.new(hidden)
    moved = scratch.new(hidden, scratch.new(hidden))
    value = scratch.new(hidden)
    scratch.give(scratch.new(hidden, scratch.new(hidden)))
    unit, sign = scratch.new(hidden, key), scratch.new(hidden, rate)
    scanned = _with_state(step, hidden, r.state_size * hidden, decay, unit, sign, memory)
    normed = scratch.new(hidden, scratch.new(hidden, scanned))
    bonus = scratch.new(hidden, moved, receptance)
    scratch.give(scratch.new(hidden, value, bonus))
    scratch.give(scratch.new(hidden, mixtures))
    scratch.give(norm)
    return scratch.new(hidden, normed)


def _lightning(step: Step, r: Recurrent, norm: Block) -> Block:
    """MiniMax-01's linear attention: all pairs of a slot's tokens within the step, and the state before it."""
    scratch, inner, hidden = step.scratch, r.inner_size, step.hidden
    heads = inner // r.state_size
    old = _state(step, r.state_size * inner)
    joint = step.product(3 * inner, 3 * inner * hidden)
    scratch.give(scratch.new(heads))
    queries = scratch.new(inner)
    before = scratch.new(inner, queries)
    values = scratch.new(inner)
    pairs = lightning_pairs(step, r)
    scores, decay = scratch.take(pairs), scratch.take(pairs)
    scratch.give(decay)
    scratch.give(scratch.new(inner, scores))  # added to what came before, in place
    new = _state(step, r.state_size * inner)
    scratch.give(old)
    keys = scratch.new(inner)
    scratch.give(joint)
    across = scratch.new(inner, keys)
    scratch.give(_state(step, r.state_size * inner), across, values, new)
    gate = step.product(inner, inner * hidden, norm)
    found = scratch.new(inner, before)
    scratch.give(scratch.new(inner), found)
    return step.product(hidden, inner * hidden, gate)


def lightning_pairs(step: Step, r: Recurrent) -> int:
    """Bytes of one number for every two tokens of a slot and every head."""
    tokens = step.scratch.rows // step.slots
    return 4 * tokens * tokens * step.slots * (r.inner_size // r.state_size)
