"""A Python function of yours judges the answer."""

import hashlib
import inspect
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders.files import read_text
from bakeoff.evaluate.graders.rule import Case, Grade, Rule
from bakeoff.evaluate.request import render
from bakeoff.evaluate.types import Row
from bakeoff.values import Reason, reason, to_json

Judge = Callable[[str, Mapping[str, Any]], "float | bool | Grade | None"]
"""(answer, the row's values) to what it is worth: true or false, 0 to 1, a Grade, or None for "cannot say"."""

SLOW_SECONDS = 5.0
"""A call that takes longer is pointed out."""


@dataclass(frozen=True, slots=True)
class Function(Rule):
    """Calls a Python function with the answer and the row, `def my_grader(answer, row)`. It gives true or false, a
    number from 0 to 1, a `Grade`, or None where it cannot say. It is your code: it runs in this process, without a
    sandbox.
    """

    function: str | Judge = field(default="")
    """`"graders.py:my_grader"`: a file in the project's folder, and the function's name. In Python, the function."""

    needs_target: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Names have two parts."""
        if callable(self.function):
            return
        file, colon, name = self.function.rpartition(":")
        if not colon or not file.endswith(".py") or not name.isidentifier():
            raise ValueError('write `function` as "graders.py:my_grader"')

    def check(self, target: str, folder: Path) -> None:
        """The file must run, and have the function."""
        self._judge(folder)

    def target(self, template: str, row: Row) -> str:
        """What is shown as right; the function itself reads the row."""
        return render(template, row.values).strip() if template else ""

    def identity(self, folder: Path) -> Any:
        """The function's name, and its file as it is now."""
        if callable(self.function):
            try:
                return [self.function.__qualname__, inspect.getsource(self.function)]
            except (OSError, TypeError, AttributeError):
                return [repr(self.function)]
        text = read_text(folder, self.function.rpartition(":")[0], "grader function")
        return [to_json(self.function), hashlib.sha256(text.encode()).hexdigest()]

    def grade(self, case: Case) -> Grade:
        """Call the function."""
        judge = self._judge(case.folder)
        started = time.monotonic()
        try:
            found = judge(case.text, case.row.values)
        except (Exception, SystemExit) as error:
            raise self._failed(error, case.row) from error
        slow = time.monotonic() - started
        detail = reason("grade.slow_function", seconds=slow) if slow > SLOW_SECONDS else None
        return self._read(found, detail, case.row)

    def _read(self, found: object, detail: Reason | None, row: Row) -> Grade:
        if isinstance(found, Grade):
            return found
        if found is None:
            return Grade(None, detail=detail or reason("grade.function_none"))
        try:
            score = float(found)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            score = float("nan")
        if isinstance(found, str) or not 0 <= score <= 1:
            raise ProjectError(
                f"row {row.id}: {self._name()} gave {found!r}",
                hint="a grader gives True, False, a number from 0 to 1, a Grade, or None",
            )
        return Grade(score, detail=detail)

    def _failed(self, error: BaseException, row: Row) -> ProjectError:
        file = self._file()
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(file)]
        where = f", line {frames[-1].lineno}" if frames and frames[-1].lineno else ""
        return ProjectError(
            f"row {row.id}: {self._name()}{where}: {type(error).__name__}: {error}",
            hint="mend the function; for an answer that it cannot judge, let it return None",
        )

    def _file(self) -> str:
        return "" if callable(self.function) else self.function.rpartition(":")[0]

    def _name(self) -> str:
        return getattr(self.function, "__qualname__", "the function") if callable(self.function) else self.function

    def _judge(self, folder: Path) -> Judge:
        if callable(self.function):
            return self.function
        file, _, name = self.function.rpartition(":")
        judge: Judge | None = _loaded(str(folder / file), read_text(folder, file, "grader function")).get(name)
        if not callable(judge):
            raise ProjectError(f"grader function: {file} has no function {name!r}", hint="look at how it is spelled")
        return judge


@lru_cache(maxsize=8)
def _loaded(path: str, source: str) -> dict[str, Any]:
    """What the file defines; it is run once for each version of its text."""
    space: dict[str, Any] = {"__name__": Path(path).stem, "__file__": path}
    try:
        exec(compile(source, path, "exec"), space)
    except (Exception, SystemExit) as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
        line = error.lineno if isinstance(error, SyntaxError) else frames[-1].lineno if frames else None
        raise ProjectError(
            f"grader function: {Path(path).name}{f', line {line}' if line else ''}: {type(error).__name__}: {error}",
            hint="the file must run by itself: python " + Path(path).name,
        ) from error
    return space
