"""Who wants to know what goes on while a verb works."""

from typing import TYPE_CHECKING

from bakeoff.values import Reason

if TYPE_CHECKING:
    from bakeoff.evaluate.run import Progress
    from bakeoff.weights import DownloadProgress


class Listener:
    """Who wants to know what goes on. Override what is of interest; this one is silent."""

    def begun(self) -> None:
        """The project is held for this work; nobody else runs it now."""

    def download(self, progress: "DownloadProgress") -> None:
        """A model file is being fetched."""

    def progress(self, progress: "Progress") -> None:
        """A cell was filled, or failed."""

    def note(self, note: Reason) -> None:
        """Something worth a line happened."""
