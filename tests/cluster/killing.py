"""A run on a cluster in which something is killed half-way, and what the model server saw of it."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bakeoff.evaluate.store import Ledger
from bakeoff.project import Project
from tests.cluster.common import LABELS, arrivals
from tests.cluster.ray_nodes import RayNodes, environment

Kind = Literal["worker", "node", "driver"]

WAIT_SECONDS = 240.0


@dataclass(frozen=True, slots=True)
class Killed:
    """What came of it."""

    calls: int
    """Different ones that the server saw."""

    kept: int
    """Answers in the shared ledger when something was killed, the last time."""

    kept_again: int
    """Of those, how many were asked once more: must be 0."""

    lost_again: int
    """Other calls that were asked more than once: they were on their way when it happened."""

    seconds: float
    said: str
    """By the command, on standard error."""


def make_project(folder: Path, server: str, n_rows: int, *, concurrency: int = 16, more: str = "") -> Path:
    """A project with one candidate at a stub.

    Args:
        folder: to be made.
        server: address of the stub, with the part of the path that says how it behaves.
        n_rows: of the table.
        concurrency: requests in flight, over all workers.
        more: further tables of the project file.
    """
    folder.mkdir(parents=True)
    lines = [
        json.dumps({"id": f"r{i}", "text": f"text {i} <{LABELS[i % 3]}>", "label": LABELS[i % 3]})
        for i in range(n_rows)
    ]
    (folder / "rows.jsonl").write_text("\n".join(lines))
    (folder / "bakeoff.toml").write_text(
        f"""[data]
file = "rows.jsonl"
id = "id"

[prompt]
user = "{{{{ text }}}}"

[preflight]
probe = false

[parameters]
temperature = 0
max_tokens = 8

[[candidates]]
name = "stub"
model = "model-a"
via = "{server}/v1"
concurrency = {concurrency}

[[graders]]
kind = "label"
target = "{{{{ label }}}}"

{more}"""
    )
    return folder


def command(folder: Path, *more: str) -> subprocess.Popen[str]:
    """`bakeoff run` on a project, with what it says kept."""
    return subprocess.Popen(
        [sys.executable, "-m", "bakeoff", "run", str(folder), "--json", *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Its exit code, and what it said on standard output and standard error."""
    out, err = process.communicate(timeout=WAIT_SECONDS)
    return process.returncode, out, err


def table_of(folder: Path) -> dict[tuple[str, str], tuple[object, ...]]:
    """Every cell of a project: its state, score, label and answer."""
    return {
        (column.candidate, cell.row_id): (cell.state, cell.score, cell.label, cell.text)
        for column in Project(folder).columns()
        for cell in column.cells
    }


def kept_answers(ledger: str, path: str) -> set[str]:
    """What is answered in a shared ledger, as the stub calls it."""
    with Ledger(ledger) as shared:
        rows = shared.database.rows(
            "SELECT request.path, request.body FROM call JOIN request ON request.digest = call.digest"
            " WHERE call.state = 'answered'"
        )
    return {hashlib.sha256(path.encode() + found.encode() + bytes(body)).hexdigest()[:24] for found, body in rows}


def killed_run(
    kinds: Sequence[Kind],
    folder: Path,
    *,
    nodes: RayNodes,
    ledger: str,
    log: Path,
    n_calls: int,
    share: float = 0.3,
) -> Killed:
    """Run a project on a cluster and kill something whenever a share of its calls has arrived; then let it end.

    Args:
        kinds: what is killed, one after the other. A node is the last of `nodes`; a driver's command is given again.
        folder: of the project.
        nodes: the cluster.
        ledger: address of an empty database.
        log: of the stub, of this run alone.
        n_calls: of the whole run.
        share: of the calls, before the first and between two.
    """
    began = time.monotonic()
    options = ("--on-cluster", nodes.address, "--ledger", ledger)
    process = command(folder, *options)
    kept: set[str] = set()
    kept_again: set[str] = set()
    at: list[tuple[int, set[str]]] = []
    """What had arrived at each kill, and what was kept then."""

    said = ""
    for number, kind in enumerate(kinds, 1):
        reached = number * share * n_calls
        _until(lambda reached=reached: len(arrivals(log)) >= reached, process)  # type: ignore[misc]
        _kill(kind, nodes, process)
        kept = kept_answers(ledger, "/ok/v1")
        at.append((len(arrivals(log)), kept))
        if kind == "driver":
            said += process.communicate()[1]
            process = command(folder, *options)
    code, _, err = finished(process)
    assert code == 0, err
    seen = arrivals(log)
    for after, there in at:
        kept_again |= there & set(seen[after:])
    return Killed(
        calls=len(set(seen)),
        kept=len(kept),
        kept_again=len(kept_again),
        lost_again=len(seen) - len(set(seen)) - len(kept_again),
        seconds=time.monotonic() - began,
        said=said + err,
    )


def _kill(kind: Kind, nodes: RayNodes, process: subprocess.Popen[str]) -> None:
    if kind == "driver":
        process.send_signal(signal.SIGKILL)
        process.wait()
    elif kind == "node":
        nodes.kill(len(nodes.nodes) - 1)
    else:
        os.kill(next(pid for number in reversed(range(len(nodes.nodes))) for pid in nodes.workers(number)), 9)


def _until(reached: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while not reached():
        if process.poll() is not None:
            raise AssertionError(f"it ended too soon: {process.communicate()}")
        assert time.monotonic() < until
        time.sleep(0.02)
