"""The data files: checked, loaded, and found by the names that drivers and people use."""

import re

import pytest
from scripts import check_accelerators

from bakeoff.hardware import processors, table
from bakeoff.hardware.table import entries, find, index, key
from bakeoff.units import GIB


def test_the_shipped_files_have_no_faults() -> None:
    assert check_accelerators.faults() == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"bandwidth_gb_s": "10300"}, "10300 GB/s is not plausible for HBM3"),
        ({"memory_gib": "1024"}, "1024 GiB of memory is not between"),
        ({"memory_gib": ""}, "only a system on a chip may leave it open"),
        ({"kind": "card"}, "write one of"),
        ({"sources": "hearsay"}, "add it there with its licence"),
        ({"as_of": "last year"}, "write 2026-11"),
        ({"fp16": "160000"}, "with FP32 accumulation"),
        ({"bus": "5.0 x17"}, "is not like '4.0 x16'"),
        ({"memory_type": "SRAM"}, "add one to BANDWIDTH_GB_S"),
        ({"device_class": "fast"}, "'fast' is no class"),
    ],
)
def test_a_fault_is_found_and_its_message_says_what_to_do(
    change: dict[str, str], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = check_accelerators.rows()
    place, row = next((place, row) for place, (_, row) in enumerate(rows) if row["name"] == "Instinct MI300X")
    rows[place] = (rows[place][0], {**row, **change})
    monkeypatch.setattr(check_accelerators, "rows", lambda: rows)
    found = [message for message in check_accelerators.faults() if "MI300X" in message]
    assert any(fault in message for message in found), found


def test_two_rows_of_one_name_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = check_accelerators.rows()
    monkeypatch.setattr(check_accelerators, "rows", lambda: [*rows, ("accelerators.csv:999 again", rows[5][1])])
    found = check_accelerators.faults()
    assert any("ids are unique" in message for message in found)
    assert any("make it a family of both" in message for message in found)


def test_share_alike_rows_stay_in_their_own_file(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(where.replace("_cc_by_sa", ""), row) for where, row in check_accelerators.rows()]
    monkeypatch.setattr(check_accelerators, "rows", lambda: rows)
    assert any("is in the wrong file" in message for message in check_accelerators.faults())


def test_known_faults_of_the_sources_are_not_in_the_table() -> None:
    """Named in evidence/hardware-prices-speed.md, section 1."""
    known = {
        "Instinct MI300X": (192, 5300), "Instinct MI325X": (256, 6000), "B200 SXM": (180, 8000),
        "B300 SXM": (288, 8000), "GeForce RTX 5060": (8, 448), "Radeon RX 9070": (16, 640),
        "Radeon RX 9070 XT": (16, 640), "Radeon RX 6650 XT": (8, 280.3),
    }  # fmt: skip
    rows = {entry.name: entry for entry in entries()}
    for name, (size, speed) in known.items():
        assert rows[name].sizes_bytes == (size * GIB,), name
        assert rows[name].bandwidth_bytes_per_second == speed * 1e9, name
    assert rows["GeForce RTX 5090"].compute_capability == "12.0"
    assert rows["Tesla P100 PCIe 16 GB"].compute_capability == "6.0"
    assert rows["M3 Ultra (80-core GPU)"].rates.fp32 == 28.4e12
    assert rows["H800 SXM5"].rates.fp16 == 989e12


@pytest.mark.parametrize(
    ("driver", "gib", "name"),
    [
        ("NVIDIA H100 80GB HBM3", 79.6, "H100 SXM5 80 GB"),
        ("NVIDIA A100-SXM4-80GB", 80.0, "A100 SXM4 80 GB"),
        ("NVIDIA A100 80GB PCIe", 80.0, "A100 PCIe 80 GB"),
        ("Tesla V100-SXM2-16GB", 16.0, "Tesla V100 SXM2 16 GB"),
        ("Tesla P100-PCIE-16GB", 16.0, "Tesla P100 PCIe 16 GB"),
        ("NVIDIA GeForce RTX 3060", 12.0, "GeForce RTX 3060 12 GB"),
        ("NVIDIA GeForce RTX 3060", 8.0, "GeForce RTX 3060 8 GB"),
        ("NVIDIA GeForce RTX 4060 Ti", 16.0, "GeForce RTX 4060 Ti 16 GB"),
        ("NVIDIA GeForce RTX 4090", 48.0, "GeForce RTX 4090 48 GB"),
        ("GeForce RTX 2070 with Max-Q Design", 8.0, "GeForce RTX 2070 Max-Q"),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", 16.0, "GeForce RTX 4090 Laptop GPU"),
        ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", 95.6, "RTX PRO 6000 Blackwell"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", 95.6, "RTX PRO 6000 Blackwell Server"),
        ("NVIDIA RTX 6000 Ada Generation", 48.0, "RTX 6000 Ada Generation"),
        ("NVIDIA GH200 480GB", 95.6, "GH200 96 GB"),
        ("NVIDIA GH200 144G HBM3e", 143.0, "GH200 144 GB"),
        ("NVIDIA A10G", 22.5, "A10G"),
        ("NVIDIA L40S", 45.0, "L40S"),
        ("Intel(R) Arc(TM) B580 Graphics", 11.9, "Arc B580"),
        ("AMD Radeon(TM) 8060S Graphics", 0.5, "Ryzen AI Max+ 395 (Radeon 8060S)"),
        ("Apple M2 Ultra", None, "M2 Ultra (60-core GPU)"),
    ],
)
def test_the_names_that_drivers_give_are_found(driver: str, gib: float | None, name: str) -> None:
    entry = find(driver, gib * GIB if gib else None)
    assert entry is not None
    assert entry.name == name


def test_a_name_that_nobody_has_is_not_found() -> None:
    assert find("NVIDIA GeForce RTX 9999") is None
    assert find("") is None


def test_spelling_does_not_matter_and_variants_do() -> None:
    assert key("NVIDIA GeForce RTX 4060 Laptop GPU") == key("rtx-4060 mobile") == "rtx4060laptop"
    assert key("RTX 4060") != key("RTX 4060 Ti")
    assert key("RX 7900 XT") != key("RX 7900 XTX")


def test_the_default_of_a_family_comes_first() -> None:
    assert [entry.name for entry in index()["rtx3060"]] == ["GeForce RTX 3060 12 GB", "GeForce RTX 3060 8 GB"]
    assert index()["h100"][0].name == "H100 SXM5 80 GB"
    for name, rows in index().items():
        defaults = [row for row in rows if name in {key(family) for family in row.default_of}]
        assert defaults in ([], [rows[0]]), name


def test_without_a_default_the_least_comes_first() -> None:
    assert [entry.name for entry in index()["m3max"]] == ["M3 Max (30-core GPU)", "M3 Max (40-core GPU)"]


def test_links_are_per_lane_and_one_way() -> None:
    assert table.pci_express("4.0", 16) == pytest.approx(31.5e9, rel=0.001)
    rows = {entry.name: entry for entry in entries()}
    assert rows["H100 SXM5 80 GB"].peer_bytes_per_second == 450e9  # 900 GB/s both ways
    assert rows["GH200 96 GB"].link_bytes_per_second == 450e9
    assert rows["GeForce RTX 3090"].peer_bytes_per_second is None  # the bridge is sold apart


@pytest.mark.parametrize(
    ("text", "cores", "memory", "channels"),
    [
        ("AMD Ryzen 9 5950X 16-Core Processor", 16, "DDR4-3200", 2),
        ("12th Gen Intel(R) Core(TM) i7-12700H", 14, "DDR5-5200", 2),
        ("11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz", 4, "DDR4-3200", 2),
        ("Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz", 12, "DDR4-2400", 4),
        ("Intel(R) Xeon(R) Gold 6430", 20, "DDR5-4800", 8),
        ("INTEL(R) XEON(R) PLATINUM 8568Y+", 32, "DDR5-5600", 8),
        ("AMD EPYC 7763 64-Core Processor", 64, "DDR4-3200", 8),
        ("AMD EPYC 9654 96-Core Processor", 96, "DDR5-4800", 12),
        ("AMD Ryzen Threadripper PRO 7995WX 96-Cores", 96, "DDR5-5200", 8),
        ("Raspberry Pi 5 Model B Rev 1.0", 4, "LPDDR4X-4267", 0.5),
    ],
)
def test_processors_are_found_in_what_systems_call_them(text: str, cores: int, memory: str, channels: float) -> None:
    rule = processors.find(text)
    assert rule is not None
    assert (rule.cores, rule.memory_type, rule.channels) == (cores, memory, channels)


def test_the_letters_of_a_pattern_tell_which_names_cannot_match() -> None:
    """`Rule.matches` relies on it: a letter is spelt out, or is one of `ANY_LETTER`."""
    other_ways = re.compile(r"(?<!\\)\.|\\[wWDS]|\[\^|[b-z]-[a-z]|a-[a-y]")
    for rule in processors.rules():
        assert not other_ways.search(rule.pattern), rule.pattern


@pytest.mark.parametrize("text", ["AMD EPYC", "Neoverse-V2", "QEMU Virtual CPU version 2.5+", "", "@@@"])
def test_processors_without_a_model_are_not_guessed(text: str) -> None:
    assert processors.find(text) is None


def test_memory_bandwidth_is_channels_times_eight_bytes_times_the_rate() -> None:
    assert processors.memory_bandwidth("DDR5-5600", 2, detail="").value == 89.6e9
    assert processors.memory_bandwidth("DDR5-4800", 12, detail="").value == 460.8e9
    assert processors.memory_bandwidth("LPDDR5X-8533", 2, detail="").value == pytest.approx(136.5e9, rel=0.001)
