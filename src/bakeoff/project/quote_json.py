"""A quote as JSON: the schema `bakeoff.quote`, version 1 (docs/reference/json.md)."""

from typing import Any

from bakeoff.project.quoting import Quote
from bakeoff.report.reasons_json import with_sentences
from bakeoff.values import to_json

SCHEMA, VERSION = "bakeoff.quote", 1


def quote_json(quote: Quote) -> dict[str, Any]:
    """Everything of a quote, as plain JSON types."""
    return {"schema": SCHEMA, "version": VERSION, **with_sentences(to_json(quote))}
