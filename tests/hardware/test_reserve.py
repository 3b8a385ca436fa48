"""What driver, desktop and system keep, against what public reports say is left."""

import pytest

from bakeoff.hardware import reserve
from bakeoff.hardware.table import index, key
from bakeoff.units import GIB


@pytest.mark.parametrize(
    ("card", "gib"),
    [
        ("RTX 3060 12 GB", 11.63), ("Tesla T4", 14.57), ("L4", 22.06), ("A10G", 22.06), ("RTX 4090", 23.64),
        ("RTX 5090", 31.51), ("L40S", 44.40), ("H100 SXM", 79.18), ("H200 SXM", 139.80),
    ],
)  # fmt: skip
def test_what_cuda_calls_total_is_met_within_100_mib(card: str, gib: float) -> None:
    """PyTorch's `total capacity of` in public out-of-memory reports."""
    entry = index()[key(card)][0]
    visible = reserve.visible_bytes(entry, entry.sizes_bytes[0])
    usable = reserve.usable_of_card(entry, visible, desktop=False, system="linux")
    assert usable.value / GIB == pytest.approx(gib, abs=0.1)
    assert usable.low < usable.value < usable.high


@pytest.mark.parametrize(
    ("gib", "megabytes"),
    [
        (16, 12713.12), (24, 19069.67), (32, 26800.60), (36, 28991.03), (48, 40200.90), (64, 55662.79),
        (128, 115448.73), (512, 498216.21),
    ],
)  # fmt: skip
def test_metals_limit_is_met_for_every_size_that_was_reported(gib: int, megabytes: float) -> None:
    """`recommendedMaxWorkingSetSize` in public llama.cpp logs, in 10**6 bytes."""
    assert reserve.apple_limit(gib * GIB).value / 1e6 == pytest.approx(megabytes, rel=0.001)


def test_a_size_between_is_between_and_an_unseen_report_is_met() -> None:
    """An M3 Ultra of 256 GiB was said to be allowed 239 GB (Rapid-MLX pull request 183); no constant comes from it."""
    assert reserve.apple_limit(256 * GIB).value / 1e9 == pytest.approx(239, abs=1.5)
    shares = [reserve.apple_limit(size * GIB).value / size for size in (64, 96, 128, 192, 256, 512)]
    assert shares == sorted(shares)


def test_older_systems_allow_less_and_the_interval_says_so() -> None:
    assert reserve.apple_limit(16 * GIB).low == pytest.approx(10922.67 * 1024**2, rel=1e-5)
    assert reserve.apple_limit(64 * GIB).low == 48 * GIB


def test_the_system_keeps_at_most_half() -> None:
    for system in ("linux", "windows", "darwin", "linux wsl"):
        for size in (1, 2, 4, 8, 64, 2048):
            kept = reserve.usable_of_system(size * GIB, system)
            assert size / 2 <= kept.low / GIB <= kept.value / GIB <= kept.high / GIB < size
