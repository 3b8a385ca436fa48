"""Opening a finished evaluation of 5,000 rows x 8 models in a browser: Bakeoff's sheet beside promptfoo's viewer.

    python -m benchmarks.page.peers --promptfoo node_modules/.bin/promptfoo [--rows 5000] [--models 8] [--rounds 3]

Both show the same long texts. Each is opened in a fresh profile of the same headless Chromium, in turns: milliseconds
from the navigation until the first text can be read, bytes that came over the wire, JavaScript heap after a collection,
and the hosts that the page asked. promptfoo is given its answers by its own `eval` with the provider `echo` (about two
minutes); telemetry and update checks are turned off by its own settings.
"""

import argparse
import csv
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from benchmarks.page.browser import chromium, served
from benchmarks.projects import Shape, build_project


@dataclass(frozen=True, slots=True)
class Opening:
    """One page, opened once."""

    milliseconds: float
    sent_bytes: int
    heap_bytes: int
    hosts: frozenset[str]


def opening(browser: Any, url: str, text: str) -> Opening:
    """Open `url` in a fresh profile and wait until `text` can be read."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    sent: list[float] = []
    hosts: set[str] = set()
    wire.on("Network.loadingFinished", lambda event: sent.append(event["encodedDataLength"]))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname or ""))
    started = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.get_by_text(text).first.wait_for(timeout=60_000)
    took = time.perf_counter() - started
    page.wait_for_timeout(3000)
    wire.send("HeapProfiler.collectGarbage")
    heap = wire.send("Runtime.getHeapUsage")["usedSize"]
    context.close()
    return Opening(took * 1000, int(sum(sent)), int(heap), frozenset(hosts - {"localhost", "127.0.0.1", ""}))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def viewer(program: str, environment: dict[str, str], folder: Path) -> Iterator[str]:
    """Promptfoo's own server; yields the address of the latest evaluation."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    command = [program, "view", "-p", str(port), "-n"]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, env={**os.environ, **environment}, cwd=folder, stdout=log, stderr=log)
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(url, timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield f"{url}eval"
        finally:
            process.terminate()
            process.wait(20)


def promptfoo_filled(program: str, project: Path, folder: Path, models: int) -> dict[str, str]:
    """The same rows, answered by promptfoo's `echo`; returns the environment that its viewer needs."""
    folder.mkdir()
    rows = [json.loads(line) for line in (project / "rows.jsonl").read_text(encoding="utf-8").splitlines()]
    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text"])
        writer.writerows([[row["text"]] for row in rows])
    providers = "\n".join(f"  - {{id: echo, label: m{i}}}" for i in range(models))
    text = f"prompts: ['{{{{text}}}}']\nproviders:\n{providers}\ntests: file://rows.csv\n"
    (folder / "promptfooconfig.yaml").write_text(text)
    environment = {
        "PROMPTFOO_CONFIG_DIR": str(folder / "config"),
        "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1",
        "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
    }
    options = ["-c", "promptfooconfig.yaml", "--no-cache", "--no-table", "--no-progress-bar", "-j", "50"]
    command = [program, "eval", *options]
    done = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, check=False)
    if not (folder / "config" / "evalLastWritten").exists():  # its logger may crash after all was written
        raise SystemExit(f"promptfoo eval failed: {done.stderr.decode()[-500:]}")
    return environment


def told(name: str, found: list[Opening]) -> str:
    """One line of the table."""
    hosts = sorted({host for one in found for host in one.hosts})
    return (
        f"{name:10} first {found[0].milliseconds:6.0f} ms  median {median(one.milliseconds for one in found):6.0f} ms  "
        f"{median(one.sent_bytes for one in found) / 1000:6.0f} kB  "
        f"heap {median(one.heap_bytes for one in found) / 1e6:4.0f} MB  asks {', '.join(hosts) or 'nobody else'}"
    )


def main() -> None:
    """Build, serve both, open in turns, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--promptfoo", help="npm install promptfoo, then node_modules/.bin/promptfoo")
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--models", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    foo = options.promptfoo or shutil.which("promptfoo")
    with tempfile.TemporaryDirectory() as temporary, chromium() as browser:
        here = Path(temporary)
        project = here / "project"
        build_project(project, Shape(rows=options.rows, models=options.models))
        first = json.loads((project / "rows.jsonl").read_text(encoding="utf-8").partition("\n")[0])["text"][:40]
        found: dict[str, list[Opening]] = {"bakeoff": []}
        with ExitStack() as running:
            pages = {"bakeoff": running.enter_context(served(project))}
            if foo is not None:
                found["promptfoo"] = []
                environment = promptfoo_filled(foo, project, here / "promptfoo", options.models)
                pages["promptfoo"] = running.enter_context(viewer(foo, environment, here / "promptfoo"))
            for _ in range(options.rounds):
                for name, url in pages.items():
                    found[name].append(opening(browser, url, first))
    for name, openings in found.items():
        print(told(name, openings))
    if foo is None:
        print("promptfoo is not here: npm install promptfoo, then --promptfoo node_modules/.bin/promptfoo")


if __name__ == "__main__":
    main()
