"""Reading what a GGUF header says about a model's shape: typed and bounded, for nobody vouches for a file.

Knows how values are stored for all layers at once or one by one. Knows nothing about layers.
"""

from collections.abc import Mapping
from typing import Any

from bakeoff.errors import DataError

MAX_LAYERS = 4096
MAX_SIZE = 1 << 31


class Keys:
    """The metadata of a header, under its architecture's name."""

    def __init__(self, metadata: Mapping[str, Any]) -> None:
        name = metadata.get("general.architecture")
        if not isinstance(name, str) or not 0 < len(name) <= 100:
            raise DataError(
                "general.architecture is missing: the file does not say what model it holds",
                hint="of a model in several parts, begin with the first",
            )
        self.name = name
        self._metadata = metadata
        self.n_layers = self.number("block_count", least=1, most=MAX_LAYERS)
        """Prediction layers included."""

    def has(self, key: str) -> bool:
        """The key is there."""
        return f"{self.name}.{key}" in self._metadata

    def number(self, key: str, default: int | None = None, *, least: int = 0, most: int = MAX_SIZE) -> int:
        """A count or size.

        Raises:
            DataError: it is missing and there is no default, or it is out of bounds.
        """
        return self._checked(key, self._value(key, default), least, most)

    def per_layer(self, key: str, default: int | None = None) -> list[int]:
        """One number per layer, where the file has one for all too.

        Raises:
            DataError: as for `number`, or a list of another length.
        """
        value = self._value(key, default)
        if not isinstance(value, tuple):
            return [self._checked(key, value, 0, MAX_SIZE)] * self.n_layers
        if len(value) < self.n_layers:
            raise DataError(f"{self.name}.{key} has {len(value)} values for {self.n_layers} layers")
        return [self._checked(key, one, 0, MAX_SIZE) for one in value[: self.n_layers]]

    def flags(self, key: str) -> list[bool] | None:
        """One yes or no per layer; None where the file has no such list."""
        value = self._metadata.get(f"{self.name}.{key}")
        if not isinstance(value, tuple) or len(value) < self.n_layers:
            return None
        return [bool(one) for one in value[: self.n_layers]]

    def _value(self, key: str, default: int | None) -> Any:
        value = self._metadata.get(f"{self.name}.{key}", default)
        if value is None:
            raise DataError(f"{self.name}.{key} is missing from the header")
        return value

    def _checked(self, key: str, value: object, least: int, most: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            shown = repr(value)[:40]
            raise DataError(f"{self.name}.{key} is {shown}, expected a number from {least:,} to {most:,}")
        return value
