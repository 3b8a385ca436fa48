"""Data sets from the Hugging Face Hub, as files in the cache: `hf://datasets/ORG/NAME[@REV][/CONFIG][:SPLIT]`.

Without a revision, the Parquet that the Hub itself makes of every data set is taken (branch `refs/convert/parquet`);
with one, the files that the data set's owner has put into that revision: Parquet, else CSV, TSV or JSON Lines. One
file of the owner's is meant by its path, `hf://datasets/ORG/NAME[@REV]/FOLDER/NAME.csv`, several by `*` in it. What
was fetched once is used from then on, without asking whether there is something newer, so that the same project reads
the same rows.
"""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from bakeoff.errors import DataError, NetworkError, WeightsError
from bakeoff.weights import hub
from bakeoff.weights.cache import Origin, checked, only_one, slug_of, store
from bakeoff.weights.types import ROW_ENDINGS, ModelFile, OnNote, OnProgress, Wanted, matcher

PREFIX = "hf://datasets/"

CONVERTED = "refs/convert/parquet"
"""Branch of every data set on the Hub with its rows as Parquet, `CONFIG/SPLIT/0000.parquet`
(huggingface.co/docs/dataset-viewer/parquet)."""

_REFERENCE = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@(?P<revision>[^/:@]+))?(?:/(?P<config>[^:@]+))?(?::(?P<split>[^/:@]+))?"
)
KINDS = ("parquet", "csv", "tsv", "jsonl")
"""What a split is looked for as, best first. A file `.json` may be anything, and is only taken by its path."""

_KIND = rf"\.(?P<kind>{'|'.join(KINDS)})(?:\.gz)?"
_LAYOUTS = (
    re.compile(rf"(?:(?P<config>.+)/)?(?P<split>[^/]+)/\d{{4}}{_KIND}"),
    re.compile(rf"(?:data|(?P<config>.+))/(?P<split>[^/]+?)(?:-\d{{5}}-of-\d{{5}})?(?:-[0-9a-f]{{16}})?{_KIND}"),
    re.compile(rf"(?P<split>[^/]+?)(?:-\d{{5}}-of-\d{{5}})?{_KIND}(?P<config>)"),
)
"""How files are named after configuration and split: by the Hub's own conversion, by `push_to_hub`, by hand."""

OWN = "main"
"""The revision in which a file is looked for, where none is named."""

DEFAULT_CONFIG = "default"

HINT = (
    f"write {PREFIX}ORG/NAME, {PREFIX}ORG/NAME:SPLIT, {PREFIX}ORG/NAME@REVISION/CONFIG:SPLIT or "
    f"{PREFIX}ORG/NAME/FOLDER/FILE.csv"
)
OFFLINE_HINT = (
    "run it once where there is a network, or download the data as a file and name that under [data] in bakeoff.toml"
)


@dataclass(frozen=True, slots=True)
class DatasetReference:
    """Which rows of which data set."""

    name: str
    """`ORG/NAME`."""

    revision: str | None = None
    config: str | None = None
    """Or, where it ends as files of rows do, the path of a file; with `*` or `?` of several."""

    split: str | None = None

    @property
    def path(self) -> str | None:
        """The owner's file that is meant, where one is."""
        named = self.config if self.split is None else None
        return named if named is not None and named.lower().endswith(ROW_ENDINGS) else None

    def __str__(self) -> str:
        revision = f"@{self.revision}" if self.revision else ""
        config = f"/{self.config}" if self.config else ""
        return f"{PREFIX}{self.name}{revision}{config}{f':{self.split}' if self.split else ''}"


def is_dataset(text: str) -> bool:
    """Whether a text means a data set on the Hub, right or wrong, and not a file."""
    return text.startswith("hf:")


def dataset_reference(text: str) -> DatasetReference:
    """Read a reference. One slash after `hf:` is enough, since a shell's path has no more.

    Raises:
        DataError: it is none.
    """
    match = _REFERENCE.fullmatch(re.sub(r"\Ahf:/+datasets/", "", text)) if re.match(r"hf:/+datasets/", text) else None
    if match is None:
        raise DataError(f"{text!r} is no data set on the Hub", hint=HINT)
    revision = unquote(match["revision"]) if match["revision"] else None
    return DatasetReference(match["name"], revision, match["config"], match["split"])


def dataset(
    reference: DatasetReference, *, fetch: bool = True, progress: OnProgress | None = None, note: OnNote | None = None
) -> tuple[Path, ...]:
    """The files of a data set on this disk, in order; fetched if need be.

    Args:
        reference: which.
        fetch: False never touches the network.
        progress: told how far a download is.
        note: told when another process fetches the same.

    Raises:
        DataError: there is no such data set, configuration or split; the hint lists what there is.
        NetworkError: it is not here and cannot be fetched.
        KeyMissing: the Hub gives it only to people who have accepted its terms.
        StorageError: the disk is full or refuses.
    """
    # A data set lies in the cache as a model does, under a name that no model can have.
    wish = Wanted(str(reference), None)
    found, _ = checked("index", slug_of(wish))
    if found is None and not fetch:
        raise DataError(f"{reference} has not been fetched yet", hint="`bakeoff run` fetches it")
    if found is None:
        with only_one(wish, note) as partial:
            found, _ = checked("index", slug_of(wish))
            if found is None:
                found = _fetch(reference, wish, partial, progress or (lambda _: None))
            shutil.rmtree(partial, ignore_errors=True)
    return (found.path, *found.other_paths)


def _fetch(reference: DatasetReference, wish: Wanted, partial: Path, progress: OnProgress) -> ModelFile:
    try:
        revision = reference.revision or (CONVERTED if reference.path is None else OWN)
        found = hub.find_dataset(reference.name, revision, lambda names: chosen_files(names, reference))
        if found is None:
            raise DataError(
                f"there is no {reference.name}{f' at {reference.revision}' if reference.revision else ''} on the Hub"
                f"{' with its rows as Parquet' if revision == CONVERTED else ''}",
                hint="check the spelling; for a private data set set HF_TOKEN",
            )
        names = [f"{number:04d}-{Path(part.name).name}" for number, part in enumerate(found.parts)]
        finished = hub.download_all(found, names, partial, what=str(reference), progress=progress)
    except NetworkError as error:
        raise NetworkError(error.message, hint=OFFLINE_HINT) from None
    except WeightsError as error:
        raise DataError(error.message, hint=error.hint) from None
    return store(wish, finished, Origin(found.source, found.license, found.license_url))


def chosen_files(names: Sequence[str], reference: DatasetReference) -> tuple[str, ...]:
    """The files of the wanted configuration and split, or of the wanted path, in order.

    Raises:
        DataError: there are several and none was named, or there is none of that name.
    """
    if reference.path is not None:
        return _by_path(names, reference, reference.path)
    by_kind: dict[str, dict[str, dict[str, list[str]]]] = {}
    for name in sorted(names):
        match = next((match for layout in _LAYOUTS if (match := layout.fullmatch(name))), None)
        if match is not None:
            found = by_kind.setdefault(match["kind"], {})
            found.setdefault(match["config"] or DEFAULT_CONFIG, {}).setdefault(match["split"], []).append(name)
    if not by_kind:
        raise DataError(
            f"{reference.name} has no file there that is named after a split",
            hint=_listed(names, reference) or "leave the revision out, or download a file",
        )
    found = next(by_kind[kind] for kind in KINDS if kind in by_kind)
    config = _one(reference.config, found, f"{reference.name} has several configurations", reference)
    splits = found[config]
    split = _one(reference.split, splits, f"{reference.name} has several splits", reference, config)
    return tuple(splits[split])


def _by_path(names: Sequence[str], reference: DatasetReference, path: str) -> tuple[str, ...]:
    """The file of a path, or the files of a pattern."""
    wanted = matcher(path)
    found = tuple(name for name in sorted(names) if wanted.fullmatch(name))
    if not found:
        raise DataError(f"{reference.name} has no {path!r}", hint=_listed(names, reference) or "check the spelling")
    return found


def _listed(names: Sequence[str], reference: DatasetReference) -> str:
    """The files that hold rows, each as one would write it; "" where there are none."""
    files = [name for name in sorted(names) if name.lower().endswith(ROW_ENDINGS)]
    written = [str(DatasetReference(reference.name, reference.revision, name)) for name in files[:20]]
    return f"write one of: {', '.join(written)}" if written else ""


def _one(
    wanted: str | None, there: dict[str, dict[str, list[str]]] | dict[str, list[str]], several: str,
    reference: DatasetReference, config: str | None = None,
) -> str:  # fmt: skip
    """The one that is wanted, or the only one."""
    if wanted is None and len(there) == 1:
        return next(iter(there))
    if wanted is None and config is None and DEFAULT_CONFIG in there:
        return DEFAULT_CONFIG
    if wanted in there:
        return str(wanted)
    what = several if wanted is None else f"{reference.name} has no {wanted!r}"
    written = [
        str(
            DatasetReference(
                reference.name, reference.revision, *((config, each) if config else (each, reference.split))
            )
        )
        for each in list(there)[:20]
    ]
    raise DataError(what, hint=f"write one of: {', '.join(written)}")
