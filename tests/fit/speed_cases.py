"""What the speed tests share: models, machines, works."""

from collections.abc import Callable
from functools import cache

from bakeoff.catalog import find
from bakeoff.catalog.architecture import Architecture, Attention, FeedForward, Layer, LayerRun
from bakeoff.catalog.builds import parse_build
from bakeoff.fit.speed import Work, whole
from bakeoff.fit.weights import build_weights
from bakeoff.hardware import parse_machine
from bakeoff.hardware.machine import Machine

TINY = Architecture(
    name="llama",
    hidden_size=256,
    vocab_size=1000,
    tied_embeddings=False,
    runs=(
        LayerRun(2, Layer(Attention(4, 2, 64, 64), None, FeedForward(512))),
        LayerRun(1, Layer(Attention(4, 2, 64, 64, window=100), None, FeedForward(0, n_experts=8, n_experts_used=2,
                                                                                expert_size=256))),
    ),
    context_tokens=4096,
)  # fmt: skip
"""Two dense layers and one with 8 experts and a window, small enough to count by hand."""


@cache
def architecture(name: str) -> Architecture:
    """A model's shape, from the catalog."""
    found = find(name).architecture
    assert found is not None
    return found


@cache
def machine(name: str) -> Machine:
    """A machine by name."""
    return parse_machine(name)


def work(model: str, build: str = "gguf:Q4_K_M", depth: float = 0.0, place: int = 0) -> Work:
    """A token of a whole model in one pool."""
    shape = architecture(model)
    return whole(shape, build_weights(shape, parse_build(build)), depth_tokens=depth, place=place)


def work_at(model: str, build: str = "gguf:Q4_K_M", place: int = 0) -> Callable[[float], Work]:
    """The same, by depth."""
    return lambda depth: work(model, build, depth, place)
