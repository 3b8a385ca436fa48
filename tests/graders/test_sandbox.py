"""Code that nobody has read cannot reach out of the sandbox, and cannot outstay its limits."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bakeoff.evaluate.sandbox import Finished, Limits, isolation, run
from bakeoff.evaluate.sandbox import process as process_module

SHORT = Limits(seconds=1.5, memory_bytes=512 * 1024**2)
needs_namespaces = pytest.mark.skipif(isolation().wall != "namespaces", reason=isolation().why_not)
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")


FORKS = "import os, time\nwhile True:\n  if os.fork() == 0: time.sleep(60)"
UNSHARES = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.unshare(0x10000000)
raise OSError(ctypes.get_errno(), "refused")
"""
DEAF = """
import signal, time
for number in range(1, 64):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
time.sleep(60)
"""


def inside(source: str, stdin: bytes = b"", limits: Limits = SHORT) -> Finished:
    """Run with all walls."""
    return run(source, stdin, limits, "namespaces")


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No folder and no process stays behind."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield
    assert list(tmp_path.glob("bakeoff-sandbox-*")) == []


@needs_namespaces
@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("print(sum(map(int, open(0).read().split())))", b"6"),
        ("import numpy; print(int(numpy.arange(4).sum()))", b"6"),
        (
            # Python itself may lie below /tmp.
            "import os, sys; own = [sys.executable, sys.prefix + '/', sys.base_prefix + '/', *sys.path]\n"
            "print(os.getcwd(), [x for x in os.listdir('.') if not any(p.startswith(f'/tmp/{x}/') for p in own)])",
            b"/tmp []",
        ),
        ("import os; print('KEY' in ' '.join(os.environ), os.environ['HOME'])", b"False /tmp"),
        ("import os; print(os.getpid(), os.getppid())", b"1 0"),
        (
            "import os; print(os.path.exists('/proc'), os.path.exists('/var'), os.path.exists('/etc/passwd'))",
            b"False False False",
        ),
        ("open('a','w').write('x'); print(open('a').read())", b"x"),
    ],
)
def test_a_program_has_python_and_an_empty_folder(source: str, printed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    found = inside(source, b"1 2 3")
    assert (found.ending, found.status, found.stdout.strip()) == ("exited", 0, printed)


@needs_namespaces
@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("open('/usr/x', 'w')", b"Read-only file system"),
        ("open('/x', 'w')", b"Read-only file system"),
        ("open({path!r}).read()", b"No such file"),
        ("import socket; socket.create_connection(('127.0.0.1', 9), 1)", b"Network is unreachable"),
        ("import socket; socket.create_connection(('192.0.2.1', 80), 1)", b"Network is unreachable"),
        ("import socket; socket.gethostbyname('localhost')", b"gaierror"),
        ("x = bytearray(2**31)", b"MemoryError"),
        ("f = open('a', 'wb')\nwhile True: f.write(bytes(10**6))", b"File too large"),
        ("for i in range(99): open(str(i), 'wb').write(bytes(10**7))", b"No space left"),
        (FORKS, b"Resource temporarily unavailable"),
        (UNSHARES, b"Errno 1"),
        ("import os; os.setuid(0)", b"Errno"),
        ("import os; os.kill(-1, 9)", b"ProcessLookupError"),
    ],
)  # fmt: skip
def test_nothing_outside_can_be_reached(source: str, error: bytes) -> None:
    found = inside(source.replace("{path!r}", repr(__file__)))
    assert found.status != 0
    assert error in found.stderr


@needs_namespaces
@pytest.mark.parametrize(
    ("source", "ending"),
    [
        ("while True: pass", "timeout"),
        ("import time; time.sleep(60)", "timeout"),
        ("import os\nwhile True:\n  try: os.fork()\n  except OSError: pass", "timeout"),
        (DEAF, "timeout"),
        ("while True: print('x' * 10**6)", "output"),
        ("import sys\nwhile True: sys.stderr.write('x' * 10**6)", "output"),
        ("import os, time\nif os.fork() == 0:\n  os.setsid()\n  time.sleep(60)", "exited"),
    ],
)  # fmt: skip
def test_nothing_goes_on_for_ever(source: str, ending: str) -> None:
    mark = f"# of test process {os.getpid()}"
    assert inside(f"{source}\n{mark}").ending == ending
    running = subprocess.run(["ps", "-ewwo", "args"], capture_output=True, text=True, check=False).stdout
    assert mark not in running


@needs_namespaces
def test_a_crash_and_a_status_are_told() -> None:
    assert inside("import sys; sys.exit(7)").status == 7
    assert inside("import ctypes; ctypes.string_at(0)").status == -11


@needs_namespaces
def test_output_is_kept_up_to_a_limit() -> None:
    found = inside("print('x' * 10**6)")
    assert (found.ending, found.status) == ("exited", 0)
    assert len(found.stdout) == process_module.KEPT_BYTES


@posix
def test_without_namespaces_there_is_still_an_end() -> None:
    assert run("while True: pass", b"", SHORT, "process").ending == "timeout"
    assert run("import os; os.kill(os.getppid(), 9)", b"", SHORT, "process").ending == "exited"
    assert run("import os; print(sorted(os.environ))", b"", SHORT, "process").stdout.count(b"KEY") == 0


@needs_namespaces
def test_it_dies_with_us(tmp_path: Path) -> None:
    """A killed Bakeoff leaves no program behind."""
    ours = tmp_path / "ours.py"
    ours.write_text(
        "from bakeoff.evaluate.sandbox import Limits, run\n"
        "run('import time; time.sleep(98.7)', b'', Limits(seconds=60), 'namespaces')"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path / "other"), "PYTHONPATH": os.pathsep.join(sys.path)}
    (tmp_path / "other").mkdir()
    with subprocess.Popen([sys.executable, str(ours)], env=environment) as bakeoff:
        assert eventually(lambda: "time.sleep(98.7)" in processes())
        bakeoff.kill()
    assert eventually(lambda: "time.sleep(98.7)" not in processes())


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it holds within twenty seconds."""
    end = time.monotonic() + 20
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return holds()


def processes() -> str:
    """Command lines of everything that runs on this machine."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(path.read_bytes())
    return b"\n".join(found).decode("utf-8", "replace")
