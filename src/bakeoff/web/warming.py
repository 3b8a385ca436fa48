"""What everybody who opens a project asks for first, made ready while the browser still starts."""

from contextlib import suppress

from bakeoff.errors import BakeoffError
from bakeoff.web.sheets import sheet_of
from bakeoff.web.workspace import Workspace


def warm(workspace: Workspace) -> None:
    """Open the sheet of a server's only project. What is wrong with it is told to whoever asks for it."""
    if workspace.single:
        with suppress(BakeoffError):
            sheet_of(workspace.opened(workspace.names()[0]))
