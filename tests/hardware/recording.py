"""A system that was written down: a `Probe` that answers from one text file.

=== /proc/meminfo          a file, up to the next mark
-> /sys/dev/block/8:0 /x   a link and where it leads
$ nvidia-smi -L            a command by its beginning; the longest recorded beginning counts
[exit 9]                   optional first line of a command's output
! CUDA_VISIBLE_DEVICES=0   an environment variable
# ...                      a remark, before the first mark only
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bakeoff.hardware.probe import Probe

FIXTURES = Path(__file__).parent / "fixtures"


class Recording(Probe):
    """Answers from the text; knows nothing of the machine that the test runs on."""

    def __init__(
        self,
        text: str = "",
        *,
        system: str = "linux",
        environment: Mapping[str, str] | None = None,
        libraries: Mapping[str, Any] | None = None,
        cpus: int = 8,
        affinity: frozenset[int] | None = None,
    ) -> None:
        self.system = system
        self.environment = dict(environment or {})
        self.files: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.commands: dict[str, tuple[int, str]] = {}
        self.libraries = dict(libraries or {})
        self.asked: list[list[str]] = []
        self._cpus, self._affinity = cpus, affinity
        self._read_text(text)

    @classmethod
    def of(cls, name: str, **others: Any) -> "Recording":
        """The recording in `fixtures/NAME.txt`."""
        return cls((FIXTURES / f"{name}.txt").read_text(encoding="utf-8"), **others)

    def _read_text(self, text: str) -> None:
        mark, lines = "", list[str]()
        for line in [*text.splitlines(), "=== end"]:
            if line.startswith(("=== ", "$ ", "-> ", "! ")):
                self._keep(mark, lines)
                mark, lines = line, []
            else:
                lines.append(line)

    def _keep(self, mark: str, lines: list[str]) -> None:
        kind, _, rest = mark.partition(" ")
        body = "\n".join(lines).strip("\n") + "\n"
        if kind == "===":
            self.files[rest] = body
        elif kind == "->":
            self.links.update([rest.split(" ", 1)])  # type: ignore[list-item]
        elif kind == "!":
            name, _, value = rest.partition("=")
            self.environment = {**self.environment, name: value}
        elif kind == "$":
            code, _, output = body.partition("\n") if body.startswith("[exit ") else ("[exit 0]", "", body)
            self.commands[rest] = (int(code.strip("[exit ]")), output)

    def read(self, path: str) -> str | None:
        return self.files.get(path)

    def children(self, path: str) -> list[str]:
        under = path.rstrip("/") + "/"
        return sorted({name[len(under) :].split("/")[0] for name in self.files if name.startswith(under)})

    def exists(self, path: str) -> bool:
        return path in self.files or path in self.links or bool(self.children(path))

    def resolve(self, path: str) -> str | None:
        return self.links.get(path)

    def run(self, command: list[str], *, seconds: float = 0) -> tuple[int, str] | None:
        self.asked.append(command)
        line = " ".join(command)
        fitting = [name for name in self.commands if line.startswith(name)]
        return self.commands[max(fitting, key=len)] if fitting else None

    def library(self, *names: str) -> Any | None:
        return next((self.libraries[name] for name in names if name in self.libraries), None)

    def affinity(self) -> frozenset[int] | None:
        return self._affinity

    def logical_cpus(self) -> int:
        return self._cpus
