"""Processor, memory and limits of Linux systems."""

import pytest

from bakeoff.hardware import cgroup, linux, pci
from bakeoff.hardware.amd import _target
from bakeoff.hardware.amd_smi import parse_amd_smi, parse_rocm_smi
from bakeoff.units import GIB
from tests.hardware.recording import Recording


def test_a_container_has_what_its_group_leaves() -> None:
    recorded = Recording.of("linux_docker_v2")
    limits = cgroup.limits(recorded)
    # 8 GiB less (3 GiB used, of which 1.5 GiB is cache that can be dropped)
    assert limits == cgroup.Limits(memory_bytes=8 * GIB, memory_left_bytes=int(6.5 * GIB), cpus=2.5)
    processor, notes = linux.processor(recorded)
    assert processor.memory_total_bytes.value == 8 * GIB
    assert processor.memory_usable_bytes.value == 6.5 * GIB
    assert processor.memory_usable_bytes.detail == "control group"
    assert processor.cores == 2
    assert [note.code for note in notes] == ["hardware.memory_limited", "hardware.cpus_limited"]
    assert linux.kind(recorded) == "linux container"


def test_a_limit_far_above_the_process_counts_and_no_limit_is_none() -> None:
    limits = cgroup.limits(Recording.of("linux_slurm_v1"))
    # 16 GiB less (2 GiB used, of which 1 GiB is cache)
    assert limits == cgroup.Limits(memory_bytes=16 * GIB, memory_left_bytes=15 * GIB, cpus=None)


def test_the_system_may_have_less_than_the_group_allows() -> None:
    recorded = Recording.of("linux_docker_v2")
    recorded.files["/proc/meminfo"] = "MemTotal: 65536000 kB\nMemAvailable: 2097152 kB\n"
    assert linux.processor(recorded)[0].memory_usable_bytes.value == 2 * GIB


def test_a_group_path_of_the_host_is_looked_for_where_it_is_mounted() -> None:
    """With a bind mount the process's path begins with the mount's root."""
    recorded = Recording.of("linux_docker_v2")
    recorded.files["/proc/self/cgroup"] = "0::/system.slice/docker-abc.scope/inner\n"
    recorded.files["/proc/self/mountinfo"] = (
        "2 1 0:31 /system.slice/docker-abc.scope /sys/fs/cgroup ro - cgroup2 c rw\n"
    )
    recorded.files["/sys/fs/cgroup/inner/memory.max"] = f"{4 * GIB}\n"
    assert cgroup.limits(recorded).memory_bytes == 4 * GIB


@pytest.mark.parametrize("text", ["", "max\n", "-1\n", "abc\n", "0 0\n", "100000 0\n"])
def test_odd_limits_are_no_limits(text: str) -> None:
    recorded = Recording.of("linux_docker_v2")
    recorded.files["/sys/fs/cgroup/cpu.max"] = text
    assert cgroup.limits(recorded).cpus is None


def test_two_threads_of_a_core_are_one_core() -> None:
    recorded = Recording(cpus=8)
    for cpu in range(8):
        place = f"/sys/devices/system/cpu/cpu{cpu}/topology"
        recorded.files[f"{place}/physical_package_id"] = "0\n"
        recorded.files[f"{place}/core_id"] = f"{cpu % 4}\n"
    recorded.files["/sys/devices/system/cpu/cpufreq/x"] = ""
    assert linux.physical_cores(recorded) == 4


def test_cores_that_the_process_may_not_use_do_not_count() -> None:
    recorded = Recording(affinity=frozenset({0, 1, 4}))
    for cpu in range(8):
        place = f"/sys/devices/system/cpu/cpu{cpu}/topology"
        recorded.files[f"{place}/physical_package_id"] = str(cpu // 4)
        recorded.files[f"{place}/core_id"] = str(cpu % 4)
    assert linux.physical_cores(recorded) == 3
    assert linux.physical_cores(Recording(cpus=6)) == 6
    assert linux.physical_cores(Recording(affinity=frozenset({2, 3}))) == 2


def test_a_raspberry_pi_has_a_name_and_a_bandwidth() -> None:
    processor, _ = linux.processor(Recording.of("linux_pi5"))
    assert processor.name == "Raspberry Pi 5 Model B Rev 1.0"
    assert processor.instructions == ("neon", "dotprod")


def test_wsl_and_containers_are_known_by_their_marks() -> None:
    assert linux.kind(Recording("=== /proc/version\nLinux version 5.15.0-microsoft-standard-WSL2")) == "linux wsl"
    assert linux.kind(Recording(environment={"WSL_DISTRO_NAME": "Ubuntu"})) == "linux wsl"
    assert linux.kind(Recording("=== /run/.containerenv\n")) == "linux container"
    assert linux.kind(Recording(environment={"KUBERNETES_SERVICE_HOST": "10.0.0.1"})) == "linux container"
    assert linux.kind(Recording("=== /proc/1/cgroup\n0::/kubepods/besteffort/pod1")) == "linux container"
    assert linux.kind(Recording("=== /proc/1/cgroup\n0::/init.scope")) == "linux"


def test_the_distributions_list_names_what_ours_does_not() -> None:
    recorded = Recording.of("intel_b70")
    assert [pci.name(recorded, slot) for slot in pci.slots(recorded)] == [
        "UHD Graphics 770",
        "Arc Pro B70",
        "Arc Pro B70",
    ]


def test_libdrms_list_is_read_with_its_revisions() -> None:
    recorded = Recording.of("amd_7900xt")
    recorded.files["/sys/class/drm/card1/device/uevent"] = (
        "DRIVER=amdgpu\nPCI_ID=1002:7999\nPCI_SLOT_NAME=0000:03:00.0\n"
    )
    recorded.files["/usr/share/libdrm/amdgpu.ids"] = (
        "# comment\n1.0.0\n7999,\tC0,\tAMD Radeon RX 1\n7999,\tCC,\tAMD Radeon RX 2\nbroken\n"
    )
    assert pci.name(recorded, pci.slots(recorded)[1]) == "AMD Radeon RX 2"


@pytest.mark.parametrize("event", ["", "PCI_ID=1002\n", "PCI_ID=1002:744C\nPCI_SLOT_NAME=../..\n", "\x00\xff\n"])
def test_a_display_device_without_a_pci_address_is_passed_over(event: str) -> None:
    assert pci.slots(Recording(f"=== /sys/class/drm/card0/device/uevent\n{event}")) == []


@pytest.mark.parametrize(
    ("version", "target"),
    [("110501", "gfx1151"), ("90010", "gfx90a"), ("90402", "gfx942"), ("100300", "gfx1030"), ("0", None), ("x", None)],
)
def test_kfd_versions_are_named_as_compilers_name_them(version: str, target: str | None) -> None:
    assert _target(version) == target


@pytest.mark.parametrize(
    "text", ["", "{", "{}", "[]", '{"card0": 1}', '{"card0": {"VRAM Total Memory (B)": "N/A"}}', "WARN"]
)
def test_output_of_rocm_smi_that_is_none_has_no_cards(text: str) -> None:
    assert parse_rocm_smi(text) == []
    assert parse_amd_smi(text, text) == []
