"""Machines: this one, one by its name, and the names that are known."""

from functools import cache
from typing import Any

from fastapi import APIRouter

from bakeoff.hardware.table import entries
from bakeoff.web.language import Lang
from bakeoff.web.planner import PLANNER
from bakeoff.web.plans import machine_document

router = APIRouter(prefix="/api/hardware", tags=["hardware"])


@router.get("")
def get_hardware(lang: Lang, machine: str = "", again: bool = False) -> dict[str, Any]:
    """A machine (`bakeoff.hardware`): every number with its range and how it was learnt.

    `machine` is a name as `bakeoff fit --on` takes it; empty: the server's own, asked anew with `again`.
    """
    found = PLANNER.machine(machine, again=again).machine
    return {"schema": "bakeoff.hardware", "version": 1, "machine": machine_document(found, lang)}


@router.get("/names")
def get_names() -> dict[str, Any]:
    """Every graphics card and chip that can be named, with the memory sizes it was sold with, for completion."""
    return {"names": _names()}


@cache
def _names() -> list[dict[str, Any]]:
    return [{"name": one.name, "kind": one.kind, "sizes_bytes": list(one.sizes_bytes)} for one in entries()]
