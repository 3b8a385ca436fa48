"""What `amd-smi`, or the older `rocm-smi`, prints as JSON, as readings. Parses text, however odd.

For systems where the kernel's files are not to be seen: WSL, some containers.
"""

import json
import re
from typing import Any

from bakeoff.hardware.amd import Reading, integer
from bakeoff.hardware.probe import Probe
from bakeoff.units import GIB, MIB

UNITS = {"B": 1, "KB": 1024, "MB": MIB, "GB": GIB}
"""amd-smi's MB are MiB: an MI300X of 206141652992 bytes is 196592 MB."""


def ask(probe: Probe) -> list[Reading]:
    """The GPUs that the newer command knows, else the older one."""
    for command in ("amd-smi", "/opt/rocm/bin/amd-smi"):
        static = probe.run([command, "static", "--asic", "--vram", "--json"])
        if static is not None:
            metric = probe.run([command, "metric", "--mem-usage", "--json"])
            if readings := parse_amd_smi(static[1], metric[1] if metric else ""):
                return readings
    for command in ("rocm-smi", "/opt/rocm/bin/rocm-smi"):
        options = ["--showproductname", "--showuniqueid", "--showmeminfo", "vram", "gtt", "--json"]
        answered = probe.run([command, *options])
        if answered is not None:
            return parse_rocm_smi(answered[1])
    return []


def parse_amd_smi(static: str, metric: str) -> list[Reading]:
    """The output of `static` has names and sizes, that of `metric` what is used."""
    usage = {row.get("gpu"): _part(row, "mem_usage") for row in _rows(metric)}
    found: list[Reading] = []
    for row in _rows(static):
        asic, used = _part(row, "asic"), usage.get(row.get("gpu"), {})
        total = _bytes(used.get("total_vram")) or _bytes(_part(row, "vram").get("size"))
        if total is None:
            continue
        target = str(asic.get("target_graphics_version", ""))
        found.append(
            Reading(
                index=len(found),
                name=_bracketed(str(asic.get("market_name", ""))),
                vram_total=total,
                vram_used=_bytes(used.get("used_vram")) or 0,
                gtt_total=_bytes(used.get("total_gtt")) or 0,
                gtt_used=_bytes(used.get("used_gtt")) or 0,
                target=target if target.startswith("gfx") else None,
                source="amd-smi",
            )
        )
    return found


def _rows(text: str) -> list[dict[str, Any]]:
    """`{"gpu_data": [...]}` of newer versions, a list, or one object; warnings may stand before it."""
    data = _json(text)
    if isinstance(data, dict):
        data = data.get("gpu_data", [data])
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []


def _json(text: str) -> Any:
    start = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
    try:
        return json.JSONDecoder().raw_decode(text[start:])[0] if start >= 0 else None
    except ValueError:
        return None


def _part(row: dict[str, Any], name: str) -> dict[str, Any]:
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def _bytes(value: Any) -> int | None:
    """`{"value": 196592, "unit": "MB"}` -> bytes; `"N/A"` -> None."""
    if not isinstance(value, dict) or str(value.get("unit", "MB")).upper() not in UNITS:
        return None
    number = integer(str(value.get("value")))
    return None if number is None else number * UNITS[str(value.get("unit", "MB")).upper()]


def parse_rocm_smi(text: str) -> list[Reading]:
    """Warnings may stand before the JSON; keys differ in case and wording between versions."""
    data = _json(text)
    found: list[Reading] = []
    for card, values in sorted(data.items() if isinstance(data, dict) else ()):
        if not re.fullmatch(r"card\d+", card) or not isinstance(values, dict):
            continue
        row = {str(name).lower(): str(value) for name, value in values.items()}
        total = integer(row.get("vram total memory (b)"))
        if total is None:
            continue
        found.append(
            Reading(
                index=len(found),
                name=_bracketed(row.get("card series") or row.get("device name") or ""),
                vram_total=total,
                vram_used=integer(row.get("vram total used memory (b)")) or 0,
                gtt_total=integer(row.get("gtt total memory (b)")) or 0,
                gtt_used=integer(row.get("gtt total used memory (b)")) or 0,
                target=row.get("gfx version") if row.get("gfx version", "").startswith("gfx") else None,
                unique_id=row.get("unique id", ""),
                source="rocm-smi",
            )
        )
    return found


def _bracketed(text: str) -> str | None:
    """`Navi 21 [Radeon RX 6800/6800 XT / 6900 XT]` -> what stands in the brackets."""
    found = re.search(r"\[([^\]]+)\]", text)
    return (found[1] if found else text).strip() or None
