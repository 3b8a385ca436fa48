"""Logs as inspect_ai writes them (EvalLog, version 2): one JSON file per candidate, for its viewer and data frames.

The format is what inspect_ai 0.3.285 reads back with `read_eval_log`; its fields are told in inspect_ai's
`log/_log.py`. Samples are written one after the other.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bakeoff.evaluate.exchange.layout import Exported, has_answer
from bakeoff.evaluate.exchange.writing import replacing
from bakeoff.evaluate.results import GradedCell
from bakeoff.evaluate.types import Row, Table
from bakeoff.version import __version__

STOP_REASONS = {"stop": "stop", "length": "max_tokens", "tool_calls": "tool_calls", "content_filter": "content_filter"}
"""The API's finish reason to inspect_ai's; anything else is `unknown`."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an exported evaluation comes from."""

    project: str
    data_file: str
    created: str
    """Of the last answer: UTC, ISO 8601; so that the same answers give the same log."""

    graders: tuple[str, ...]
    """How each grader is called."""


def log_name(origin: Origin, candidate: str) -> str:
    """File name of a candidate's log. inspect_ai lists files whose names begin with a time."""
    time = re.sub(r"[^0-9T]", "-", origin.created[:19])
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", f"{origin.project}-{candidate}").strip("-.")[:80]
    return f"{time}-00-00_{plain}_{_id(origin, candidate, 'task')[:8]}.json"


def write_log(path: Path, table: Table, one: Exported, origin: Origin, *, force: bool = False) -> None:
    """Write one candidate's log.

    Args:
        path: where to.
        table: the data.
        one: the candidate.
        origin: what the log says of the evaluation.
        force: an existing file may be replaced.

    Raises:
        UsageError: the file exists.
        StorageError: the disk refused.
    """
    with replacing(path, force=force) as target, target.open("w", encoding="utf-8") as file:
        head = json.dumps(_head(table, one, origin), ensure_ascii=False, indent=1)
        file.write(head.removesuffix("\n}") + ',\n "samples": [')
        for number, sample in enumerate(_samples(table, one, origin)):
            file.write(",\n" if number else "\n")
            file.write(json.dumps(sample, ensure_ascii=False))
        file.write("\n ]\n}\n")


def _head(table: Table, one: Exported, origin: Origin) -> dict[str, Any]:
    cells = [cell for cell in one.column.cells if cell.state != "missing"]
    name = one.column.candidate
    spec = {
        "eval_id": _id(origin, name, "eval"),
        "run_id": _id(origin, "", "run"),
        "created": origin.created,
        "task": origin.project,
        "task_id": _id(origin, name, "task"),
        "task_version": 0,
        "dataset": {
            "name": origin.data_file,
            "samples": len(table.rows),
            "sample_ids": [cell.row_id for cell in cells],
            "shuffled": False,
        },
        "model": name,
        "config": {"epochs": 1},
        "packages": {"bakeoff": __version__},
        "metadata": {"build": one.column.build, "data_sha256": table.digest},
    }
    usage = {
        "input_tokens": sum(cell.prompt_tokens or 0 for cell in cells),
        "output_tokens": sum(cell.output_tokens or 0 for cell in cells),
    }
    usage["total_tokens"] = sum(usage.values())
    return {
        "version": 2,
        "status": "success",
        "eval": spec,
        "plan": {"name": "plan", "steps": [], "config": {}},
        "results": {
            "total_samples": len(table.rows),
            "completed_samples": sum(has_answer(cell) for cell in cells),
            "scores": _scores(cells, origin.graders),
        },
        "stats": {"started_at": origin.created, "completed_at": origin.created, "model_usage": {name: usage}},
    }


def _scores(cells: Sequence[GradedCell], graders: Sequence[str]) -> list[dict[str, Any]]:
    """The mean of every grader, the joint score first."""
    found = []
    for name, values in (
        ("score", [cell.score for cell in cells]),
        *((name, [_at(cell.grades, index) for cell in cells]) for index, name in enumerate(graders)),
    ):
        scored = [value for value in values if value is not None]
        if scored:
            mean = {"name": "mean", "value": sum(scored) / len(scored), "params": {}}
            counts = {"scored_samples": len(scored), "unscored_samples": len(values) - len(scored)}
            found.append({"name": name, "scorer": name, **counts, "params": {}, "metrics": {"mean": mean}})
    return found


def _samples(table: Table, one: Exported, origin: Origin) -> Iterator[dict[str, Any]]:
    for row, cell, finish in zip(table.rows, one.column.cells, one.finish_reasons, strict=True):
        if cell.state != "missing":
            yield _sample(row, cell, finish, one, origin)


def _sample(row: Row, cell: GradedCell, finish: str | None, one: Exported, origin: Origin) -> dict[str, Any]:
    user = {"role": "user", "content": cell.shown, "source": "input"}
    sample: dict[str, Any] = {"id": row.id, "epoch": 1, "input": cell.shown, "target": cell.target, "messages": [user]}
    # What is told of a sample is the row alone, the same in the log of every candidate; the rest belongs to the output.
    metadata = dict(row.values)
    if row.group is not None:
        metadata.setdefault("group", row.group)
    if has_answer(cell):
        content: Any = cell.text
        if cell.thinking:
            content = [{"type": "reasoning", "reasoning": cell.thinking}, {"type": "text", "text": cell.text}]
        said = {"role": "assistant", "content": content, "source": "generate", "model": one.column.candidate}
        sample["messages"].append(said)
        sample["output"] = _output(cell, said, finish, one)
        sample["scores"] = _sample_scores(cell, origin.graders)
    else:
        error = "the request got no answer"
        sample["error"] = {"message": error, "traceback": error, "traceback_ansi": error}
    sample["metadata"] = metadata
    if cell.latency_ms is not None:
        sample["total_time"] = sample["working_time"] = cell.latency_ms / 1000
    return sample


def _output(cell: GradedCell, said: dict[str, Any], finish: str | None, one: Exported) -> dict[str, Any]:
    output: dict[str, Any] = {
        "model": one.column.candidate,
        "choices": [{"message": said, "stop_reason": STOP_REASONS.get(finish or "", "unknown")}],
        "completion": cell.text,
    }
    if cell.prompt_tokens is not None and cell.output_tokens is not None:
        output["usage"] = {
            "input_tokens": cell.prompt_tokens,
            "output_tokens": cell.output_tokens,
            "total_tokens": cell.prompt_tokens + cell.output_tokens,
            "reasoning_tokens": cell.thinking_tokens,
            "total_cost": one.cost_usd(cell),
        }
    if cell.latency_ms is not None:
        output["time"] = cell.latency_ms / 1000
    output["metadata"] = {"time_to_first_token_ms": cell.time_to_first_token_ms, "faults": list(cell.faults)}
    return output


def _sample_scores(cell: GradedCell, graders: Sequence[str]) -> dict[str, Any]:
    named = [("score", cell.score), *((name, _at(cell.grades, index)) for index, name in enumerate(graders))]
    return {
        name: {"value": value, "answer": cell.label if cell.label is not None else cell.text}
        for name, value in named
        if value is not None
    }


def _at(grades: Sequence[float | None], index: int) -> float | None:
    return grades[index] if index < len(grades) else None


def _id(origin: Origin, candidate: str, what: str) -> str:
    """An id that stays the same for the same evaluation."""
    return hashlib.sha256(f"{what}\0{origin.project}\0{candidate}\0{origin.created}".encode()).hexdigest()[:22]
