"""A quote for a cluster as JSON: the schema `bakeoff.cluster_quote`, version 1 (docs/reference/json.md)."""

from typing import Any

from bakeoff.cluster.quoted import ClusterQuote
from bakeoff.report.reasons_json import with_sentences
from bakeoff.values import to_json

SCHEMA, VERSION = "bakeoff.cluster_quote", 1


def cluster_quote_json(quote: ClusterQuote) -> dict[str, Any]:
    """Everything of a quote, as plain JSON types."""
    return {"schema": SCHEMA, "version": VERSION, **with_sentences(to_json(quote))}
