"""What a model costs at a load: hosted per token, on rented GPUs, on your own hardware; and what fine-tuning costs.

Knows no tests and no qualities. Money is `Decimal` in the sums that a person may check; ranges are drawn with numpy.

The module can be called: `bakeoff.cost(["qwen3-8b"], on=["RTX 4090"])` is `bakeoff.cost.asking.cost`.
"""

from typing import TYPE_CHECKING

from bakeoff.rooms import answers_as, lazily

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


__getattr__ = lazily(__name__, _HOMES)


answers_as(__name__, "bakeoff.cost.asking", "cost")
