"""The project's data file, changed as its owner would: rows added, one cell changed, every other byte as it was."""

from bakeoff.project.sheet.writing.data import add_rows, change_cell

__all__ = ["add_rows", "change_cell"]
