"""What is typed is what is sent."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.errors import ProjectError
from bakeoff.evaluate.request import build_request, call_digest, columns_used, digest, render
from bakeoff.evaluate.types import Example, Prompt, Row

HOSTILE = """<button onclick="go('a')">A & B</button> = / \\ {not a column} ${x} \u202e\x1b[31m tiếng Việt 😀"""


def body(prompt: Prompt, values: dict[str, object], **settings: object) -> dict[str, object]:
    settings = {"api": "chat", "model": "m", "parameters": {}, **settings}
    return json.loads(build_request(prompt, Row("1", 1, values), **settings).body)  # type: ignore[arg-type,no-any-return]


def test_nothing_is_escaped_or_added() -> None:
    sent = body(Prompt(user="{{ text }}\n"), {"text": HOSTILE})
    assert sent["messages"] == [{"role": "user", "content": HOSTILE + "\n"}]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_every_cell_arrives_as_it_is(text: str) -> None:
    assert body(Prompt(user="{{ text }}"), {"text": text})["messages"] == [{"role": "user", "content": text}]


def test_chat_messages_are_system_examples_user() -> None:
    prompt = Prompt(system="S {{ a }}", user="U {{ a }}", examples=(Example("q", "r"),))
    assert body(prompt, {"a": 1})["messages"] == [
        {"role": "system", "content": "S 1"},
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "r"},
        {"role": "user", "content": "U 1"},
    ]


def test_a_model_without_template_gets_the_same_blocks_as_one_text() -> None:
    prompt = Prompt(system="S", user="Text: {{ a }}\nLabel:", examples=(Example("Text: x\nLabel:", "good"),))
    sent = body(prompt, {"a": 1}, api="completions")
    assert sent["prompt"] == "S\n\nText: x\nLabel: good\n\nText: 1\nLabel:"
    assert "messages" not in sent


def test_the_completion_template_can_be_written() -> None:
    prompt = Prompt(user="{{ a }}", completion="Q: {{ user }}\nA:")
    assert body(prompt, {"a": 7}, api="completions")["prompt"] == "Q: 7\nA:"


def test_parameters_go_into_the_body_as_they_are() -> None:
    sent = body(Prompt(user="x"), {}, parameters={"temperature": 0.0, "stop": ["\n"]})
    assert (sent["temperature"], sent["stop"], sent["stream"]) == (0.0, ["\n"], True)


def test_columns_used_are_found_in_every_template() -> None:
    prompt = Prompt(system="{{ a }}", user="{% if b %}{{ c.upper() }}{% endif %}", completion="{{ user }}{{ d }}")
    assert columns_used(prompt) == {"a", "b", "c", "d"}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{ txt }}", "'txt' is undefined"),
        ("{{ text", "unexpected end"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ text / 0 }}", "unsupported operand"),
        ("{% for x in range(999999999) %}x{% endfor %}", "Range too big"),
    ],
)
def test_a_bad_template_is_refused_with_its_words(source: str, words: str) -> None:
    with pytest.raises(ProjectError, match=words) as caught:
        render(source, {"text": "a"})
    assert caught.value.hint


def test_a_calls_address_changes_with_everything_that_can_change_the_answer() -> None:
    row = Row("1", 1, {"text": "a"})
    prompt = Prompt(user="{{ text }}")
    request = build_request(prompt, row, api="chat", model="m", parameters={})
    addresses = {
        call_digest(request, endpoint="e"),
        call_digest(request, endpoint="f"),
        call_digest(request, endpoint="e", repeat=1),
        call_digest(build_request(prompt, row, api="chat", model="m", parameters={"seed": 1}), endpoint="e"),
        call_digest(build_request(prompt, row, api="completions", model="m", parameters={}), endpoint="e"),
        call_digest(build_request(prompt, row, api="chat", model="n", parameters={}), endpoint="e"),
    }
    assert len(addresses) == 6
    assert call_digest(request, endpoint="e") in addresses


@given(st.lists(st.text()), st.lists(st.text()))
def test_no_two_lists_of_parts_have_one_digest(a: list[str], b: list[str]) -> None:
    try:
        equal = digest(*a) == digest(*b)
    except UnicodeEncodeError:
        return
    assert equal == (a == b)
