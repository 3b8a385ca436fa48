"""A project as a spreadsheet: its rows, a column for each candidate, and what changes in them.

`Sheet` is opened once and kept; it reads the ledger only as far as it grew. Cells are graded when they are looked at,
by the same functions as `Project.columns()`.
"""

from bakeoff.project.sheet.conflict import Conflict
from bakeoff.project.sheet.sheet import Sheet

__all__ = ["Conflict", "Sheet"]
