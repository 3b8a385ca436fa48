"""Values out of JSON that somebody else wrote: each as what it should be, or as nothing. Knows no format."""

from collections.abc import Mapping
from typing import Any


def mapping(value: Any) -> Mapping[str, Any]:
    """An object; empty where it is none."""
    return value if isinstance(value, dict) else {}


def some_text(value: Any) -> str | None:
    """A text that is not empty."""
    return value if isinstance(value, str) and value else None


def count(value: Any) -> int | None:
    """A whole number that is not below 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
