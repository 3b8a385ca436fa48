"""A project from the user's own file: guessed where the file tells, asked for where it does not."""

from pathlib import Path

import pytest

from bakeoff.errors import DataError, ProjectError
from bakeoff.evaluate.graders.equal import Contains
from bakeoff.evaluate.templates import render
from bakeoff.project import Project, new
from bakeoff.project.config import read_config


def data(tmp_path: Path, text: str, name: str = "rows.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_columns_are_guessed_and_the_file_says_so(tmp_path: Path) -> None:
    rows = "".join(f"{i},a longer text number {i},{'yes' if i % 2 else 'no'}\n" for i in range(10))
    folder = new(tmp_path / "p", data(tmp_path, "ID,text,label\n" + rows))
    config = read_config(folder / "bakeoff.toml")
    assert (config.data.file, config.data.id) == ("rows.csv", "ID")
    assert config.prompt.user == "{{ text }}"
    assert config.prompt.system == "Answer with exactly one of: no, yes."
    assert (config.graders[0].kind, config.graders[0].target) == ("label", "{{ label }}")
    assert config.graders[0].labels == ("no", "yes")
    assert config.candidates[0].parameters["max_tokens"] == 16
    assert len(Project(folder).table().rows) == 10


def test_vietnamese_column_names_work_in_templates(tmp_path: Path) -> None:
    rows = "".join(f"câu số {i},{'khen' if i % 2 else 'chê'}\n" for i in range(8))
    folder = new(tmp_path / "p", data(tmp_path, "nội dung,nhãn\n" + rows))
    config = read_config(folder / "bakeoff.toml")
    assert config.prompt.user == "{{ row['nội dung'] }}"
    assert config.graders[0].target == "{{ nhãn }}"
    assert Project(folder).table().rows[0].values["nội dung"] == "câu số 0"


def test_free_answers_are_not_taken_for_labels(tmp_path: Path) -> None:
    folder = new(tmp_path / "p", data(tmp_path, "question,answer\n" + "".join(f"what is {i}?,{i}\n" for i in range(9))))
    grader = read_config(folder / "bakeoff.toml").graders[0]
    assert grader.rule == Contains(ignore_case=True)


@pytest.mark.parametrize(
    ("text", "arguments", "says"),
    [
        ("a,b\n1,2\n", {}, "which column holds the right answers? Its columns are: a, b"),
        ("a,b\n1,2\n", {"target": "c"}, "has no column 'c'"),
        ("a,b\n1,2\n", {"target": "b", "input": "c"}, "has no column 'c'"),
        ("label\nyes\n", {}, "has no column besides 'label'"),
    ],
)
def test_what_cannot_be_guessed_is_asked_for(tmp_path: Path, text: str, arguments: dict[str, str], says: str) -> None:
    with pytest.raises(ProjectError) as found:
        new(tmp_path / "p", data(tmp_path, text), **arguments)
    assert says in found.value.message
    assert found.value.hint
    assert not (tmp_path / "p").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "thesis.txt").write_text("mine")
    with pytest.raises(ProjectError, match="exists already"):
        new(tmp_path / "p", data(tmp_path, "text,label\na,b\n"))
    assert (tmp_path / "p" / "thesis.txt").read_text() == "mine"


def test_a_bad_file_leaves_no_folder_behind(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        new(tmp_path / "p", data(tmp_path, ""))
    assert not (tmp_path / "p").exists()


def test_the_data_file_may_lie_in_the_new_folder_s_place(tmp_path: Path) -> None:
    folder = new(tmp_path / "p", data(tmp_path, "text,label\na,x\nb,y\nc,x\nd,y\n"), prompt="Say x or y: {{ text }}")
    assert read_config(folder / "bakeoff.toml").prompt.user == "Say x or y: {{ text }}"
    assert (folder / "rows.csv").read_text() == "text,label\na,x\nb,y\nc,x\nd,y\n"


@pytest.mark.parametrize("column", ["it's", "a\\b", "class", "in", "true", "row", "hai chữ"])
def test_a_template_shows_a_column_whatever_its_name(tmp_path: Path, column: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f'"{column}",label\none,x\ntwo,y\n', encoding="utf-8")
    made = Project(new(tmp_path / "made", path))
    assert render(made.config.prompt.user, made.table().rows[0].values) == "one"
    assert made.config.graders[0].columns() == {"label"}


def test_where_no_column_is_right_people_decide(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("id,text,label\n1,one,x\n2,two,y\n", encoding="utf-8")
    folder = new(tmp_path / "made", path, by_people=True, id="", system="Be brief.\nPlease.")
    config = Project(folder).config
    assert (config.decide.metric, config.graders, config.data.id) == ("people", (), None)
    assert config.prompt.system == "Be brief.\nPlease."
