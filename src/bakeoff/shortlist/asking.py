"""`bakeoff.shortlist(...)`: from needs as people give them to a shortlist."""

from collections.abc import Mapping, Sequence
from typing import Any

from bakeoff.catalog.loading import load
from bakeoff.errors import UsageError
from bakeoff.fit.plan.calibration import NOTHING, calibration
from bakeoff.hardware import machine as machine_named
from bakeoff.needs import Needs, contradictions, parse_needs
from bakeoff.needs.needs import THIS_MACHINE
from bakeoff.shortlist.shortlist import shortlist as for_machine
from bakeoff.shortlist.values import Offer, Shortlist


def shortlist(
    needs: Needs | None = None, *, offers: Mapping[str, Sequence[Offer]] | None = None, **values: Any
) -> Shortlist:
    """The candidates for needs, on the machine that they name.

    Args:
        needs: what is required; None: the defaults.
        offers: model id to providers that host it, where hosted models come into question.
        values: laid over the needs, by their names: `task="coding"`, `hardware="RTX 4090, 64 GB RAM"`.

    Raises:
        UsageError: an unknown need, a value or a machine that means nothing, or needs that contradict each other; then
            its message is the codes, and `needs.contradictions` has the parameters.
    """
    wanted = parse_needs(values, needs)
    wrong = contradictions(wanted)
    if wrong:
        raise UsageError(f"the needs contradict each other: {', '.join(one.code for one in wrong)}")
    catalog = load()
    if not wanted.local_allowed:
        return for_machine(wanted, None, catalog, offers=offers)
    machine = machine_named(None if wanted.hardware == THIS_MACHINE else wanted.hardware)
    learnt = calibration(machine, catalog) if machine.here else NOTHING
    return for_machine(wanted, machine, catalog, offers=offers, calibration=learnt)
