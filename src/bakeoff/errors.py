"""All exceptions, with the exit code of each.

    BakeoffError
    ├── NoAnswer            1   done, and the answer is no: nothing fits, a gate failed, some cells failed
    ├── UsageError          2   wrong use: an option, a name, a value
    │   ├── ProjectError    2   bakeoff.toml, or the folder, is not what it should be
    │   ├── DataError       2   an input file cannot be read as what it claims to be
    │   └── WeightsError    2   a model file is not a model file, or is not the one that was asked for
    ├── OutsideError        3   something outside failed
    │   ├── EndpointError   3   a model server
    │   ├── EngineError     3   the embedded engine
    │   ├── NetworkError    3   a download
    │   ├── StorageError    3   the disk, or the project's database
    │   ├── ClusterError    3   a Ray cluster
    │   └── BusyError       3   another process holds the project
    ├── KeyMissing          4   a key or a permission is missing
    └── Interrupted       130   stopped by the user; what was done is kept

A message says what happened, with the value; the hint says what to do, with the exact command or line.
"""

from typing import ClassVar


class BakeoffError(Exception):
    """Base of everything that Bakeoff raises on purpose."""

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NoAnswer(BakeoffError):
    """The work was done, and the answer is no."""

    exit_code = 1


class UsageError(BakeoffError):
    """Bakeoff was asked for something that does not exist or makes no sense."""

    exit_code = 2


class ProjectError(UsageError):
    """The project folder or its bakeoff.toml is not what it should be."""


class DataError(UsageError):
    """An input file cannot be read as what it claims to be."""


class WeightsError(UsageError):
    """A model file is not one, is damaged, or is not the one that was asked for."""


class OutsideError(BakeoffError):
    """Something outside Bakeoff failed."""

    exit_code = 3


class EndpointError(OutsideError):
    """A model server did not answer as it should."""


class EngineError(OutsideError):
    """The embedded engine did not start, or died."""


class NetworkError(OutsideError):
    """A download failed."""


class StorageError(OutsideError):
    """The disk or the project's database refused."""


class ClusterError(OutsideError):
    """A Ray cluster cannot be had, or does not do what it should."""


class BusyError(OutsideError):
    """Another process holds the project."""


class KeyMissing(BakeoffError):
    """A key or a permission is missing."""

    exit_code = 4


class Interrupted(BakeoffError):
    """The user stopped the work; what was done is kept."""

    exit_code = 130
