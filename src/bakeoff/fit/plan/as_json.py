"""An answer as plain JSON types: the document that `bakeoff fit --json` prints (docs/reference/json.md)."""

from typing import Any

from bakeoff.fit.memory import PARTS, Memory
from bakeoff.fit.plan.plan import Answer, DeviceUse, Plan
from bakeoff.fit.plan.table import Row, Table
from bakeoff.fit.plan.wanted import Wanted
from bakeoff.values import Reason, to_json

SCHEMA, VERSION = "bakeoff.fit", 1


def answer_json(answer: Answer) -> dict[str, Any]:
    """Of one model."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "machine": to_json(answer.machine),
        "model": answer.model.id,
        "request": request_json(answer.wanted),
        "plans": [plan_json(plan, chosen=plan is answer.chosen) for plan in answer.plans],
        "changes": [reason_json(one) for one in answer.changes],
        "notes": [reason_json(one) for one in answer.notes],
    }


def table_json(table: Table) -> dict[str, Any]:
    """Of what is worth running on a machine."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "machine": to_json(table.machine),
        "request": request_json(table.wanted),
        "catalog": table.snapshot,
        "looked_at": table.looked_at,
        "plans": [row_json(row) for row in table.rows],
        "notes": [reason_json(one) for one in table.notes],
    }


def request_json(wanted: Wanted) -> dict[str, Any]:
    """What was asked."""
    return {
        "context_tokens": wanted.context_tokens,
        "prompt_tokens": wanted.prompt_tokens,
        "output_tokens": wanted.output_tokens,
        "users": wanted.users,
    }


def row_json(row: Row) -> dict[str, Any]:
    """One row of the table: a plan, and where it stands."""
    return plan_json(row.plan, chosen=True) | {
        "task": row.task,
        "rank": row.rank,
        "ability": to_json(row.ability),
    }


def plan_json(plan: Plan, *, chosen: bool) -> dict[str, Any]:
    """One plan."""
    return {
        "model": plan.model.id,
        "build": str(plan.build),
        "engine": plan.engine,
        "runs": plan.runs,
        "chosen": chosen,
        "verdict": plan.verdict,
        "context_tokens": plan.context_tokens,
        "max_context_tokens": plan.max_context_tokens,
        "conversations": plan.conversations,
        "memory": memory_json(plan.memory, plan.devices),
        "offload": to_json(plan.offload),
        "speed": to_json(plan.speed),
        "quality_loss": to_json(plan.quality_loss),
        "file_bytes": to_json(plan.file_bytes),
        "load_seconds": to_json(plan.load_seconds),
        "command": plan.command,
        "reasons": [reason_json(one) for one in plan.reasons],
    }


def memory_json(memory: Memory | None, devices: tuple[DeviceUse, ...]) -> dict[str, Any] | None:
    """Bytes by part, over all devices and for each."""
    if memory is None:
        return None
    return {
        **{name: getattr(memory, name) for name in PARTS},
        "total_bytes": memory.total_bytes,
        "devices": [
            {
                "name": one.name,
                "place": one.place,
                "used_bytes": one.use.total_bytes,
                "usable_bytes": round(one.usable_bytes),
                "unified": one.unified,
                **{name: getattr(one.use, name) for name in PARTS},
            }
            for one in devices
        ],
    }


def reason_json(reason: Reason) -> dict[str, Any]:
    """Code and parameters; the command adds the sentences."""
    return {"code": reason.code, "parameters": dict(reason.parameters)}
