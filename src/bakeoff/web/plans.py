"""Plans and machines as JSON for the page: the documents of `--json`, with words in one language."""

from typing import Any

from bakeoff.catalog.model import Model
from bakeoff.fit.plan.as_json import plan_json
from bakeoff.fit.plan.plan import Plan
from bakeoff.hardware import Machine
from bakeoff.project.shortlisting import planned_candidate
from bakeoff.report import Language
from bakeoff.report.plan_words import where
from bakeoff.report.words import label
from bakeoff.values import Reason, reason, to_json
from bakeoff.web.planner import Planning
from bakeoff.web.words import all_told, told


def plan_document(plan: Plan, lang: Language, *, here: bool, chosen: bool = True) -> dict[str, Any]:
    """A plan as in `bakeoff.fit`, with its verdict and place in words and the candidate that it would be.

    Args:
        plan: of one build.
        lang: of the words.
        here: the plan's machine is the server's.
        chosen: it is the one to take.
    """
    return {
        **plan_json(plan, chosen=chosen),
        "verdict_text": label(f"fit.verdict.{plan.verdict}", lang),
        "where": where(plan, lang),
        "lacking_bytes": plan.lacking_bytes,
        "reasons": all_told(plan.reasons, lang),
        "candidate": planned_candidate(plan, here=here) if plan.runs else None,
    }


def row_document(model: Model, planning: Planning, lang: Language) -> dict[str, Any]:
    """A model's row in a table: its plan, or why there is none."""
    plan = planning.row(model)
    if plan is None:
        return {"model": model.id, "runs": False, "why": told(why_not(model, planning), lang)}
    return plan_document(plan, lang, here=planning.known.machine.here)


def why_not(model: Model, planning: Planning) -> Reason:
    """Why a model cannot be planned at all."""
    if model.architecture is None:
        return model.no_architecture or reason("out.no_architecture")
    longest, wanted = model.context_tokens, planning.wanted
    if longest and wanted.per_conversation(longest) > longest:
        return reason("out.context", longest=longest, need=wanted.per_conversation(longest))
    if longest and wanted.request_tokens > longest:
        return reason("out.context", longest=longest, need=wanted.request_tokens)
    return reason("models.no_such_build", build=str(wanted.build or "-"))


def machine_document(machine: Machine, lang: Language) -> dict[str, Any]:
    """A machine as in `bakeoff.hardware`, its notes in words."""
    found: dict[str, Any] = to_json(machine)
    return {**found, "notes": all_told(machine.notes, lang)}
