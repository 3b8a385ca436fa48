"""Harness overhead: the same questions asked by Bakeoff and its peers, whole processes, interleaved.

    python -m benchmarks.harness [--calls 3000] [--latency-ms 100] [--concurrency 50] [--rounds 3]
        [--promptfoo node_modules/.bin/promptfoo] [--inspect-python VENV/bin/python] [--json FILE]

Every contestant starts from nothing: reads a csv, asks a stub server that takes 100 ms for each answer, grades, and
keeps the results as it does by default. The perfect time is calls x latency / concurrency. Wall time and processor
time are of the whole process with its children; the stub counts the requests in flight. Ratios are of the medians.
Targets: Bakeoff at most 1.25 x the bare loop and at most 0.5 ms of processor per cell, all requests in flight,
promptfoo at least 2.5 x and inspect_ai at least 5 x Bakeoff's time.
"""

import argparse
import compileall
import csv
import json
import os
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import bakeoff
from benchmarks.common import stub_process
from benchmarks.harness.contestants import Contestant, contestants, environment

LABELS = ("positive", "negative", "neutral")


@dataclass(frozen=True, slots=True)
class Round:
    """One whole run of one contestant."""

    name: str
    wall_seconds: float
    cpu_seconds: float
    peak_rss_mb: float
    most_in_flight: int
    requests: int
    load_average: float
    """Of the machine over the last minute, before it started."""


def write_rows(path: Path, calls: int) -> None:
    """Different questions, so that no cache and no shared call makes one cheaper."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "label"])
        for number in range(calls):
            label = LABELS[number % 3]
            writer.writerow([number, f"Sentence number {number}, which sounds <{label}>. Which label?", label])


def run(contestant: Contestant, address: str, calls: int, concurrency: int) -> Round:
    """Start a contestant, wait for its end, and ask the stub what it has seen."""
    _seen(address)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bakeoff-harness-") as scratch:
        folder = Path(scratch)
        write_rows(folder / "data.csv", calls)
        start = contestant.prepare(folder, f"{address}/{contestant.route}/v1", concurrency)
        with (folder / "output.txt").open("wb") as output:
            began = time.perf_counter()
            process = subprocess.Popen(start.command, stdout=output, stderr=output, env=environment(start))
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in start.exit_codes:
            raise SystemExit(f"{contestant.name}: {(folder / 'output.txt').read_text(errors='replace')[-2000:]}")
    seen = _seen(address)
    return Round(
        name=contestant.name,
        wall_seconds=wall,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_rss_mb=usage.ru_maxrss / 1024,
        most_in_flight=seen["most_in_flight"],
        requests=seen["requests"],
        load_average=load,
    )


def _seen(address: str) -> dict[str, int]:
    """What the stub has counted since it was last asked."""
    with urllib.request.urlopen(f"{address}/most-in-flight") as answer:
        found: dict[str, int] = json.load(answer)
    return found


def table(rounds: list[Round], calls: int, perfect: float) -> Iterator[str]:
    """Lines for people: medians, and ratios to Bakeoff and to the bare loop."""
    by_name: dict[str, list[Round]] = {}
    for each in rounds:
        by_name.setdefault(each.name, []).append(each)
    wall = {name: statistics.median(r.wall_seconds for r in found) for name, found in by_name.items()}
    names = ("wall s", "/ bare", "/ ours", "CPU ms/call", "peak MB", "in flight", "load")
    yield " ".join(["            ", *(f"{n:>{w}}" for n, w in zip(names, (7, 7, 7, 12, 8, 9, 5), strict=True))])
    for name, found in by_name.items():
        cpu = statistics.median(r.cpu_seconds for r in found) / calls * 1000
        yield (
            f"{name:12} {wall[name]:7.2f} {wall[name] / wall['bare loop']:7.2f} {wall[name] / wall['bakeoff']:7.2f} "
            f"{cpu:12.2f} {max(r.peak_rss_mb for r in found):8.0f} {max(r.most_in_flight for r in found):9d} "
            f"{statistics.median(r.load_average for r in found):5.1f}"
        )
    yield f"{'perfect':12} {perfect:7.2f}"


def main() -> None:
    """Run the rounds, interleaved, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--latency-ms", type=float, default=100)
    parser.add_argument("--concurrency", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--promptfoo", help="the program")
    parser.add_argument("--inspect-python", help="a Python that has inspect_ai and openai")
    parser.add_argument("--json", type=Path, help="write every round to this file")
    options = parser.parse_args()
    everyone = contestants(options.promptfoo, options.inspect_python)
    for one in everyone:
        if one.missing:
            print(f"{one.name} is not here: {one.missing}")
    # As pip leaves it: an editable checkout may have no bytecode, and would compile itself in every round.
    compileall.compile_dir(Path(bakeoff.__file__).parent, quiet=1)
    rounds = []
    with stub_process(latency_ms=options.latency_ms) as address:
        for _ in range(options.rounds):
            for one in everyone:
                if not one.missing:
                    rounds.append(run(one, address, options.calls, options.concurrency))
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in rounds], indent=1), encoding="utf-8")
    perfect = options.calls * options.latency_ms / 1000 / options.concurrency
    print(f"{options.calls} calls of {options.latency_ms:g} ms, {options.concurrency} at once, {options.rounds} rounds")
    print("\n".join(table(rounds, options.calls, perfect)))


if __name__ == "__main__":
    main()
