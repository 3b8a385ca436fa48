"""What runs on a machine: memory, speed, loss of quality, and the plan that they lead to. Knows no tests and no prices.

The module can be called: `bakeoff.fit("qwen3 8b", on="RTX 4090, 64 GB RAM")` is `bakeoff.fit.plan.asking.fit`.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bakeoff.fit.plan.asking import fit
    from bakeoff.fit.plan.plan import Answer, Plan
    from bakeoff.fit.plan.table import Row, Table

_HOMES = {
    "Answer": "bakeoff.fit.plan.plan",
    "Plan": "bakeoff.fit.plan.plan",
    "Row": "bakeoff.fit.plan.table",
    "Table": "bakeoff.fit.plan.table",
    "fit": "bakeoff.fit.plan.asking",
}

__all__ = ["Answer", "Plan", "Row", "Table", "fit"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'bakeoff.fit' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


class _Callable(ModuleType):
    """The verb and the room have one name, so the room answers to a call."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """As `fit`."""
        from bakeoff.fit.plan.asking import fit as ask

        return ask(*arguments, **named)


sys.modules[__name__].__class__ = _Callable
