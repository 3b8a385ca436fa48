"""A correction is exported beside the answer and shown with its row, and changes neither answer nor score."""

import json
from pathlib import Path

from click.testing import CliRunner

from bakeoff.cli.show import show_command
from bakeoff.project import Project
from tests.project.common import candidate, make_project
from tests.project.sheet.common import answer, fill, open_sheet


def test_export_and_show(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", candidate("a", "http://127.0.0.1:9/v1"), rows=3)
    fill(Project(folder), {("a", str(i)): answer("positive") for i in range(3)})
    sheet = open_sheet(folder)
    before = Project(folder).columns()
    sheet.correct("1", "a", "=negative\x1b[31m", author="Lan", seq=sheet.seq)
    sheet.correct("2", "a", "gone", author="Lan", seq=sheet.seq)
    sheet.correct("2", "a", None, author="Lan", seq=sheet.seq)
    assert Project(folder).columns() == before
    Project(folder).export(tmp_path / "out.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    found = [(line["answer"], line["correction"], line["correction_author"]) for line in lines]
    assert found == [("positive", None, None), ("positive", "=negative\x1b[31m", "Lan"), ("positive", None, None)]
    Project(folder).export(tmp_path / "out.csv")
    assert ",'=negative" in (tmp_path / "out.csv").read_text(encoding="utf-8")
    shown = CliRunner().invoke(show_command, [str(folder), "--row", "1"])
    assert shown.exit_code == 0
    assert "corrected by Lan" in shown.output
    assert "=negative" in shown.output
    assert "\x1b" not in shown.output
    assert "corrected" not in CliRunner().invoke(show_command, [str(folder), "--row", "2"]).output
