"""Requests and addresses of many rows are those of each row by itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.evaluate.run import Route
from bakeoff.evaluate.types import Candidate, Example, Prompt, Row, Table

ODD = 'a "b" \\ \n\t\x7f \u2028 ế 😀 </script> {{ x }} "messages":[]'
ROWS = tuple(Row(str(i), i, {"text": f"{ODD} {i}", "n": i, "none": None}) for i in range(1, 4))
TABLE = Table(("text", "n", "none"), ROWS, "")

PROMPTS = (
    Prompt(user="{{ text }}"),
    Prompt(user="{{ text }}", system="Say {{ n }}{{ none }}"),
    Prompt(user="{{ text }}", system=""),
    Prompt(user="{{ text }}", system="the user's part"),
    Prompt(user=ODD.replace("{{ x }}", ""), examples=(Example(ODD, "yes"), Example("b", ODD))),
    Prompt(user="{{ text }}", system="s", examples=(Example("a", "b"),), name="variant"),
    Prompt(user="{% if n > 1 %}{{ text }}{% endif %}", system="s"),
)

PARAMETERS: tuple[Mapping[str, Any], ...] = (
    {},
    {"temperature": 0.0, "max_tokens": 16, "seed": 3, "stop": ["\n", ODD], "nothing": None},
    {"stream": False},
    {"messages": "mine"},
)


def route(prompt: Prompt, parameters: Mapping[str, Any], api: str = "chat", model: str = "m", **other: Any) -> Route:
    """One route."""
    return Route(Candidate(model, model), "http://x/v1", "b", api, model, prompt, parameters, **other)  # type: ignore[arg-type]


def check(one: Route, table: Table = TABLE) -> None:
    """Compare with each row by itself."""
    for repeat in (0, 2):
        expected = [(one.request(row, repeat=repeat), one.digest(row, repeat=repeat)) for row in table.rows]
        assert list(one.addressed(table, repeat=repeat)) == expected
        assert list(one.digests(table, repeat=repeat)) == [digest for _, digest in expected]


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("parameters", PARAMETERS)
def test_chat_and_completions(prompt: Prompt, parameters: Mapping[str, Any]) -> None:
    check(route(prompt, parameters, model=ODD))
    check(route(prompt, parameters, "completions"))


def test_answers_from_a_file_are_addressed_by_row() -> None:
    check(route(PROMPTS[0], {}, "file"))


def test_pictures_are_in_the_address(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nxx")
    check(route(Prompt(user="x", images=("a.png",)), {}, folder=tmp_path))


@given(st.text(max_size=40), st.text(max_size=40), st.text(min_size=1, max_size=20))
def test_any_text(system: str, user: str, model: str) -> None:
    system, user, model = (text.encode("utf-8", "replace").decode("utf-8") for text in (system, user, model))
    table = Table(("a", "b"), (Row("1", 1, {"a": system, "b": user}),), "")
    check(route(Prompt(user="{{ b }}", system="{{ a }}"), {"max_tokens": 3}, model=model), table)
