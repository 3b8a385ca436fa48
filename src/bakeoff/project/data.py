"""Where a project's rows are: a file in its folder, or a data set on the Hugging Face Hub."""

from pathlib import Path
from typing import Protocol

from bakeoff.evaluate.files import read_table
from bakeoff.evaluate.types import Table
from bakeoff.project.config import DataSection
from bakeoff.values import Reason
from bakeoff.weights import DownloadProgress, dataset, dataset_reference, is_dataset


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
        fetch: a data set that is not on this disk may be downloaded.
        on: told how that goes on.

    Raises:
        DataError: the file cannot be read as what it claims to be, or there is no such data set.
        NetworkError, KeyMissing, StorageError: the data set cannot be fetched.
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


def data_files(folder: Path, name: str, *, fetch: bool, on: OnData) -> tuple[Path, ...]:
    """The file or files that `[data] file` means."""
    if not is_dataset(name):
        return (folder / name,)
    return dataset(dataset_reference(name), fetch=fetch, progress=on.download, note=on.note)
