"""Which models exist and what they are: every fact dated and sourced. Knows nothing about machines.

The names below are imported when they are first used: most of the package needs only a few small types.
"""

from typing import TYPE_CHECKING

from bakeoff.rooms import lazily

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


__getattr__ = lazily(__name__, {name: f"{__name__}.{home}" for name, home in _HOMES.items()})
