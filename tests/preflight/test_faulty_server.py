"""A server with each fault: every fault is flagged, and none is invented on the healthy one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.common import stub_process

from bakeoff.evaluate.results import Column
from bakeoff.project import Project
from tests.project.common import LABELS, candidate

ROWS = 12

TOML = """
[data]
file = "data.csv"
id = "id"

[prompt]
user = "{{{{ text }}}}"

[parameters]
stop = ["##"]
max_tokens = 100

{candidates}

[[graders]]
kind = "contains"
target = "{{{{ label }}}}"
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with stub_process() as found:
        yield found


def project(folder: Path, *candidates: str, more: str = "") -> Project:
    """Twelve rows of growing length."""
    folder.mkdir()
    lines = [
        f"{i},{'the picture and the price are fine ' * 15 * i}<{LABELS[i % 3]}>,{LABELS[i % 3]}" for i in range(ROWS)
    ]
    (folder / "data.csv").write_text("id,text,label\n" + "\n".join(lines) + "\n", encoding="utf-8")
    (folder / "bakeoff.toml").write_text(TOML.format(candidates="\n".join(candidates)) + more, encoding="utf-8")
    return Project(folder)


def columns(opened: Project) -> dict[str, Column]:
    """Run everything; columns by candidate."""
    for outcome in opened.run():
        assert outcome.error is None, outcome.error
    return {column.candidate: column for column in opened.columns()}


def faults(column: Column) -> set[str]:
    return {fault for cell in column.cells for fault in cell.faults}


def codes(column: Column) -> set[str]:
    return {finding.code for finding in column.findings}


EXPECTED: dict[str, tuple[set[str], set[str]]] = {
    "ok": (set(), set()),
    "thinking": (set(), set()),
    "think-tag": (set(), set()),
    "think-lone-end": (set(), set()),
    "harmony": (set(), set()),
    "counts-thinking": (set(), set()),
    "think-open": ({"blank", "cut", "unclosed_thinking"}, set()),
    "blank": ({"blank"}, set()),
    "long": ({"cut"}, set()),
    "truncates": ({"truncated"}, set()),
    "template": ({"special_tokens"}, set()),
    "turn": ({"next_turn"}, set()),
    "loop": ({"loop", "limit_ignored"}, set()),
    "refuses": ({"refusal"}, set()),
    "refuses-vi": ({"refusal"}, set()),
    "past-stop": ({"stop_ignored"}, set()),
    "past-limit": ({"limit_ignored", "loop"}, set()),
    "other-model": ({"other_model"}, set()),
    "counts-low": ({"usage"}, set()),
    "counts-high": ({"usage"}, set()),
    "silent-usage": (set(), {"preflight.no_usage"}),
    "changes-build": (set(), {"preflight.fingerprints"}),
    "two-models": (set(), {"preflight.served_models"}),
    "unrepeatable": (set(), {"preflight.not_repeatable"}),
}
"""Behaviour of the server -> (faults of single answers, findings about the candidate)."""


def test_every_fault_is_flagged_and_none_invented(tmp_path: Path, address: str) -> None:
    opened = project(tmp_path / "p", *(candidate(name, f"{address}/{name}/v1") for name in EXPECTED))
    found = {name: (faults(column), codes(column)) for name, column in columns(opened).items()}
    assert found == EXPECTED


def test_the_same_text_on_every_row_is_told(tmp_path: Path, address: str) -> None:
    opened = project(tmp_path / "p", candidate("same", f"{address}/same/v1"), candidate("ok", f"{address}/ok/v1"))
    columns(opened)
    told = [c.parameters["model"] for c in opened.compare().caveats if c.code == "preflight.same_answer"]
    assert told == ["same"]


def test_thinking_is_split_off_and_counted_apart(tmp_path: Path, address: str) -> None:
    """The grader sees the answer alone; the thinking is kept beside it."""
    names = ("ok", "thinking", "think-tag", "think-lone-end", "harmony")
    opened = project(tmp_path / "p", *(candidate(name, f"{address}/{name}/v1", more='api = "chat"') for name in names))
    found = columns(opened)
    for name in names[1:]:
        assert all(cell.thinking for cell in found[name].cells), name
        assert all(cell.text in LABELS for cell in found[name].cells), name
        assert all(0 < (cell.thinking_tokens or 0) <= (cell.output_tokens or 0) for cell in found[name].cells), name
    tokens = {model.model: model.tokens for model in opened.compare().models}
    assert tokens["ok"].thinking is None
    assert tokens["think-tag"].thinking_estimated


def test_the_servers_own_count_of_thinking_is_taken(tmp_path: Path, address: str) -> None:
    opened = project(tmp_path / "p", candidate("a", f"{address}/counts-thinking/v1"))
    columns(opened)
    tokens = opened.compare().models[0].tokens
    assert (tokens.thinking, tokens.thinking_estimated) == (58 * ROWS, False)


def test_a_truncated_prompt_is_left_out_and_told(tmp_path: Path, address: str) -> None:
    """Rows whose prompt has more than 512 tokens reach the model without their end."""
    opened = project(tmp_path / "p", candidate("cut", f"{address}/truncates/v1"), candidate("ok", f"{address}/ok/v1"))
    found = columns(opened)
    cut = [cell for cell in found["cut"].cells if "truncated" in cell.faults]
    assert [cell.score for cell in cut] == [None] * len(cut)
    assert {cell.prompt_tokens for cell in cut} == {512}
    assert all(cell.prompt_tokens != 512 for cell in found["cut"].cells if cell not in cut)
    comparison = opened.compare()
    model = comparison.models[0]
    assert (model.faults["truncated"], model.counts["excluded"], model.counts["unscored"]) == (len(cut), len(cut), 0)
    told = {c.code: c.parameters for c in comparison.caveats}["fault.truncated"]
    assert (told["n"], told["rule"]) == (len(cut), "exclude")
    assert "left out" in opened.report("md")


def test_a_rule_decides_what_becomes_of_a_fault(tmp_path: Path, address: str) -> None:
    rules = '\n[preflight]\ntruncated = "count"\nrefusal = "exclude"\n'
    opened = project(
        tmp_path / "p", candidate("a", f"{address}/truncates/v1"), candidate("b", f"{address}/refuses/v1"), more=rules
    )
    found = columns(opened)
    assert all(cell.score is not None for cell in found["a"].cells)
    assert [cell.score for cell in found["b"].cells] == [None] * ROWS
    rules_told = {c.code: c.parameters["rule"] for c in opened.compare().caveats if c.code.startswith("fault.")}
    assert rules_told == {"fault.truncated": "count", "fault.refusal": "exclude"}


def test_what_ollama_says_of_itself_is_looked_at(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its context is 1,024 tokens, whatever the project asks for; the build is another one; there is no template."""
    monkeypatch.setenv("BAKEOFF_OLLAMA_URL", f"{address}/ollama/v1")
    more = 'build = "gguf:Q8_0"\ncontext_tokens = 8192'
    opened = project(tmp_path / "p", candidate("x", "ollama", more=more))
    found = columns(opened)["x"]
    assert codes(found) == {"preflight.small_context", "preflight.other_build", "preflight.no_template"}
    assert {cell.prompt_tokens for cell in found.cells if "truncated" in cell.faults} == {1024}


def test_a_doubled_start_token_is_found(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_LLAMA_SERVER_URL", f"{address}/llama/v1")
    found = columns(project(tmp_path / "p", candidate("x", "llama-server")))["x"]
    assert "preflight.double_start" in codes(found)


def test_another_provider_than_the_chosen_one_is_left_out(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEOFF_OPENROUTER_URL", f"{address}/other-provider/v1")
    monkeypatch.setenv("BAKEOFF_HUGGINGFACE_URL", f"{address}/router/v1")
    monkeypatch.setenv("OPENROUTER_API_KEY", "k")
    monkeypatch.setenv("HF_TOKEN", "k")
    opened = project(
        tmp_path / "p",
        candidate("a", "openrouter", more='provider = "deepinfra"'),
        candidate("b", "huggingface", more='provider = "together"'),
        candidate("c", "huggingface", more='provider = "elsewhere"'),
    )
    found = columns(opened)
    assert [faults(found[name]) for name in "abc"] == [{"other_provider"}, {"other_provider"}, set()]
    assert [cell.score for cell in found["a"].cells] == [None] * ROWS


def test_a_probe_is_asked_once_and_can_be_left_out(tmp_path: Path) -> None:
    """Two short questions before the rows; none again for further rows; two again for other settings."""
    log = tmp_path / "log"
    with stub_process(log=log) as address:
        opened = project(tmp_path / "p", candidate("a", f"{address}/unrepeatable/v1"))
        file, data = opened.folder / "bakeoff.toml", opened.folder / "data.csv"

        def asked() -> int:
            before = log.read_text().count(">") if log.exists() else 0
            Project(opened.folder).run()
            return log.read_text().count(">") - before

        assert asked() == ROWS + 2
        data.write_text(data.read_text(encoding="utf-8") + "new,another <positive>,positive\n", encoding="utf-8")
        assert asked() == 1
        assert codes(Project(opened.folder).columns()[0]) == {"preflight.not_repeatable"}
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("max_tokens = 100", "max_tokens = 100\nseed = 1"), encoding="utf-8")
        assert asked() == ROWS + 1 + 2
        file.write_text(
            text.replace("max_tokens = 100", "max_tokens = 99") + "\n[preflight]\nprobe = false\n", encoding="utf-8"
        )
        assert asked() == ROWS + 1


def test_a_row_that_is_an_example_is_left_out(tmp_path: Path, address: str) -> None:
    opened = project(tmp_path / "p", candidate("a", f"{address}/ok/v1"))
    file = opened.folder / "bakeoff.toml"
    text = file.read_text(encoding="utf-8")
    example = '[[prompt.examples]]\nuser = " <POSITIVE> "\nassistant = "positive"\n\n[parameters]'
    file.write_text(text.replace("[parameters]", example), encoding="utf-8")
    column = columns(Project(opened.folder))["a"]
    assert [cell.row_id for cell in column.cells if cell.faults] == ["0"]
    assert column.cells[0].faults == ("in_examples",)
    assert column.cells[0].score is None


def test_template_marks_in_the_prompt_are_told(tmp_path: Path, address: str) -> None:
    opened = project(
        tmp_path / "p",
        candidate("a", f"{address}/ok/v1"),
        candidate("b", f"{address}/ok/v1", more='api = "completions"'),
    )
    file = opened.folder / "bakeoff.toml"
    text = file.read_text(encoding="utf-8").replace('user = "{{ text }}"', "user = '<|im_start|>user {{ text }}'")
    file.write_text(text, encoding="utf-8")
    found = columns(Project(opened.folder))
    assert codes(found["a"]) == {"preflight.template_in_prompt"}
    assert codes(found["b"]) == set()
