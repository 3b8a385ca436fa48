"""A project is a folder: `bakeoff.toml`, the data, and the ledger. The only room that knows all stages.

The names are imported when they are first used: who opens a project makes no new one.
"""

from typing import TYPE_CHECKING

from bakeoff.rooms import lazily

if TYPE_CHECKING:
    from bakeoff.project.creating import new
    from bakeoff.project.demo import demo_folder
    from bakeoff.project.listening import Listener
    from bakeoff.project.project import Project

__all__ = ["FILE_NAME", "Listener", "Project", "demo_folder", "new"]

FILE_NAME = "bakeoff.toml"
"""What makes a folder a project."""

_HOMES = {
    "Listener": "bakeoff.project.listening",
    "Project": "bakeoff.project.project",
    "demo_folder": "bakeoff.project.demo",
    "new": "bakeoff.project.creating",
}


__getattr__ = lazily(__name__, _HOMES)
