"""An architecture as a short, readable fact, and back: the kinds of layers once, their order as a pattern.

`{"name": "gemma3", "kinds": {"sliding": {...}, "full": {...}}, "layers": "10x(5xsliding full) 2xsliding", ...}`.
Values equal to a field's default are left out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from bakeoff.catalog.architecture import (
    Architecture,
    Attention,
    Compressed,
    FeedForward,
    Indexer,
    Latent,
    Layer,
    LayerRun,
    Recurrent,
    Weight,
)
from bakeoff.errors import DataError

MAX_LAYERS = 4096
_ITEM = re.compile(r"(?:([0-9]{1,5})x)?(?:\(([^()]*)\)|([^\s()]+))\s*")
_PARTS = {"latent": Latent, "indexer": Indexer, "compressed": Compressed}


def architecture_to_facts(architecture: Architecture) -> dict[str, Any]:
    """The fact, without date and source."""
    names: dict[Layer, str] = {}
    for run in architecture.runs:
        if run.layer not in names:
            names[run.layer] = _free_name(run.layer, set(names.values()))
    found = {key: value for key, value in _short(architecture).items() if key not in ("runs", "extra")}
    found["kinds"] = {name: _short(layer) for layer, name in names.items()}
    found["layers"] = pattern_of([(run.count, names[run.layer]) for run in architecture.runs])
    if architecture.extra:
        found["extra"] = [_weight(weight) for weight in architecture.extra]
    return found


def architecture_from_facts(facts: Mapping[str, Any]) -> Architecture:
    """Read back what `architecture_to_facts` wrote.

    Raises:
        DataError: a key that is not known, a kind that is not described, a pattern that cannot be read.
    """
    try:
        kinds = {name: _layer(layer) for name, layer in facts["kinds"].items()}
        runs = tuple(LayerRun(count, kinds[name]) for count, name in runs_of_pattern(facts["layers"]))
        rest = {key: value for key, value in facts.items() if key not in ("kinds", "layers", "extra")}
        return Architecture(**rest, runs=runs, extra=_weights(facts.get("extra", ())))
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"an architecture in the catalog cannot be read: {error}") from None


def pattern_of(runs: list[tuple[int, str]]) -> str:
    """`[(5, "s"), (1, "f")] * 10 + [(2, "s")]` -> `"10x(5xs f) 2xs"`."""
    words = [name if count == 1 else f"{count}x{name}" for count, name in runs]
    found, at = [], 0
    while at < len(words):
        period, times = max(((p, _repeats(words, at, p)) for p in range(2, 9)), key=lambda pair: pair[0] * pair[1])
        if times > 1:
            found.append(f"{times}x({' '.join(words[at : at + period])})")
            at += period * times
        else:
            found.append(words[at])
            at += 1
    return " ".join(found)


def runs_of_pattern(text: str) -> Iterator[tuple[int, str]]:
    """The runs that a pattern stands for; equal neighbours are joined.

    Raises:
        DataError: not a pattern, or more layers than any model has.
    """
    last: tuple[int, str] | None = None
    total = 0
    for count, name in _words(text):
        total += count
        if total > MAX_LAYERS or count < 1:
            raise DataError(f"the layers {text[:80]!r} are not a pattern of 1 to {MAX_LAYERS} layers")
        if last is not None and last[1] == name:
            last = (last[0] + count, name)
            continue
        if last is not None:
            yield last
        last = (count, name)
    if last is None:
        raise DataError("a pattern of layers is empty")
    yield last


def _words(text: str) -> Iterator[tuple[int, str]]:
    at, text = 0, text.strip()
    while at < len(text):
        match = _ITEM.match(text, at)
        if match is None:
            raise DataError(f"the layers {text[:80]!r} are not a pattern such as '10x(5xsliding full) 2xsliding'")
        count, inside, name = match.groups()
        times = int(count or 1)
        if inside is None:
            yield times, name
        elif times <= MAX_LAYERS:
            inner = [(int(n or 1), word) for n, _, word in _ITEM.findall(inside)]
            for _ in range(times):
                yield from inner
        at = match.end()


def _repeats(words: list[str], at: int, period: int) -> int:
    """How often the words from `at` on repeat with a period; 0 where there are too few."""
    block = words[at : at + period]
    if len(block) < period:
        return 0
    times = 1
    while words[at + times * period : at + (times + 1) * period] == block:
        times += 1
    return times if times > 1 else 0


def _free_name(layer: Layer, taken: set[str]) -> str:
    mixer, state, network = layer.attention, layer.recurrent, layer.feed_forward
    if mixer is not None and state is not None:
        name = "parallel"
    elif mixer is not None:
        compressed = mixer.compressed.ratio if mixer.compressed else 0
        windowed = "chunked" if mixer.chunked else "sliding" if mixer.window else "full"
        name = f"compressed-{compressed}" if compressed else windowed
        name += "-shared" if mixer.shares_cache else ""
    elif state is not None:
        name = state.kind.replace("_", "-")
    else:
        name = "network"
    if network is not None and network.n_experts:
        name += "-experts"
    number, free = 2, name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free


def _short(value: Any) -> dict[str, Any]:
    """Fields that differ from their defaults."""
    found = {}
    for part in fields(value):
        content = getattr(value, part.name)
        if part.default is not MISSING and content == part.default:
            continue
        if part.name == "extra":
            content = [_weight(weight) for weight in content]
        found[part.name] = _short(content) if is_dataclass(content) else content
    return found


def _weight(weight: Weight) -> list[Any]:
    return [weight.name, weight.columns, weight.rows, weight.depth]


def _weights(found: Any) -> tuple[Weight, ...]:
    return tuple(Weight(*parts) for parts in found)


def _layer(facts: Mapping[str, Any]) -> Layer:
    mixer, state, network = facts.get("attention"), facts.get("recurrent"), facts.get("feed_forward")
    return Layer(
        attention=None if mixer is None else _attention(mixer),
        recurrent=None if state is None else Recurrent(**state),
        feed_forward=None if network is None else FeedForward(**network),
        n_norms=facts.get("n_norms", 2),
        extra=_weights(facts.get("extra", ())),
    )


def _attention(facts: Mapping[str, Any]) -> Attention:
    nested = {key: kind(**facts[key]) for key, kind in _PARTS.items() if facts.get(key) is not None}
    return Attention(**{**facts, **nested})
