"""The embedded engine: llama.cpp in a process of its own, which answers over HTTP like every other server.

Knows nothing about prompts, rows or what is done with the answers. The names are imported when they are first used:
who asks a server elsewhere needs no engine.
"""

from typing import TYPE_CHECKING

from bakeoff.rooms import lazily

if TYPE_CHECKING:
    from bakeoff.evaluate.engines.engine import Engine
    from bakeoff.evaluate.engines.parameters import EngineParameters, engine_digest
    from bakeoff.evaluate.engines.start import start_engine

__all__ = ["Engine", "EngineParameters", "engine_digest", "start_engine"]

_HOMES = {"Engine": "engine", "EngineParameters": "parameters", "engine_digest": "parameters", "start_engine": "start"}


__getattr__ = lazily(__name__, {name: f"{__name__}.{home}" for name, home in _HOMES.items()})
