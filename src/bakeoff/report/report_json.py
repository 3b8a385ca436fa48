"""The report as JSON: the schema `bakeoff.report`, version 1 (docs/reference/json.md).

Nothing is cleaned or shortened: JSON escapes control characters by itself, and a program wants what was said. Only
half characters (lone surrogates) become U+FFFD, since they cannot be written as UTF-8.
"""

import json
from typing import Any

from bakeoff.evaluate.results import Disagreement
from bakeoff.report.data import ReportData
from bakeoff.report.decision_json import decision_json
from bakeoff.report.judge_json import judge_json, people_json
from bakeoff.report.reasons_json import reason_json, with_sentences
from bakeoff.report.stages_json import stages_json
from bakeoff.report.text import whole
from bakeoff.report.view.how import parameters_digest
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
        "disagreements": [_disagreement(row) for row in data.comparison.disagreements],
        "data": to_json(data.data),
        "prompt": {**to_json(data.prompt), "digest": data.prompt_digest},
        "variants": to_json(data.variants),
        "graders": to_json(data.graders),
        "candidates": to_json(data.candidates),
        "machine": to_json(data.machine),
        "judge": judge_json(data.judged, items=False) if data.judged is not None else None,
        "labels": people_json(data.people) if data.people is not None else None,
        "since": with_sentences(to_json(data.since)),
        **stages_json(data.stages),
        "parameters_digest": parameters_digest(data),
    }
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    return f"{whole(text)}\n"


def _disagreement(row: Disagreement) -> dict[str, Any]:
    details = {name: [reason_json(reason) for reason in reasons] for name, reasons in row.details.items()}
    return {**to_json(row), "details": details}
