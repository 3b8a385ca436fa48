"""What everybody who opens a project asks for first, made ready while the browser still starts; the rest when it rests.

Compare and Cost need scipy, the catalog and this machine's facts: 0.4 s the first time, of which nothing depends on the
project. They come when the sheet was opened and the server has nothing to do, so that the first page does not wait.
"""

import time
from contextlib import suppress

from bakeoff.errors import BakeoffError
from bakeoff.evaluate.stats.paired import mcnemar
from bakeoff.web.routes import cost
from bakeoff.web.sheets import sheet_of
from bakeoff.web.workspace import Workspace

FIRST_SECONDS = 1.5
"""A browser has started and shows the sheet."""

LOOK_SECONDS, MOST_LOOKS = 0.25, 40

BUSY = 0.2
"""Share of a processor from which on somebody is served."""


def warm(workspace: Workspace) -> None:
    """Open the sheet of a server's only project. What is wrong with it is told to whoever asks for it."""
    if workspace.single:
        with suppress(BakeoffError):
            sheet_of(workspace.opened(workspace.names()[0]))


def warm_the_rest(rest: float = FIRST_SECONDS) -> None:
    """Import and load what Compare and Cost begin with, once nobody is served.

    Args:
        rest: seconds to wait before the first look whether somebody is.
    """
    time.sleep(rest)
    for _ in range(MOST_LOOKS):
        before = time.process_time()
        time.sleep(LOOK_SECONDS)
        if time.process_time() - before < BUSY * LOOK_SECONDS:
            break
    mcnemar(1, 2)
    with suppress(BakeoffError):
        cost.make_ready()
