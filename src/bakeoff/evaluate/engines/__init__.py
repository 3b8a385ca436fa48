"""The embedded engine: llama.cpp in a process of its own, which answers over HTTP like every other server.

Knows nothing about prompts, rows or what is done with the answers.
"""

from bakeoff.evaluate.engines.engine import Engine
from bakeoff.evaluate.engines.parameters import EngineParameters, engine_digest
from bakeoff.evaluate.engines.start import start_engine

__all__ = ["Engine", "EngineParameters", "engine_digest", "start_engine"]
