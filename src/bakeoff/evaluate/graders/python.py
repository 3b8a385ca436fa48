"""The code of the answer passes the tests; it runs in a sandbox."""

import ast
import json
import secrets
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders.rule import Case, Grade, Scored
from bakeoff.evaluate.graders.text import fenced
from bakeoff.evaluate.request import render
from bakeoff.evaluate.sandbox import Finished, Limits, Wall, isolation, run
from bakeoff.evaluate.types import Row
from bakeoff.values import Reason, reason

MOST_CODE = 1024 * 1024
"""Characters of an answer that are run."""


@dataclass(frozen=True, slots=True)
class Python(Scored):
    """Runs the answer's Python code and then the tests of the target, in a sandbox. A test is an `assert` or a call at
    the top level, a function whose name begins with `test`, or a method of a `unittest.TestCase`. The score is 1 when
    all pass, else 0.
    """

    partial: bool = False
    """The score is the share of tests that pass."""

    before: str = ""
    """Code that is run before the answer's, for example imports; a template, so that it may come from the row."""

    seconds: float = 10.0
    """Longest time for one answer with its tests."""

    memory_mb: int = 1024
    """Most memory, in mebibytes."""

    isolation: Wall = "namespaces"
    """`namespaces`: no network, no files, no other processes (Linux). `process`: accept that the code runs as you, with
    limits on time and memory and nothing else, where namespaces cannot be had."""

    slow: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse limits in which not even Python starts."""
        Scored.__post_init__(self)
        if not 0.1 <= self.seconds <= 600:
            raise ValueError("seconds must lie between 0.1 and 600")
        if not 64 <= self.memory_mb <= 65536:
            raise ValueError("memory_mb must lie between 64 and 65536")

    def check(self, target: str, folder: Path) -> None:
        """The walls that are asked for must be there."""
        found = isolation()
        if self.isolation == "namespaces" and found.wall != "namespaces":
            raise ProjectError(
                f"grader python: this machine cannot shut code off from files and network: {found.why_not}",
                hint='run it on Linux, or accept that the models\' code runs as you: isolation = "process"',
            )

    def columns(self, target: str) -> set[str]:
        """Those of the tests, and of the code before."""
        return Scored.columns(self, target) | Scored.columns(self, self.before)

    def target(self, template: str, row: Row) -> str:
        """The tests of a row."""
        tests = render(template, row.values)
        try:
            ast.parse(tests)
        except (SyntaxError, ValueError) as error:
            raise ProjectError(
                f"row {row.id}: grader python: the tests are not valid Python: {error}",
                hint="mend the row; tests are plain asserts, test functions or a unittest.TestCase",
            ) from None
        return tests.strip()

    def grade(self, case: Case) -> Grade:
        """Run one answer."""
        code = code_of(case.text)[:MOST_CODE]
        if not code.strip():
            return Grade(0.0, detail=reason("grade.no_code"))
        if self.before:
            code = render(self.before, case.row.values) + "\n" + code
        key = secrets.token_hex(16)
        order = json.dumps({"code": code, "tests": case.target, "key": key}).encode()
        wall = self.isolation if isolation().wall == "namespaces" else "process"
        limits = Limits(seconds=self.seconds, memory_bytes=self.memory_mb * 1024**2)
        return self._read(run(_harness(), order, limits, wall), key.encode())

    def _read(self, finished: Finished, key: bytes) -> Grade:
        if finished.ending == "setup":
            why = finished.stderr.decode("utf-8", "replace")[:200]
            return Grade(None, detail=reason("grade.sandbox", problem=why))
        if finished.ending == "timeout":
            return Grade(0.0, detail=reason("grade.code_timeout", seconds=self.seconds))
        if finished.ending == "output":
            return Grade(0.0, detail=reason("grade.code_flood"))
        _, found, said = finished.stdout.partition(key)
        if not found:
            return Grade(0.0, detail=reason("grade.code_ended", status=finished.status))
        result = json.loads(said)
        if result["stage"] == "code":
            return Grade(0.0, detail=reason("grade.code_error", problem=result["first"]))
        passed, total, first = result["passed"], result["total"], result["first"]
        if not total:
            return Grade(None, detail=reason("grade.no_tests"))
        detail = reason("grade.tests", passed=passed, total=total, problem=first) if first else None
        if self.partial:
            return self.scored(passed / total, detail)
        return Grade(float(passed == total), detail=detail)

    def identity(self, folder: Path) -> Any:
        """The options, and the program that runs the tests."""
        return [Scored.identity(self, folder), _harness()]

    def caveats(self) -> tuple[Reason, ...]:
        """That code of models was run, and behind what."""
        found = isolation()
        if found.wall == "namespaces":
            return ()
        return (reason("grading.weak_isolation", why=found.why_not),)


def code_of(text: str) -> str:
    """The code of an answer: what stands in its Python fences, one after the other, else the whole answer."""
    blocks = fenced(text, "python", "py", "python3")
    return "\n\n".join(blocks) if blocks else text.strip("\n")


@lru_cache(maxsize=1)
def _harness() -> str:
    return resources.files("bakeoff.evaluate.graders").joinpath("code_tests.py").read_text(encoding="utf-8")
