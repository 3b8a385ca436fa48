"""`bakeoff.fit(...)`, `bakeoff.cost(...)` and `bakeoff.shortlist(...)` are verbs and rooms at once, in any order."""

import subprocess
import sys
from importlib import import_module

import pytest

PROGRAM = """
import bakeoff
from bakeoff.errors import UsageError

def ask():
    try:
        bakeoff.{room}(no_such_thing=1)  # the verb itself refuses it: the call reached it
    except (TypeError, UsageError) as error:
        print(error)

ask()
import bakeoff.{inside}
ask()
"""


@pytest.mark.parametrize(
    ("room", "inside"), [("fit", "fit.plan.table"), ("cost", "cost.load"), ("shortlist", "shortlist.values")]
)
def test_a_room_is_its_verb_before_and_after_something_in_it_is_imported(room: str, inside: str) -> None:
    program = PROGRAM.format(room=room, inside=inside)
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.count("no_such_thing") == 2, said


@pytest.mark.parametrize("room", ["bakeoff", "bakeoff.catalog", "bakeoff.fit", "bakeoff.project", "bakeoff.weights"])
def test_a_room_gives_its_public_names_and_says_which_it_lacks(room: str) -> None:
    module = import_module(room)
    assert all(getattr(module, name) is not None for name in module.__all__)
    with pytest.raises(AttributeError, match=f"module '{room}' has no attribute 'nothing'"):
        _ = module.nothing
