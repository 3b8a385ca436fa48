"""How to run a model as JSON: the schema `bakeoff.deploy`, version 1 (docs/reference/json.md)."""

from typing import Any

from bakeoff.deploy import Deployment
from bakeoff.fit.plan.as_json import plan_json
from bakeoff.report.reasons_json import reason_json, with_sentences


def deploy_json(found: Deployment) -> dict[str, Any]:
    """The whole document, its reasons in both languages."""
    return {
        "schema": "bakeoff.deploy",
        "version": 1,
        "plan": with_sentences(plan_json(found.plan, chosen=True)),
        "recipes": [{"kind": one.kind, "file_name": one.file_name, "text": one.text} for one in found.recipes],
        "steps": [reason_json(one) for one in found.steps],
        "left_out": [reason_json(one) for one in found.left_out],
    }
