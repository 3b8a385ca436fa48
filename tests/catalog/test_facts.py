"""Facts are dated lines: history is kept, the newest counts, and the user's own beat what is shipped."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.catalog.architecture_facts import pattern_of, runs_of_pattern
from bakeoff.catalog.as_json import model_json
from bakeoff.catalog.facts import GROUPS, dump_line, gather, newest, parse_lines, same_facts
from bakeoff.catalog.loading import load, user_path
from bakeoff.catalog.reading import read_model
from bakeoff.catalog.schema import SCHEMA, complaints
from bakeoff.catalog.user import remember
from bakeoff.errors import DataError, StorageError

ALL_KEYS = sorted({key for keys in SCHEMA.values() for key in keys} | {"none", "kinds", "layers", "extra"})


def fact(group: str, as_of: str = "2026-11-22", model: str = "Qwen/Qwen3-8B", **values: Any) -> dict[str, Any]:
    return {"model": model, "fact": group, "as_of": as_of, "source": ["a test"], **values}


def test_the_newest_line_counts_and_of_one_day_the_last() -> None:
    lines = [
        fact("context", "2026-01-02", tokens=2),
        fact("context", "2026-01-03", tokens=3),
        fact("context", "2026-01-01", tokens=1),
    ]
    assert newest(lines)["tokens"] == 3
    assert newest([*lines, fact("context", "2026-01-03", tokens=4)])["tokens"] == 4


def test_own_facts_beat_newer_shipped_ones_group_by_group() -> None:
    shipped = gather([fact("context", "2026-11-22", tokens=40960), fact("release", date="2025-04-29")])["Qwen/Qwen3-8B"]
    yours = gather([fact("context", "2025-01-01", tokens=8192)])["Qwen/Qwen3-8B"]
    model = read_model("Qwen/Qwen3-8B", shipped, yours, {})
    assert model.context_tokens == 8192
    assert model.provenance["context"].yours
    assert model.release is not None
    assert not model.provenance["release"].yours


def test_facts_that_were_only_recalled_are_marked() -> None:
    lines = [
        {**fact("release", date="2025-04-29"), "source": ["curator"]},
        {**fact("licence", key="mit"), "source": ["gpustack", "curator (terms in short)"]},
        {**fact("context", tokens=1000), "source": ["assumed from permissive licence"]},
    ]
    model = read_model("a/b", gather({**line, "model": "a/b"} for line in lines)["a/b"], {}, {})
    assert {group: found.recalled for group, found in model.provenance.items()} == {
        "release": True,
        "licence": False,
        "context": True,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"model": "a/b"', "line 1 is not JSON"),
        ("[1]", "fact 1 is not an object"),
        ('{"fact": "context"}', "fact 1 has no model"),
        ('{"model": "a/b", "fact": "colour"}', "fact is 'colour'"),
        ('{"model": "a/b", "fact": "context"}', "no date as_of"),
        ('{"model": "a/b", "fact": "context", "as_of": "2026-01-01"}', "no source"),
        ('{"model": "a/b", "fact": "context", "as_of": "2026-01-01", "source": []}', "no source"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_damaged_line_is_named(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse_lines(text, "catalog.jsonl")


def test_the_number_of_a_damaged_line_counts_empty_ones() -> None:
    good = dump_line(fact("context", tokens=1))
    with pytest.raises(DataError, match="line 4 is not JSON"):
        parse_lines(f"{good}\n\n{good}\n{{oops\n", "catalog.jsonl")


def test_values_of_another_form_are_refused_with_the_model() -> None:
    with pytest.raises(DataError, match="the facts about a/b cannot be read"):
        read_model("a/b", gather([fact("openness", model="a/b", colour="green")])["a/b"], {}, {})


def test_remembering_twice_writes_once(own_catalog: Path) -> None:
    line = fact("context", model="local/x", tokens=5)
    assert remember([line]) == [line]
    before = own_catalog.read_bytes()
    assert remember([{**line, "as_of": "2026-12-01"}]) == []
    assert own_catalog.read_bytes() == before


def test_a_change_is_added_and_the_old_line_stays(own_catalog: Path) -> None:
    remember([fact("context", model="local/x", tokens=5)])
    remember([fact("context", "2026-12-01", model="local/x", tokens=6)])
    assert [json.loads(line)["tokens"] for line in own_catalog.read_text().splitlines()] == [5, 6]
    assert load()["local/x"].context_tokens == 6
    assert [line["tokens"] for line in load().history("local/x")] == [5, 6]


def test_hand_written_lines_and_a_missing_last_newline_survive(own_catalog: Path) -> None:
    own_catalog.parent.mkdir()
    mine = '{"source":["my own reading"],"as_of":"2026-11-01","fact":"context","model":"local/mine","tokens":7}'
    own_catalog.write_text(mine)
    remember([fact("context", model="local/x", tokens=5)])
    assert own_catalog.read_text().startswith(mine + "\n")
    assert load()["local/mine"].context_tokens == 7


def test_a_damaged_own_catalog_is_never_overwritten(own_catalog: Path) -> None:
    own_catalog.parent.mkdir()
    own_catalog.write_text("{half a line")
    with pytest.raises(DataError, match="line 1 is not JSON"):
        remember([fact("context", model="local/x", tokens=5)])
    assert own_catalog.read_text() == "{half a line"
    with pytest.raises(DataError, match="line 1 is not JSON"):
        load()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BAKEOFF_CATALOG", str(tmp_path / "file" / "catalog.jsonl"))
    with pytest.raises(StorageError, match="cannot be"):
        remember([fact("context", model="local/x", tokens=5)])


def test_the_own_catalog_is_where_the_variable_says(own_catalog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert user_path() == own_catalog
    monkeypatch.delenv("BAKEOFF_CATALOG")
    assert user_path().name == "catalog.jsonl"
    assert "bakeoff" in str(user_path())


def test_loading_again_is_the_same_object_until_the_file_changes(own_catalog: Path) -> None:
    first = load()
    assert load() is first
    remember([fact("context", model="local/x", tokens=5)])
    assert load() is not first
    assert load() is load()


def test_equal_facts_are_equal_whatever_their_date_and_source() -> None:
    one = fact("context", "2026-01-01", tokens=5)
    assert same_facts(one, {**one, "as_of": "2026-02-02", "source": ["elsewhere"]})
    assert not same_facts(one, {**one, "tokens": 6})


RUNS = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from(["full", "sliding", "mamba2", "x-2"])), min_size=1, max_size=60
)


@given(runs=RUNS)
def test_a_pattern_stands_for_its_layers(runs: list[tuple[int, str]]) -> None:
    layers = [name for count, name in runs for _ in range(count)]
    read = list(runs_of_pattern(pattern_of(runs)))
    assert [name for count, name in read for _ in range(count)] == layers
    assert all(one[1] != other[1] for one, other in pairwise(read))


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([(36, "full")], "36xfull"),
        ([(5, "s"), (1, "f")] * 10 + [(2, "s")], "10x(5xs f) 2xs"),
        ([(1, "a"), (1, "b"), (1, "c")] * 3, "3x(a b c)"),
    ],
)
def test_patterns_are_short(runs: list[tuple[int, str]], expected: str) -> None:
    assert pattern_of(runs) == expected


@pytest.mark.parametrize("text", ["", "   ", "0xfull", "99999xfull", "3x(full", "5000x(full sliding)", ")("])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        list(runs_of_pattern(text))


@pytest.mark.parametrize(
    ("group", "values", "message"),
    [
        ("context", {"tokens": "8k"}, "tokens of context is '8k', expected a whole number"),
        ("context", {"tokens": True}, "expected a whole number"),
        ("context", {"token": 8}, "context has no key 'token'; there are: tokens, extended"),
        ("identity", {"kind": "toaster"}, "expected one of chat, base"),
        ("identity", {"aliases": "x"}, "expected a list of texts"),
        ("release", {"precision": "day"}, "release lacks date"),
        ("lineage", {"from": [{"model": "a/b"}]}, "needs a relation and a model"),
        ("openness", {"weights": "full"}, "openness lacks training_data"),
        ("architecture", {"none": 5}, "stands alone"),
        ("architecture", {"name": "llama"}, "cannot be read"),
        ("architecture", {"kinds": {"full": {"attention": {"n_heads": "32"}}}}, "kinds.full.attention.n_heads"),
        ("architecture", {"kinds": {"full": {"attention": {"qk_norm": 1}}}}, "expected true or false"),
        ("architecture", {"kinds": {"full": {"extra": [["w"]]}}}, "not a list of"),
        ("architecture", {"name": 5}, "expected a text"),
    ],
)
def test_values_of_the_wrong_kind_are_told_with_their_line(
    own_catalog: Path, group: str, values: dict[str, Any], message: str
) -> None:
    own_catalog.parent.mkdir()
    own_catalog.write_text(dump_line(fact(group, model="local/x", **values)) + "\n")
    with pytest.raises(DataError, match=r"catalog\.jsonl, fact 1 \(local/x\)") as caught:
        load()
    assert message in caught.value.message


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(group=st.sampled_from(GROUPS), values=st.dictionaries(st.sampled_from(ALL_KEYS), VALUES, max_size=4))
def test_what_the_schema_lets_pass_can_be_read_and_shown(group: str, values: dict[str, Any]) -> None:
    line = fact(group, model="local/x", **values)
    if list(complaints(line)):
        return
    model = read_model("local/x", {}, {group: [line]}, {})
    assert model_json(model)["id"] == "local/x"


def test_two_processes_at_once_lose_nothing(own_catalog: Path) -> None:
    code = (
        "import sys\nfrom bakeoff.catalog.user import remember\n"
        "for n in range(10):\n"
        "    remember([{'model': f'local/{sys.argv[1]}-{n}', 'fact': 'context', 'as_of': '2026-11-22',"
        " 'source': ['x'], 'tokens': n + 1}])"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(number)]) for number in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert {model_id for model_id in load().ids if model_id.startswith("local/")} == {
        f"local/{number}-{n}" for number in range(3) for n in range(10)
    }
    assert [path.name for path in own_catalog.parent.iterdir() if path.name.startswith(".")] == []
