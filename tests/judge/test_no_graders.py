"""A project whose data say nothing of what is right: a judge or people decide."""

from pathlib import Path

import pytest

from bakeoff.cli.main import run_command_line
from bakeoff.errors import ProjectError
from bakeoff.project import Project
from tests.judge.bench import Server, honest, label_truthfully, make_project, serving
from tests.project.common import candidate
from tests.project.common import make_project as plain_project

RATES = {"alpha-7": 0.8, "beta-7": 0.5}


def without_graders(folder: Path) -> Path:
    """The same project, nothing graded."""
    file = folder / "bakeoff.toml"
    file.write_text(file.read_text().replace('[[graders]]\nkind = "contains"\ntarget = "good"\n', ""))
    return folder


def test_a_judge_or_people_decide_without_graders(tmp_path: Path) -> None:
    with serving(Server(RATES, {"themis-70": honest()})) as address:
        folder = without_graders(make_project(tmp_path / "p", address, rows=40))
        project = Project(folder)
        project.run()
        assert project.decide().sentence.parameters["state"] == "not asked"
        project.judge()
        label_truthfully(project, RATES, 40)
        assert project.decide().choice == "a"
        assert project.report("html", "en")
        file = folder / "bakeoff.toml"
        file.write_text(file.read_text().replace('metric = "judge"', 'metric = "people"'))
        people = Project(folder)
        decision = people.decide()
        assert (decision.choice, decision.models[0].quality.metric) == ("a", "people")  # type: ignore[union-attr]
        assert decision.models[0].quality.n < 40  # type: ignore[union-attr]
        assert "people.rows" in {caveat.code for caveat in decision.caveats}
        assert people.report("md", "vi")


def test_nobody_who_decides_is_refused(tmp_path: Path) -> None:
    folder = without_graders(make_project(tmp_path / "p", "http://127.0.0.1:9/v1", rows=3, metric="accuracy"))
    with pytest.raises(ProjectError, match=r"graders: is missing"):
        Project(folder)
    other = make_project(tmp_path / "q", "http://127.0.0.1:9/v1", rows=3)
    file = other / "bakeoff.toml"
    head, _, rest = file.read_text().partition("[judge]")
    file.write_text(head + "[decide]" + rest.partition("[decide]")[2])
    with pytest.raises(ProjectError, match=r"needs \[judge\]"):
        Project(other)


def test_people_without_labels_decide_nothing(tmp_path: Path) -> None:
    with serving(Server(RATES, {"themis-70": honest()})) as address:
        folder = without_graders(make_project(tmp_path / "p", address, rows=5, metric="people"))
        project = Project(folder)
        project.run()
        assert (project.decide().verdict, project.decide().sentence.code) == ("barred", "decide.people_barred")


def test_a_judge_that_may_not_judge_stops_nothing_else(tmp_path: Path) -> None:
    with serving(Server({"qwen3-8b": 0.8, "beta-7": 0.5}, {"Qwen2.5-72B": honest()})) as address:
        models, judges = ("qwen3-8b", "beta-7"), ("Qwen2.5-72B",)
        folder = make_project(tmp_path / "p", address, rows=5, models=models, judges=judges, metric="accuracy")
        project = Project(folder)
        project.run()
        assert project.decide().verdict != "barred"
        assert project.report("json", "en")
        assert project.next_pair("lan") is not None


def test_judging_before_anything_is_answered_says_what_to_do_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = "http://127.0.0.1:9/v1"
    folder = plain_project(tmp_path / "p", candidate("a", nobody), candidate("b", nobody), rows=3)
    judge = f'[judge]\n[[judge.criteria]]\nname = "good"\n[[judge.models]]\nmodel = "j"\nvia = "{nobody}"\n'
    with (folder / "bakeoff.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n{judge}")
    assert run_command_line(["judge", str(folder)]) == 2
    assert "error: there is nothing to judge" in capsys.readouterr().err
