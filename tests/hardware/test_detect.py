"""Whole machines from recordings: each maker's tools, odd answers included."""

import pytest

from bakeoff.hardware import Machine, detect
from bakeoff.units import GIB, MIB
from bakeoff.values import from_json, to_json
from tests.hardware.recording import FIXTURES, Recording


def seen(name: str, **others: object) -> Machine:
    return detect(measure=False, probe=Recording.of(name, **others))


def codes(machine: Machine) -> list[str]:
    return [note.code for note in machine.notes]


def test_a_card_is_read_with_what_is_free_and_how_it_was_learnt() -> None:
    machine = seen("nvidia_smi_4090")
    (card,) = machine.accelerators
    assert card.name == "GeForce RTX 4090"
    assert (card.vendor, card.backend, card.device_class) == ("nvidia", "cuda", "nvidia-consumer")
    assert card.memory_total_bytes.value == 24564 * MIB
    assert card.memory_usable_bytes.value == 23987 * MIB
    assert card.memory_usable_bytes.source == "measured"
    assert card.memory_usable_bytes.detail == "nvidia-smi"
    assert card.bandwidth_bytes_per_second is not None
    assert card.bandwidth_bytes_per_second.value == 1008e9
    assert card.bandwidth_bytes_per_second.source == "published"
    assert card.link_bytes_per_second is not None
    assert card.link_bytes_per_second.value == 16 * 1.969e9
    assert card.compute_capability == "8.9"
    assert card.rates.fp16 == pytest.approx(165.2e12)
    assert machine.processor.memory_usable_bytes.value == 60_000_000 * 1024
    assert machine.processor.instructions == ("avx", "avx2", "avx512f", "avx512_vnni", "avx512_bf16", "fma", "f16c")
    assert machine.notes == ()
    assert machine.here


def test_a_spark_without_memory_fields_gets_the_systems_memory_once() -> None:
    machine = seen("nvidia_smi_gb10")
    (chip,) = machine.accelerators
    assert chip.unified
    assert chip.device_class == "integrated"
    assert chip.memory_total_bytes.value == machine.processor.memory_total_bytes.value == 127600748 * 1024
    assert chip.memory_usable_bytes.value == 118566368 * 1024
    assert chip.bandwidth_bytes_per_second is not None
    assert chip.bandwidth_bytes_per_second.value == 273e9
    assert chip.compute_capability == "12.1"
    assert machine.processor.name == "Cortex-X925"
    assert "sve" in machine.processor.instructions


def test_a_jetson_that_says_nothing_is_found_all_the_same() -> None:
    machine = seen("nvidia_smi_orin")
    (chip,) = machine.accelerators
    assert chip.unified
    assert chip.memory_total_bytes.value == 7801406 * 1024
    assert machine.processor.name.startswith("NVIDIA Jetson Orin Nano")


def test_wsl_is_known_and_its_nvidia_smi_is_found_beside_the_path() -> None:
    machine = seen("nvidia_smi_wsl_5080")
    assert machine.system == "linux wsl"
    assert machine.accelerators[0].name == "GeForce RTX 5080"
    assert machine.accelerators[0].memory_usable_bytes.value == 15165 * MIB


def test_fields_that_are_no_numbers_cost_that_field_only() -> None:
    machine = seen("nvidia_smi_errors")
    turing, kepler = machine.accelerators
    assert turing.memory_total_bytes.value == 11264 * MIB
    assert turing.link_bytes_per_second is not None
    assert turing.link_bytes_per_second.value == 8 * 0.985e9
    assert kepler.memory_total_bytes.value == 1998 * MIB
    assert kepler.memory_usable_bytes.source == "estimated"
    assert kepler.rates.fp32 is None
    faults = [note.parameters["fault"] for note in machine.notes if note.code == "hardware.gpu_fault"]
    assert faults == ["lost"]
    assert "hardware.device_unknown" in codes(machine)


def test_a_field_that_an_old_driver_refuses_is_asked_no_more() -> None:
    machine = seen("nvidia_smi_old_driver")
    (card,) = machine.accelerators
    assert card.name == "GeForce GTX 1080 Ti"
    assert card.compute_capability == "6.1"
    limited = next(note for note in machine.notes if note.code == "hardware.power_limited")
    assert (limited.parameters["watts"], limited.parameters["default"]) == (200, 250)


def test_of_a_partitioned_gpu_a_program_gets_the_first_instance() -> None:
    machine = seen("nvidia_smi_mig")
    (part,) = machine.accelerators
    assert part.name.endswith("MIG 3g.20gb")
    assert part.memory_total_bytes.value == 20 * GIB
    assert part.bandwidth_bytes_per_second is not None
    assert part.bandwidth_bytes_per_second.value == pytest.approx(1555e9 * 4 / 8)
    assert part.rates.fp16 == pytest.approx(312e12 * 3 / 7)
    assert "hardware.mig_first" in codes(machine)


def test_an_instance_can_be_chosen_by_its_uuid() -> None:
    machine = seen("nvidia_smi_mig", environment={"CUDA_VISIBLE_DEVICES": "MIG-cba663e8"})
    assert machine.accelerators[0].name.endswith("MIG 1g.5gb")


@pytest.mark.parametrize(
    ("output", "fault"),
    [
        (
            "[exit 18]\nFailed to initialize NVML: Driver/library version mismatch\nNVML library version: 570.124",
            "mismatch",
        ),
        ("[exit 9]\nNVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", "not loaded"),
        ("[exit 255]\nUnable to determine the device handle for GPU 0000:0B:00.0: Unknown Error", "lost"),
        ("[exit 1]\nSegmentation fault", "other"),
        ("[exit 124]", "silent"),
    ],
)
def test_a_driver_that_does_not_work_is_a_note(output: str, fault: str) -> None:
    machine = detect(measure=False, probe=Recording(f"$ nvidia-smi\n{output}\n"))
    assert machine.accelerators == ()
    (note,) = machine.notes
    assert (note.code, note.parameters["fault"]) == ("hardware.driver_fault", fault)


def test_a_driver_without_a_card_is_no_fault() -> None:
    machine = detect(measure=False, probe=Recording("$ nvidia-smi\n[exit 6]\nNo devices were found\n"))
    assert machine.accelerators == ()
    assert machine.notes == ()


def test_a_radeon_is_read_from_the_kernel_and_the_small_apu_beside_it_left_out() -> None:
    machine = seen("amd_7900xt")
    (card,) = machine.accelerators
    assert card.name == "Radeon RX 7900 XT"
    assert (card.backend, card.target) == ("rocm", "gfx1100")
    assert card.memory_total_bytes.value == 21458059264
    assert card.memory_usable_bytes.value == 21458059264 - 27856896
    assert card.link_bytes_per_second is not None
    assert card.link_bytes_per_second.source == "measured"
    assert "hardware.integrated_left_out" in codes(machine)


def test_rocm_variables_hide_devices() -> None:
    machine = seen("amd_7900xt", environment={"ROCR_VISIBLE_DEVICES": "0"})
    assert [one.name for one in machine.accelerators if not one.unified] == []
    assert "hardware.devices_hidden" in codes(machine)
    chosen = seen("amd_7900xt", environment={"ROCR_VISIBLE_DEVICES": "GPU-61cafbf2b29c7b1d"})
    assert [one.name for one in chosen.accelerators] == ["Radeon RX 7900 XT"]


@pytest.mark.parametrize(
    ("name", "total", "dedicated"),
    [
        ("amd_strix_halo_gtt", 103079215104, 0.0),
        ("amd_strix_halo_512", 66787033088, 0.0),
        ("amd_strix_halo_96", 103079215104, 103079215104),
    ],
)
def test_a_strix_halo_is_what_it_can_map_or_what_was_set_aside_whichever_is_more(
    name: str, total: float, dedicated: float
) -> None:
    machine = seen(name)
    (chip,) = machine.accelerators
    assert chip.name == "Ryzen AI Max+ 395 (Radeon 8060S)"
    assert chip.unified
    assert chip.memory_total_bytes.value == total
    assert chip.dedicated_bytes == dedicated
    assert chip.bandwidth_bytes_per_second is not None
    assert chip.bandwidth_bytes_per_second.value == 256e9


def test_memory_that_is_mapped_is_not_more_than_what_is_free() -> None:
    recorded = Recording.of("amd_strix_halo_gtt")
    recorded.files["/proc/meminfo"] = "MemTotal: 128000000 kB\nMemAvailable: 20000000 kB\n"
    (chip,) = detect(measure=False, probe=recorded).accelerators
    assert chip.memory_usable_bytes.value == 20000000 * 1024


def test_rocm_smi_is_asked_where_the_kernels_files_are_not_there() -> None:
    machine = seen("rocm_smi_json")
    assert [one.name for one in machine.accelerators] == ["Radeon RX 7900 XT", "Radeon AI PRO R9700"]
    assert machine.accelerators[1].memory_usable_bytes.value == 34208743424 - 33732509696


def test_amd_smi_is_asked_before_rocm_smi() -> None:
    machine = seen("amd_smi_json")
    assert [one.name for one in machine.accelerators] == ["Instinct MI300X", "Instinct MI300X"]
    assert machine.accelerators[0].memory_total_bytes.value == 206141652992
    assert machine.accelerators[0].memory_usable_bytes.value == 206141652992 - 17153 * MIB
    assert machine.accelerators[1].memory_usable_bytes.value == 206141652992
    assert machine.accelerators[0].target == "gfx942"


def test_intel_cards_are_read_from_both_drivers() -> None:
    machine = seen("intel_b70")
    assert [one.name for one in machine.accelerators] == ["Arc Pro B70", "Arc Pro B70"]
    assert machine.accelerators[0].memory_total_bytes.value == 0x7F9000000
    assert [one.index for one in machine.accelerators] == [1, 2]
    unused = next(note for note in machine.notes if note.code == "hardware.integrated_unused")
    assert unused.parameters["device"] == "UHD Graphics 770"
    older = seen("intel_a770_i915")
    assert [one.name for one in older.accelerators] == ["Arc A770", "Arc A750"]
    assert older.accelerators[0].memory_total_bytes.source == "measured"
    assert older.accelerators[1].memory_total_bytes.source == "published"


def test_integrated_graphics_that_is_worth_it_is_kept() -> None:
    (chip,) = seen("intel_lunar_lake").accelerators
    assert chip.name == "Arc 140V (Core Ultra 200V)"
    assert chip.memory_usable_bytes.value <= 24000000 * 1024


def test_a_mac_gets_the_limit_of_its_size_where_metal_cannot_be_asked() -> None:
    machine = seen("apple_m3_max", system="darwin")
    (gpu,) = machine.accelerators
    assert gpu.name == "M3 Max (40-core GPU)"
    assert gpu.memory_total_bytes.value == pytest.approx(55662.79e6, rel=1e-4)
    # free + inactive + speculative + purgeable pages of 16 KiB
    assert machine.processor.memory_usable_bytes.value == 16384 * (1000000 + 1500000 + 100000 + 50000)
    assert gpu.memory_usable_bytes.value == machine.processor.memory_usable_bytes.value
    assert machine.processor.instructions == ("neon", "dotprod", "i8mm")
    assert machine.system == "darwin"


def test_windows_cards_come_from_the_registry_and_only_if_present() -> None:
    machine = seen("windows_r9700", system="windows")
    assert [one.name for one in machine.accelerators] == ["Radeon AI PRO R9700"]
    assert machine.accelerators[0].memory_total_bytes.value == 0x7F7000000
    assert machine.processor.name == "AMD Ryzen 7 7700X 8-Core Processor"
    assert machine.processor.cores == 8


def test_windows_sees_a_carve_out_of_96_gb() -> None:
    (chip,) = seen("windows_strix_halo", system="windows").accelerators
    assert chip.memory_total_bytes.value == chip.dedicated_bytes == 96 * GIB
    assert chip.unified


def test_a_machine_that_answers_nothing_is_a_machine_without_gpus() -> None:
    for system in ("linux", "darwin", "windows"):
        machine = detect(measure=False, probe=Recording(system=system))
        assert machine.accelerators == ()
        assert machine.processor.cores >= 1


@pytest.mark.parametrize("name", sorted(path.stem for path in FIXTURES.glob("*.txt")))
def test_every_recording_survives_json_and_being_cut_short(name: str) -> None:
    system = "darwin" if name.startswith("apple") else "windows" if name.startswith("windows") else "linux"
    machine = seen(name, system=system)
    assert from_json(Machine, to_json(machine)) == machine
    for one in machine.accelerators:
        assert 0 < one.memory_usable_bytes.value <= one.memory_total_bytes.high
    whole = (FIXTURES / f"{name}.txt").read_text(encoding="utf-8")
    for share in range(1, 10):
        detect(measure=False, probe=Recording(whole[: len(whole) * share // 10], system=system))


def test_this_machine_is_measured_here() -> None:
    machine = detect()
    assert machine.here
    assert machine.processor.cores >= 1
    assert machine.processor.memory_usable_bytes.value > 0
    speed = machine.processor.bandwidth_bytes_per_second
    assert speed is not None
    assert speed.source == "measured"
    assert 0 < speed.low <= speed.value
    assert machine.processor.rates.fp32 is not None
    assert machine.disk_bytes_per_second is not None
    assert from_json(Machine, to_json(machine)) == machine
