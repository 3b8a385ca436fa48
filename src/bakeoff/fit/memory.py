"""What a model takes in memory, by part. Values; the sums are in the files named after the engines."""

from collections.abc import Iterable
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes by part, on one device or over all."""

    weights_bytes: int = 0
    kv_cache_bytes: int = 0
    recurrent_state_bytes: int = 0
    compute_bytes: int = 0
    """Scratch of the compute graph (llama.cpp's compute buffers; vLLM's activation peak)."""

    output_bytes: int = 0
    """Logits (llama.cpp's output buffer)."""

    overhead_bytes: int = 0
    """Context of driver and runtime, of each device."""

    @property
    def total_bytes(self) -> int:
        """Sum of all parts."""
        return (
            self.weights_bytes
            + self.kv_cache_bytes
            + self.recurrent_state_bytes
            + self.compute_bytes
            + self.output_bytes
            + self.overhead_bytes
        )


PARTS = tuple(field.name for field in fields(Memory))
"""Names of the parts."""


def together(found: Iterable[Memory]) -> Memory:
    """Sums over several devices."""
    devices = list(found)
    return Memory(**{part: sum(getattr(one, part) for one in devices) for part in PARTS})
