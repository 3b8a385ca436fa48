"""Whether a model has room on a machine at all: its smallest usual build is laid out, and nothing else is looked at.

Some tens of milliseconds for a hundred models, where plans take most of a second: for counts and filters.
"""

from bakeoff.catalog.builds import Build, Engine
from bakeoff.catalog.model import Model
from bakeoff.errors import UsageError
from bakeoff.fit.plan.candidates import candidates
from bakeoff.fit.plan.making import Maker
from bakeoff.fit.plan.wanted import Wanted
from bakeoff.hardware.machine import Machine


def smallest(model: Model, machine: Machine, wanted: Wanted) -> tuple[Build, Engine]:
    """The build with the fewest bits that the machine's engines load; the asked one where one is asked for.

    Raises:
        UsageError: none can run here.
    """
    pairs = candidates(model, machine, wanted)
    gguf = [pair for pair in pairs if pair[1] == "llama.cpp"]
    return (gguf or pairs)[-1]


def has_room(model: Model, machine: Machine, wanted: Wanted) -> bool:
    """The smallest build has room, at whatever speed; False also where the context is longer than the model's own."""
    limit = model.context_tokens
    if model.architecture is None or (limit and wanted.per_conversation(limit) > limit):
        return False
    if wanted.request_tokens > wanted.per_conversation(limit):
        return False
    try:
        maker = Maker(model, machine, wanted, limit)
        return maker.lay(*smallest(model, machine, wanted)).lacking is None
    except UsageError:
        return False
