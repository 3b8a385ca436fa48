"""Servers and hosted providers that `via` knows by name: what is known of each, from `presets.toml`.

Knows nothing about candidates; how a preset changes a request is told in `project.asking`.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Literal

from bakeoff.errors import UsageError

ContextSource = Literal["ollama", "llama-server", "vllm", "lmstudio"]
"""Whose way of telling the context that a request really has."""

OWN_VARIABLE = "OLLAMA_HOST"
"""Ollama's own variable: `HOST`, `HOST:PORT` or a URL, as its server and its client read it."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One server or provider, as in `presets.toml`."""

    name: str
    title: str
    base_url: str
    source: str
    as_of: str
    """ISO date on which the entry was made."""

    checked: str | None = None
    """ISO date on which the address was read on the provider's own page; None where no copy of it was found."""

    local: bool = False
    """It runs on a machine of the user's; its address may be set in the environment."""

    key: str | None = None
    provider: Literal["suffix", "order"] | None = None
    """How a router is told who is to compute."""

    context: ContextSource | None = None
    rename: Mapping[str, str] = field(default_factory=dict)
    refuses: tuple[str, ...] = ()
    ignores: tuple[str, ...] = ()
    omit: tuple[str, ...] = ()
    thinking: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """`on` and `off`: what is added to the request."""


@cache
def presets() -> Mapping[str, Preset]:
    """Every preset by name, in the order of the file."""
    text = resources.files("bakeoff.project.presets").joinpath("presets.toml").read_text(encoding="utf-8")
    return {name: _preset(name, facts) for name, facts in tomllib.loads(text).items()}


def _preset(name: str, facts: dict[str, Any]) -> Preset:
    known = facts | {key: tuple(facts.get(key, ())) for key in ("refuses", "ignores", "omit")}
    return Preset(name=name, **known)


def variable(name: str) -> str:
    """The environment variable that moves a preset to another address: `BAKEOFF_LLAMA_SERVER_URL`."""
    return f"BAKEOFF_{name.upper().replace('-', '_')}_URL"


def base_url(preset: Preset, environ: Mapping[str, str] = os.environ) -> str:
    """Where the preset answers: from the environment, else the usual address.

    Raises:
        UsageError: the variable does not hold an address.
    """
    own = environ.get(variable(preset.name), "").strip()
    if own:
        if not own.startswith(("http://", "https://")):
            raise UsageError(f"{variable(preset.name)}={own!r} is no address", hint="write http://HOST:PORT/v1")
        return own.rstrip("/")
    if preset.name == "ollama" and environ.get(OWN_VARIABLE, "").strip():
        return _ollama_host(environ[OWN_VARIABLE].strip())
    return preset.base_url


def _ollama_host(value: str) -> str:
    """As `envconfig.Host` of Ollama reads it; 0.0.0.0, which servers listen on, is reached on the loopback."""
    scheme, found, rest = value.partition("://")
    if not found:
        scheme, rest = "http", value
    host, _, path = rest.partition("/")
    name, colon, port = host.rpartition(":")
    if not colon or not port.isdigit():
        name, port = host, "11434" if not found else {"https": "443"}.get(scheme, "80")
    if name in ("", "0.0.0.0"):
        name = "127.0.0.1"
    path = path.strip("/")
    return f"{scheme}://{name}:{port}{'/' + path if path else ''}/v1"
