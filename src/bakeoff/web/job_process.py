"""One piece of long work, in a process of its own: `python -m bakeoff.web.job_process FOLDER`, the rest on stdin.

It goes on when the server ends. The first line that it prints says whether it holds the project, or why not; from then
on it prints for its log alone. Keys come by the environment and go nowhere else.
"""

import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from bakeoff.errors import BakeoffError, BusyError
from bakeoff.project.listening import Listener
from bakeoff.project.working import error_json


class _Begun(Listener):
    """Says that the project is held, once."""

    said = False

    def begun(self) -> None:
        if not self.said:
            self.said = True
            say({"begun": True})


def say(line: dict[str, Any]) -> None:
    """The one line; then standard output is the log, as standard error is."""
    print(json.dumps(line, ensure_ascii=False), flush=True)
    os.dup2(2, 1)


def main(folder: Path) -> int:
    """Do what standard input says, and return the exit code as the command line's."""
    from bakeoff.project.verbs import work

    asked = json.loads(sys.stdin.read())
    listener = _Begun()
    try:
        work(folder, asked["verb"], asked["options"], listener)
    except BakeoffError as error:
        print(f"error: {error.message}\nhint: {error.hint}", file=sys.stderr)
        _refused(listener, error)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        _refused(listener, error)
        raise
    return 0


def _refused(listener: _Begun, error: Exception) -> None:
    if not listener.said:
        say({"begun": False, "busy": isinstance(error, BusyError), **error_json(error)})


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    # Whoever started the server may have told it to ignore Ctrl-C (nohup, &); this process is stopped on purpose.
    signal.signal(signal.SIGINT, _interrupt)
    sys.exit(main(Path(sys.argv[1])))
