"""The query of the answer gives the same rows as the right one, on a SQLite database."""

import math
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders.files import existing, read_text, sha256
from bakeoff.evaluate.graders.rule import Case, Grade, Rule
from bakeoff.evaluate.graders.sql_text import is_ordered, query_of
from bakeoff.evaluate.request import render, template_names
from bakeoff.evaluate.types import Row
from bakeoff.values import reason

MOST_ROWS = 100_000
"""Of a result; one with more is wrong, or the target is no target."""

MOST_BYTES = 16 * 1024**2
"""Of one value; `zeroblob(1e9)` is refused."""

STEPS = 10_000
"""Instructions of SQLite's machine between two looks at the clock."""

_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_REFUSED_FUNCTIONS = {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"}


@dataclass(frozen=True, slots=True)
class Sql(Rule):
    """Right when the answer's query gives the same rows as the target's query, on a SQLite database. Names of columns
    do not count, their order does. The database is never changed.
    """

    database: str | None = None
    """SQLite file in the project's folder."""

    schema: str | None = None
    """SQL that makes the database and fills it; a template, so that each row can bring its own."""

    schema_file: str | None = None
    """The same as a file of the project's folder."""

    ordered: Literal["auto", "yes", "no"] = "auto"
    """Whether the rows must come in the target's order. `auto`: where the target has an ORDER BY."""

    seconds: float = 5.0
    """Longest time for one query."""

    slow: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """A query needs exactly one database."""
        if sum(one is not None for one in (self.database, self.schema, self.schema_file)) != 1:
            raise ValueError("write one of `database`, `schema` and `schema_file`")
        if self.seconds <= 0:
            raise ValueError("seconds must be above 0")

    def check(self, target: str, folder: Path) -> None:
        """The database must be there and be one."""
        if self.schema is not None and template_names(self.schema):
            return
        with self._opened(Case("", "", folder=folder)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master")

    def columns(self, target: str) -> set[str]:
        """Those of the target, and of the schema."""
        return Rule.columns(self, target) | Rule.columns(self, self.schema or "")

    def identity(self, folder: Path) -> Any:
        """The options, and the content of the files."""
        named = self.database or self.schema_file
        digest = sha256(existing(folder, named, "grader sql")) if named else None
        return [Rule.identity(self, folder), digest]

    def target(self, template: str, row: Row) -> str:
        """The right query of a row."""
        return render(template, row.values).strip()

    def grade(self, case: Case) -> Grade:
        """Run both queries."""
        query = query_of(case.text)
        if not query:
            return Grade(0.0, detail=reason("grade.no_sql"))
        with self._opened(case) as connection:
            try:
                right = self._rows(connection, case.target)
            except (sqlite3.Error, sqlite3.Warning, OverflowError, _TooMuch) as error:
                raise ProjectError(
                    f"row {case.row.id}: grader sql: the target's query fails: {error}",
                    hint="mend the row, or the database that the query is for",
                ) from None
            try:
                found = self._rows(connection, query)
            except _TooMuch as error:
                return Grade(0.0, detail=error.args[0])
            except (sqlite3.Error, sqlite3.Warning, OverflowError, ValueError) as error:
                return Grade(0.0, detail=reason("grade.sql_error", problem=str(error)[:300]))
        ordered = is_ordered(case.target) if self.ordered == "auto" else self.ordered == "yes"
        if found == right or (not ordered and Counter(found) == Counter(right)):
            return Grade(1.0, detail=None if right else reason("grade.sql_empty"))
        if ordered and Counter(found) == Counter(right):
            return Grade(0.0, detail=reason("grade.sql_order"))
        return Grade(0.0, detail=reason("grade.sql_rows", found=len(found), target=len(right)))

    @contextmanager
    def _opened(self, case: Case) -> Iterator[sqlite3.Connection]:
        """The database, closed to everything but reading."""
        try:
            if self.database is not None:
                path = existing(case.folder, self.database, "grader sql: database")
                connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
            else:
                connection = sqlite3.connect(":memory:")
        except sqlite3.Error as error:
            raise self._no_database(error) from None
        with closing(connection):
            try:
                if self.database is None:
                    connection.executescript(self._script(case))
                connection.execute("SELECT count(*) FROM sqlite_master")
            except sqlite3.Error as error:
                raise self._no_database(error) from None
            for limit, value in (
                (sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES),
                (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 1_000_000),
                (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000),
                (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
            ):
                connection.setlimit(limit, value)
            connection.set_authorizer(_authorize)
            yield connection

    def _script(self, case: Case) -> str:
        if self.schema_file is not None:
            return read_text(case.folder, self.schema_file, "grader sql: schema_file")
        return render(self.schema or "", case.row.values)

    def _no_database(self, error: sqlite3.Error) -> ProjectError:
        name = self.database or self.schema_file or "schema"
        return ProjectError(f"grader sql: {name}: {error}", hint="it must be a SQLite file, or SQL that SQLite accepts")

    def _rows(self, connection: sqlite3.Connection, query: str) -> list[tuple[Any, ...]]:
        end = time.monotonic() + self.seconds
        late = [False]

        def too_late() -> int:
            late[0] = time.monotonic() > end
            return int(late[0])

        connection.set_progress_handler(too_late, STEPS)
        try:
            with closing(connection.execute(query)) as cursor:
                rows = cursor.fetchmany(MOST_ROWS + 1)
        except sqlite3.OperationalError:
            if late[0]:
                raise _TooMuch(reason("grade.sql_timeout", seconds=self.seconds)) from None
            raise
        if len(rows) > MOST_ROWS:
            raise _TooMuch(reason("grade.sql_too_many", limit=MOST_ROWS))
        return [tuple(_comparable(value) for value in row) for row in rows]


class _TooMuch(Exception):
    """A query that goes beyond a limit; the reason is its argument."""


def _authorize(action: int, first: str | None, second: str | None, *_: object) -> int:
    """Reading and nothing else: no ATTACH, no PRAGMA, no change, no function that reaches outside."""
    if action not in _ALLOWED or (action == sqlite3.SQLITE_FUNCTION and str(second).casefold() in _REFUSED_FUNCTIONS):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _comparable(value: Any) -> Any:
    """Numbers to 9 significant digits, so that the order of a sum does not matter; 1 and 1.0 are the same."""
    if isinstance(value, float) and math.isfinite(value) and value:
        rounded = round(value, 8 - math.floor(math.log10(abs(value))))
        return int(rounded) if rounded.is_integer() else rounded
    return 0 if value == 0 and isinstance(value, float) else value
