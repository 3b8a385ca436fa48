"""Several prompts in one project, and answers made elsewhere: further columns of one table."""

import json
from pathlib import Path

import pytest
from benchmarks.common import stub_process

from bakeoff.errors import ProjectError
from bakeoff.project import Project
from bakeoff.project.config import read_config
from bakeoff.project.planning import RunOptions
from tests.project.common import LABELS, candidate, make_project

VARIANTS = """
[[prompt.examples]]
user = "an example"
assistant = "positive"

[[prompt.variants]]
name = "plain"

[[prompt.variants]]
name = "strict"
system = "One word."
user = "Text: {{ text }}"
"""


def with_variants(folder: Path) -> Path:
    file = folder / "bakeoff.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("[[candidates]]", VARIANTS + "\n[[candidates]]", 1), encoding="utf-8")
    return folder


def test_every_candidate_is_asked_every_variant(tmp_path: Path) -> None:
    with stub_process() as address:
        folder = make_project(
            tmp_path / "p", candidate("a", f"{address}/ok/v1"), candidate("b", f"{address}/ok/v1"), rows=6
        )
        opened = Project(with_variants(folder))
        outcomes = opened.run()
        assert [(o.candidate, o.answered) for o in outcomes] == [
            ("a · plain", 6),
            ("a · strict", 6),
            ("b · plain", 6),
            ("b · strict", 6),
        ]
        assert [model.model for model in opened.compare().models] == [o.candidate for o in outcomes]
        plain, strict = (json.loads(cell.request.partition("\n")[2])["messages"] for cell in opened.row("0")[:2])
    assert [message["role"] for message in plain] == ["user", "assistant", "user"]
    assert [message["content"] for message in strict] == [
        "One word.",
        "an example",
        "positive",
        "Text: text 0 <positive>",
    ]
    report = json.loads(opened.report("json"))
    assert [variant["name"] for variant in report["variants"]] == ["plain", "strict"]
    assert "Text: {{ text }}" in opened.report("md")


def test_one_prompt_without_variants_changes_no_name(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", candidate("a", "http://127.0.0.1:9/v1"), rows=1)
    assert [prompt.name for prompt in Project(folder).config.prompts] == [""]
    assert [column.candidate for column in Project(folder).columns()] == ["a"]


@pytest.mark.parametrize(
    ("variants", "says"),
    [
        ('[[prompt.variants]]\nname = "x"\n[[prompt.variants]]\nname = "x"', "two variants are called 'x'"),
        ("[[prompt.variants]]\nuser = 'u'", "name: is missing"),
        ('[[prompt.variants]]\nname = "x"\nusr = "u"', "unknown key 'usr'"),
    ],
)
def test_wrong_variants_are_refused(tmp_path: Path, variants: str, says: str) -> None:
    folder = make_project(tmp_path / "p", candidate("a", "http://127.0.0.1:9/v1"), rows=1)
    file = folder / "bakeoff.toml"
    file.write_text(file.read_text().replace("[[candidates]]", variants + "\n\n[[candidates]]", 1), encoding="utf-8")
    with pytest.raises(ProjectError) as refused:
        read_config(file)
    assert says in refused.value.message


def test_a_prompt_that_asks_nothing_is_refused(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", candidate("a", "http://127.0.0.1:9/v1"), rows=1)
    file = folder / "bakeoff.toml"
    text = file.read_text().replace('user = "{{ text }}"', "")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ProjectError, match="`user` is missing"):
        read_config(file)
    file.write_text(text.replace("[[cand", '[[prompt.variants]]\nname = "x"\n\n[[cand', 1), encoding="utf-8")
    with pytest.raises(ProjectError, match="variant 'x' has no `user`"):
        read_config(file)


def elsewhere(folder: Path, answers: str) -> Path:
    """A project with one candidate whose answers are in a file."""
    made = make_project(
        folder, '[[candidates]]\nname = "other"\nmodel = "other"\nvia = "file"\nanswers = "answers.csv"\n', rows=6
    )
    (made / "answers.csv").write_text(answers, encoding="utf-8")
    return made


def test_answers_made_elsewhere_are_a_candidate(tmp_path: Path) -> None:
    right = "".join(f"{i},{LABELS[i % 3] if i != 2 else 'positive'},{10 + i}\n" for i in range(5))
    folder = elsewhere(tmp_path / "p", "id,answer,output_tokens\n" + right)
    opened = Project(folder)
    assert [cell.state for cell in opened.columns()[0].cells] == ["missing"] * 6
    assert [(o.candidate, o.answered, o.error) for o in opened.run()] == [("other", 5, None)]
    column = Project(folder).columns()[0]
    assert [cell.score for cell in column.cells] == [1.0, 1.0, 0.0, 1.0, 1.0, None]
    assert [cell.output_tokens for cell in column.cells] == [10, 11, 12, 13, 14, None]
    assert column.cells[0].latency_ms is None
    assert [o.answered for o in Project(folder).run()] == [0]
    assert "answers.csv" in Project(folder).report("md")


def test_a_changed_file_of_answers_counts_anew(tmp_path: Path) -> None:
    folder = elsewhere(tmp_path / "p", "id,answer\n0,negative\n")
    Project(folder).run()
    (folder / "answers.csv").write_text("id,answer\n0,positive\n", encoding="utf-8")
    Project(folder).run()
    assert Project(folder).columns()[0].cells[0].text == "positive"


@pytest.mark.parametrize("answers", ["id,answer\n99,positive\n", "id,text2\n0,positive\n", ""])
def test_a_file_that_does_not_fit_is_an_error_and_stops_no_other(tmp_path: Path, answers: str) -> None:
    folder = elsewhere(tmp_path / "p", answers)
    (outcome,) = Project(folder).run()
    assert outcome.error is not None
    assert outcome.error.hint


def test_a_candidate_is_found_and_priced_by_its_name_whatever_stands_in_it(tmp_path: Path) -> None:
    """`x · y` is a candidate here, and not the variant y of x."""
    price = "price_per_million = { input = 1, output = 2 }"
    folder = make_project(tmp_path / "p", candidate("x · y", "http://10.0.0.1/v1", more=price), rows=3)
    lines = Project(with_variants(folder)).quote(RunOptions(only=("x · y",))).candidates
    assert [(one.candidate, one.price_source) for one in lines] == [
        ("x · y · plain", "bakeoff.toml"),
        ("x · y · strict", "bakeoff.toml"),
    ]
