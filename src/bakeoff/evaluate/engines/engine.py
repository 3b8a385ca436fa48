"""A running engine: where it answers, what it is, what memory it takes, whether it still lives."""

import re
import subprocess
from contextlib import suppress
from pathlib import Path

from bakeoff.errors import BakeoffError
from bakeoff.evaluate.engines.facts import Facts
from bakeoff.evaluate.engines.failures import why_gone
from bakeoff.evaluate.engines.log import EngineLog
from bakeoff.evaluate.engines.parameters import EngineParameters
from bakeoff.evaluate.results import Memory


class Engine:
    """One engine process that listens. Made and ended by `start_engine`."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        log: EngineLog,
        *,
        path: Path,
        parameters: EngineParameters,
        facts: Facts,
        address: str,
        version: str,
        load_seconds: float,
    ) -> None:
        """Describe a process that has said where it listens."""
        self._process = process
        self._log = log
        self._path = path
        self._peak = _peak_resident_bytes(process.pid)
        self.parameters = parameters
        self.facts = facts
        """What llama.cpp said about the model and itself."""

        self.base_url = address + "/v1"
        self.version = version
        """Of xllamacpp, which names the llama.cpp build: the last part is its build number."""

        self.load_seconds = load_seconds
        """From starting the process to listening, with one empty run of the model."""

    @property
    def pid(self) -> int:
        """The engine's process."""
        return self._process.pid

    @property
    def n_slots(self) -> int:
        """Requests that are worked on at once."""
        return self.facts.n_slots

    @property
    def context_per_slot(self) -> int:
        """Tokens that a request really has: never more than the model was trained for."""
        return self.facts.context_per_slot

    @property
    def memory(self) -> Memory:
        """What the engine took so far: buffers from its log, the peak from the system where that tells it (Linux)."""
        self._peak = _peak_resident_bytes(self._process.pid) or self._peak
        return Memory(
            weights_bytes=self.facts.weights_bytes,
            kv_cache_bytes=self.facts.kv_cache_bytes,
            recurrent_state_bytes=self.facts.recurrent_state_bytes,
            compute_bytes=self.facts.compute_bytes,
            output_bytes=self.facts.output_bytes,
            peak_resident_bytes=self._peak,
        )

    def check(self) -> None:
        """See whether the engine lives.

        Raises:
            EngineError: it does not; with the reason, where its log has one.
        """
        if self._process.poll() is not None:
            raise self.why_gone()

    def why_gone(self) -> BakeoffError:
        """The error for an engine whose process has ended, or is about to."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        self._log.join(1.0)
        return why_gone(
            list(self._log.last),
            self._process.poll(),
            path=self._path,
            parameters=self.parameters,
            version=self.version,
            log_path=self._log.path,
        )


def _peak_resident_bytes(pid: int) -> int | None:
    """`VmHWM` of proc(5): the most that the process has had in memory, pages of the mapped model file included."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else None
