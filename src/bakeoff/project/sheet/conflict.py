"""Somebody else was faster: the error that carries their version."""

from typing import Any

from bakeoff.errors import BakeoffError


class Conflict(BakeoffError):
    """What was to be written rests on something that has changed since."""

    def __init__(self, message: str, *, theirs: Any, hint: str = "look at both versions, then save again") -> None:
        """Make one.

        Args:
            message: for people.
            theirs: what stands there now.
            hint: what to do.
        """
        super().__init__(message, hint=hint)
        self.theirs = theirs
