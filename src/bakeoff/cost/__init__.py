"""What a model costs at a load: hosted per token, on rented GPUs, on your own hardware; and what fine-tuning costs.

Knows no tests and no qualities. Money is `Decimal` in the sums that a person may check; ranges are drawn with numpy.

The module can be called: `bakeoff.cost(["qwen3-8b"], on=["RTX 4090"])` is `bakeoff.cost.asking.cost`.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bakeoff.cost.asking import cost
    from bakeoff.cost.costs import Costs
    from bakeoff.cost.load import Load
    from bakeoff.cost.tune.asking import Tuning, tune

_HOMES = {
    "Costs": "bakeoff.cost.costs",
    "Load": "bakeoff.cost.load",
    "Tuning": "bakeoff.cost.tune.asking",
    "cost": "bakeoff.cost.asking",
    "tune": "bakeoff.cost.tune.asking",
}

__all__ = ["Costs", "Load", "Tuning", "cost", "tune"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'bakeoff.cost' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


class _Callable(ModuleType):
    """The verb and the room have one name, so the room answers to a call."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """As `cost`."""
        from bakeoff.cost.asking import cost as ask

        return ask(*arguments, **named)


sys.modules[__name__].__class__ = _Callable
