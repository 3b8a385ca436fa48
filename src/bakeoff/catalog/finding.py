"""From what a person writes to the model that is meant: ids, tags of Ollama, file names, nicknames.

A name becomes words (`"Llama-3.1-8B-Instruct"` -> llama, 3.1, 8b) and marks (instruct, base). Words decide which models
are possible; marks, then kind and tier, decide between them. What stays open is asked back.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from bakeoff.catalog.loading import Catalog, load
from bakeoff.catalog.model import Model
from bakeoff.errors import UsageError

MAX_LENGTH = 300
MAX_CHOICES = 8

_PREFIX = re.compile(r"^(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co|ollama\.com/library|ollama\.com)/", re.I)
_REST = re.compile(r"/(?:tree|blob|resolve)/.*$")
_BUILD = re.compile(
    r"""(?:[-._:@ ]+(?:ud[-_])?(?:i?q[1-8](?:[_-][0-9a-z]+)*|tq[12]_0|bf16|fp?16|fp?32|fp8|int[48]|mxfp4(?:_moe)?
        |nvfp4|awq|gptq|gguf|mlx|safetensors|qat|latest|[348]bit|imat(?:rix)?|i1))+$""",
    re.I | re.X,
)
"""Builds at the end of a name: they say how, not which model."""

_WORD = re.compile(
    r"""[ae]\d+(?:\.\d+)?b(?![a-z0-9])      # a3b active, e4b effective
      | \d+x\d+(?:\.\d+)?b(?![a-z0-9])      # 8x7b
      | \d+(?:\.\d+)?[bmtk](?![a-z0-9])     # 8b, 128k
      | \d+(?:\.\d+)*                       # 3.1, 2507
      | [^\W\d_]+""",
    re.X,
)
MARKS = {"it": "instruct", "instruct": "instruct", "chat": "instruct", "base": "base", "pt": "base"}
SILENT = frozenset(("hf", "meta", "model", "the"))
"""Words that some write and others leave out."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart."""

    words: tuple[str, ...]
    marks: frozenset[str]


@lru_cache(maxsize=8192)
def take_apart(text: str) -> Name:
    """Words and marks of a name, without organisation, build or file ending."""
    plain = unicodedata.normalize("NFKC", text).strip().lower().removesuffix(".gguf").removesuffix(".safetensors")
    plain = re.sub(r"-\d{5}-of-\d{5}$", "", plain)
    plain = re.sub(r"(?<![^\W\d_])v(?=\d)", "", _BUILD.sub("", plain))  # v0.3 is 0.3
    found = [word.removesuffix(".0") for word in _WORD.findall(plain)]  # Granite 4 is granite-4.0
    words = tuple(word for word in found if word not in MARKS and word not in SILENT)
    return Name(words, frozenset(MARKS[word] for word in found if word in MARKS))


def find(name: str, catalog: Catalog | None = None) -> Model:
    """The model that is meant.

    Args:
        name: `Qwen/Qwen3-8B`, `qwen3:8b`, `unsloth/Qwen3-8B-GGUF`, `Qwen3-8B-Q4_K_M.gguf`, `llama 3.1 8b`, ...
        catalog: where to look; the loaded one.

    Raises:
        UsageError: no model is meant, or several; the hint has the nearest or the choices.
    """
    known = catalog or load()
    text = _REST.sub("", _PREFIX.sub("", name.strip()))
    if not text or len(name) > MAX_LENGTH:
        raise UsageError("the name of a model is empty" if not text else f"{name[:60]!r}... is too long for a name")
    exact = _exact(text, known)
    if exact is not None:
        return exact
    found = _by_words(text, known)
    if len(found) == 1:
        return found[0]
    if found:
        raise _ambiguous(name, found)
    raise _unknown(name, known)


def _exact(text: str, known: Catalog) -> Model | None:
    """An id, an alias, or a repository of GGUF files, in any case."""
    if text in known:
        return known[text]
    places = _places(known)
    lower = text.lower()
    found = places.get(lower) or places.get(_BUILD.sub("", lower)) or places.get(lower.removesuffix(":latest"))
    return known[found] if found else None


_PLACES: dict[int, tuple[Catalog, dict[str, str]]] = {}


def _places(known: Catalog) -> dict[str, str]:
    """Lower-case id, alias or repository -> id. Kept for the catalog that was asked last."""
    if id(known) not in _PLACES:
        places: dict[str, str] = {}
        for model in known.models:
            for repository in model.gguf_repositories:
                places.setdefault(repository.lower(), model.id)
        for model in known.models:
            for alias in model.aliases:
                places[alias.lower()] = model.id
        for model in known.models:
            places[model.id.lower()] = model.id
        _PLACES.clear()
        _PLACES[id(known)] = (known, places)
    return _PLACES[id(known)][1]


def _by_words(text: str, known: Catalog) -> list[Model]:
    organisation, _, last = text.rpartition("/")
    asked = take_apart(last or organisation)
    if not asked.words:
        return []
    models = list(known.models)
    if organisation:
        theirs = [model for model in models if model.id.lower().startswith(f"{organisation.lower()}/")]
        models = theirs if any(_contains(model, asked) for model in theirs) else models
    whole = [model for model in models if _words(model) == asked.words]
    return _preferred(whole or [model for model in models if _contains(model, asked)], asked)


def _words(model: Model) -> tuple[str, ...]:
    return take_apart(model.name).words


def _contains(model: Model, asked: Name) -> bool:
    """The words of the query are among the model's, in the same order."""
    return _within(asked.words, _words(model))


def _within(few: tuple[str, ...], many: tuple[str, ...]) -> bool:
    words = iter(many)
    return all(word in words for word in few)


def _preferred(found: list[Model], asked: Name) -> list[Model]:
    """Of possible models the one that is meant, where habit decides; else all that are left.

    Marks first; then models that follow instructions; names that begin as the query does; the plain name where all
    others add words to it (QwQ-32B before QwQ-32B-Preview); among equal names chat models and the better tier.
    """
    if "base" in asked.marks:
        return _kept(found, lambda model: model.is_base)
    found = _kept(found, lambda model: not model.is_base)
    if "instruct" in asked.marks:
        found = _kept(found, lambda model: "instruct" in take_apart(model.name).marks)
    found = _kept(found, lambda model: _words(model)[: len(asked.words)] == asked.words)
    found = _kept(found, lambda model: all(_within(_words(model), _words(other)) for other in found))
    if len({_words(model) for model in found}) == 1:
        found = _kept(found, lambda model: model.kind == "chat")
        found = _kept(found, lambda model: model.tier != 2)
    return found


def _kept(found: list[Model], test: Callable[[Model], bool]) -> list[Model]:
    return [model for model in found if test(model)] or found


def _ambiguous(name: str, found: list[Model]) -> UsageError:
    # The plain names first: what others were made from adds the fewest words to what was asked.
    newest = sorted(found, key=lambda model: model.release.date if model.release else "", reverse=True)
    plainest = sorted(newest, key=lambda model: len(_words(model)))
    shown = ", ".join(model.id for model in plainest[:MAX_CHOICES])
    more = f" and {len(found) - MAX_CHOICES} more" if len(found) > MAX_CHOICES else ""
    return UsageError(f"{name!r} can be any of {len(found)} models", hint=f"say which: {shown}{more}")


def _unknown(name: str, known: Catalog) -> UsageError:
    close = nearest(name, known.ids)
    hint = f"nearest: {', '.join(close)}" if close else "bakeoff catalog search WORD"
    return UsageError(f"there is no model {name!r} in the catalog", hint=f"{hint}; or add it: bakeoff catalog add ...")


def nearest(name: str, ids: Iterable[str], count: int = 4) -> list[str]:
    """The ids that look most like a name, best first; none where nothing does."""
    from rapidfuzz import fuzz, process

    choices = {model_id: " ".join(take_apart(model_id.rpartition("/")[2]).words) for model_id in ids}
    query = " ".join(take_apart(name.rpartition("/")[2]).words) or name.lower()
    found = process.extract(query, choices, scorer=fuzz.token_sort_ratio, limit=count, score_cutoff=55)
    return [model_id for _, _, model_id in found]
