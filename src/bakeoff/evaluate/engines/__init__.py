"""The embedded engine: llama.cpp in a process of its own, which answers over HTTP like every other server.

Knows nothing about prompts, rows or what is done with the answers. The names are imported when they are first used:
who asks a server elsewhere needs no engine.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bakeoff.evaluate.engines.engine import Engine
    from bakeoff.evaluate.engines.parameters import EngineParameters, engine_digest
    from bakeoff.evaluate.engines.start import start_engine

__all__ = ["Engine", "EngineParameters", "engine_digest", "start_engine"]

_HOMES = {"Engine": "engine", "EngineParameters": "parameters", "engine_digest": "parameters", "start_engine": "start"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'bakeoff.evaluate.engines' has no attribute {name!r}")
    return getattr(import_module(f"bakeoff.evaluate.engines.{_HOMES[name]}"), name)
