"""Bakeoff finds the open-weight language model that is right for your hardware, data and budget.

The public names are those in `__all__`; they are imported when they are first used, so that `import bakeoff` and
`bakeoff --help` cost nothing.
"""

from typing import TYPE_CHECKING

from bakeoff.rooms import lazily
from bakeoff.version import __version__

if TYPE_CHECKING:
    from bakeoff.cost.asking import cost
    from bakeoff.cost.tune.asking import tune
    from bakeoff.decide import Decision
    from bakeoff.errors import BakeoffError
    from bakeoff.evaluate.compare import compare
    from bakeoff.evaluate.results import Comparison
    from bakeoff.fit.plan.asking import fit
    from bakeoff.needs import Needs
    from bakeoff.project import Listener, Project, new
    from bakeoff.project.adding import add
    from bakeoff.project.checking import check
    from bakeoff.shortlist.asking import shortlist
    from bakeoff.values import Estimate, Reason

_HOMES = {
    "BakeoffError": "bakeoff.errors",
    "Comparison": "bakeoff.evaluate.results",
    "Decision": "bakeoff.decide",
    "Estimate": "bakeoff.values",
    "fit": "bakeoff.fit",
    "Listener": "bakeoff.project",
    "Needs": "bakeoff.needs",
    "Project": "bakeoff.project",
    "Reason": "bakeoff.values",
    "add": "bakeoff.project.adding",
    "check": "bakeoff.project.checking",
    "compare": "bakeoff.evaluate.compare",
    "cost": "bakeoff.cost",
    "new": "bakeoff.project",
    "shortlist": "bakeoff.shortlist.asking",
    "tune": "bakeoff.cost.tune.asking",
}

__all__ = [
    "BakeoffError",
    "Comparison",
    "Decision",
    "Estimate",
    "Listener",
    "Needs",
    "Project",
    "Reason",
    "__version__",
    "add",
    "check",
    "compare",
    "cost",
    "fit",
    "new",
    "shortlist",
    "tune",
]


__getattr__ = lazily(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
