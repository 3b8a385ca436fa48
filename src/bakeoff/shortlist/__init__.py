"""Which few models to test: from needs to candidates, with reasons for and against, and why each other one is out."""

import sys
from types import ModuleType
from typing import Any

from bakeoff.shortlist.shortlist import FUNNEL, shortlist, stand
from bakeoff.shortlist.values import Entry, Offer, Pick, Relaxed, Shortlist

__all__ = ["FUNNEL", "Entry", "Offer", "Pick", "Relaxed", "Shortlist", "shortlist", "stand"]


class _Callable(ModuleType):
    """The verb and the room have one name, so the room answers to a call."""

    def __call__(self, *arguments: Any, **named: Any) -> Shortlist:
        """As `asking.shortlist`."""
        from bakeoff.shortlist.asking import shortlist as ask

        return ask(*arguments, **named)


sys.modules[__name__].__class__ = _Callable
