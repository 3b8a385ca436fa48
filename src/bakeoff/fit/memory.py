"""What a model takes in memory, by part. Values; the sums are in the files named after the engines."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes by part, over all devices."""

    weights_bytes: int
    kv_cache_bytes: int
    recurrent_state_bytes: int
    compute_bytes: int
    """Scratch of the compute graph (llama.cpp's compute buffers; vLLM's activation peak)."""

    output_bytes: int
    """Logits (llama.cpp's output buffer)."""

    overhead_bytes: int = 0
    """Context of driver and runtime, per device, summed."""

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
