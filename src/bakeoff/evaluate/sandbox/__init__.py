"""Runs code that nobody has read: in a process of its own, without network and files where the system allows that.

Knows nothing about graders. What the walls are made of, and what they do not stop, is in docs/concepts/sandbox.md.
"""

from bakeoff.evaluate.sandbox.limits import Finished, Isolation, Limits, Wall
from bakeoff.evaluate.sandbox.process import isolation, run

__all__ = ["Finished", "Isolation", "Limits", "Wall", "isolation", "run"]
