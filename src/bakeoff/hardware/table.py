"""Which accelerators there are, with their published facts: the reviewed data files, and finding a row by its name.

Knows nothing about this machine. The files are built by `scripts/build_accelerators.py` and checked by
`scripts/check_accelerators.py`; each row names its sources, which `sources.csv` explains.
"""

import csv
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import cast

from bakeoff.hardware.machine import Backend, Rates, Vendor
from bakeoff.units import GIB
from bakeoff.values import Estimate

DATA = Path(str(files("bakeoff.hardware").joinpath("data")))

FILES = ("accelerators.csv", "accelerators_cc_by_sa.csv")

COLUMNS = (
    "id", "name", "aliases", "families", "vendor", "kind", "architecture", "target", "memory_gib", "memory_type",
    "bandwidth_gb_s", "fp32", "fp16", "bf16", "fp16_fp16", "int8", "fp8", "fp4", "unified", "gpu_share", "cpu_cores",
    "bus", "peer_gb_s", "power_w", "released", "device_class", "backend", "basis", "sources", "as_of", "note",
)  # fmt: skip

LANE_BYTES_PER_SECOND = {
    "1.0": 0.25e9,
    "2.0": 0.5e9,
    "3.0": 0.985e9,
    "4.0": 1.969e9,
    "5.0": 3.938e9,
    "6.0": 7.563e9,
}
"""PCI Express, one lane, one way, after line coding (PCI-SIG base specifications 1.0 to 6.0)."""

C2C_BYTES_PER_SECOND = 450e9
"""NVLink-C2C between Grace and its GPU, one way (NVIDIA GH200 and GB200 datasheets: 900 GB/s both ways)."""

NOISE = frozenset(
    ("nvidia", "amd", "ati", "intel", "apple", "geforce", "gpu", "gpus", "graphics", "r", "tm", "corporation", "inc")
)
"""Words that makers and drivers put around a product's name and that distinguish nothing."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: a GPU, a laptop GPU or a system on a chip."""

    id: str
    name: str
    aliases: tuple[str, ...]
    """Other names that mean this row and no other."""

    families: tuple[str, ...]
    """Names that it shares with other rows."""

    default_of: tuple[str, ...]
    """Those of the families that mean this row when nothing else is said."""

    vendor: Vendor
    kind: str
    """`gpu`, `laptop` or `soc`."""

    target: str
    """What kernels are built for: `sm_89`, `gfx1100`, `apple9`, `xe2-hpg`."""

    sizes_bytes: tuple[int, ...]
    """Memory, for a system on a chip the sizes that were sold; empty where any may be installed."""

    memory_type: str
    bandwidth_bytes_per_second: float
    rates: Rates
    unified: bool
    gpu_share: float | None
    """Share of the memory that the GPU may take by default; None for own memory and for Apple (a rule of its own)."""

    cpu_cores: int | None
    link_bytes_per_second: float | None
    peer_bytes_per_second: float | None
    power_watts: float | None
    released: str
    device_class: str
    backend: Backend
    sources: str
    as_of: str
    note: str

    @property
    def compute_capability(self) -> str | None:
        """`sm_89` -> `8.9`, `sm_120` -> `12.0`; None where it is not NVIDIA's."""
        digits = self.target.removeprefix("sm_")
        return f"{digits[:-1]}.{digits[-1]}" if self.target.startswith("sm_") else None

    def bandwidth(self) -> Estimate:
        """The published peak."""
        return self._published(self.bandwidth_bytes_per_second)

    def link(self) -> Estimate | None:
        """To the system's memory, one way."""
        return None if self.link_bytes_per_second is None else self._published(self.link_bytes_per_second)

    def peer(self) -> Estimate | None:
        """To sister devices, one way."""
        return None if self.peer_bytes_per_second is None else self._published(self.peer_bytes_per_second)

    def _published(self, value: float) -> Estimate:
        return Estimate.exact(value, source="published", detail=self.sources.replace(" ", ", "), as_of=self.as_of)


def plain(text: str) -> str:
    """Lower case, without accents, typographic signs and widths: how all names are compared."""
    if text.isascii():
        return text.casefold()
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def key(name: str) -> str:
    """`NVIDIA GeForce RTX 4060 Laptop GPU` and `rtx-4060 mobile` -> `rtx4060laptop`."""
    words = re.findall(r"[a-z0-9]+", plain(name))
    return "".join("laptop" if word == "mobile" else word for word in words if word not in NOISE)


@cache
def entries() -> tuple[Entry, ...]:
    """All rows of both files."""
    rows = []
    for name in FILES:
        with (DATA / name).open(encoding="utf-8", newline="") as lines:
            rows += [_entry(row) for row in csv.DictReader(lines)]
    return tuple(rows)


@cache
def index() -> dict[str, tuple[Entry, ...]]:
    """Every name, by its `key`: one row, or the rows of a family with the default first."""
    found: dict[str, list[Entry]] = {}
    for entry in entries():
        for family in entry.families:
            group = found.setdefault(key(family), [])
            if entry not in group:
                group.insert(0 if family in entry.default_of else len(group), entry)
    for entry in entries():
        for name in (entry.name, *entry.aliases):
            found.setdefault(key(name), [entry])
    return {name: _ordered(name, group) for name, group in found.items()}


def find(name: str, memory_bytes: float | None = None) -> Entry | None:
    """The row that a driver's name means; of several the one with the nearest memory."""
    group = index().get(key(name)) or index().get(re.sub(r"\d+gb$", "", key(name)))
    if not group:
        return None
    if memory_bytes is None or group[0].kind == "soc":
        return group[0]
    return min(group, key=lambda entry: min(abs(size - memory_bytes) for size in entry.sizes_bytes or (0,)))


def pci_express(generation: str, lanes: int) -> float:
    """Bytes per second, one way: `("4.0", 16)` -> 31.5e9."""
    return LANE_BYTES_PER_SECOND[generation] * lanes


def _ordered(name: str, group: list[Entry]) -> tuple[Entry, ...]:
    """The default first; where there is none, the least memory and then the slowest: a plan that holds on any."""
    if any(key(family) == name for family in group[0].default_of):
        return tuple(group)
    return tuple(sorted(group, key=lambda e: (min(e.sizes_bytes or (0,)), e.bandwidth_bytes_per_second, _fp32(e))))


def _fp32(entry: Entry) -> float:
    return entry.rates.fp32 or 0.0


def _entry(row: dict[str, str]) -> Entry:
    families = [family for family in row["families"].split(";") if family]
    return Entry(
        id=row["id"],
        name=row["name"],
        aliases=tuple(alias for alias in row["aliases"].split(";") if alias),
        families=tuple(family.rstrip("*") for family in families),
        default_of=tuple(family.rstrip("*") for family in families if family.endswith("*")),
        vendor=cast(Vendor, row["vendor"]),
        kind=row["kind"],
        target=row["target"],
        sizes_bytes=tuple(int(float(size) * GIB) for size in row["memory_gib"].split("/") if size),
        memory_type=row["memory_type"],
        bandwidth_bytes_per_second=float(row["bandwidth_gb_s"]) * 1e9,
        rates=Rates(
            fp32=_tera(row["fp32"]),
            fp16=_tera(row["fp16"]),
            bf16=_tera(row["bf16"]),
            fp16_fp16_accumulate=_tera(row["fp16_fp16"]),
            int8=_tera(row["int8"]),
            fp8=_tera(row["fp8"]),
            fp4=_tera(row["fp4"]),
        ),
        unified=row["unified"] == "1",
        gpu_share=_optional(row["gpu_share"]),
        cpu_cores=int(row["cpu_cores"]) if row["cpu_cores"] else None,
        link_bytes_per_second=_link(row["bus"]),
        peer_bytes_per_second=_giga(row["peer_gb_s"]),
        power_watts=_optional(row["power_w"]),
        released=row["released"],
        device_class=row["device_class"],
        backend=cast(Backend, row["backend"]),
        sources=row["sources"],
        as_of=row["as_of"],
        note=row["note"],
    )


def _link(bus: str) -> float | None:
    generation, _, lanes = bus.partition(" x")
    return C2C_BYTES_PER_SECOND if bus == "C2C" else pci_express(generation, int(lanes)) if lanes else None


def _optional(text: str) -> float | None:
    return float(text) if text else None


def _giga(text: str) -> float | None:
    return float(text) * 1e9 if text else None


def _tera(text: str) -> float | None:
    return float(text) * 1e12 if text else None
