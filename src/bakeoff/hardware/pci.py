"""Names of GPUs by their PCI numbers: our own short list, then the lists that Linux distributions install."""

import csv
import re
from dataclasses import dataclass
from functools import cache

from bakeoff.hardware.probe import Probe
from bakeoff.hardware.table import DATA

AMD, INTEL, NVIDIA = "1002", "8086", "10de"

AMDGPU_IDS = ("/usr/share/libdrm/amdgpu.ids", "/opt/amdgpu/share/libdrm/amdgpu.ids")
PCI_IDS = ("/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids")


@dataclass(frozen=True, slots=True)
class Slot:
    """A display device on the PCI bus."""

    folder: str
    """`/sys/class/drm/card0/device`."""

    card: str
    """`card0`."""

    vendor: str
    device: str
    revision: str
    driver: str
    address: str
    """`0000:03:00.0`."""

    @property
    def location(self) -> int:
        """Bus, device and function as KFD numbers them."""
        bus, device, function = (int(part, 16) for part in re.split(r"[:.]", self.address)[1:])
        return bus << 8 | device << 3 | function


def slots(probe: Probe) -> list[Slot]:
    """All display devices that the kernel has a driver for, in the kernel's order."""
    found = []
    cards = sorted((name for name in probe.children("/sys/class/drm") if re.fullmatch(r"card\d+", name)), key=_number)
    for card in cards:
        folder = f"/sys/class/drm/{card}/device"
        event = dict(line.partition("=")[::2] for line in (probe.read(f"{folder}/uevent") or "").splitlines())
        vendor, _, device = event.get("PCI_ID", "").lower().partition(":")
        address = event.get("PCI_SLOT_NAME", "")
        if not re.fullmatch(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]", address, re.IGNORECASE) or not device:
            continue
        revision = (probe.read(f"{folder}/revision") or "0x00").strip().removeprefix("0x").lower()
        found.append(Slot(folder, card, vendor, device.zfill(4), revision, event.get("DRIVER", ""), address))
    return found


def name(probe: Probe, slot: Slot) -> str | None:
    """What the device is called; None where nobody knows."""
    for row in _list():
        revisions = row["revisions"].split()
        if (row["vendor"], row["device"]) == (slot.vendor, slot.device) and (
            slot.revision in revisions or revisions == ["*"]
        ):
            return row["name"]
    return (_amd(probe, slot) if slot.vendor == AMD else None) or _pci(probe, slot)


def _number(card: str) -> int:
    return int(card.removeprefix("card"))


@cache
def _list() -> tuple[dict[str, str], ...]:
    with (DATA / "pci_ids.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines))


def _amd(probe: Probe, slot: Slot) -> str | None:
    """From libdrm's list: `744C, C8, AMD Radeon RX 7900 XTX`."""
    for path in AMDGPU_IDS:
        for line in (probe.read(path) or "").splitlines():
            fields = [field.strip() for field in line.split(",", 2)]
            if len(fields) == 3 and (fields[0].lower(), fields[1].lower()) == (slot.device, slot.revision):
                return fields[2]
    return None


def _pci(probe: Probe, slot: Slot) -> str | None:
    """From pci.ids: the name in brackets under the vendor's line, `Navi 31 [Radeon RX 7900 XT/7900 XTX]`."""
    for path in PCI_IDS:
        text = probe.read(path)
        if text is None:
            continue
        found = re.search(rf"^{slot.vendor}  .*\n(?:(?:\t.*|#.*)?\n)*?\t{slot.device}  (.+)$", text, re.MULTILINE)
        if found:
            inner = re.search(r"\[([^\]]+)\]\s*$", found[1])
            return inner[1] if inner else found[1].strip()
    return None
