"""A quote as JSON: the schema `bakeoff.quote`, version 1 (docs/reference/json.md)."""

from typing import Any

from bakeoff.project.quoting import Quote
from bakeoff.report.decision_json import reason_json
from bakeoff.values import to_json

SCHEMA, VERSION = "bakeoff.quote", 1


def quote_json(quote: Quote) -> dict[str, Any]:
    """Everything of a quote, as plain JSON types."""
    found: dict[str, Any] = to_json(quote)
    return {"schema": SCHEMA, "version": VERSION, **found, "notes": [reason_json(note) for note in quote.notes]}
