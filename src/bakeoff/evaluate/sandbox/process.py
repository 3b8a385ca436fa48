"""Run a Python program that nobody has read: behind walls, with limits, and with an end."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from functools import lru_cache
from pathlib import Path
from typing import IO

from bakeoff.evaluate.sandbox import inside
from bakeoff.evaluate.sandbox.limits import Ending, Finished, Isolation, Limits, Wall

KEPT_BYTES = 64 * 1024
"""Of each stream; the rest is read and thrown away."""

GRACE_SECONDS = 5.0
"""For starting Python twice and building the walls, on a busy machine; not a part of the program's time."""

SIGXCPU = 24
"""Of a process that used up its processor time; the same number on Linux and macOS."""

_CLEAN = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp", "PYTHONHASHSEED": "0", "PYTHONUTF8": "1"}
_CLEAN |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # threads count as processes


def run(source: str, stdin: bytes, limits: Limits, wall: Wall) -> Finished:
    """Run Python source in a process of its own.

    Args:
        source: the program; it is run with this Python, with the packages that are installed here.
        stdin: what it can read.
        limits: what it may use.
        wall: what is built around it.
    """
    with tempfile.TemporaryDirectory(prefix="bakeoff-sandbox-", ignore_cleanup_errors=True) as folder:
        started = time.monotonic()
        process = subprocess.Popen(
            _command(source, limits, wall, folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=_environment(folder, wall),
            start_new_session=True,
        )
        watch = _Watch(process, limits)
        with process:
            ending = watch.until_done(stdin)
        if ending == "exited" and process.returncode == inside.SETUP_FAILED and watch.kept[1].startswith(b"sandbox: "):
            ending = "setup"
        elif ending == "exited" and process.returncode in (inside.TIMED_OUT, 128 + SIGXCPU):
            ending = "timeout"
        status = process.returncode if process.returncode <= 128 else 128 - process.returncode
        return Finished(ending, status, watch.kept[0], watch.kept[1], time.monotonic() - started)


class _Watch:
    """Feeds a process and reads it until it ends, its time is over, or it prints too much."""

    def __init__(self, process: subprocess.Popen[bytes], limits: Limits) -> None:
        self.kept = [b"", b""]
        self._process = process
        self._limits = limits
        self._printed = 0
        self._flooded = threading.Event()

    def until_done(self, stdin: bytes) -> Ending:
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        threads = [
            threading.Thread(target=self._feed, args=(stdin,), daemon=True),
            threading.Thread(target=self._read, args=(0, self._process.stdout), daemon=True),
            threading.Thread(target=self._read, args=(1, self._process.stderr), daemon=True),
        ]
        for thread in threads:
            thread.start()
        ending: Ending = "exited"
        try:
            self._process.wait(self._limits.seconds + GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            ending = "timeout"
        finally:
            _kill(self._process)
        for thread in threads:
            thread.join(GRACE_SECONDS)
        return "output" if self._flooded.is_set() else ending

    def _feed(self, stdin: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(stdin)
            self._process.stdin.close()
        except OSError:  # it ended without reading all of it
            pass

    def _read(self, index: int, stream: IO[bytes]) -> None:
        try:
            while chunk := os.read(stream.fileno(), KEPT_BYTES):
                self.kept[index] += chunk[: KEPT_BYTES - len(self.kept[index])]
                self._printed += len(chunk)
                if self._printed > self._limits.output_bytes and not self._flooded.is_set():
                    self._flooded.set()
                    _kill(self._process)
        except (OSError, ValueError):
            pass


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End it, and where we can everything that it started. The first program inside is asked first, so that it can
    bury its child: where nobody else does (some containers), it would stay in the list of processes.
    """
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(1)
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, 9)
    process.kill()
    process.wait()


def _command(source: str, limits: Limits, wall: Wall, folder: str) -> list[str]:
    argv = [sys.executable, "-s", "-P", "-B", "-c", source]
    if sys.platform == "win32":
        return argv
    order = {
        "wall": wall,
        "argv": argv,
        "environment": _environment(folder, wall),
        "root": folder,
        "folders": _folders(),
        "parent": os.getpid(),
        "seconds": limits.seconds,
        "memory_bytes": limits.memory_bytes,
        "processes": limits.processes,
        "file_bytes": limits.file_bytes,
    }
    return [sys.executable, "-I", "-S", "-B", inside.__file__, json.dumps(order)]


def _environment(folder: str, wall: Wall) -> dict[str, str]:
    """Nothing of ours: no keys, no tokens, no paths."""
    if sys.platform == "win32":
        kept = {name: os.environ[name] for name in ("SYSTEMROOT", "WINDIR") if name in os.environ}
        return {**_CLEAN, **kept, "PATH": "", "HOME": folder, "TEMP": folder, "TMP": folder}
    return _CLEAN if wall == "namespaces" else {**_CLEAN, "HOME": folder, "TMPDIR": folder}


@lru_cache(maxsize=1)
def _folders() -> list[str]:
    """What Python needs to run: the system's libraries, the interpreter's folder, the virtual environment's."""
    executable = Path(sys.executable).resolve()
    wanted = ["/usr", "/lib", "/lib32", "/lib64", "/bin", "/etc/ld.so.cache", "/nix/store", "/gnu/store"]
    wanted += [sys.base_prefix, sys.prefix, str(executable.parent.parent)]
    found: list[str] = []
    for path in sorted({path for path in wanted if os.path.lexists(path) and path != "/"}):
        if not any(path.startswith(f"{other}/") or path == other for other in found if not os.path.islink(other)):
            found.append(path)
    return found


@lru_cache(maxsize=1)
def isolation() -> Isolation:
    """What this machine can put around a program, found out by trying."""
    if sys.platform != "linux":
        return Isolation("process", "only Linux has namespaces")
    if shutil.which(sys.executable) is None:
        return Isolation("process", "this Python has no executable of its own")
    tried = run("print('inside')", b"", Limits(seconds=20), "namespaces")
    if tried.stdout.strip() == b"inside":
        return Isolation("namespaces")
    words = tried.stderr.decode("utf-8", "replace").strip().removeprefix("sandbox: ")
    return Isolation("process", words.splitlines()[-1][:200] if words else f"exit status {tried.status}")
