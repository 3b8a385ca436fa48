"""Bytes of a model's weights in any build, from the architecture alone: no file, no network.

`build_weights` gives them by block and place, `weights_bytes` and `file_bytes` the two sums that people see.
"""

from functools import lru_cache

from bakeoff.catalog.architecture import Architecture
from bakeoff.catalog.builds import Build
from bakeoff.fit.weights.build_weights import BlockWeights, BuildWeights
from bakeoff.fit.weights.checkpoint import checkpoint_weights, computed_bytes
from bakeoff.fit.weights.gguf import gguf_weights
from bakeoff.values import Estimate

__all__ = ["BlockWeights", "BuildWeights", "build_weights", "computed_bytes", "file_bytes", "weights_bytes"]


@lru_cache(maxsize=1 << 13)
def build_weights(architecture: Architecture, build: Build) -> BuildWeights:
    """The weights of a build, by block and place.

    Args:
        architecture: the model's shape.
        build: one that `parse_build` knows.
    """
    return gguf_weights(architecture, build) if build.format == "gguf" else checkpoint_weights(architecture, build)


def weights_bytes(architecture: Architecture, build: Build) -> Estimate:
    """Bytes that loading takes, prediction layers not counted."""
    found = build_weights(architecture, build)
    return found.estimate(found.tensor_bytes)


def file_bytes(architecture: Architecture, build: Build) -> Estimate:
    """Bytes of the file, or of all files together: what is downloaded and read."""
    found = build_weights(architecture, build)
    return found.estimate(found.file_bytes)
