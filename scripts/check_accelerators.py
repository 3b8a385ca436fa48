"""Check the hardware data files; each message says what to mend and where.

    python scripts/check_accelerators.py

A test of the suite runs the same checks.
"""

import csv
import re
import sys
from collections import Counter
from datetime import date

from bakeoff.hardware.processors import rules
from bakeoff.hardware.table import COLUMNS, DATA, FILES, LANE_BYTES_PER_SECOND, key

BANDWIDTH_GB_S = {
    "GDDR5": (35, 500), "GDDR5X": (200, 800), "GDDR6": (64, 1000), "GDDR6X": (400, 1100), "GDDR7": (250, 1900),
    "HBM2": (400, 1600), "HBM2e": (900, 4000), "HBM3": (2000, 6000), "HBM3e": (3500, 9000), "HBM4": (10000, 30000),
    "LPDDR": (30, 1300),
}  # fmt: skip
"""What one device can have, by memory type: narrowest bus sold x slowest grade to widest x fastest."""

MEMORY_GIB = (2, 512)
CLASSES = {
    "nvidia-consumer",
    "nvidia-datacenter",
    "apple",
    "amd-consumer",
    "amd-datacenter",
    "intel",
    "integrated",
    "other",
}
KINDS = {"gpu", "laptop", "soc"}


def rows() -> list[tuple[str, dict[str, str]]]:
    """(file and line, row) of both files."""
    found = []
    for name in FILES:
        with (DATA / name).open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise SystemExit(f"{name}: the header is not {','.join(COLUMNS)}; build the file again")
            found += [(f"{name}:{reader.line_num} {row['name']}", row) for row in reader]
    return found


def faults() -> list[str]:
    """Everything that is wrong, one line each; empty when all is well."""
    found: list[str] = []
    table = rows()
    sources = _sources()
    for where, row in table:
        found += [f"{where}: {fault}" for fault in _row_faults(row, sources)]
    return [*found, *_name_faults(table), *_licence_faults(table, sources), *_processor_faults()]


def _sources() -> dict[str, dict[str, str]]:
    with (DATA / "sources.csv").open(encoding="utf-8", newline="") as lines:
        return {row["source"]: row for row in csv.DictReader(lines)}


def _row_faults(row: dict[str, str], sources: dict[str, dict[str, str]]) -> list[str]:
    found = []
    for column in ("id", "name", "vendor", "kind", "bandwidth_gb_s", "device_class", "backend", "sources", "as_of"):
        if not row[column]:
            found.append(f"{column} is empty; every row needs one")
    found += [f"{row['kind']!r} is no kind; write one of {sorted(KINDS)}"] * (row["kind"] not in KINDS)
    found += [f"{row['device_class']!r} is no class; write one of {sorted(CLASSES)}"] * (
        row["device_class"] not in CLASSES
    )
    for source in row["sources"].split():
        if source not in sources:
            found.append(f"source {source!r} is not in sources.csv; add it there with its licence")
    for size in filter(None, row["memory_gib"].split("/")):
        if not MEMORY_GIB[0] <= float(size) <= MEMORY_GIB[1]:
            found.append(f"{size} GiB of memory is not between {MEMORY_GIB[0]} and {MEMORY_GIB[1]}; per GPU, in GiB")
    if not row["memory_gib"] and row["kind"] != "soc":
        found.append("memory_gib is empty; only a system on a chip may leave it open")
    return found + _speed_faults(row) + _date_faults(row)


def _speed_faults(row: dict[str, str]) -> list[str]:
    found = []
    kind = re.sub(r".*LPDDR.*", "LPDDR", row["memory_type"])
    low, high = BANDWIDTH_GB_S.get(kind, (0, 0))
    if high == 0:
        found.append(f"memory type {row['memory_type']!r} has no range; add one to BANDWIDTH_GB_S")
    elif not low <= float(row["bandwidth_gb_s"] or 0) <= high:
        found.append(f"{row['bandwidth_gb_s']} GB/s is not plausible for {kind} ({low} to {high}); per GPU, both ways?")
    fp32, fp16 = float(row["fp32"] or 0), float(row["fp16"] or 0)
    if fp32 and fp16 and not 1 / 70 <= fp16 / fp32 <= 40:
        found.append(f"FP16 is {fp16 / fp32:.2f} x FP32; dense, with FP32 accumulation, in TFLOPS?")
    if row["bus"] not in ("", "C2C"):
        generation, _, lanes = row["bus"].partition(" x")
        if generation not in LANE_BYTES_PER_SECOND or lanes not in ("4", "8", "16"):
            found.append(f"bus {row['bus']!r} is not like '4.0 x16'")
    if row["unified"] == "1" and row["vendor"] != "apple" and not row["gpu_share"] and row["vendor"] != "nvidia":
        found.append("unified memory without gpu_share; write the share that the GPU may take by default")
    return found


def _date_faults(row: dict[str, str]) -> list[str]:
    try:
        date.fromisoformat(f"{row['as_of']}-01"[:10] if len(row["as_of"]) == 7 else row["as_of"])
    except ValueError:
        return [f"as_of {row['as_of']!r} is not a date; write 2026-11 or 2026-11-22"]
    return []


def _name_faults(table: list[tuple[str, dict[str, str]]]) -> list[str]:
    """Names are unique; families have at least two rows and at most one default."""
    found = []
    count = Counter(row["id"] for _, row in table)
    found += [f"id {name!r} occurs {n} times; ids are unique" for name, n in count.items() if n > 1]
    names: dict[str, str] = {}
    families: dict[str, list[str]] = {}
    for _, row in table:
        for family in filter(None, row["families"].split(";")):
            families.setdefault(key(family.rstrip("*")), []).append(family)
    for where, row in table:
        own = [name for name in (row["name"], *row["aliases"].split(";")) if name]
        for name in own:
            short = key(name)
            if len(short) < 2:
                found.append(f"{where}: alias {name!r} says too little; remove it")
            if short in names and names[short] != where:
                found.append(f"{where}: {name!r} also means {names[short]}; make it a family of both")
            if short in families and name != row["name"]:
                found.append(f"{where}: {name!r} is a family; remove the alias")
            names[short] = where
    for short, group in families.items():
        if len([family for family in group if family.endswith("*")]) > 1:
            found.append(f"family {group[0]!r} has several defaults; leave one * in `families`")
        if len(group) < 2 and short not in names and not re.search(r"^(m\d|[a-z]*\d+[a-z]*)", short):
            found.append(f"family {group[0]!r} has one row; make it an alias")
    return found


def _licence_faults(table: list[tuple[str, dict[str, str]]], sources: dict[str, dict[str, str]]) -> list[str]:
    """Share-alike rows stay in their own file."""
    found = []
    for where, row in table:
        alike = any("SA" in sources.get(source, {}).get("licence", "") for source in row["sources"].split())
        if alike != where.startswith("accelerators_cc_by_sa"):
            found.append(f"{where}: is in the wrong file for its sources' licence; build the files again")
    return found


def _processor_faults() -> list[str]:
    found = []
    for rule in rules():
        if not 0.5 <= rule.channels <= 12 or not 800 <= rule.megatransfers <= 10000 or not 1 <= rule.cores <= 256:
            found.append(f"processors.csv {rule.title}: cores, channels or data rate are not plausible")
    return found


if __name__ == "__main__":
    messages = faults()
    print("\n".join(messages) or "no faults")
    sys.exit(min(len(messages), 1))
