"""The Hugging Face Hub: which repository and file a model or a data set is, and fetching it.

The only file that uses huggingface_hub, which is imported when it is needed: a cached model does without. Its own
download starts anew after every stop; the one here goes on where it was.
"""

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from bakeoff.errors import BakeoffError, KeyMissing, NetworkError, WeightsError
from bakeoff.version import __version__
from bakeoff.weights.builds import FoundBuild, builds_in, usual_name
from bakeoff.weights.files import require_room
from bakeoff.weights.partial import PartialFile
from bakeoff.weights.types import OnProgress, Wanted, teller

CONTACT_SECONDS = 6.0
"""The Hub's first answer must come within this, or within HF_HUB_ETAG_TIMEOUT where that is set. Refused connections
and unknown names are noticed at once; this is for networks that swallow packets, where each address would be tried."""

RETRIES = 4
"""Connections that may break in a row without one new byte."""

RETRY_PAUSE_SECONDS = 1.0

CONVERTERS = ("ggml-org", "bartowski", "unsloth")
"""Who is looked at where the model's owner has no GGUF. Their repositories count only where they name the model as
their base. `ggml-org` belongs to the authors of llama.cpp."""

OFFLINE_HINT = (
    "give the path of a .gguf file as the model, or fetch it where there is a network: see docs/guides/models.md"
)


Kind = Literal["model", "dataset"]


@dataclass(frozen=True, slots=True)
class HubPart:
    """One file of a repository."""

    name: str
    size_bytes: int
    sha256: str | None
    """As the Hub says; None for a file that it keeps in git itself."""


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model or a data set found on the Hub: exactly which files of which revision."""

    repository: str
    revision: str
    """Commit."""

    parts: tuple[HubPart, ...]
    license: str | None
    license_url: str | None
    kind: Kind = "model"

    @property
    def source(self) -> str:
        """As `ModelFile.source` has it."""
        return f"hub:{self.repository}@{self.revision}/{self.parts[0].name}"

    @property
    def size_bytes(self) -> int:
        """Of all parts."""
        return sum(part.size_bytes for part in self.parts)


def endpoint() -> str:
    """`HF_ENDPOINT`, else the Hub."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or str(_constants().ENDPOINT)


def _constants() -> Any:
    """What the Hub's library has read from the environment, after a look at what it would stumble over."""
    address = os.environ.get("HF_ENDPOINT", "")
    try:
        parts = urlsplit(address)
        sound = not address or (parts.scheme in ("http", "https") and parts.hostname and parts.port != 0)
    except ValueError:
        sound = False
    if not sound:
        raise NetworkError(f"HF_ENDPOINT is {address!r}, which is no address", hint="write https://HOST, or unset it")
    from huggingface_hub import constants

    return constants


def find(wish: Wanted) -> HubModel:
    """Find the repository and the files of a model.

    Raises:
        WeightsError: there is no such repository or build; the hint lists what there is.
        KeyMissing: the Hub wants a token, or refuses the one it got.
        NetworkError: the Hub cannot be reached, or HF_HUB_OFFLINE forbids it.
    """
    seen: list[str] = []
    for repository, own in _repositories(wish.model):
        info = _info(repository, None)
        if info is None:
            continue
        if not own and not _is_made_from(info, wish.model):
            continue
        builds = builds_in(_names(info))
        chosen = _choose(repository, builds, wish.quantization)
        if chosen is not None:
            return _hub_model(info, chosen)
        seen += [f"{build.quantization or '?'} ({repository}: {build.names[0]})" for build in builds]
    if seen:
        raise WeightsError(
            f"{wish.model} is not to be had as {wish.build}",
            hint=f"write one of these as the build, or the file's path as the model: {', '.join(seen[:30])}",
        )
    raise WeightsError(
        f"no GGUF of {wish.model} on the Hub: looked at {', '.join(name for name, _ in _repositories(wish.model))}",
        hint="check the spelling; for a private model set HF_TOKEN; or name the repository that has the GGUF",
    )


def find_exactly(repository: str, revision: str, sha256: str) -> HubModel | None:
    """The file of a repository that has this digest; None where there is none.

    Raises:
        KeyMissing, NetworkError: as for `find`.
    """
    info = _info(repository, revision)
    for sibling in (info.siblings or []) if info is not None else []:
        if _sha256(sibling) == sha256:
            return _hub_model(info, FoundBuild("", (sibling.rfilename,)))
    return None


def find_dataset(repository: str, revision: str, choose: Callable[[list[str]], tuple[str, ...]]) -> HubModel | None:
    """The files of a data set that `choose` takes from their names; None where there is no such data set or revision.

    Raises:
        KeyMissing, NetworkError: as for `find`; and what `choose` raises.
    """
    info = _info(repository, revision, kind="dataset")
    if info is None:
        return None
    return _hub_model(info, FoundBuild("", choose(_names(info))), kind="dataset")


def in_hub_cache(wish: Wanted, further: str | None = None) -> tuple[list[Path], str] | None:
    """(files, source) of the model in the Hub's own cache on this disk, left there by another program.

    Args:
        wish: what is wanted. Only its own repository and the owner's GGUF one count: who made another cannot be seen.
        further: one more repository to look into.
    """
    constants = _constants()
    repositories = [name for name, own in _repositories(wish.model) if own]
    for repository in [*repositories, *([further] if further else [])]:
        folder = Path(constants.HF_HUB_CACHE) / f"models--{repository.replace('/', '--')}" / "snapshots"
        for snapshot in _newest_first(folder):
            names = [path.relative_to(snapshot).as_posix() for path in snapshot.rglob("*.gguf") if path.is_file()]
            found = [build for build in builds_in(names) if _is_wished(build, wish.quantization)]
            if len(found) == 1:
                paths = [snapshot / name for name in found[0].names]
                return paths, f"hub:{repository}@{snapshot.name}/{found[0].names[0]}"
    return None


def download(model: HubModel, part: HubPart, target: Path, on_bytes: Callable[[int], None]) -> str:
    """Fetch one file, going on where an earlier try has stopped, and return its SHA-256.

    Args:
        model: where it is.
        part: which file.
        target: where to put it; what is there already is taken as its beginning.
        on_bytes: told how many bytes are there.

    Raises:
        NetworkError: it broke too often; what has arrived is kept.
        KeyMissing: the repository is gated.
        WeightsError: what has arrived is not what the Hub has announced.
        StorageError: the disk refused.
    """
    from huggingface_hub import hf_hub_url

    if part.size_bytes > _constants().MAX_HTTP_DOWNLOAD_SIZE:
        raise WeightsError(
            f"{part.name} is too large for plain HTTP, which the Hub offers up to 50 GB",
            hint=f"run `hf download {model.repository} {part.name}` once: Bakeoff finds it where that puts it",
        )
    url = hf_hub_url(model.repository, part.name, repo_type=model.kind, revision=model.revision, endpoint=endpoint())
    with PartialFile(target, part.name, part.size_bytes, part.sha256) as partial:
        on_bytes(partial.done)
        if partial.done:
            _fill(url, model, partial, on_bytes)
            if partial.is_sound():
                return partial.finish()
            partial.restart()  # its beginning was not this file's
        _fill(url, model, partial, on_bytes)
        return partial.finish()


def download_all(
    model: HubModel, names: Sequence[str], folder: Path, *, what: str, progress: OnProgress
) -> list[tuple[Path, str]]:
    """Fetch all files, or what is missing of them.

    Args:
        model: where they are.
        names: how each file is called here.
        folder: where to put them.
        what: how messages and progress call it all.
        progress: told how far it is.

    Returns:
        Path and SHA-256 of each.

    Raises:
        As `download`.
    """
    require_room(folder, model.size_bytes, what=what)
    finished = []
    before = 0
    for part, name in zip(model.parts, names, strict=True):
        tell = teller(what, progress, before, model.size_bytes)
        finished.append((folder / name, download(model, part, folder / name, tell)))
        before += part.size_bytes
    return finished


def _fill(url: str, model: HubModel, partial: PartialFile, on_bytes: Callable[[int], None]) -> None:
    """Append until the file is whole, over as many connections as it takes."""
    failures = 0
    while partial.left:
        before = partial.done
        try:
            _append(url, model, partial, on_bytes)
            if partial.left:
                raise _Broken("the answer was too short")
        except _Broken as broken:
            failures = 1 if partial.done > before else failures + 1
            if failures > RETRIES:
                raise NetworkError(
                    f"{model.repository}: the download broke {failures} times without a new byte: {broken}",
                    hint="run the same command again: what has arrived is kept",
                ) from None
            time.sleep(RETRY_PAUSE_SECONDS)


def _append(url: str, model: HubModel, partial: PartialFile, on_bytes: Callable[[int], None]) -> None:
    """One connection: append what comes."""
    import httpx2
    from huggingface_hub.utils import get_session, hf_raise_for_status  # type: ignore[attr-defined]

    headers = {**_headers(), "Accept-Encoding": "identity"}
    if partial.done:
        headers["Range"] = f"bytes={partial.done}-"
    timeout = httpx2.Timeout(_constants().HF_HUB_DOWNLOAD_TIMEOUT)
    try:
        with get_session().stream("GET", url, headers=headers, timeout=timeout) as response:
            if response.status_code == 429 or response.status_code >= 500:
                raise _Broken(f"HTTP {response.status_code}")
            hf_raise_for_status(response)
            if partial.done and response.status_code != 206:
                partial.restart()
            for block in response.iter_raw():
                partial.write(block)
                on_bytes(partial.done)
    except httpx2.HTTPError as error:
        answer = getattr(error, "response", None)
        if answer is not None:
            raise _refused(model.repository, answer) from None
        raise _Broken(str(error) or type(error).__name__) from None


class _Broken(Exception):
    """A connection that broke; another try may do better."""


def _repositories(model: str) -> list[tuple[str, bool]]:
    """(repository, it is the model's own), in the order in which they are looked at."""
    owner, name = model.split("/")
    found = [(model, True)]
    if not name.lower().endswith("-gguf"):
        found.append((f"{model}-GGUF", True))
        found += [(f"{converter}/{name}-GGUF", False) for converter in CONVERTERS]
        found.append((f"bartowski/{owner}_{name}-GGUF", False))
    return found


def _is_made_from(info: Any, model: str) -> bool:
    """Whether a repository names the model as its base; the Hub repeats the card's `base_model` among the tags."""
    bases = {f"base_model:{model}".lower(), f"base_model:quantized:{model}".lower()}
    return any(str(tag).lower() in bases for tag in info.tags or [])


def _choose(repository: str, builds: list[FoundBuild], quantization: str | None) -> FoundBuild | None:
    matching = [build for build in builds if _is_wished(build, quantization)]
    if len(matching) < 2:
        return matching[0] if matching else None
    listed = ", ".join(build.names[0] for build in matching[:30])
    if quantization is None:
        builds_there = ", ".join(sorted({build.quantization for build in builds if build.quantization}))
        raise WeightsError(f"{repository} has several builds", hint=f"write one as `build`: {builds_there or listed}")
    raise WeightsError(
        f"{repository} has several files for {quantization}: {listed}",
        hint="download the one that you mean, and give its path as the model",
    )


def _is_wished(build: FoundBuild, quantization: str | None) -> bool:
    return quantization is None or build.quantization == usual_name(quantization)


def _hub_model(info: Any, build: FoundBuild, kind: Kind = "model") -> HubModel:
    by_name = {sibling.rfilename: sibling for sibling in info.siblings or []}
    card = info.card_data.to_dict() if info.card_data is not None else {}
    license_, link = card.get("license"), card.get("license_link")
    if license_ in (None, "other"):
        license_ = card.get("license_name") or license_
    if isinstance(link, str) and not link.startswith(("http://", "https://")):
        link = f"{endpoint()}/{info.id}/blob/{info.sha}/{link}"
    return HubModel(
        repository=info.id,
        revision=info.sha or "main",
        parts=tuple(_part(info.id, by_name[name]) for name in build.names),
        license=license_ if isinstance(license_, str) else None,
        license_url=link if isinstance(link, str) else f"{endpoint()}/{'datasets/' * (kind == 'dataset')}{info.id}",
        kind=kind,
    )


def _names(info: Any) -> list[str]:
    return [sibling.rfilename for sibling in info.siblings or []]


def _part(repository: str, sibling: Any) -> HubPart:
    if not isinstance(sibling.size, int) or sibling.size <= 0:
        raise NetworkError(f"{repository}: the Hub does not say how large {sibling.rfilename} is", hint=OFFLINE_HINT)
    return HubPart(sibling.rfilename, sibling.size, _sha256(sibling))


def _sha256(sibling: Any) -> str | None:
    digest = getattr(sibling.lfs, "sha256", None)
    return digest if isinstance(digest, str) else None


def _newest_first(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:
        return []


def _headers() -> dict[str, str]:
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    headers: dict[str, str] = build_hf_headers(library_name="bakeoff", library_version=__version__)
    return headers


def _info(repository: str, revision: str | None, kind: Kind = "model") -> Any:
    """What the Hub says of a repository, with its files; None where there is none that we may see."""
    constants = _constants()
    import httpx2
    from huggingface_hub import HfApi
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
    )

    api = HfApi(endpoint=endpoint(), library_name="bakeoff", library_version=__version__)
    chosen = constants.HF_HUB_ETAG_TIMEOUT
    timeout = CONTACT_SECONDS if chosen == constants.DEFAULT_ETAG_TIMEOUT else float(chosen)
    ask = api.dataset_info if kind == "dataset" else api.model_info
    try:
        return _within(timeout, lambda: ask(repository, revision=revision, files_metadata=True, timeout=timeout))
    except GatedRepoError as error:
        raise _refused(repository, error.response) from None
    except (RepositoryNotFoundError, HFValidationError):
        return None
    except OfflineModeIsEnabled:
        raise NetworkError(f"HF_HUB_OFFLINE is set, and the {kind} is not in the cache", hint=OFFLINE_HINT) from None
    except HfHubHTTPError as error:
        if error.response is not None and error.response.status_code == 404:
            return None
        raise _refused(repository, error.response) from None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise _unreachable(str(error) or type(error).__name__) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _unreachable("the answer is not the Hub's") from None


def _within(seconds: float, job: Callable[[], Any]) -> Any:
    """The result of `job`, or its error; given up after a time, whatever the system's own limits are."""
    done: list[tuple[Any, BaseException | None]] = []

    def work() -> None:
        try:
            done.append((job(), None))
        except BaseException as error:
            done.append((None, error))

    thread = threading.Thread(target=work, daemon=True, name="bakeoff-hub")
    thread.start()
    thread.join(seconds)
    if not done:
        raise _unreachable(f"no answer within {seconds:g} seconds")
    result, error = done[0]
    if error is not None:
        raise error
    return result


def _unreachable(why: str) -> NetworkError:
    return NetworkError(f"the Hugging Face Hub ({endpoint()}) cannot be reached: {why}", hint=OFFLINE_HINT)


def _refused(repository: str, response: Any) -> BakeoffError:
    """An answer without the file, as an error for people."""
    status = response.status_code
    if status in (401, 403):
        page = f"{endpoint()}/{repository}"
        if response.headers.get("X-Error-Code") == "GatedRepo":
            return KeyMissing(
                f"{repository} is only given to people who accept its terms",
                hint=f"accept them at {page}, then set HF_TOKEN to a token of that account",
            )
        return KeyMissing(
            f"{repository}: the Hub refuses access (HTTP {status})",
            hint="set HF_TOKEN to a token that may read it; if it is set, look for a typing error or make a new one",
        )
    if status == 404:
        return WeightsError(f"{repository}: the file is no longer there", hint="run the command again")
    return NetworkError(f"{repository}: the Hub answered with HTTP {status}", hint="try again later")
