"""The shortlist of a project: its needs, this or a named machine, the catalog; and its picks as candidates."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bakeoff.catalog.loading import load
from bakeoff.errors import UsageError
from bakeoff.fit.plan.commands import gguf_repository
from bakeoff.fit.plan.plan import Plan
from bakeoff.needs import Needs, contradictions
from bakeoff.project.editing import append_tables, tables
from bakeoff.project.offers import hosted
from bakeoff.report.words import sentence
from bakeoff.shortlist import Entry, Shortlist
from bakeoff.shortlist.asking import shortlist as ask

SERVERS: Mapping[str, str] = {"vllm": "vllm", "sglang": "sglang", "mlx": "http://127.0.0.1:8080/v1"}
"""Engine to the route by which its server is reached (`via`)."""


def shortlist_for(needs: Needs) -> Shortlist:
    """The candidates for needs, on the machine that they name and at providers where they allow it.

    Raises:
        UsageError: needs that contradict each other, or a machine that means nothing.
    """
    wrong = contradictions(needs)
    if wrong:
        raise UsageError("\n".join(sentence(one, "en") for one in wrong), hint="change it with `bakeoff needs`")
    return ask(needs, offers=hosted(needs, load()))


def candidate_table(entry: Entry, *, here: bool) -> dict[str, Any]:
    """An entry as a `[[candidates]]` table.

    Args:
        entry: a model in the way it would run.
        here: its machine is this one, so that the embedded engine can run it.
    """
    model, plan, offer = entry.model, entry.plan, entry.offer
    if offer is not None:
        provider = offer.provider if offer.via == "huggingface" else None
        return {"name": f"{model.name} ({offer.provider})", "model": offer.served_as, "via": offer.via,
                "provider": provider}  # fmt: skip
    assert plan is not None
    return planned_candidate(plan, here=here)


def planned_candidate(plan: Plan, *, here: bool) -> dict[str, Any]:
    """A plan as a `[[candidates]]` table.

    Args:
        plan: a model in a build under an engine.
        here: its machine is this one, so that the embedded engine can run it.
    """
    model = plan.model
    short = f"{model.name} {plan.build.quantization}"
    if plan.engine == "llama.cpp":
        source = model.file or gguf_repository(model, plan.build) or model.id
        via = "embedded" if here else "llama-server"
        return {"name": short, "model": source, "build": str(plan.build), "via": via}
    return {"name": short, "model": model.id, "build": str(plan.build), "via": SERVERS.get(plan.engine, "vllm")}


def write_candidates(folder: Path, found: Shortlist) -> list[str]:
    """Add the picks to the project file, without those that are there already; returns the names of the new ones.

    Raises:
        ProjectError, StorageError: from the project file.
    """
    here = found.machine is not None and found.machine.here
    there = {one.get("name") for one in tables(folder, "candidates")}
    picked = [candidate_table(one.entry, here=here) for one in found.picks]
    fresh = [one for one in picked if one["name"] not in there]
    if fresh:
        append_tables(folder, "candidates", fresh)
    return [str(one["name"]) for one in fresh]
