"""Which models are kin: a judge prefers what it or its relatives wrote (arXiv 2404.13076, 2410.21819).

A family is a word, `qwen` or `llama`; a model may have several, its own and its ancestors'. Where the catalog knows the
model, its lineage is followed; else the name says it.
"""

import re
from functools import lru_cache

from bakeoff.errors import UsageError

_FILE = re.compile(r"\.(?:gguf|safetensors)$", re.IGNORECASE)

MOST_ANCESTORS = 16
"""More generations than this are a circle."""

SAME = {"chatgpt": "gpt", "o1": "gpt", "o3": "gpt", "o4": "gpt", "mixtral": "mistral", "ministral": "mistral",
        "magistral": "mistral", "codestral": "mistral", "devstral": "mistral", "pixtral": "mistral", "qwq": "qwen",
        "qvq": "qwen", "codellama": "llama", "tinyllama": "llama", "codegemma": "gemma", "smolvlm": "smollm",
        "sonnet": "claude", "opus": "claude", "haiku": "claude"}  # fmt: skip
"""Names of one maker's models that do not begin with the same word."""


def kin(judge: str, contestant: str) -> str | None:
    """A family that both belong to; None where they are strangers.

    Args:
        judge: model id, file name or tag.
        contestant: the same.
    """
    common = families(judge) & families(contestant)
    return min(common) if common else None


@lru_cache(maxsize=256)
def families(model: str) -> frozenset[str]:
    """Every family of a model: its name's, and those of all ancestors that are known."""
    found: set[str] = set()
    waiting = [model]
    seen: set[str] = set()
    while waiting and len(seen) < MOST_ANCESTORS:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        found |= _by_name(name)
        waiting += _parents(name)
    return frozenset(found)


def _parents(name: str) -> list[str]:
    """Models that it was made from, as far as the catalog knows exactly this model."""
    from bakeoff.catalog import find

    try:
        model = find(name)
    except UsageError:
        return []
    parents = [model.id] if model.id != name else []
    return parents + [lineage.model for lineage in model.lineage]


def _by_name(name: str) -> set[str]:
    """The first word of the name, and every other word that is a family known from the catalog."""
    from bakeoff.catalog.finding import take_apart

    last = _FILE.sub("", name.replace("\\", "/").rsplit("/", 1)[-1])
    words = [word for word in take_apart(last).words if word.isalpha() and len(word) > 1]
    if not words:
        return {last.lower()} if last else set()
    return {SAME.get(word, word) for index, word in enumerate(words) if index == 0 or word in _known()}


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    """First words of the names of models that others were made from: `qwen`, `llama`, `mistral`, ..."""
    from bakeoff.catalog import load
    from bakeoff.catalog.finding import take_apart

    parents = {lineage.model.rsplit("/", 1)[-1] for model in load().models for lineage in model.lineage}
    words = (take_apart(parent).words for parent in parents)
    return frozenset(found[0] for found in words if found and found[0].isalpha() and len(found[0]) > 2)
