"""The report as JSON: the schema `bakeoff.report`, version 1 (docs/reference/json.md).

Nothing is cleaned or shortened: JSON escapes control characters by itself, and a program wants what was said. Only
half characters (lone surrogates) become U+FFFD, since they cannot be written as UTF-8.
"""

import json

from bakeoff.report.data import ReportData
from bakeoff.report.decision_json import decision_json
from bakeoff.report.text import whole
from bakeoff.values import to_json

SCHEMA, VERSION = "bakeoff.report", 1


def report_json(data: ReportData) -> str:
    """The whole report as one document, with its sentences in both languages. The same data give the same bytes."""
    document = {
        "schema": SCHEMA,
        "version": VERSION,
        "bakeoff": data.bakeoff,
        "project": data.project,
        "date": data.date,
        "decision": decision_json(data.decision),
        "n_disagreements": data.comparison.n_disagreements,
        "disagreements": to_json(data.comparison.disagreements),
        "data": to_json(data.data),
        "prompt": {**to_json(data.prompt), "digest": data.prompt_digest},
        "graders": to_json(data.graders),
        "candidates": to_json(data.candidates),
        "machine": to_json(data.machine),
    }
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    return f"{whole(text)}\n"
