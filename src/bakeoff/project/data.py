"""Where a project's rows are: a file in its folder, a data set on the Hugging Face Hub, or S3-compatible storage."""

from pathlib import Path
from typing import Protocol

from bakeoff.errors import UsageError
from bakeoff.evaluate.files import read_table
from bakeoff.evaluate.tables.source import LARGEST_BYTES
from bakeoff.evaluate.types import Table
from bakeoff.project.config import DataSection
from bakeoff.values import Reason
from bakeoff.weights import (
    DownloadProgress,
    dataset,
    dataset_reference,
    is_dataset,
    is_object,
    listing_path,
    object_files,
    object_reference,
)


class OnData(Protocol):
    """Who wants to know how a download goes on."""

    def download(self, progress: DownloadProgress) -> None:
        """A file is being fetched."""

    def note(self, note: Reason) -> None:
        """Something worth a line happened."""


def read_data(folder: Path, section: DataSection, *, fetch: bool, on: OnData) -> Table:
    """Read a project's rows.

    Args:
        folder: of the project.
        section: `[data]`.
        fetch: what is not on this disk may be downloaded.
        on: told how that goes on.

    Raises:
        DataError: the file cannot be read as what it claims to be, or there is no such data set or object.
        NetworkError, KeyMissing, StorageError: it cannot be fetched.
        UsageError: S3-compatible storage takes a package that is not installed, or its address is wrong.
    """
    path, *others = data_files(folder, section.file, fetch=fetch, on=on)
    return read_table(
        path,
        id_column=section.id,
        group_column=section.group,
        sheet=section.sheet,
        encoding=section.encoding,
        delimiter=section.delimiter,
        others=others,
    )


def is_elsewhere(name: str) -> bool:
    """Whether `[data] file` means something that is fetched, and not a file in the project's folder."""
    return is_dataset(name) or is_object(name)


def whole_name(name: str) -> str:
    """What is elsewhere, as it is written in full: a shell's path loses one of two slashes.

    Raises:
        DataError: it is no reference.
    """
    return str(object_reference(name)) if is_object(name) else str(dataset_reference(name))


def data_files(folder: Path, name: str, *, fetch: bool, on: OnData | None = None) -> tuple[Path, ...]:
    """The file or files that `[data] file` means. Arguments and errors as of `read_data`."""
    progress, note = (on.download, on.note) if on is not None else (None, None)
    if is_object(name):
        return object_files(
            object_reference(name),
            most_bytes=LARGEST_BYTES,
            fetch=fetch,
            progress=progress,
            note=note,
        )
    if is_dataset(name):
        return dataset(dataset_reference(name), fetch=fetch, progress=progress, note=note)
    return (folder / name,)


def watched_file(folder: Path, name: str) -> Path:
    """The file that tells by its time and size whether the rows may have changed. It need not exist."""
    if is_object(name):
        try:
            return listing_path(object_reference(name))
        except UsageError:  # whoever reads the rows will say it
            return folder / name
    return folder / name
