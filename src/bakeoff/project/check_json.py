"""What `check` found as sentences and as JSON: the schema `bakeoff.check`, version 1 (docs/reference/json.md)."""

from typing import Any

from bakeoff.evaluate.drift import Drift
from bakeoff.project.checking import Checked
from bakeoff.project.lockfile import lock_digest
from bakeoff.project.project import Project
from bakeoff.report.decision_json import decision_json
from bakeoff.report.reasons_json import reason_json
from bakeoff.values import Reason, reason

KIND = "check"
"""Of the ledger's findings."""


def keep_check(project: Project, found: Checked) -> None:
    """Add what a check found to the ledger, about the lock that it checked; without the decision's tables.

    Raises:
        StorageError: the folder cannot be written.
    """
    with project.ledger() as ledger:
        ledger.record_finding(
            KIND, lock_digest(found.lock), {**check_json(found), "decision": {"choice": found.decision.choice}}
        )


def verdict(found: Checked) -> Reason:
    """The one sentence."""
    choice, now = found.lock.choice or "-", found.decision.choice or "-"
    if choice != now:
        return reason("check.other_choice", before=choice, after=now, n=found.rows)
    if found.drifted:
        return reason("check.drifted", models=list(found.drifted), choice=choice)
    return reason("check.holds", choice=choice, n=found.rows)


def signs_of(drift: Drift) -> list[Reason]:
    """Why it counts as drift."""
    asked, said = drift.asked, []
    for sign in drift.signs:
        if sign == "answer":
            said.append(reason("drift.answer", candidate=asked.candidate, changed=drift.changed, n=drift.n))
        elif sign == "answers":
            facts = {"changed": drift.changed, "n": drift.n, "odd": drift.old_is_odd, "settled": drift.settled}
            said.append(reason("drift.answers", candidate=asked.candidate, p_holm=drift.p_answers, **facts))
        elif sign == "scores":
            said.append(reason("drift.scores", candidate=asked.candidate, difference=asked.difference, n=drift.n))
        elif sign == "model":
            said.append(reason("drift.model", candidate=asked.candidate, names=list(asked.new_models)))
        else:
            said.append(reason("drift.fingerprint", candidate=asked.candidate, names=list(asked.new_fingerprints)))
    return said


def check_json(found: Checked) -> dict[str, Any]:
    """The schema `bakeoff.check`, version 1 (docs/reference/json.md)."""
    return {
        "schema": "bakeoff.check",
        "version": 1,
        "holds": found.holds,
        "sentence": reason_json(verdict(found)),
        "rows": found.rows,
        "choice_before": found.lock.choice,
        "changes": [reason_json(one) for one in found.changes],
        "candidates": [_candidate(one) for one in found.drifts],
        "notes": [reason_json(one) for one in found.notes],
        "decision": decision_json(found.decision),
    }


def _candidate(one: Drift) -> dict[str, Any]:
    asked = one.asked
    return {
        "candidate": asked.candidate,
        "exact": asked.exact,
        "n": one.n,
        "failed": one.failed,
        "changed": one.changed,
        "settled": one.settled,
        "old_is_odd": one.old_is_odd,
        "p_answers": one.p_answers,
        "difference": asked.difference,
        "low": asked.low,
        "high": asked.high,
        "p_scores": one.p_scores,
        "new_models": list(asked.new_models),
        "new_fingerprints": list(asked.new_fingerprints),
        "signs": [reason_json(sign) for sign in signs_of(one)],
    }
