"""A project is a folder: `bakeoff.toml`, the data, and the ledger. The only room that knows all stages."""

from bakeoff.project.demo import demo_folder
from bakeoff.project.new import new
from bakeoff.project.project import Listener, Project

__all__ = ["Listener", "Project", "demo_folder", "new"]
