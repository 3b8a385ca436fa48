"""Which models exist and what they are: every fact dated and sourced. Knows nothing about machines.

The names below are imported when they are first used: most of the package needs only a few small types.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bakeoff.catalog.adding import add
    from bakeoff.catalog.finding import find
    from bakeoff.catalog.loading import Catalog, load
    from bakeoff.catalog.model import Evidence, Model
    from bakeoff.catalog.searching import Wish, search

_HOMES = {
    "add": "adding",
    "Catalog": "loading",
    "Evidence": "model",
    "find": "finding",
    "load": "loading",
    "Model": "model",
    "search": "searching",
    "Wish": "searching",
}

__all__ = ["Catalog", "Evidence", "Model", "Wish", "add", "find", "load", "search"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'bakeoff.catalog' has no attribute {name!r}")
    return getattr(import_module(f"bakeoff.catalog.{_HOMES[name]}"), name)
