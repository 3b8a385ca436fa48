"""What several benchmarks need: the stub server as a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def stub_server(**settings: Any) -> Iterator[int]:
    """`stub_process`, for who needs its port."""
    with stub_process(**settings) as url:
        yield int(url.rpartition(":")[2])


@contextmanager
def stub_process(*, latency_ms: float = 0.0, chunks: int = 1, log: Path | None = None) -> Iterator[str]:
    """Start `tests.stub`; yields its address without the path; it ends with this process in any case."""
    command = [sys.executable, "-m", "tests.stub", "--latency-ms", str(latency_ms), "--chunks", str(chunks)]
    if log is not None:
        command += ["--log", str(log)]
    root = Path(__file__).resolve().parent.parent
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait(timeout=10)
        process.stdout.close()
