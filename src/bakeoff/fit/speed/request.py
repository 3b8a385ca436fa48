"""The user's own request in time: until the first word, until the last, and loading the model before.

Reading and writing are different work: a machine that writes 20 tokens a second may read a long prompt for a minute.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bakeoff.fit.speed.constants import Spread
from bakeoff.fit.speed.decode import Engine, decode_seconds, decode_speed, decode_spread, known
from bakeoff.fit.speed.prefill import UBATCH, prefill_seconds, prefill_spread
from bakeoff.fit.speed.scale import Scale
from bakeoff.fit.speed.work import Work
from bakeoff.hardware.machine import Machine
from bakeoff.values import Estimate


@dataclass(frozen=True, slots=True)
class RequestTime:
    """One request, alone on the machine, the model loaded."""

    prompt_tokens: float
    output_tokens: float
    first_token_ms: Estimate
    seconds: Estimate
    """From the request to the last token."""

    decode_tokens_per_second: Estimate
    """In the middle of the answer."""


def request_time(
    work_at: Callable[[float], Work],
    machine: Machine,
    prompt_tokens: float,
    output_tokens: float,
    *,
    cached_tokens: float = 0.0,
    ubatch: int = UBATCH,
    engine: Engine = "llama.cpp",
    scale: Scale | None = None,
) -> RequestTime | None:
    """How long a request takes in llama.cpp or MLX; None where a bandwidth is not known.

    Args:
        work_at: the work of a token at a depth, as `work.by_depth` makes it.
        machine: whose accelerators the work's places count.
        prompt_tokens: read anew for this request, 1 or more.
        output_tokens: written, thinking included, 1 or more.
        cached_tokens: of an earlier turn, read already.
        ubatch: tokens per prompt step.
        engine: llama.cpp or MLX.
        scale: what a measurement on this machine taught.

    Raises:
        ValueError: a length is not positive.
    """
    if prompt_tokens <= 0 or output_tokens <= 0 or cached_tokens < 0:
        raise ValueError(f"a request of {cached_tokens} + {prompt_tokens} + {output_tokens} tokens")
    start = cached_tokens + prompt_tokens
    work = work_at(start + output_tokens / 2)  # depth costs grow evenly, so the middle is the mean
    if not known(work, machine):
        return None
    reading = prefill_seconds(work, machine, prompt_tokens, start=cached_tokens, ubatch=ubatch, scale=scale)
    first_step = decode_seconds(work_at(start), machine, engine=engine, scale=scale)
    step = decode_seconds(work, machine, engine=engine, scale=scale)
    read_spread = (scale.spread if scale else None) or prefill_spread(work, machine)
    write_spread = (scale.spread if scale else None) or decode_spread(work, machine)
    detail = f"{prompt_tokens:g} tokens read, {output_tokens:g} written"
    speed = decode_speed(work, machine, engine=engine, scale=scale)
    assert speed is not None, "bandwidths are known"
    first = _sum([(reading, read_spread), (first_step, write_spread)], detail, speed.as_of, unit=1e3)
    whole = _sum([(reading, read_spread), (step * output_tokens, write_spread)], detail, speed.as_of)
    return RequestTime(prompt_tokens, output_tokens, first, whole, speed)


def _sum(parts: list[tuple[float, Spread]], detail: str, as_of: str | None, unit: float = 1.0) -> Estimate:
    """Times with the spreads of their speeds; both ends together, since a slow set-up is slow in both."""
    value = sum(seconds for seconds, _ in parts)
    low = sum(seconds / spread.high for seconds, spread in parts)
    high = sum(seconds / spread.low for seconds, spread in parts)
    return Estimate(unit * value, unit * low, unit * high, "estimated", detail, as_of)


START_SECONDS = (1.0, 0.4, 4.0)
"""Starting the process, allocating, warming up: usual, low, high. Measured on the embedded engine with small models
(docs/concepts/engine.md); drivers of large cards take longer."""


def load_time(file_bytes: float, machine: Machine, *, cached: bool = False) -> Estimate | None:
    """Seconds from starting the engine to the first request; None where the drive's speed is not known.

    Args:
        file_bytes: of all files that are read.
        machine: its drive; on an accelerator with memory of its own the link counts, too, where it is the slower.
        cached: the file was read before and lies in the system's page cache.
    """
    usual, least, most = START_SECONDS
    if cached:
        memory = machine.processor.bandwidth_bytes_per_second
        if memory is None:
            return None
        seconds = file_bytes / (memory.value / 4)  # copied once: read and written, by few threads
        return Estimate(usual + seconds, least + seconds / 2, most + seconds * 2, "estimated", "page cache")
    drive = machine.disk_bytes_per_second
    if drive is None or drive.value <= 0:
        return None
    links = [one.link_bytes_per_second.value for one in machine.accelerators if one.link_bytes_per_second is not None]
    limit = min([drive.value, *links])
    slow = min(limit, max(drive.low, 1.0))
    fast = min([max(drive.high, limit), *links])
    return Estimate(
        usual + file_bytes / limit,
        least + file_bytes / max(fast, limit),
        most + file_bytes / slow,
        "estimated",
        f"{file_bytes / 1e9:.1f} GB from the drive ({drive.detail})" if drive.detail else "from the drive",
    )
