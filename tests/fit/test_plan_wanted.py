"""What is asked of the planner, as people write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.errors import UsageError
from bakeoff.fit.plan.wanted import Wanted, parse_kv, parse_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("8192", 8192),
        ("32k", 32768),
        ("32K", 32768),
        ("128 k", 131072),
        ("1M", 1 << 20),
        ("0.5k", 512),
        ("32,768", 32768),
        ("131_072", 131072),
        (" 4096 ", 4096),
    ],
)
def test_context_is_read_as_people_write_it(text: str, tokens: int) -> None:
    assert parse_tokens(text) == tokens


@pytest.mark.parametrize("text", ["", "k", "-1", "0", "1.5", "32kk", "1e9", "12 tokens", "99999999M", "3,27,68", "½"])
def test_what_is_no_number_of_tokens_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="not a number of tokens") as caught:
        parse_tokens(text)
    assert "32k" in (caught.value.hint or "")


@given(st.text(max_size=40))
def test_any_text_gives_a_number_or_a_clear_error(text: str) -> None:
    found, hint = 1, "none needed"
    try:
        found = parse_tokens(text)
    except UsageError as error:
        hint = error.hint or ""
    assert found >= 1
    assert hint


def test_cache_types_are_one_or_keys_and_values() -> None:
    assert parse_kv("q8_0") == ("q8_0", "q8_0")
    assert parse_kv("Q8_0, f16") == ("q8_0", "f16")
    for text in ("", "a,b,c", "q8_0,"):
        with pytest.raises(UsageError):
            parse_kv(text)


def test_parallel_slots_share_the_context_and_users_each_have_their_own() -> None:
    slots = Wanted(context_tokens=32768, n_slots=4)
    assert (slots.all_conversations(None), slots.per_conversation(None), slots.conversations) == (32768, 8192, 4)
    users = Wanted(context_tokens=32768, users=4)
    assert (users.all_conversations(None), users.per_conversation(None), users.conversations) == (131072, 32768, 4)


def test_the_usual_context_holds_the_request_and_stays_within_the_model() -> None:
    assert Wanted().per_conversation(131072) == 8192
    assert Wanted().per_conversation(2048) == 2048
    assert Wanted(prompt_tokens=30000, output_tokens=1000).per_conversation(131072) == 31 * 1024
    assert Wanted().per_conversation(None) == 8192


@pytest.mark.parametrize("name", ["context_tokens", "prompt_tokens", "output_tokens", "users"])
@pytest.mark.parametrize("value", [0, -1, 10**12])
def test_impossible_numbers_are_refused(name: str, value: int) -> None:
    with pytest.raises(UsageError, match=r"lies between|is"):
        Wanted(**{name: value})
