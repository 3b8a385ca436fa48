"""A machine from what a person writes: what the line means, what is assumed, and which lines are refused."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.errors import UsageError
from bakeoff.hardware import Machine, machine, parse_machine
from bakeoff.hardware.table import entries
from bakeoff.units import GIB
from bakeoff.values import from_json, to_json


def short(found: Machine) -> tuple[list[str], float, float]:
    """(names of the GPUs, GiB of main memory, GB/s of main memory)."""
    speed = found.processor.bandwidth_bytes_per_second
    assert speed is not None
    return (
        [one.name for one in found.accelerators],
        round(found.processor.memory_total_bytes.value / GIB, 1),
        round(speed.value / 1e9, 1),
    )


R4090, R3090, R3060 = "GeForce RTX 4090", "GeForce RTX 3090", "GeForce RTX 3060 12 GB"
H100, A100 = "H100 SXM5 80 GB", "A100 SXM4 80 GB"
STRIX, SPARK = "Ryzen AI Max+ 395 (Radeon 8060S)", "DGX Spark 128 GB (GB10)"

LINES: list[tuple[str, list[str], float, float]] = [
    # the issue's own examples
    ("RTX 4090, 64 GB RAM", [R4090], 64, 83.2),
    ("2x H100 SXM", [H100] * 2, 160, 307.2),
    ("M3 Max 64 GB", ["M3 Max (40-core GPU)"], 64, 400),
    ("RTX 4060 Laptop, 16 GB", ["GeForce RTX 4060 Laptop GPU"], 16, 83.2),
    ("Ryzen AI Max+ 395 128 GB", [STRIX], 128, 256),
    ("CPU only, 32 GB DDR5-5600", [], 32, 89.6),
    ("RTX 3090 + RTX 3060 12GB, Ryzen 9 5950X, 128 GB DDR4-3200", [R3090, R3060], 128, 51.2),
    ("DGX Spark", [SPARK], 121.6, 273),
    ("MacBook Air M2 16GB", ["M2 (8-core GPU)"], 16, 100),
    ("8x A100 80GB", [A100] * 8, 640, 204.8),
    ("H100 NVL", ["H100 NVL 94 GB"], 94, 307.2),
    ("Tesla T4", ["Tesla T4"], 64, 204.8),
    ("Arc B580", ["Arc B580"], 32, 83.2),
    ("RX 7900 XTX", ["Radeon RX 7900 XTX"], 32, 83.2),
    ("Raspberry Pi 5 8GB", [], 8, 17.1),
    # sizes: the card's where it was sold with that much, else the system's
    ("RTX 4060 Ti 16GB", ["GeForce RTX 4060 Ti 16 GB"], 32, 83.2),
    ("RTX 4060 Ti, 16 GB", ["GeForce RTX 4060 Ti 16 GB"], 32, 83.2),
    ("RTX 4060 Ti, 32 GB", ["GeForce RTX 4060 Ti 8 GB"], 32, 83.2),
    ("RTX 4060 Ti, 16 GB RAM", ["GeForce RTX 4060 Ti 8 GB"], 16, 83.2),
    ("RTX 4060 Ti 16GB 16GB", ["GeForce RTX 4060 Ti 16 GB"], 16, 83.2),
    ("RTX 3090, 24 GB", [R3090], 32, 51.2),
    ("64GB RAM, 24GB RTX 3090", [R3090], 64, 51.2),
    ("RTX 3060, 12 GB VRAM, 48 GB RAM", [R3060], 48, 51.2),
    ("RTX 4090 48GB", ["GeForce RTX 4090 48 GB"], 32, 83.2),
    ("V100 32GB, 256 GB", ["Tesla V100 PCIe 32 GB"], 256, 204.8),
    ("2x16GB DDR4-3600, GTX 1060", ["GeForce GTX 1060 6 GB"], 32, 57.6),
    ("2x 24GB RTX 3090, 64 GB", [R3090] * 2, 64, 51.2),
    # counts
    ("2xH100", [H100] * 2, 160, 307.2),
    ("H100 x8, 2 TB RAM", [H100] * 8, 2048, 307.2),
    ("4 H100s", [H100] * 4, 320, 307.2),
    ("dual RTX 3090 128 GB", [R3090] * 2, 128, 51.2),
    ("RTX 3090 RTX 3090", [R3090] * 2, 32, 51.2),
    # processors and memory
    ("Ryzen 7 9800X3D, RTX 5090, 64GB", ["GeForce RTX 5090"], 64, 89.6),
    ("i9-14900K 64gb ddr5 6000 mt/s", [], 64, 96),
    ("EPYC 9654, 768GB", [], 768, 460.8),
    ("2x EPYC 7763, 1 TB", [], 1024, 409.6),
    ("Threadripper PRO 7995WX 512 GB, RTX PRO 6000", ["RTX PRO 6000 Blackwell"], 512, 332.8),
    ("Xeon w9-3495X, 256 GB", [], 256, 307.2),
    ("Intel N100 16 GB", [], 16, 38.4),
    ("16 GB DDR4 single channel", [], 16, 25.6),
    ("CPU only, 64 GB, 80 GB/s", [], 64, 80),
    # systems on a chip
    ("Mac Studio M3 Ultra 512GB", ["M3 Ultra (80-core GPU)"], 512, 819),
    ("M4 Max 36GB", ["M4 Max (32-core GPU)"], 36, 410),
    ("M3 Max 30-core GPU, 96 GB", ["M3 Max (30-core GPU)"], 96, 300),
    ("Framework Desktop 64GB", [STRIX], 64, 256),
    ("Ryzen AI Max+ 395 128GB, 96 GB VRAM", [STRIX], 32, 256),
    ("Ryzen AI 9 HX 370, RTX 4070 Laptop, 32GB", ["GeForce RTX 4070 Laptop GPU"], 32, 120),
    ("Jetson AGX Orin", ["Jetson AGX Orin 64 GB"], 59.5, 204.8),
    ("GH200", ["GH200 96 GB"], 480, 512),
    ("4x MI300A", ["Instinct MI300A"] * 4, 512, 5300),
    # other ways to write
    ("laptop with an rtx4060, 32gb ram, windows 11", ["GeForce RTX 4060 Laptop GPU"], 32, 83.2),
    ("NVIDIA® GeForce RTX™ 4090", [R4090], 32, 83.2),
    ("rtx-3090 / 64gb", [R3090], 64, 51.2),
    ("4070S 32gb", ["GeForce RTX 4070 SUPER"], 32, 83.2),
    ("Radeon Pro W7900, 128 GB", ["Radeon PRO W7900"], 128, 83.2),
    ("24 GB VRAM, 900 GB/s, 64 GB RAM", ["GPU with 24 GB"], 64, 51.2),
    ("máy chỉ có CPU, 16 GB", [], 16, 51.2),
    ("hai card RTX 3090, bộ nhớ 64 GB", [R3090] * 2, 64, 51.2),
    ("laptop không có GPU, RAM 16 GB DDR4 kênh đôi", [], 16, 51.2),
    ("MÁY TÍNH XÁCH TAY RTX 4060 và 32 GB RAM", ["GeForce RTX 4060 Laptop GPU"], 32, 83.2),
]


@pytest.mark.parametrize(("line", "gpus", "memory", "speed"), LINES, ids=[line[0] for line in LINES])
def test_a_line_means_these_devices(line: str, gpus: list[str], memory: float, speed: float) -> None:
    found = parse_machine(line)
    assert short(found) == (gpus, memory, speed)
    assert not found.here
    assert found.name == " ".join(line.split())
    assert from_json(Machine, to_json(found)) == found


@pytest.mark.parametrize(("line", "gpus", "memory", "speed"), LINES[:20], ids=[line[0] for line in LINES[:20]])
def test_case_and_composition_do_not_matter(line: str, gpus: list[str], memory: float, speed: float) -> None:
    for other in (line.upper(), line.lower(), unicodedata.normalize("NFD", line), f"  {line}, "):
        assert short(parse_machine(other)) == (gpus, memory, speed)


@pytest.mark.parametrize(
    ("line", "total_gib", "usable_gib"),
    [
        # 24 GiB less 0.29 GiB + 0.64 % for the driver and 0.5 GiB for a desktop
        ("RTX 4090", 24.0, 23.06),
        # an eighth of the second card's memory is not a desktop's: only the first drives a screen
        ("RTX 3060 12GB", 12.0, 11.13),
        # ECC bits in the same chips: 16 x 15/16
        ("Tesla T4", 15.0, 14.61),
        ("L40S", 45.0, 44.42),
        # HBM has chips of its own for them
        ("A100 80GB", 80.0, 79.20),
        ("H200", 141.0, 139.81),
        # Metal's limit, 81 % of 64 GiB; the system's share would leave more
        ("M3 Max 64 GB", 51.84, 51.84),
        # here the system leaves less than Metal allows: 8 - 3 - 2 %
        ("M1 8GB", 5.34, 4.84),
        # 95 % of 128 GiB is visible; of that the system keeps 2 GiB and 2 %
        ("DGX Spark", 121.6, 117.17),
        ("Ryzen AI Max+ 395 128 GB", 96.0, 96.0),
    ],
)
def test_usable_memory_is_what_driver_and_system_leave(line: str, total_gib: float, usable_gib: float) -> None:
    gpu = parse_machine(line).accelerators[0]
    assert gpu.memory_total_bytes.value / GIB == pytest.approx(total_gib, abs=0.01)
    assert gpu.memory_usable_bytes.value / GIB == pytest.approx(usable_gib, abs=0.01)


def test_unified_memory_is_counted_once() -> None:
    for line in ("M3 Max 64 GB", "DGX Spark", "Ryzen AI Max+ 395 128 GB"):
        found = parse_machine(line)
        (gpu,) = found.accelerators
        assert gpu.unified
        assert gpu.memory_total_bytes.value <= found.processor.memory_total_bytes.value
        assert gpu.dedicated_bytes == 0


def test_what_is_set_aside_is_not_the_systems() -> None:
    found = parse_machine("Ryzen AI Max+ 395 128GB, 96 GB VRAM")
    (gpu,) = found.accelerators
    assert gpu.dedicated_bytes == gpu.memory_total_bytes.value == 96 * GIB
    assert found.processor.memory_total_bytes.value == 32 * GIB


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ("RTX 4090, 64 GB DDR5-6000, Ryzen 9 7950X", []),
        ("RTX 4090, 64 GB DDR5-6000", ["hardware.cores_assumed"]),
        (
            "RTX 4090",
            ["hardware.cores_assumed", "hardware.memory_assumed", "hardware.memory_type_assumed"],
        ),
        ("H100, EPYC 9654, 768 GB", ["hardware.variant_assumed"]),
        ("M3 Max 64 GB", []),
        ("M3 Max", ["hardware.variant_assumed", "hardware.memory_assumed"]),
        ("M3 Max 100 GB", ["hardware.variant_assumed", "hardware.memory_not_sold"]),
        ("RTX 3080 20GB VRAM, i7-12700K, 32 GB RAM", ["hardware.variant_assumed", "hardware.card_memory_given"]),
        ("2x EPYC 9654, 768 GB", ["hardware.sockets"]),
    ],
)
def test_what_was_assumed_is_said(line: str, codes: list[str]) -> None:
    assert [note.code for note in parse_machine(line).notes] == codes


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("", "no machine is named", "RTX 4090, 64 GB RAM"),
        (" , ;", "no device is named", "RTX 4090"),
        ("NVIDIA GPU", "no device is named", "RTX 4090"),
        ("RTX 9090", "'RTX 9090' is not a device", "GeForce RTX 4090"),
        ("RX 9090 XT", "'RX 9090 XT' is not a device", "Radeon RX 9070 XT"),
        ("M9 Max", "'M9 Max' is not a device", "M1"),
        ("quantum computer", "'quantum' is not a device", "by its numbers"),
        ("RTX 4090, blub", "'blub' is not a device", "leave out"),
        ("3x 0 GB", "0 GB of memory", "leave the size out"),
        ("0 GB", "0 GB of memory", "leave the size out"),
        ("RTX 4090, 0 GB RAM", "0 GB of memory", "leave the size out"),
        ("-5 GB", "cannot be negative: -5 gb", "write 5 gb"),
        ("RTX 4090, -16 GB RAM", "cannot be negative", "write 16 gb"),
        ("10000x RTX 4090", "10000 devices are more", "at most 72"),
        ("40x RTX 4090, 40x RTX 3090", "more devices than one machine has", "at most 72"),
        ("0x RTX 4090", "0 devices is no number", "1 to 72"),
        ("1.5x RTX 4090", "'1.5x' is not a device", ""),
        ("RTX 4090, 1 PB", "memory is not a machine's", "65536 GB"),
        ("1 MB", "memory is not a machine's", "0.25 GB"),
        ("RTX 4090 2000 GB VRAM", "on one card do not exist", "one card"),
        ("64", "64 alone says nothing", "64 GB"),
        ("½ GB", "1 alone says nothing", "1 GB"),
        ("8x", "8x of what", "2x RTX 3090"),
        ("RTX 4090, 16 GB RAM, 32 GB RAM", "two sizes of memory", "VRAM"),
        ("CPU only, RTX 4090", "CPU only, and GeForce RTX 4090", "leave one"),
        ("M2 + M3", "two machines", "one of them"),
        ("2x DGX Spark", "are 2 machines", "one of them"),
        ("Ryzen 9 5950X, i9-14900K", "two different processors", "name one"),
        ("M3 Max 12-core GPU", "no m3 max with 12 GPU cores", "M3 Max (30-core GPU)"),
        ("12-core GPU", "12 GPU cores of what", "M3 Max"),
        ("CPU only, 99 channels", "99 memory channels", "24"),
        ("24 GB VRAM, 0.1 GB/s", "is no memory's bandwidth", ""),
        ("x" * 501, "501 characters", "devices only"),
    ],
)
def test_what_cannot_be_is_refused_with_the_fix(line: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_machine(line)
    assert message in refused.value.message
    assert hint in (refused.value.hint or "")


def test_every_row_of_the_table_is_found_by_its_own_name_and_aliases() -> None:
    for entry in entries():
        for name in (entry.name, *(alias for alias in entry.aliases if "/" not in alias)):
            found = parse_machine(name)
            assert found.accelerators, name
            assert found.accelerators[0].name == entry.name, name


PARTS = st.one_of(
    st.sampled_from([name for entry in entries() for name in (entry.name, *entry.aliases)]),
    st.sampled_from(
        ["2x", "8x", "x4", "64", "GB", "16GB", "RAM", "VRAM", "DDR5-5600", "DDR4", "laptop", "cpu only", "+"]
    ),
    st.sampled_from(["96 GB VRAM", "64 GB RAM", "24 GB", "4 channels", "900 GB/s", "40-core GPU", "windows", "máy"]),
    st.sampled_from(["M3 Max", "Ryzen 9 5950X", "Ryzen AI Max+ 395", "GH200", "EPYC 9654", "2x 16GB", "no gpu"]),
    st.text(max_size=12),
    st.floats(-1e6, 1e9).map(lambda number: f"{number:.1f} GB"),
)


LINES_OF_PARTS = st.lists(PARTS, max_size=7)


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(max_size=60), LINES_OF_PARTS.map(" ".join), LINES_OF_PARTS.map(", ".join)))
def test_any_line_is_a_machine_with_memory_or_a_usage_error(line: str) -> None:
    try:
        found = parse_machine(line)
    except UsageError:
        return
    assert found.processor.cores >= 1
    for one in (found.processor, *found.accelerators):
        assert 0 < one.memory_usable_bytes.low <= one.memory_usable_bytes.value <= one.memory_total_bytes.high
    for gpu in found.accelerators:
        assert gpu.memory_total_bytes.value <= 1024 * GIB
    assert from_json(Machine, to_json(found)) == found


def test_this_machine_can_be_asked_for_by_name() -> None:
    for text in (None, "this machine", "Here", " máy này "):
        assert machine(text, measure=False).here
    assert machine("RTX 4090").name == "RTX 4090"


@pytest.mark.parametrize(
    ("line", "memory"),
    [
        ("400.0 GiB RAM", 400),
        ("RTX 4090 24.0 GB VRAM, 400.0 GiB RAM", 400),
        ("CPU only, 5090.0 MB RAM", 5090 / 1024),
        ("8 cores, 31.3 GiB RAM", 31.3),
        ("RTX 4090, 0.5 TB", 512),
    ],
)
def test_sizes_may_have_decimals_whatever_card_they_look_like(line: str, memory: float) -> None:
    machine = parse_machine(line)
    assert machine.processor.memory_total_bytes.value / GIB == pytest.approx(memory)
    assert len(machine.accelerators) == line.startswith("RTX")
