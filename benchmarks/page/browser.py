"""A headless Chromium that is watched: bytes on the wire, CPU of all its processes, heap, blanks while it scrolls."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.web.browser.chromium import CHROMIUM
from tests.web.browser.chromium import chromium as started

ROOT = Path(__file__).resolve().parent.parent.parent

USABLE = """(() => {
  const look = () => {
    const text = document.querySelector(".ag-cell .cell.answer");
    const here = text && document.querySelector(".toolbar button");
    requestAnimationFrame(here ? () => { window.usable = performance.now(); } : look);
  };
  requestAnimationFrame(look);
})()"""
"""The first answers are painted, and what is painted takes clicks: the script that draws them has returned."""

FETCHED = """[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .filter((one) => one.responseEnd <= window.usable).reduce((sum, one) => sum + one.transferSize, 0)"""
"""Bytes on the wire, heads and all, until the sheet was usable."""

BLANKS = """(() => {
  const box = document.querySelector(".sheet-grid").getBoundingClientRect();
  window.blanks = []; window.since = null;
  const blank = () => {
    for (let y = box.top + 100; y < box.bottom - 24; y += 30) {
      const row = document.elementFromPoint(box.left + 300, y)?.closest(".ag-row");
      if (!row || row.querySelector(".waiting")) return true;
    }
    return false;
  };
  const look = (now) => {
    if (blank()) window.since ??= now;
    else if (window.since !== null) { window.blanks.push(now - window.since); window.since = null; }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()"""
"""How long any row in sight is a placeholder, or missing, frame by frame."""

LAGS = """(() => {
  const seen = new Set();
  window.lags = [];
  const look = () => {
    for (const cell of document.querySelectorAll(".cell.answer .text")) {
      const found = /^#(\\d+) (\\d+\\.\\d+)/.exec(cell.textContent);
      if (found && !seen.has(found[1])) { seen.add(found[1]); window.lags.push(Date.now() - 1000 * Number(found[2])); }
    }
  };
  look();
  window.lags = [];
  const all = { childList: true, subtree: true, characterData: true };
  new MutationObserver(look).observe(document.querySelector(".sheet-grid"), all);
})()"""
"""From the moment an answer was written to the moment its cell shows it, of the cells in sight."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The server as people start it; yields the address of the sheet. It ends with the block."""
    command = [sys.executable, "-m", "bakeoff.web", str(folder), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield f"{process.stdout.readline().strip()}#/p/{folder.name}/sheet"
        finally:
            process.terminate()


@contextmanager
def chromium() -> Iterator[Any]:
    """One browser.

    Raises:
        SystemExit: there is none on this machine.
    """
    if CHROMIUM is None:
        sys.exit("no chromium on this machine")
    with started() as browser:
        yield browser


@dataclass
class Watched:
    """One page in a fresh profile, and what it costs."""

    browser: Any
    width: int = 1280
    bytes: int = 0
    """Received so far, heads and all, as compressed."""

    page: Any = field(init=False)

    def __post_init__(self) -> None:
        """Open an empty page."""
        self.context = self.browser.new_context(viewport={"width": self.width, "height": 844})
        self.page = self.context.new_page()
        self._wire = self.context.new_cdp_session(self.page)
        self._whole = self.browser.new_browser_cdp_session()
        self._wire.send("Network.enable")
        self._wire.on("Network.dataReceived", lambda event: self._count(event["encodedDataLength"]))
        self._wire.on("Network.responseReceived", lambda event: self._count(event["response"]["encodedDataLength"]))

    def _count(self, n: float) -> None:
        self.bytes += max(0, int(n))

    def open(self, url: str) -> float:
        """Go there and wait until the sheet is usable; milliseconds since the beginning of the navigation."""
        self.page.add_init_script(USABLE)
        self.page.goto(url)
        self.page.wait_for_selector(".ag-cell .cell.answer", timeout=60_000)
        while (found := self.page.evaluate("window.usable ?? null")) is None:
            time.sleep(0.01)
        return float(found)

    def fetched(self) -> float:
        """Bytes received before the sheet was usable."""
        return float(self.page.evaluate(FETCHED))

    def heap_mb(self) -> float:
        """Of JavaScript, after a collection."""
        self._wire.send("HeapProfiler.collectGarbage")
        return float(self._wire.send("Runtime.getHeapUsage")["usedSize"]) / 1e6

    def cpu_seconds(self) -> float:
        """Of all processes of the browser so far."""
        return float(sum(one["cpuTime"] for one in self._whole.send("SystemInfo.getProcessInfo")["processInfo"]))

    def wait(self, seconds: float) -> None:
        """Let the page live."""
        self.page.wait_for_timeout(seconds * 1000)

    def blanks(self) -> list[float]:
        """Milliseconds of each blank since the last call."""
        found = self.page.evaluate(
            "[...window.blanks.splice(0), ...(window.since === null ? [] : [performance.now() - window.since])]"
        )
        return [float(one) for one in found]

    def close(self) -> None:
        """Forget it."""
        self.context.close()
