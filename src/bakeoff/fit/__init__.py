"""What runs on a machine: memory, speed, loss of quality, and the plan that they lead to. Knows no tests and no prices.

The module can be called: `bakeoff.fit("qwen3 8b", on="RTX 4090, 64 GB RAM")` is `bakeoff.fit.plan.asking.fit`.
"""

from typing import TYPE_CHECKING

from bakeoff.rooms import answers_as, lazily

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


__getattr__ = lazily(__name__, _HOMES)


answers_as(__name__, "bakeoff.fit.plan.asking", "fit")
