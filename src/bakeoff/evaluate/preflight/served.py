"""Who answered, against who was asked: names of models and providers, which are written in many ways."""

import re
from functools import lru_cache

_DATE = re.compile(r"[-@]?(?:20\d{2}-?\d{2}-?\d{2}|latest|preview|\d{4})$")
_NOT_WORD = re.compile(r"[^a-z0-9.]")


@lru_cache(maxsize=1024)
def bare(name: str) -> str:
    """A name without publisher, folder, date and punctuation: `gpt4o` for `openai/gpt-4o-2024-08-06`."""
    last = name.strip().rstrip("/").replace("\\", "/").rsplit("/", 1)[-1].lower()
    last = last.removesuffix(".gguf")
    return _NOT_WORD.sub("", _DATE.sub("", last))


def same_model(asked: str, served: str) -> bool:
    """The names may mean the same model: one, stripped, is contained in the other."""
    a, b = bare(asked), bare(served)
    return not a or not b or a in b or b in a


def same_provider(asked: str, served: str) -> bool:
    """Likewise; a provider may be asked for with a variant: `deepinfra/fp8`."""
    a, b = (_NOT_WORD.sub("", name.lower()) for name in (asked.split("/", 1)[0], served))
    return not a or not b or a in b or b in a
