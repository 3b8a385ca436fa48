"""Model files that are already on this disk, used where they lie. Only their digests are kept in the cache."""

from collections.abc import Sequence
from pathlib import Path

from bakeoff.errors import WeightsError
from bakeoff.headers.gguf import GgufHeader, read_header, shard_paths
from bakeoff.weights.cache import Entry, StoredFile, checked, model_file, now, slug, stored_file, try_to_note
from bakeoff.weights.files import sha256_of
from bakeoff.weights.types import ModelFile, OnProgress, teller


def local_path(model: str, base: Path | None) -> Path | None:
    """The path where `model` is one: it ends in .gguf, or there is such a file.

    Args:
        model: as the project file has it; `~` is understood.
        base: folder that a relative path starts from; None for the current one.
    """
    try:
        path = (base or Path()) / Path(model).expanduser()
        if model.lower().endswith(".gguf") or path.is_file():
            return path.absolute()
    except (OSError, ValueError, RuntimeError):
        return None
    return None


def local_file(path: Path, progress: OnProgress | None = None) -> ModelFile:
    """A model file in place. Its digest is computed once, and again when size or time of change differ.

    Raises:
        WeightsError: there is no such file, it is not a GGUF, or it is damaged or cut off.
        StorageError: it cannot be read.
    """
    paths = shard_paths(path) if path.is_file() else (path,)
    name = slug(str(paths[0]))
    found, _ = checked("local", name)
    if found is not None and (found.path, *found.other_paths) == paths:
        return found
    header = check_parts(paths)
    entry = Entry(
        model=str(paths[0]),
        build=None,
        files=tuple(digested(paths, progress)),
        source="file",
        license=header.license,
        license_url=header.license_url,
        terms=None,
        fetched_at=now(),
    )
    try_to_note("local", name, entry)
    return model_file(entry)


def check_parts(paths: Sequence[Path]) -> GgufHeader:
    """Read the header of every part and return the first part's.

    Raises:
        WeightsError: one is not a GGUF, is damaged or cut off, or there are fewer parts than the header says.
    """
    first, *_ = [read_header(path) for path in paths]
    if first.split_count != len(paths):
        raise WeightsError(
            f"{paths[0]} is one of {first.split_count} parts of a model, and its name does not lead to the others",
            hint=f"give the parts back their names, NAME-00001-of-{first.split_count:05d}.gguf and so on",
        )
    return first


def digested(paths: Sequence[Path], progress: OnProgress | None) -> list[StoredFile]:
    """Files with their digests, computed now.

    Raises:
        StorageError: one cannot be read.
    """
    total = sum(path.stat().st_size for path in paths)
    before = 0
    files = []
    for path in paths:
        tell = teller(paths[0].name, progress, before, total) if progress is not None else None
        noted = stored_file(path, "")
        files.append(StoredFile(noted.path, sha256_of(path, tell), noted.size_bytes, noted.mtime_ns))
        before += noted.size_bytes
    return files
