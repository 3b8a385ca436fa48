"""The bytes of each layer of a model under llama.cpp, ready for placing: weights, experts, cache. Knows no machine."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, chain, repeat

from bakeoff.catalog.architecture import Architecture
from bakeoff.fit.llama_cpp.cache import LayerCache, layer_caches
from bakeoff.fit.llama_cpp.settings import Settings
from bakeoff.fit.weights import BuildWeights
from bakeoff.fit.weights.outline import outline


@dataclass(frozen=True)
class Layers:
    """A model in a build, under settings."""

    architecture: Architecture
    weights: BuildWeights
    settings: Settings

    @property
    def count(self) -> int:
        """Number of layers."""
        return self.architecture.n_layers

    @cached_property
    def caches(self) -> tuple[LayerCache, ...]:
        """What each layer keeps between steps."""
        return layer_caches(self.architecture, self.settings)

    @cached_property
    def dense(self) -> tuple[int, ...]:
        """Bytes of each layer's weights, routed experts left out."""
        return tuple(chain.from_iterable(repeat(run.dense_bytes, run.count) for run in self.weights.blocks))

    @cached_property
    def experts(self) -> tuple[int, ...]:
        """Bytes of each layer's routed experts."""
        return tuple(chain.from_iterable(repeat(run.expert_bytes, run.count) for run in self.weights.blocks))

    @cached_property
    def _sums(self) -> tuple[tuple[int, ...], ...]:
        rows = (
            self.dense,
            self.experts,
            tuple(cache.kv_bytes for cache in self.caches),
            tuple(cache.state_bytes for cache in self.caches),
        )
        return tuple(tuple(accumulate(row, initial=0)) for row in rows)

    def dense_between(self, first: int, last: int) -> int:
        """Of layers `first` to `last - 1`."""
        return self._sums[0][last] - self._sums[0][first]

    def experts_between(self, first: int, last: int) -> int:
        """The same of routed experts; nothing where `last` is not behind `first`."""
        return self._sums[1][last] - self._sums[1][first] if last > first else 0

    def kv_between(self, first: int, last: int) -> int:
        """The same of keys and values."""
        return self._sums[2][last] - self._sums[2][first]

    def state_between(self, first: int, last: int) -> int:
        """The same of recurrent state."""
        return self._sums[3][last] - self._sums[3][first]

    @property
    def output_bytes(self) -> int:
        """Of the head, which llama.cpp puts on the last GPU: a tied embedding stands there once more."""
        return self.weights.head_bytes

    @property
    def host_bytes(self) -> int:
        """Of what stays in the processor's memory wherever the layers are: the embeddings."""
        return self.weights.embedding_bytes + self.weights.layer_embedding_bytes

    @property
    def has_experts(self) -> bool:
        """Some layers have routed experts."""
        return self._sums[1][-1] > 0

    @property
    def bits_per_weight(self) -> float:
        """Of the layers, on average."""
        return 8 * self.weights.block_bytes / max(1, _block_weights(self.architecture))


@lru_cache(maxsize=4096)
def _block_weights(architecture: Architecture) -> int:
    stretches = outline(architecture).stretches
    return sum(one.count * sum(count for _, count in one.steady + one.moving) for one in stretches)
