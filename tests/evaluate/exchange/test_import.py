"""Evaluations of other tools come over with everything that fits, and what does not is said.

The logs under golden/ were written by lm_eval 0.4.13 and inspect_ai 0.3.285 against the stub server of these tests.
"""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bakeoff.errors import DataError
from bakeoff.evaluate.exchange import inspect_read, yaml_file
from bakeoff.evaluate.exchange.imported import Grading, Imported, joined
from bakeoff.evaluate.exchange.inspect_read import read_log
from bakeoff.evaluate.exchange.lm_eval import read_samples
from bakeoff.evaluate.exchange.promptfoo import read_config
from bakeoff.evaluate.exchange.promptfoo_asserts import Assert, assert_from_text
from bakeoff.evaluate.exchange.yaml_file import read_yaml

GOLDEN = Path(__file__).parent / "golden"
SAMPLES = GOLDEN / "lm-eval" / "tiny-model" / "samples_stub_task_2026-11-24T11-49-38.000000.jsonl"


def codes(imported: Imported) -> dict[str, dict[str, Any]]:
    return {note.code: dict(note.parameters) for note in imported.notes}


def put(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


# lm-eval


def test_generated_samples_of_lm_eval() -> None:
    found = read_samples(SAMPLES)
    assert [row["row_id"] for row in found.rows] == ["0", "1", "2"]
    assert found.rows[2]["prompt"] == found.rows[2]["question"] == "Thủ đô của Việt Nam? <neutral>"
    assert [row["target"] for row in found.rows] == ["positive", "negative", "neutral"]
    (name,) = found.answers
    assert name == "org/tiny-model"  # from the results beside the samples
    assert [answer.text for answer in found.answers[name].values()] == ["positive", "positive", "neutral"]
    assert found.graders == (Grading("exact", "{{ target }}"),)
    assert codes(found) == {"import.regraded": {"tool": "lm-eval"}}


def test_choices_of_lm_eval_are_the_likeliest() -> None:
    """Log-likelihoods of document 0: -0.26 (positive), -0.81 (negative), -0.55 (neutral); the target is choice 0."""
    found = read_samples(GOLDEN / "lm-eval" / "samples_stub_mc.jsonl")
    (name,) = found.answers
    assert name == "lm-eval"  # no results beside it: the folder's name
    assert found.answers[name]["0"].text == "positive"
    assert [row["target"] for row in found.rows] == ["positive", "negative", "neutral"]
    assert codes(found)["import.likelihoods"]["n"] == 3


def test_each_filter_of_lm_eval_is_a_candidate(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in SAMPLES.read_text().splitlines()]
    strict = [{**line, "filter": "strict", "filtered_resps": ["x"]} for line in lines]
    path = put(tmp_path, "s.jsonl", "\n".join(json.dumps(line) for line in [*lines, *strict]))
    found = read_samples(path)
    assert sorted(name.rpartition(" ")[2] for name in found.answers) == ["(none)", "(strict)"]
    assert len(found.rows) == 3


def test_fields_of_the_document_do_not_take_our_names(tmp_path: Path) -> None:
    line = {
        "doc_id": 7, "doc": {"target": "t", "row_id": "r", "list": [1, 2]}, "target": "t", "filter": "none",
        "arguments": [["older logs had lists", {"until": []}]], "resps": [["a", "b"]], "filtered_resps": ["a"],
    }  # fmt: skip
    found = read_samples(put(tmp_path, "s.jsonl", json.dumps(line)))
    assert found.rows[0] == {
        "row_id": "7", "prompt": "older logs had lists", "target": "t", "doc.target": "t", "doc.row_id": "r",
        "list": "[1, 2]",
    }  # fmt: skip
    assert codes(found)["import.first_repeat"]["n"] == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no samples"),
        ('{"a": 1}', "no usable 'doc_id'"),
        ('{"doc_id": 0, "doc": {}, "target": "", "arguments": 3, "filtered_resps": []}', "no usable 'arguments'"),
        ('{"doc_id": 0, "doc": {}, "target": "", "arguments": [], "filtered_resps": []}', "neither a generated answer"),
        ('{"doc_id": 0, "doc": {}, "target": "", "arguments": [], "filtered_resps": [["x"]]}', "neither a generated"),
        ("[1]", "and not an object"),
        ("{", "is not JSON"),
    ],
)
def test_what_is_no_sample_is_refused(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=says):
        read_samples(put(tmp_path, "s.jsonl", text))


def test_two_models_on_the_same_rows_become_two_candidates(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES.parent, tmp_path / "b")
    (results,) = (tmp_path / "b").glob("results_*.json")
    results.write_text('{"model_name": "other"}')
    (samples,) = (tmp_path / "b").glob("samples_*.jsonl")
    both = joined([read_samples(SAMPLES), read_samples(samples), read_samples(samples)])
    assert list(both.answers) == ["org/tiny-model", "other", "other_2"]
    assert len(both.rows) == 3
    samples.write_text(samples.read_text().replace("Is the sky blue", "Is the sky red"))
    with pytest.raises(DataError, match="row '0' is not the same in all of the logs"):
        joined([read_samples(SAMPLES), read_samples(samples)])


# inspect_ai


@pytest.mark.parametrize(("name", "repeats"), [("inspect-real.json", 0), ("inspect-real.eval", 3)])
def test_logs_of_inspect_ai(name: str, repeats: int) -> None:
    found = read_log(GOLDEN / name)
    assert found.rows[1] == {
        "row_id": "s1", "prompt": "=SUM(1) is a formula? <negative>", "system": "Answer in one word.",
        "target": "negative", "n": 1,
    }  # fmt: skip
    assert (found.prompts[0].user, found.prompts[0].system) == ("{{ prompt }}", "{{ system }}")
    assert found.graders == (Grading("contains", "{{ target }}", {"ignore_case": True}),)
    answers = found.answers["openai-api/stub/tiny-model"]
    assert [answer.text for answer in answers.values()] == ["positive", "positive", "neutral"]
    assert (answers["s0"].prompt_tokens, answers["s0"].output_tokens, answers["s0"].finish_reason) == (41, 2, "stop")
    assert (answers["s0"].latency_ms or 0) > 0
    assert codes(found).get("import.first_epoch", {}).get("n", 0) == repeats


def test_several_targets_of_inspect_ai_are_alternatives(tmp_path: Path) -> None:
    log = {"eval": {"model": "m"}, "samples": [{"id": 1, "input": "q", "target": ["a", "b"]}]}
    found = read_log(put(tmp_path, "a.json", json.dumps(log)))
    assert found.rows[0]["target"] == "a|||b"
    assert found.graders == (Grading("exact", "{{ target }}", {"ignore_case": True, "alternatives": "|||"}),)


def test_our_own_log_comes_back() -> None:
    found = read_log(GOLDEN / "inspect-log.json")
    assert [row["row_id"] for row in found.rows] == ["a-1", "a-2", "@3"]
    assert found.answers["tiny one"]["a-1"].thinking == "hm"
    assert found.answers["tiny one"]["a-2"].finish_reason == "length"
    assert codes(found)["import.unanswered"]["n"] == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "has no `eval`"),
        ("[]", "is not a JSON object"),
        ("[" * 100_000, "is not JSON"),
        ('{"eval": {"model": "m"}}', "has no samples"),
        ('{"eval": {"model": "m"}, "samples": [3]}', "has no id or no input"),
        ('{"eval": {"model": "m"}, "samples": [{"id": 1, "input": "a"}, {"id": 1, "input": "a"}]}', "occurs twice"),
    ],
)
def test_what_is_no_log_is_refused(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=says):
        read_log(put(tmp_path, "a.json", text))


def test_a_damaged_eval_file_is_refused(tmp_path: Path) -> None:
    whole = (GOLDEN / "inspect-real.eval").read_bytes()
    path = tmp_path / "a.eval"
    for damaged in (b"", b"PK\x03\x04", whole[:5000], whole[:1500] + b"\0" * 400 + whole[1900:]):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"a\.eval"):
            read_log(path)


def test_an_eval_bomb_is_refused_before_it_unpacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect_read, "LARGEST_UNPACKED_BYTES", 1_000_000)
    with zipfile.ZipFile(tmp_path / "a.eval", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", b" " * 5_000_000)
    with pytest.raises(DataError, match=r"at most 976\.6 KiB are read"):
        read_log(tmp_path / "a.eval")


# promptfoo

CONFIG = """
description: Support answers
prompts:
  - 'Answer in {{ language }}: {{ question }}'
  - file://prompts/chat.json
  - file://prompts/*.txt
  - file://prompts/make.py
providers:
  - openai:gpt-4o-mini
  - id: openai:chat:local-model
    label: mine
    config: {apiBaseUrl: 'http://127.0.0.1:9/v1', temperature: 0.5, apiKey: sk-secret, tools: []}
  - ollama:chat:llama3.2:3b
  - file://provider.js
defaultTest:
  vars: {language: Vietnamese}
  assert:
    - {type: icontains, value: 'hello'}
    - {type: regex, value: '^.{1,200}$'}
tests:
  - vars: {question: 'How are you?'}
    assert: [{type: equals, value: fine}, {type: llm-rubric, value: polite}, {type: contains-all, value: [a, b]}]
    metadata: {topic: small talk}
    description: The first
  - vars: {question: [one, two], language: English}
    assert: [{type: equals, value: 3}, {type: contains, value: x}, {type: contains, value: y, weight: 2}]
    threshold: 0.5
  - file://tests.csv
scenarios: []
"""


@pytest.fixture
def promptfoo(tmp_path: Path) -> Path:
    (tmp_path / "prompts").mkdir()
    put(tmp_path, "prompts/chat.json", '[{"role": "system", "content": "Be {{ tone }}"}, '
        '{"role": "user", "content": "{{ question }}"}]')  # fmt: skip
    put(tmp_path, "prompts/a.txt", "First {{ question }}\n---\nSecond {{ question }}\n")
    put(tmp_path, "prompts/make.py", "raise SystemExit(1)")
    put(
        tmp_path,
        "tests.csv",
        "question,__expected,__expected2,__expected3,__metadata:topic,__threshold\n"
        '"a, ""b""\nc",fine,contains: x,contains:y,maths,0.5\n',
    )
    return put(tmp_path, "promptfooconfig.yaml", CONFIG)


def test_a_configuration_of_promptfoo(promptfoo: Path) -> None:
    found = read_config(promptfoo)
    assert [(prompt.name, prompt.system, prompt.user) for prompt in found.prompts] == [
        ("prompt 1", None, "Answer in {{ language }}: {{ question }}"),
        ("chat", "Be {{ tone }}", "{{ question }}"),
        ("a", None, "First {{ question }}"),
        ("a_2", None, "Second {{ question }}"),
    ]
    assert [(model.name, model.model, model.via, dict(model.parameters)) for model in found.models] == [
        ("gpt-4o-mini", "gpt-4o-mini", "openai", {}),
        ("mine", "local-model", "http://127.0.0.1:9/v1", {"temperature": 0.5}),
        ("llama3.2:3b", "llama3.2:3b", "ollama", {}),
    ]
    assert "sk-secret" not in repr(found)
    assert [row["question"] for row in found.rows] == ["How are you?", "one", "two", 'a, "b"\nc']
    assert [row["language"] for row in found.rows] == ["Vietnamese", "English", "English", "Vietnamese"]
    assert [row["tone"] for row in found.rows] == [""] * 4  # no test sets it: promptfoo shows nothing
    assert [row.get("topic") for row in found.rows] == ["small talk", None, None, "maths"]
    assert [row.get("description") for row in found.rows] == ["The first", None, None, None]
    kinds = [(grader.kind, grader.target, dict(grader.options)) for grader in found.graders]
    assert kinds == [
        ("contains", "{{ expected }}", {"ignore_case": True}),
        ("regex", "^.{1,200}$", {}),
        ("exact", "{{ expected_2 }}", {}),
        ("contains", "{{ expected_3 }}", {}),
        ("contains", "{{ expected_4 }}", {}),
    ]
    assert [row["expected_2"] for row in found.rows] == ["fine", "3", "3", "fine"]
    assert [(row["expected_3"], row["expected_4"]) for row in found.rows] == [
        ("a", "b"),
        ("x", "y"),
        ("x", "y"),
        ("x", "y"),
    ]


def test_what_promptfoo_has_and_we_have_not_is_listed(promptfoo: Path) -> None:
    notes = [(note.code, *note.parameters.values()) for note in read_config(promptfoo).notes]
    assert sorted(notes, key=repr) == sorted(
        [
            ("import.section", "scenarios"),
            ("import.prompt", "make.py"),
            ("import.provider_option", "openai:chat:local-model", "tools"),
            ("import.key", "openai:chat:local-model"),
            ("import.provider", "file://provider.js"),
            ("import.test_key", "threshold", 1),
            ("import.test_key", "__threshold", 1),
            ("import.assert", "llm-rubric", 1),
            ("import.assert_options", 2),
        ],
        key=repr,
    )


def test_every_kind_of_assertion_that_has_a_grader(tmp_path: Path) -> None:
    config = """
prompts: ['{{q}}']
tests:
  - {vars: {q: a}, assert: [{type: icontains-any, value: [x, y]}, {type: not-contains, value: z}, {type: is-json},
     {type: regex, value: 'a+'}, {type: starts-with, value: 'b.'}, {type: contains-json, value: {type: object}}]}
  - {vars: {q: b}, assert: [{type: icontains-any, value: [z]}, {type: not-contains, value: y}, {type: is-json},
     {type: regex, value: 'c+'}, {type: starts-with, value: 'b.'}, {type: contains-json, value: {type: object}}]}
"""
    found = read_config(put(tmp_path, "c.yaml", config))
    assert [(grader.kind, grader.target, dict(grader.options)) for grader in found.graders] == [
        ("contains", "{{ expected }}", {"ignore_case": True, "alternatives": "|||"}),
        ("not_contains", "{{ expected_2 }}", {}),
        ("json", None, {"bare": True}),
        ("regex", "{{ expected_3 }}", {}),
        ("regex", r"\Ab\.", {}),
        ("json", None, {"schema": {"type": "object"}}),
    ]
    assert [row["expected"] for row in found.rows] == ["x|||y", "z"]
    assert [row["expected_3"] for row in found.rows] == ["a+", "c+"]
    assert codes(found) == {}


def test_an_assertion_that_only_some_tests_have_is_not_made_a_grader(tmp_path: Path) -> None:
    config = "prompts: ['{{q}}']\ntests: [{vars: {q: a}, assert: [{type: contains, value: x}]}, {vars: {q: b}}]"
    found = read_config(put(tmp_path, "c.yaml", config))
    assert codes(found)["import.assert_some"] == {"kind": "contains", "n": 1, "total": 2}
    assert codes(found)["import.no_grader"] == {"column": "expected"}
    assert found.graders == (Grading("exact", "{{ expected }}"),)


def test_yaml_is_read_as_promptfoo_reads_it(tmp_path: Path) -> None:
    """`Yes` is a text in YAML 1.2; booleans and whole numbers are shown as JavaScript shows them."""
    config = """
prompts: ['{{body}} {{n}}']
tests:
  - {vars: {body: Yes, n: 3.0}, assert: [{$ref: '#/assertionTemplates/pirate'}]}
  - {vars: {body: true, n: 007}, assert: [{$ref: '#/assertionTemplates/pirate'}]}
  - {vars: {body: 2026-01-01, n: 1:30}, assert: [{type: icontains, value: off}]}
assertionTemplates:
  pirate: {type: icontains, value: arrr}
"""
    found = read_config(put(tmp_path, "c.yaml", config))
    assert [(row["body"], row["n"]) for row in found.rows] == [("Yes", 3), ("true", "007"), ("2026-01-01", "1:30")]
    assert [row["expected"] for row in found.rows] == ["arrr", "arrr", "off"]
    assert codes(found) == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: {$ref: '#/a'}\nprompts: [x]", "leads into itself"),
        ("a: {$ref: '#/b/c'}\nprompts: [x]", "points at nothing"),
        ("a: [" + "1, " * 1000 + "]\nb: [" + "{$ref: '#/a'}, " * 600 + "]\nprompts: [x]", "more than 500,000 values"),
    ],
)
def test_bad_references_are_refused(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=says):
        read_config(put(tmp_path, "c.yaml", text))


def test_nothing_outside_the_folder_is_read(tmp_path: Path) -> None:
    secret = put(tmp_path, "secret.txt", "the password")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "link.txt").symlink_to(secret)
    config = "prompts: ['{{q}}']\ntests:\n" + "".join(
        f"  - vars: {{q: 'file://{name}'}}\n"
        for name in ("../secret.txt", str(secret), "link.txt", "/etc/passwd", "\\0")
    )
    found = read_config(put(folder, "c.yaml", config))
    assert "password" not in repr(found)
    assert "root:" not in repr(found)
    assert sum(note.code == "import.reference" for note in found.notes) == 5


def test_answers_that_promptfoo_would_not_ask_for_come_as_a_candidate(tmp_path: Path) -> None:
    config = "prompts: ['{{q}}']\ntests: [{vars: {q: a}, providerOutput: said}, {vars: {q: b}}]"
    found = read_config(put(tmp_path, "c.yaml", config))
    assert {name: {i: a.text for i, a in given.items()} for name, given in found.answers.items()} == {
        "providerOutput": {"1": "said"}
    }


@pytest.mark.parametrize(
    ("cell", "type_", "value"),
    [
        ("Paris", "equals", "Paris"),
        ("contains: Paris ", "contains", "Paris"),
        ("not-icontains:a:b", "not-icontains", "a:b"),
        ("contains-any: a, b,", "contains-any", ["a", "b"]),
        ("similar(0.8): hello", "similar", "hello"),
        ("javascript: output.length > 3", "javascript", " output.length > 3"),
        ("is-json", "is-json", None),
        ("llm-rubric: is polite", "llm-rubric", " is polite"),
        ("note: this", "equals", "note: this"),
    ],
)
def test_cells_of_expected_columns(cell: str, type_: str, value: Any) -> None:
    found = assert_from_text(cell)
    assert found == Assert(type_, value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no configuration of promptfoo"),
        ("- a", "no configuration of promptfoo"),
        ("prompts: [a]", "no tests with variables"),
        ("prompts: ['{% for %}']\ntests: [{vars: {a: 1}}]", "no prompt that can be carried over"),
        ("prompts: [file://x.js]\ntests: [{vars: {a: 1}}]", "no prompt that can be carried over"),
        ("tests: [{vars: {a: 1}}]", "no prompt"),
        ("prompts: [a", "line 2"),
        ("prompts: !!python/object/apply:os.system ['true']", "could not determine a constructor"),
        (
            "tests: [{vars: {" + ", ".join(f"v{i}: [1,2,3,4,5,6,7,8,9,0]" for i in range(9)) + "}}]",
            "1,000,000,000 cases",
        ),
        ("a: &a [*a]", "stands inside itself"),
    ],
)
def test_bad_configurations_are_refused(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=says):
        read_config(put(tmp_path, "c.yaml", text))


BOMBS: dict[str, Callable[[], str]] = {
    "billion laughs": lambda: (
        "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 20))
    ),
    "merges": lambda: (
        "a0: &a0 {k: v}\n" + "".join(f"a{i}: &a{i} {{<<: [{','.join([f'*a{i - 1}'] * 10)}]}}\n" for i in range(1, 20))
    ),
    "deep": lambda: "[" * 50_000,
    "many": lambda: "[" + "x," * 21_000 + "]",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_yaml_bomb_is_refused(bomb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_file, "MOST_VALUES", 20_000)
    with pytest.raises(DataError):
        read_yaml(put(tmp_path, "c.yaml", BOMBS[bomb]()))
