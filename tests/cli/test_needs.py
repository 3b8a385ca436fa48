"""`bakeoff needs` as a person meets it: the wizard, the options, the refusals."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from bakeoff.cli.needs import OPTIONS, needs_command
from bakeoff.errors import UsageError
from bakeoff.needs import QUESTIONS, parse_needs
from bakeoff.needs.needs import KEYS
from bakeoff.project.needs import read_needs

Ask = Callable[..., tuple[str, str]]


@pytest.fixture
def needs(tmp_path: Path) -> Ask:
    def run(*arguments: str, typed: str = "") -> tuple[str, str]:
        found = CliRunner().invoke(
            needs_command, ["--project", str(tmp_path), "--lang", "en", *arguments], input=typed, catch_exceptions=False
        )
        assert found.exit_code == 0, found.output
        return found.stdout, found.stderr

    return run


def test_every_need_has_an_option() -> None:
    assert [key for key, _ in OPTIONS if key not in KEYS] == []
    assert set(KEYS) - {key for key, _ in OPTIONS} == set()


def test_options_lie_over_a_template_and_are_written(needs: Ask, tmp_path: Path) -> None:
    out, err = needs("--template", "support-triage", "--languages", "vi,en", "--prompt-tokens", "90")
    found = read_needs(tmp_path)
    assert found is not None
    assert (found.task, found.languages, found.prompt_tokens, found.output_tokens) == (
        "classification", ("vi", "en"), 90, 10,
    )  # fmt: skip
    assert "languages\tvi, en" in out
    assert 'kind = "label"' in out
    assert "bakeoff.toml" in err


def test_asked_twice_the_second_time_changes_only_what_is_given(needs: Ask, tmp_path: Path) -> None:
    needs("--task", "rag", "--languages", "vi")
    document = json.loads(needs("--license", "commercial", "--json")[0])
    assert (document["schema"], document["version"]) == ("bakeoff.needs", 1)
    assert (document["needs"]["task"], document["needs"]["license"]) == ("rag", "commercial")
    assert read_needs(tmp_path) == parse_needs({"task": "rag", "languages": "vi", "license": "commercial"})


def test_looking_writes_nothing(needs: Ask, tmp_path: Path) -> None:
    needs("--task", "rag")
    before = (tmp_path / "bakeoff.toml").stat().st_mtime_ns
    needs()
    assert (tmp_path / "bakeoff.toml").stat().st_mtime_ns == before


def test_contradicting_options_write_nothing(needs: Ask, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no hardware"):
        needs("--privacy", "local-only", "--hardware", "none")
    assert list(tmp_path.iterdir()) == []


def test_the_wizard_asks_again_what_it_cannot_read_and_what_contradicts(needs: Ask, tmp_path: Path) -> None:
    """Enter keeps; a typing error is asked again; a request longer than the context asks for the context."""
    typed = {"task": "cooking\nclassification", "languages": "vi", "prompt_tokens": "9000"}
    start = parse_needs({"task": "classification"})
    lines = [typed.get(question.key, "") for question in QUESTIONS if question.asked(start)]
    err = needs("--ask", typed="\n".join([*lines, "16384", ""]))[1]
    assert "'cooking'" in err
    assert "no room in a context" in err
    expected = {"task": "classification", "languages": "vi", "prompt_tokens": 9000, "context_tokens": 16384}
    assert read_needs(tmp_path) == parse_needs(expected)


def test_a_wizard_that_is_left_writes_nothing(tmp_path: Path) -> None:
    found = CliRunner().invoke(needs_command, ["--project", str(tmp_path), "--ask"], input="rag\n")
    assert found.exit_code != 0
    assert list(tmp_path.iterdir()) == []


def test_a_machine_that_means_nothing_is_refused_before_anything_is_written(needs: Ask, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="RTX 9999"):
        needs("--hardware", "RTX 9999")
    assert list(tmp_path.iterdir()) == []
