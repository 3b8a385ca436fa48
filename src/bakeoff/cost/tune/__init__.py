"""What fine-tuning takes: memory, time and money for LoRA, QLoRA and full; and what it must bring to pay.

The module can be called: `bakeoff.cost.tune("qwen3-8b", rows=5000)` is `bakeoff.cost.tune.asking.tune`.
"""

import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    """The verb and the room have one name, so the room answers to a call."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """As `tune`."""
        from bakeoff.cost.tune.asking import tune as ask

        return ask(*arguments, **named)


sys.modules[__name__].__class__ = _Callable
