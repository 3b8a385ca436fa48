"""An answer as plain JSON types: the document that `bakeoff fit --json` prints (docs/reference/json.md)."""

from typing import Any

from bakeoff.fit.memory import Memory
from bakeoff.fit.plan.plan import Answer, DeviceUse, Offload, Plan, Speed
from bakeoff.fit.plan.table import Row, Table
from bakeoff.values import Estimate, Reason, to_json

SCHEMA, VERSION = "bakeoff.fit", 1


def answer_json(answer: Answer) -> dict[str, Any]:
    """Of one model."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "machine": to_json(answer.machine),
        "model": answer.model.id,
        "request": request_json(answer),
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
        "request": request_json(table),
        "catalog": table.snapshot,
        "looked_at": table.looked_at,
        "plans": [row_json(row) for row in table.rows],
        "notes": [reason_json(one) for one in table.notes],
    }


def request_json(answer: Answer | Table) -> dict[str, Any]:
    """What was asked."""
    wanted = answer.wanted
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
        "ability": {"value": row.ability.value, "spread": row.ability.spread, "benchmarks": row.ability.benchmarks},
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
        "offload": offload_json(plan.offload),
        "speed": speed_json(plan.speed),
        "quality_loss": estimate_json(plan.quality_loss),
        "file_bytes": estimate_json(plan.file_bytes),
        "load_seconds": estimate_json(plan.load_seconds),
        "command": plan.command,
        "reasons": [reason_json(one) for one in plan.reasons],
    }


def memory_json(memory: Memory | None, devices: tuple[DeviceUse, ...]) -> dict[str, Any] | None:
    """Bytes by part, over all devices and for each."""
    if memory is None:
        return None
    parts = ("weights_bytes", "kv_cache_bytes", "recurrent_state_bytes", "compute_bytes", "output_bytes",
             "overhead_bytes")  # fmt: skip
    return {
        **{name: getattr(memory, name) for name in parts},
        "total_bytes": memory.total_bytes,
        "devices": [
            {
                "name": one.name,
                "place": one.place,
                "used_bytes": one.use.total_bytes,
                "usable_bytes": round(one.usable_bytes),
                "unified": one.unified,
                **{name: getattr(one.use, name) for name in parts},
            }
            for one in devices
        ],
    }


def offload_json(offload: Offload | None) -> dict[str, Any] | None:
    """Where the layers are."""
    if offload is None:
        return None
    return {
        "mode": offload.mode,
        "layers": offload.layers,
        "gpu_layers": list(offload.gpu_layers),
        "devices": list(offload.devices),
        "expert_layers_on_cpu": offload.expert_layers_on_cpu,
        "tensor_parallel": offload.tensor_parallel,
    }


def speed_json(speed: Speed) -> dict[str, Any]:
    """Every speed, null where it cannot be said."""
    return {
        "decode_tokens_per_second": estimate_json(speed.decode_tokens_per_second),
        "prefill_tokens_per_second": estimate_json(speed.prefill_tokens_per_second),
        "time_to_first_token_ms": estimate_json(speed.time_to_first_token_ms),
        "request_seconds": estimate_json(speed.request_seconds),
        "throughput_tokens_per_second": estimate_json(speed.throughput_tokens_per_second),
    }


def estimate_json(estimate: Estimate | None) -> dict[str, Any] | None:
    """With its interval and source."""
    if estimate is None:
        return None
    return {
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "source": estimate.source,
        "detail": estimate.detail,
        "as_of": estimate.as_of,
    }


def reason_json(reason: Reason) -> dict[str, Any]:
    """Code and parameters; the command adds the sentences."""
    return {"code": reason.code, "parameters": dict(reason.parameters)}
