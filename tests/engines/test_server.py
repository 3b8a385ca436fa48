"""The engine's process leaves with its parent, however that goes and whatever it is doing."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bakeoff.evaluate.engines import server
from tests.engines.test_start import gone

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="uses signals and /proc")

PARENT = """
import asyncio, os, sys, time
from pathlib import Path
from bakeoff.evaluate.engines import EngineParameters, start_engine

async def main(model, log, fork):
    parameters = EngineParameters(threads=1, n_slots=1, context_per_slot=512)
    async with start_engine(Path(model), parameters=parameters, log_path=Path(log)) as engine:
        holder = os.fork() if fork else 0
        if fork and holder == 0:
            time.sleep(60)
            os._exit(0)
        print(engine.pid, holder, flush=True)
        await asyncio.sleep(60)

asyncio.run(main(sys.argv[1], sys.argv[2], len(sys.argv) > 3))
"""

BUSY = """
import re, sys
sys.path.insert(0, sys.argv[1])
import server
server._leave_on_end(True)
print("busy", flush=True)
re.match("(a+)+$", "a" * 60 + "b")  # Never ends, and never lets another thread of Python run.
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("fork", [False, True], ids=["alone", "while a fork of the parent lives on"])
async def test_the_engine_is_gone_when_its_parent_was_killed(
    tiny_model: Path, tmp_path: Path, number: int, fork: bool
) -> None:
    command = [sys.executable, "-c", PARENT, str(tiny_model), str(tmp_path / "log"), *(["fork"] if fork else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid, holder = map(int, (await asyncio.to_thread(parent.stdout.readline)).split())
        try:
            parent.send_signal(number)
            parent.wait(10)
            assert await gone(pid)
        finally:
            if holder:
                os.kill(holder, signal.SIGKILL)


async def test_the_process_leaves_also_while_loading_keeps_python_busy() -> None:
    command = [sys.executable, "-c", BUSY, str(Path(server.__file__).parent)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == b"busy\n"
        process.stdin.close()
        assert await gone(process.pid)
        assert process.wait() == -signal.SIGIO


def test_the_process_leaves_when_its_parent_was_gone_before() -> None:
    done = subprocess.run([sys.executable, "-c", BUSY, str(Path(server.__file__).parent)], input=b"", timeout=20)
    assert done.returncode in (0, -signal.SIGIO)


def test_the_process_imports_nothing_of_bakeoff() -> None:
    source = Path(server.__file__).read_text(encoding="utf-8")
    assert "import bakeoff" not in source
    assert "from bakeoff" not in source
