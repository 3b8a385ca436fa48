"""What the doors of rooms have in common: names that are imported when first used, and rooms that answer to a call.

`bakeoff.fit(...)` is the verb, and `bakeoff.fit.plan` the room of that name.
"""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


def lazily(room: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` (PEP 562) of a room whose public names are imported when they are first used.

    Args:
        room: the package, `__name__` of its `__init__`.
        homes: public name to the module that it stands in.
    """

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        return getattr(import_module(homes[name]), name)

    return find


def answers_as(room: str, home: str, verb: str) -> None:
    """Make a room callable. The verb is imported when it is first called.

    Args:
        room: the package, `__name__` of its `__init__`.
        home: the module that the verb stands in.
        verb: name of the function.
    """

    class Room(ModuleType):
        def __call__(self, *arguments: Any, **named: Any) -> Any:
            return getattr(import_module(home), verb)(*arguments, **named)

    sys.modules[room].__class__ = Room
