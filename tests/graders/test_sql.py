"""Queries of answers against a database."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders import grader
from bakeoff.evaluate.graders import sql as sql_module
from bakeoff.evaluate.graders.sql_text import is_ordered, query_of
from tests.graders import score, why

SCHEMA = """
CREATE TABLE city (name TEXT, country TEXT, people INTEGER, area REAL);
INSERT INTO city VALUES ('Hà Nội', 'VN', 8, 3359.8), ('Huế', 'VN', 1, 0.1), ('Paris', 'FR', 2, 0.2);
INSERT INTO city VALUES ('Nice', 'FR', 1, NULL);
"""
BY_COUNTRY = "SELECT country, sum(people) FROM city GROUP BY country"
NAMES, BACKWARDS = "SELECT name FROM city ORDER BY name", "SELECT name FROM city ORDER BY name DESC"
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
MANY = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 200000) SELECT x FROM c"


@pytest.mark.parametrize(
    ("target", "answer", "options", "expected", "code"),
    [
        (BY_COUNTRY, "```sql\nselect country c, sum(people) from city group by 1;\n```", {}, 1.0, None),
        (BY_COUNTRY, f"You can write:\n\n{BY_COUNTRY} ORDER BY 2\n\nThat is all.", {}, 1.0, None),
        (BY_COUNTRY, "SELECT sum(people), country FROM city GROUP BY country", {}, 0.0, "grade.sql_rows"),
        (BY_COUNTRY, "SELECT country, people FROM city", {}, 0.0, "grade.sql_rows"),
        (NAMES, BACKWARDS, {}, 0.0, "grade.sql_order"),
        (NAMES, BACKWARDS, {"ordered": "no"}, 1.0, None),
        ("SELECT name FROM city", BACKWARDS, {"ordered": "yes"}, 0.0, "grade.sql_order"),
        ("SELECT country FROM city", "SELECT DISTINCT country FROM city", {}, 0.0, "grade.sql_rows"),
        ("SELECT 0.1 + 0.2", "SELECT 0.3", {}, 1.0, None),
        ("SELECT 1", "SELECT 1.0", {}, 1.0, None),
        ("SELECT area FROM city WHERE name = 'Nice'", "SELECT NULL", {}, 1.0, None),
        ("SELECT name FROM city WHERE 0", "SELECT name FROM city WHERE 1 = 2", {}, 1.0, "grade.sql_empty"),
        ("WITH v AS (SELECT * FROM city) SELECT count(*) FROM v", "SELECT 4", {}, 1.0, None),
        (BY_COUNTRY, "", {}, 0.0, "grade.no_sql"),
        (BY_COUNTRY, "I cannot do that.", {}, 0.0, "grade.sql_error"),
        (BY_COUNTRY, "SELECT * FROM town", {}, 0.0, "grade.sql_error"),
        (BY_COUNTRY, "DROP TABLE city", {}, 0.0, "grade.sql_error"),
        (BY_COUNTRY, "INSERT INTO city SELECT * FROM city RETURNING country, people", {}, 0.0, "grade.sql_error"),
        (BY_COUNTRY, "SELECT 1; DROP TABLE city", {}, 0.0, "grade.sql_error"),
        (BY_COUNTRY, "ATTACH '/etc/passwd' AS p", {}, 0.0, "grade.sql_error"),
        (BY_COUNTRY, "PRAGMA table_info(city)", {}, 0.0, "grade.sql_error"),
        (BY_COUNTRY, "SELECT * FROM pragma_database_list", {}, 0.0, "grade.sql_error"),
        (BY_COUNTRY, "SELECT load_extension('x')", {}, 0.0, "grade.sql_error"),
        (BY_COUNTRY, "SELECT zeroblob(1000000000)", {}, 0.0, "grade.sql_error"),
        (BY_COUNTRY, "SELECT printf('%999999999d', 1)", {}, 0.0, "grade.sql_rows"),
        (BY_COUNTRY, ENDLESS, {"seconds": 0.2}, 0.0, "grade.sql_timeout"),
        (BY_COUNTRY, MANY, {}, 0.0, "grade.sql_too_many"),
        (BY_COUNTRY, "SELECT '\u0000' || 'x'", {}, 0.0, "grade.sql_error"),
        (BY_COUNTRY, "SELECT " + "(" * 5000 + "1" + ")" * 5000, {}, 0.0, "grade.sql_error"),
        (BY_COUNTRY, "SELECT '" + "x" * 2_000_000 + "'", {}, 0.0, "grade.sql_error"),
    ],
)  # fmt: skip
def test_queries(target: str, answer: str, options: dict[str, Any], expected: float, code: str | None) -> None:
    assert score("sql", target, answer, schema=SCHEMA, **options) == expected
    assert why("sql", target, answer, schema=SCHEMA, **options) == code


def test_a_database_file_is_read_and_never_changed(tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA)
    before = path.read_bytes()
    options = {"database": "shop.sqlite", "folder": tmp_path}
    assert score("sql", BY_COUNTRY, BY_COUNTRY, **options) == 1.0
    assert score("sql", BY_COUNTRY, "DELETE FROM city", **options) == 0.0
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["shop.sqlite"]
    digest = grader("sql", BY_COUNTRY, **options).digest()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM city")
    assert grader("sql", BY_COUNTRY, **options).digest() != digest


def test_each_row_can_bring_its_own_schema() -> None:
    row = {"ddl": "CREATE TABLE t (x); INSERT INTO t VALUES (5)", "q": "SELECT x FROM t"}
    assert score("sql", "{{ q }}", "SELECT 5", row, schema="{{ ddl }}") == 1.0
    assert grader("sql", "{{ q }}", schema="{{ ddl }}").columns() == {"q", "ddl"}


def test_what_is_wrong_with_the_project_is_said(tmp_path: Path) -> None:
    (tmp_path / "no.sqlite").write_text("this is a text, not a database, and long enough to be read as one" * 20)
    with pytest.raises(ProjectError, match="not a database"):
        grader("sql", "x", database="no.sqlite", folder=tmp_path).check()
    with pytest.raises(ProjectError, match="no file shop"):
        grader("sql", "x", database="shop.sqlite", folder=tmp_path).check()
    with pytest.raises(ProjectError, match="syntax error"):
        grader("sql", "x", schema="CREATE TABEL").check()
    with pytest.raises(ProjectError, match="row r1: grader sql: the target's query fails: no such table: town"):
        score("sql", "SELECT * FROM town", "SELECT 1", schema=SCHEMA)
    with pytest.raises(ProjectError, match="one of `database`"):
        grader("sql", "x")


@pytest.mark.parametrize(
    ("query", "ordered"),
    [
        ("SELECT a FROM t ORDER BY a", True),
        ("SELECT a FROM (SELECT a FROM t ORDER BY a) LIMIT 1", False),
        ("SELECT 'ORDER BY' FROM t", False),
        ("SELECT a FROM t -- ORDER BY a", False),
        ("select a from t\norder\nby a", True),
    ],
)
def test_an_order_is_asked_for_by_the_query_itself(query: str, ordered: bool) -> None:
    assert is_ordered(query) is ordered


def test_the_query_of_an_answer() -> None:
    assert query_of("Use WITH care.\nSELECT 1;\n\nDone.") == "SELECT 1;"
    assert query_of("```sql\nSELECT 1\n```\n```\nSELECT 2\n```") == "SELECT 1"
    assert query_of("The query is: SELECT 1") == "SELECT 1"
    assert sql_module.MOST_ROWS == 100_000
