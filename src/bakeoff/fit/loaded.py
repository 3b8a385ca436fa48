"""A model as an engine without a pool of its own holds it. Values."""

from dataclasses import dataclass

from bakeoff.fit.memory import Memory
from bakeoff.values import Estimate


@dataclass(frozen=True, slots=True)
class Loaded:
    """Bytes by part."""

    weights_bytes: int
    kv_cache_bytes: int
    recurrent_state_bytes: int
    compute: Estimate
    overhead: Estimate

    @property
    def memory(self) -> Memory:
        """The most likely values."""
        return Memory(
            weights_bytes=self.weights_bytes,
            kv_cache_bytes=self.kv_cache_bytes,
            recurrent_state_bytes=self.recurrent_state_bytes,
            compute_bytes=round(self.compute.value),
            output_bytes=0,
            overhead_bytes=round(self.overhead.value),
        )

    @property
    def total(self) -> Estimate:
        """The sum with its interval."""
        sure = self.weights_bytes + self.kv_cache_bytes + self.recurrent_state_bytes
        return Estimate(
            sure + self.compute.value + self.overhead.value,
            sure + self.compute.low + self.overhead.low,
            sure + self.compute.high + self.overhead.high,
            "estimated",
            "weights, cache and state counted; compute and overhead estimated",
        )
