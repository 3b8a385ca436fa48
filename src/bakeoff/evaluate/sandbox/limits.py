"""What code that nobody has read may use, and what came of running it. Values only."""

from dataclasses import dataclass
from typing import Literal

Wall = Literal["namespaces", "process"]
"""namespaces: no network, no files but Python's own (read only) and an empty folder in memory, no other process in
sight. process: a process of its own with limits, and nothing else: it can read and write what you can."""

Ending = Literal["exited", "timeout", "output", "setup"]
"""exited: by itself or by a limit of the system. timeout, output: stopped by us. setup: the walls were not built."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one program may use."""

    seconds: float = 10.0
    """Wall clock, and processor time of each process."""

    memory_bytes: int = 1024**3
    """Address space of each process. Not enforced on macOS and Windows."""

    processes: int = 8
    """Processes and threads together. Enforced on Linux with namespaces only."""

    file_bytes: int = 16 * 1024**2
    """Largest file; all files together four times that (with namespaces)."""

    output_bytes: int = 4 * 1024**2
    """Printed text; a program that prints more is stopped."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended."""

    ending: Ending
    status: int
    """Exit status; negative: killed by that signal."""

    stdout: bytes
    """The first 64 KiB of what it wrote to its standard output."""

    stderr: bytes
    """The same of its standard error."""

    seconds: float
    """Wall clock, with start-up."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """What keeps a program away from the rest of this machine."""

    wall: Wall
    why_not: str = ""
    """Why there are no namespaces, in the system's words; empty where there are."""
