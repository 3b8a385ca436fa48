"""Requests and addresses of many rows are those of each row by itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.evaluate import addressing
from bakeoff.evaluate.addressing import blocks
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
        requests = [one.request(row, repeat=repeat) for row in table.rows]
        made = [body for block in blocks(table.rows) for body in one.bodies(repeat=repeat)(block)]
        assert made == [request.body for request in requests]
        digests = [one.digest_of(request, repeat=repeat) for request in requests]
        assert list(one.digests(table, repeat=repeat)) == digests == [one.digest(r, repeat=repeat) for r in table.rows]


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


def test_blocks_of_rows_are_shared_and_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addressing, "BLOCK", 2)
    rows = tuple(Row(str(i), i, {"text": f"text {i}", "n": i}) for i in range(1, 6))
    table = Table(("text", "n"), rows, "")
    routes = [
        route(PROMPTS[1], {"seed": 1}, model="a"),
        route(PROMPTS[0], {}, model="b"),
        route(PROMPTS[3], {}, "file"),
    ]
    taking = [one.addressing(repeat=repeat) for one in routes for repeat in (0, 1)]
    for block in blocks(table.rows):
        for each in taking:
            each.take(block)
    expected = [[one.digest(row, repeat=repeat) for row in rows] for one in routes for repeat in (0, 1)]
    assert [list(each.digests()) for each in taking] == expected
    assert list(taking[0].lengths) == [len(routes[0].request(row).body) for row in rows]
