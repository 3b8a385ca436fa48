"""A model's files and what was asked for. Values, how a request is read, and how progress is told."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bakeoff.errors import WeightsError
from bakeoff.values import Reason

ROW_ENDINGS = (
    ".parquet",
    *(ending + packed for ending in (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json") for packed in ("", ".gz")),
)
"""Of files that may be rows, or parts of them; `evaluate` reads all of these."""


def matcher(pattern: str) -> re.Pattern[str]:
    """Of the paths that a pattern means: `*` and `?` stand for anything but a slash."""
    return re.compile(re.escape(pattern).replace(r"\*", "[^/]*").replace(r"\?", "[^/]"))


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model on this disk, ready to be opened."""

    path: Path
    """What an engine opens; of a split model the first part, and the others lie beside it."""

    sha256: str
    """Of the file; of a split model, of the parts' digests, one a line, in order."""

    size_bytes: int
    """Of all files."""

    source: str
    """`file`; `hub:REPO@REVISION/FILE`; or `package:NAME==VERSION`."""

    license: str | None = None
    """As the source calls it: `apache-2.0`, `gemma`, ...; None where it does not say."""

    license_url: str | None = None
    terms_path: Path | None = None
    """The terms themselves, where they came with the model."""

    other_paths: tuple[Path, ...] = ()
    """The further parts of a split model, in order."""


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """How far a model is on its way to this disk, or how far its check is."""

    name: str
    """For people: model and build, or the file's name."""

    done_bytes: int
    total_bytes: int | None
    """None where the source does not say."""


OnProgress = Callable[[DownloadProgress], None]
OnNote = Callable[[Reason], None]


def teller(name: str, progress: OnProgress, before: int, total: int) -> Callable[[int], None]:
    """Turn bytes of one file into progress of all of them. Says nothing twice.

    Args:
        name: of the whole, for people.
        progress: told how far it is.
        before: bytes of the files that are done.
        total: bytes of all files.
    """
    said = -1

    def tell(done: int) -> None:
        nonlocal said
        done = min(before + done, total)
        if done != said:
            said = done
            progress(DownloadProgress(name, done, total))

    return tell


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model by name, not by path."""

    model: str
    """`ORG/NAME`, as on the Hugging Face Hub."""

    quantization: str | None
    """In capitals, for example `Q4_K_M`; None takes the only one there is."""

    @property
    def build(self) -> str:
        """As it is written in a project: `gguf:Q4_K_M`."""
        return f"gguf:{self.quantization}" if self.quantization else "gguf"

    def __str__(self) -> str:
        return f"{self.model} {self.quantization}" if self.quantization else self.model


_MODEL = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_QUANTIZATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def wanted(model: str, build: str | None) -> Wanted:
    """Read a model and a build as a project file has them; `gguf:` may be left out.

    Raises:
        WeightsError: the model is no `ORG/NAME`, or the build is not a GGUF's.
    """
    if not _MODEL.fullmatch(model):
        raise WeightsError(
            f"{model!r} is neither a file nor the name of a model",
            hint="write ORG/NAME as on the Hugging Face Hub, or the path of a .gguf file",
        )
    if build is None:
        return Wanted(model, None)
    form, colon, quantization = build.partition(":")
    if not colon:
        form, quantization = ("gguf", "") if form.lower() == "gguf" else ("gguf", form)
    if form.lower() != "gguf":
        raise WeightsError(
            f"{model}: the build {build!r} is not a GGUF, and only these run without a server",
            hint='write for example build = "gguf:Q4_K_M", or start a server for the model and put its URL into `via`',
        )
    if quantization and not _QUANTIZATION.fullmatch(quantization):
        raise WeightsError(f"{model}: {build!r} is not a build", hint='write for example build = "gguf:Q4_K_M"')
    return Wanted(model, quantization.upper() or None)
