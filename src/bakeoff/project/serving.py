"""The embedded engine for a candidate: started for as long as it is needed, with its log in the project folder."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bakeoff.project.routes import Resolved

if TYPE_CHECKING:
    from bakeoff.evaluate.engines import Engine, EngineParameters


@asynccontextmanager
async def engine_of(
    resolved: Resolved, folder: Path, *, log: str, parameters: "EngineParameters | None" = None
) -> "AsyncIterator[Engine]":
    """Start the engine, and stop it afterwards.

    Args:
        resolved: a candidate with a model file.
        folder: of the project.
        log: name of the log: `.bakeoff/engine-NAME.log`.
        parameters: instead of those that the project file makes.

    Raises:
        EngineError: it does not start, or dies.
    """
    from bakeoff.evaluate.engines import start_engine

    wanted = parameters or resolved.engine
    assert resolved.model_file is not None
    assert wanted is not None
    path = folder / ".bakeoff" / f"engine-{log}.log"
    path.parent.mkdir(exist_ok=True)
    async with start_engine(resolved.model_file.path, parameters=wanted, log_path=path) as engine:
        yield engine
