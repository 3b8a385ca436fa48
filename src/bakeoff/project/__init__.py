"""A project is a folder: `bakeoff.toml`, the data, and the ledger. The only room that knows all stages.

The names are imported when they are first used: who opens a project makes no new one.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bakeoff.project.creating import new
    from bakeoff.project.demo import demo_folder
    from bakeoff.project.project import Listener, Project

__all__ = ["Listener", "Project", "demo_folder", "new"]

_HOMES = {
    "Listener": "bakeoff.project.project",
    "Project": "bakeoff.project.project",
    "demo_folder": "bakeoff.project.demo",
    "new": "bakeoff.project.creating",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'bakeoff.project' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
