"""The bundled example as a project folder of the user's own."""

import shutil
from importlib import resources
from pathlib import Path

from bakeoff.errors import ProjectError, StorageError, UsageError
from bakeoff.project import FILE_NAME

EXAMPLES = ("sentiment_en", "sentiment_vi")


def demo_folder(folder: Path, *, example: str = "sentiment_en") -> Path:
    """Copy a bundled example into `folder`; an existing copy is kept as it is, so that work goes on there.

    Raises:
        UsageError: there is no such example.
        ProjectError: the folder holds something else.
    """
    if example not in EXAMPLES:
        raise UsageError(f"no example {example!r}", hint=f"there are: {', '.join(EXAMPLES)}")
    if (folder / FILE_NAME).is_file():
        return folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ProjectError(f"{folder} exists and is not a project", hint="choose another name: bakeoff demo NAME")
    try:
        with resources.as_file(resources.files("bakeoff") / "examples" / example) as source:
            shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror or error}", hint="choose a folder that can be written") from None
    return folder
