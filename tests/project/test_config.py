"""bakeoff.toml: what is right is read, what is wrong is refused with its line."""

from pathlib import Path

import pytest

from bakeoff.errors import ProjectError
from bakeoff.project.config import DEFAULT_PARAMETERS, read_config

GOOD = """\
[data]
file = "rows.csv"

[prompt]
user = "{{ text }}"

[parameters]
temperature = 0.2

[[candidates]]
model = "org/name"
build = "gguf:Q4_K_M"

[[candidates]]
name = "server"
model = "qwen3:8b"
via = "http://127.0.0.1:11434/v1/"
key = "SOME_KEY"
top_p = 0.9

[[graders]]
kind = "label"
target = "{{ label }}"
labels = ["yes", "no"]
"""


def read(tmp_path: Path, text: str):  # type: ignore[no-untyped-def]
    path = tmp_path / "bakeoff.toml"
    path.write_text(text, encoding="utf-8")
    return read_config(path)


def test_a_good_file_is_read_with_defaults(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD)
    first, second = config.candidates
    assert (first.name, first.via, first.build) == ("name Q4_K_M", "embedded", "gguf:Q4_K_M")
    assert first.parameters == DEFAULT_PARAMETERS | {"temperature": 0.2}
    assert (second.name, second.via, second.key) == ("server", "http://127.0.0.1:11434/v1", "SOME_KEY")
    assert second.parameters["top_p"] == 0.9
    assert (config.decide.rule, config.decide.smallest_gap_that_matters) == ("cheapest not worse", 0.03)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('file = "rows.csv"', "", "bakeoff.toml:1: data.file: is missing"),
        ('file = "rows.csv"', 'file = "rows.csv"\nfiel = 1', "bakeoff.toml:3: data.fiel: unknown key 'fiel'"),
        ('via = "http://127.0.0.1:11434/v1/"', 'via = "olama"', "via: 'olama' is not a route: did you mean 'ollama'?"),
        ('key = "SOME_KEY"', 'key = "sk-abc123"', "never the key itself"),
        ("top_p = 0.9", "temprature = 0.9", "unknown key 'temprature': did you mean 'temperature'?"),
        ("top_p = 0.9", "stream = false", "'stream' is written by Bakeoff itself"),
        ("top_p = 0.9", "requests_per_minute = 0", "candidates.1.requests_per_minute: Input should be greater than 0"),
        ("temperature = 0.2", "tmperature = 0.2", "did you mean 'temperature'?"),
        ('kind = "label"', 'kind = "judge"', "graders.0.kind"),
        ('labels = ["yes", "no"]', 'labels = ["yes", "Yes"]', "upper and lower case only"),
        ('name = "server"', 'name = "name Q4_K_M"', "two candidates are called 'name Q4_K_M'"),
        ("[[graders]]", "[decide]\nrule = \"best of\"\n\n[[graders]]", "'best of' is not a rule"),
        ("[[graders]]", "[decide]\nsmallest_gap_that_matters = 3\n\n[[graders]]", "decide.smallest_gap_that_matters"),
        ("[data]", "[data", "bakeoff.toml:"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(ProjectError) as found:
        read(tmp_path, GOOD.replace(old, new, 1))
    assert says in found.value.message
    assert found.value.hint


@pytest.mark.parametrize("without", ["[[candidates]]", "[[graders]]"])
def test_a_table_that_must_be_there_is_asked_for(tmp_path: Path, without: str) -> None:
    head = GOOD.split(without)[0]
    with pytest.raises(ProjectError, match="is missing"):
        read(tmp_path, head)


def test_a_folder_without_a_file_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="is not a project") as found:
        read_config(tmp_path / "bakeoff.toml")
    assert "bakeoff new" in (found.value.hint or "")


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bakeoff.toml").write_bytes("# Tiếng Việt".encode("utf-16"))
    with pytest.raises(ProjectError, match=r"bakeoff\.toml"):
        read_config(tmp_path / "bakeoff.toml")
