"""The sheet's measurements: opening, memory, scrolling, live cells, idling."""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from bakeoff.project import Project
from benchmarks.page.browser import BLANKS, LAGS, ROOT, Watched, chromium, served
from benchmarks.page.feed import fill
from benchmarks.projects import Shape, build_project

OPENINGS = 7
LIVE_ROWS = 250
BURST_ROWS = 600
SCROLLER = "[...document.querySelectorAll('.sheet-grid *')].find((e) => e.scrollHeight > e.clientHeight + 1000)"


@dataclass(frozen=True, slots=True)
class Measured:
    """One number against its bound."""

    what: str
    value: float
    bound: float
    unit: str

    @property
    def kept(self) -> bool:
        """It does not pass the bound."""
        return self.value <= self.bound


def opening(folder: Path) -> Iterator[Measured]:
    """5,000 x 8 in a fresh profile; the server has served it before."""
    with served(folder) as url, chromium() as browser:
        times, sizes = [], []
        for turn in range(OPENINGS + 1):
            watched = Watched(browser)
            usable = watched.open(url)
            if turn:  # the first one opens the project
                times.append(usable)
                sizes.append(watched.fetched())
            if turn < OPENINGS:
                watched.close()
        yield Measured("usable, cold profile, median", statistics.median(times), 1200, "ms")
        yield Measured("usable, cold profile, worst", max(times), 1200, "ms")
        yield Measured("fetched before that", max(sizes) / 1000, 500, "kB")
        watched.wait(4)
        yield Measured("JS heap", watched.heap_mb(), 40, "MB")
        before, cpu = watched.bytes, watched.cpu_seconds()
        watched.wait(15)
        yield Measured("idle traffic", (watched.bytes - before) / 15, 1000, "bytes/s")
        yield Measured("idle CPU", (watched.cpu_seconds() - cpu) / 15 * 100, 5, "% of a core")
        watched.page.mouse.move(600, 500)
        for _ in range(150):
            watched.page.mouse.wheel(0, 1200)
            watched.wait(0.02)
        watched.wait(1)
        yield Measured("JS heap after scrolling 3,000 rows", watched.heap_mb(), 40, "MB")


def scrolling(folder: Path) -> Iterator[Measured]:
    """100,000 rows: a wheel, a fast wheel, Page Down, and jumps of the scroll bar."""
    with served(folder) as url, chromium() as browser:
        watched = Watched(browser)
        watched.open(url)
        watched.wait(4)
        page = watched.page
        page.evaluate(BLANKS)
        page.mouse.move(600, 500)
        for name, step, times in (("wheel, 2,500 px/s", 100, 120), ("wheel, 20,000 px/s", 800, 120)):
            for _ in range(times):
                page.mouse.wheel(0, step)
                watched.wait(0.04)
            watched.wait(0.5)
            yield Measured(f"longest blank: {name}", max(watched.blanks(), default=0), 100, "ms")
        page.click(".ag-cell .cell.answer >> nth=3")
        for _ in range(60):
            page.keyboard.press("PageDown")
            watched.wait(0.06)
        watched.wait(0.5)
        yield Measured("longest blank: Page Down, 16 a second", max(watched.blanks(), default=0), 100, "ms")
        jumps = []
        for number in range(20):
            page.evaluate(f"(f) => {{ const e = {SCROLLER}; e.scrollTop = f * e.scrollHeight; }}", number * 7 % 20 / 20)
            watched.wait(0.6)
            jumps.append(max(watched.blanks(), default=0.0))
        yield Measured("blank after a jump, median", statistics.median(jumps), 100, "ms")
        yield Measured("blank after a jump, worst of 20", max(jumps), 100, "ms")
        yield Measured("JS heap, 100,000 rows", watched.heap_mb(), 40, "MB")


@contextmanager
def fed(folder: Path, rate: float, seconds: float, rows: int) -> Iterator["subprocess.Popen[str]"]:
    """The feeder, ready to go: `stdin` starts it."""
    command = [sys.executable, "-m", "benchmarks.page.feed", str(folder), str(rate), str(seconds), str(rows)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        yield process
        process.stdin.close()


def live(folder: Path) -> Iterator[Measured]:
    """100 answers a second into 5,000 x 8, watched with as many cells in sight as a large screen has."""
    with served(folder) as url, chromium() as browser:
        watched = Watched(browser, width=2560)
        watched.open(url)
        watched.wait(4)
        with fed(folder, 100, 16, LIVE_ROWS) as feeder:
            watched.wait(1.5)
            watched.page.evaluate(LAGS)
            cpu, received = watched.cpu_seconds(), watched.bytes
            feeder.stdin.write("go\n")  # type: ignore[union-attr]
            feeder.stdin.flush()  # type: ignore[union-attr]
            watched.wait(15)
            cpu = (watched.cpu_seconds() - cpu) / 15 * 100
            received = watched.bytes - received
            lags = sorted(float(one) for one in watched.page.evaluate("window.lags"))
            feeder.wait()
        if len(lags) < 20:
            raise RuntimeError(f"only {len(lags)} cells in sight were filled")
        yield Measured(f"100 cells/s: median lag of {len(lags)} cells", statistics.median(lags), 350, "ms")
        yield Measured("100 cells/s: 95th percentile", lags[int(len(lags) * 0.95)], 700, "ms")
        yield Measured("100 cells/s: CPU of the browser", cpu, 30, "% of a core")
        yield Measured("100 cells/s: traffic", received / 15 / 1000, 60, "kB/s")


def burst(folder: Path) -> Iterator[Measured]:
    """1,000 answers a second: afterwards every cell shows what the ledger has, without its rows being fetched again."""
    with served(folder) as url, chromium() as browser:
        watched = Watched(browser, width=2560)
        watched.open(url)
        watched.wait(3)
        page = watched.page
        _read(watched, BURST_ROWS)  # all of these rows are here before it begins
        asked: list[str] = []
        with fed(folder, 1000, 5, BURST_ROWS) as feeder:
            page.on("request", lambda request: asked.append(request.url) if "/rows?" in request.url else None)
            feeder.stdin.write("go\n")  # type: ignore[union-attr]
            feeder.stdin.flush()  # type: ignore[union-attr]
            watched.wait(5.5)
            feeder.wait()
        watched.wait(2)
        shown = _read(watched, BURST_ROWS)
        base, _, name = url.partition("#/p/")
        address = f"{base}api/projects/{name.removesuffix('/sheet')}/rows?start=0&count={BURST_ROWS}"
        with urlopen(address) as answer:
            rows = json.load(answer)["rows"]
        wrong = compared = 0
        for row in rows:
            for candidate, cell in row["cells"].items():
                there = shown.get(f"{row['id']}|answer:{candidate}")
                if there is not None and cell["state"] == "answered":
                    compared += 1
                    wrong += there.rstrip("…") not in cell["preview"]
        if compared < BURST_ROWS:
            raise RuntimeError(f"only {compared} cells were seen")
        yield Measured(f"1,000 cells/s: of {compared:,} cells wrong in the end", wrong, 0, "cells")
        yield Measured("1,000 cells/s: blocks of rows fetched again", len(asked), 0, "requests")


READ = """() => Object.fromEntries([...document.querySelectorAll(".ag-cell[col-id^='answer:']")].map((cell) => [
  cell.closest(".ag-row").getAttribute("row-id") + "|" + cell.getAttribute("col-id"),
  cell.querySelector(".text")?.textContent ?? "",
]))"""


def _read(watched: Watched, rows: int) -> dict[str, str]:
    """Scroll through the first rows and read what stands in their cells."""
    found: dict[str, str] = {}
    for place in range(0, rows, 10):
        watched.page.evaluate(f"(y) => {{ {SCROLLER}.scrollTop = y; }}", place * 62)
        watched.wait(0.12)
        found |= watched.page.evaluate(READ)
    watched.page.evaluate(f"() => {{ {SCROLLER}.scrollTop = 0; }}")
    watched.wait(0.3)
    return found


def projects(folder: Path) -> dict[str, Path]:
    """Build what is measured: `full`, `long`, `live`, `burst`."""
    found = {name: folder / name for name in ("full", "long", "live", "burst")}
    if not found["full"].exists():
        build_project(found["full"])
    if not found["long"].exists():
        build_project(found["long"], Shape(rows=100_000, models=2, shortest=60, longest=240, missing=0.4))
    for name, rows in (("live", LIVE_ROWS), ("burst", BURST_ROWS)):
        project: Project = build_project(found[name], Shape(missing=1.0))
        fill(project, range(rows, 5000))
    return found
