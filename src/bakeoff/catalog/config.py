"""Reading a model's config.json from bytes that nobody vouches for: typed, bounded, with the key in every complaint.

Knows where the text model's part is and which of several names a value goes by. Knows nothing about layers.
"""

import json
from collections.abc import Mapping
from typing import Any

from bakeoff.errors import DataError

MAX_BYTES = 4 * 1024 * 1024
"""The largest published config.json is below 400 kB (a list per layer and expert)."""

MAX_LAYERS = 4096
MAX_SIZE = 1 << 31

TEXT_PARTS = ("text_config", "llm_config", "language_config", "thinker_config", "language_model", "text_model")
"""Where models that also see or hear keep the text model's part."""


def parse_config(data: bytes | str) -> dict[str, Any]:
    """The JSON object of a config.json.

    Raises:
        DataError: too large, not JSON, or not an object.
    """
    if len(data) > MAX_BYTES:
        raise DataError(f"config.json has {len(data)} bytes; the limit is {MAX_BYTES}")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DataError(f"config.json is not JSON: {str(error)[:200]}") from None
    if not isinstance(value, dict):
        raise DataError(f"config.json holds a {type(value).__name__}, not an object")
    return value


class Config:
    """Values of a config.json, with checked access. A copy of its own: families write what follows from others."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)

    @classmethod
    def of_text_model(cls, config: Mapping[str, Any]) -> "Config":
        """The text model's part of a whole config.json."""
        return cls(text_part(config))

    @property
    def model_type(self) -> str:
        """The family as transformers names it, lower case."""
        value = self.values.get("model_type")
        if not isinstance(value, str) or not value or len(value) > 100:
            raise DataError(f"config.json: model_type is {_shown(value)}, expected the name of a family")
        return value

    def has(self, *keys: str) -> bool:
        """Any of the keys is there and not null."""
        return any(self.values.get(key) is not None for key in keys)

    def number(self, *keys: str, default: int | None = None, low: int = 1, high: int = MAX_SIZE) -> int:
        """The first of the keys that is there, as a whole number in a range.

        Raises:
            DataError: none is there and there is no default, or the value is not such a number.
        """
        for key in keys:
            value = self.values.get(key)
            if value is not None:
                return checked_number(value, key, low, high)
        if default is None:
            raise DataError(f"config.json: {' or '.join(keys)} is missing")
        return default

    def optional(self, *keys: str, low: int = 1) -> int | None:
        """Like `number`, but None where no key is there."""
        return self.number(*keys, low=low) if self.has(*keys) else None

    def flag(self, *keys: str, default: bool = False) -> bool:
        """The first of the keys that is there, as yes or no."""
        for key in keys:
            value = self.values.get(key)
            if value is not None:
                if not isinstance(value, bool):
                    raise DataError(f"config.json: {key} is {_shown(value)}, expected true or false")
                return value
        return default

    def strings(self, key: str, length: int | None = None) -> list[str] | None:
        """A list of strings, or None where the key is not there."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            raise DataError(f"config.json: {key} is {_shown(value)}, expected a list of names")
        return _of_length(value, key, length)

    def numbers(self, key: str, length: int | None = None, low: int = 0, high: int = MAX_SIZE) -> list[int] | None:
        """A list of whole numbers, or None where the key is not there or holds a single value."""
        value = self.values.get(key)
        if not isinstance(value, list):
            return None
        return _of_length([checked_number(part, key, low, high) for part in value], key, length)

    def part(self, key: str) -> "Config | None":
        """A nested object, or None where there is none."""
        value = self.values.get(key)
        return Config(value) if isinstance(value, Mapping) else None

    @property
    def n_layers(self) -> int:
        """Number of blocks."""
        return self.number("num_hidden_layers", "n_layers", "n_layer", "num_layers", high=MAX_LAYERS)


def text_part(config: Mapping[str, Any]) -> dict[str, Any]:
    """The part that describes the text model: nested parts laid over the outer values, innermost last.

    Values that only the outer object has (quantization, model type) stay; tied embeddings are the outer one's to say.
    """
    merged, level, depth = dict(config), config, 0
    while depth < 4:
        inner = next((level[key] for key in TEXT_PARTS if isinstance(level.get(key), Mapping)), None)
        if inner is None:
            break
        outer_type = merged.get("model_type")
        merged.update({key: value for key, value in inner.items() if value is not None})
        if not isinstance(inner.get("model_type"), str) or not inner["model_type"]:
            merged["model_type"] = outer_type
        level, depth = inner, depth + 1
    if isinstance(config.get("tie_word_embeddings"), bool):
        merged["tie_word_embeddings"] = config["tie_word_embeddings"]
    return merged


def checked_number(value: Any, key: str, low: int, high: int) -> int:
    """A whole number in a range; 4096.0 counts, true does not.

    Raises:
        DataError: anything else.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise DataError(f"config.json: {key} is {_shown(value)}, expected a whole number from {low} to {high}")
    return value


def _of_length(value: list[Any], key: str, length: int | None) -> list[Any]:
    """A list of at least `length` entries, cut to it: some lists go on with the prediction layers."""
    if len(value) > 2 * MAX_LAYERS or (length is not None and len(value) < length):
        raise DataError(f"config.json: {key} has {len(value)} entries for {length} layers")
    return value if length is None else value[:length]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
