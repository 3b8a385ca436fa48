"""This machine's clock for what a worker holds: compared with itself only, never with another machine's."""

import time


def clock() -> float:
    """Seconds that go on while the process is stopped, and where the system can tell also while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
