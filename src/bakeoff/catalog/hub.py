"""The Hugging Face Hub: what it says about a repository, its config.json, and headers of its files.

Honours HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE. Nothing but headers and small JSON files is fetched.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bakeoff.addresses import is_loopback
from bakeoff.catalog.config import MAX_BYTES, parse_config
from bakeoff.catalog.fetch import Refused, get, get_json, open_ranges
from bakeoff.errors import BakeoffError, KeyMissing, NetworkError, UsageError
from bakeoff.headers.cursor import ReadRange

ENDPOINT = "https://huggingface.co"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")


def endpoint() -> str:
    """`HF_ENDPOINT`, else the Hub."""
    return os.environ.get("HF_ENDPOINT", "").strip().rstrip("/") or ENDPOINT


def offline() -> bool:
    """`HF_HUB_OFFLINE` forbids asking."""
    return os.environ.get("HF_HUB_OFFLINE", "").strip().upper() in ("1", "ON", "YES", "TRUE")


def is_hub_id(text: str) -> bool:
    """It has the form of an id: `ORGANISATION/NAME`."""
    return _ID.fullmatch(text) is not None and ".." not in text


def headers_for(url: str) -> dict[str, str]:
    """The token, for the Hub's own host over HTTPS (or the loopback) only."""
    token = os.environ.get("HF_TOKEN", "").strip()
    if not token or not url.startswith(f"{endpoint()}/") or not (url.startswith("https://") or is_loopback(url)):
        return {}
    return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True, slots=True)
class Repository:
    """What the Hub says about a model's repository."""

    id: str
    info: Mapping[str, Any]
    """The answer of `/api/models/ID`."""

    @property
    def files(self) -> list[str]:
        """Paths of all files."""
        found = self.info.get("siblings")
        if not isinstance(found, list):
            return []
        names = [part.get("rfilename") for part in found if isinstance(part, dict)]
        return [name for name in names if isinstance(name, str)]

    @property
    def card(self) -> Mapping[str, Any]:
        """The model card's own data."""
        found = self.info.get("cardData")
        return found if isinstance(found, dict) else {}

    @property
    def config(self) -> Mapping[str, Any]:
        """What the Hub took from config.json: model type, chat template."""
        found = self.info.get("config")
        return found if isinstance(found, dict) else {}

    @property
    def model_type(self) -> str | None:
        """The family as transformers names it."""
        found = self.config.get("model_type")
        return found[:100] if isinstance(found, str) and found else None

    @property
    def tags(self) -> list[str]:
        """Tags: `license:apache-2.0`, `base_model:...`, languages, ..."""
        found = self.info.get("tags")
        return [tag for tag in found if isinstance(tag, str)] if isinstance(found, list) else []

    @property
    def licence_tag(self) -> str | None:
        """The licence as the Hub spells it; for `other` the name that the card gives."""
        tag = next((tag.removeprefix("license:") for tag in self.tags if tag.startswith("license:")), None)
        named = self.card.get("license_name")
        return named if tag == "other" and isinstance(named, str) else tag

    @property
    def gated(self) -> bool:
        """One must agree to terms first."""
        return bool(self.info.get("gated"))

    @property
    def n_parameters(self) -> int | None:
        """What the Hub counted in the safetensors files."""
        found = self.info.get("safetensors")
        return (_count(found.get("total")) or None) if isinstance(found, dict) else None

    def text(self, key: str) -> str | None:
        """A value of the answer that is a text."""
        value = self.info.get(key)
        return value if isinstance(value, str) and value else None

    def count(self, key: str) -> int | None:
        """A value of the answer that is a number."""
        return _count(self.info.get(key))


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53 else None


def repository(model_id: str) -> Repository:
    """Ask for a repository.

    Raises:
        UsageError: there is none, or the id is none.
        KeyMissing: it is private.
        NetworkError: the Hub cannot be reached, or HF_HUB_OFFLINE forbids it.
    """
    if not is_hub_id(model_id):
        raise UsageError(f"{model_id[:120]!r} is not the id of a model", hint="write ORGANISATION/NAME as on the Hub")
    found = _asked(f"{endpoint()}/api/models/{quote(model_id)}", model_id, json_wanted=True)
    if not isinstance(found, dict):
        raise NetworkError(f"{endpoint()} does not answer as the Hub does", hint="is HF_ENDPOINT right?")
    name = found.get("id")
    return Repository(name if isinstance(name, str) and is_hub_id(name) else model_id, found)


def config_of(model_id: str) -> dict[str, Any]:
    """The repository's config.json.

    Raises:
        UsageError: there is none.
        KeyMissing: the model is gated.
        DataError: it is no config.
        NetworkError: the Hub cannot be reached.
    """
    body = _asked(file_url(model_id, "config.json"), model_id)
    return parse_config(body)


def file_url(model_id: str, path: str) -> str:
    """Where a file of the main revision is."""
    return f"{endpoint()}/{quote(model_id)}/resolve/main/{quote(path)}"


def ranges_of(model_id: str, path: str) -> tuple[ReadRange, int | None]:
    """A reader of byte ranges of a file, and its size.

    Raises:
        UsageError: there is no such file.
        KeyMissing: the model is gated.
        NetworkError: the Hub cannot be reached.
    """
    _check_online()
    url = file_url(model_id, path)
    try:
        return open_ranges(url, headers_for(url))
    except Refused as refused:
        raise explained(refused, model_id) from None


def _asked(url: str, model_id: str, *, json_wanted: bool = False) -> Any:
    _check_online()
    try:
        if json_wanted:
            return get_json(url, headers=headers_for(url))
        return get(url, headers=headers_for(url), limit=MAX_BYTES).body
    except Refused as refused:
        raise explained(refused, model_id) from None


def _check_online() -> None:
    if offline():
        raise NetworkError(
            "HF_HUB_OFFLINE is set, so the Hub is not asked",
            hint="unset it, or name a local file (bakeoff catalog add FILE)",
        )


def explained(refused: Refused, model_id: str) -> BakeoffError:
    """A refusal of the Hub as an error for people."""
    code = refused.headers.get("x-error-code", "")
    page = f"{endpoint()}/{model_id}"
    if code == "GatedRepo" or refused.status == 403:
        return KeyMissing(
            f"{model_id} is gated: its terms must be accepted first",
            hint=f"accept them at {page}, then set HF_TOKEN to a token of that account",
        )
    if code == "EntryNotFound":
        return UsageError(f"{model_id} has no such file on the Hub", hint=f"see {page}/tree/main")
    if refused.status in (401, 404):  # the Hub says 401 for what does not exist when one is not signed in
        return UsageError(
            f"there is no model {model_id!r} on the Hub, or it is private",
            hint="check the spelling; for a private model set HF_TOKEN",
        )
    if refused.status == 429:
        wait = refused.headers.get("retry-after", "")
        hint = f"try again in {wait} s" if wait.isdecimal() else "try again in a few minutes"
        return NetworkError(
            "the Hub asks to wait: too many questions from this address", hint=f"{hint}; or set HF_TOKEN"
        )
    return NetworkError(f"the Hub answers with status {refused.status}", hint="try again later")
