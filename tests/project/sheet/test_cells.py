"""Every cell of the sheet is the cell of `Project.columns()`, however it is asked for."""

from pathlib import Path

import pytest
from benchmarks.projects import Shape, build_project

from bakeoff.project import Project
from bakeoff.project.sheet.previews import LENGTH, preview, shown
from tests.project.common import LABELS, TOML, candidate, make_project
from tests.project.sheet.common import answer, cells_of, fill, open_sheet

PLAIN = "http://127.0.0.1:9/v1"

SQL = """
[[graders]]
kind = "sql"
target = "SELECT 1"
schema = "CREATE TABLE t (a INTEGER)"

[preflight]
probe = false
"""

ODD = {
    "0": answer("positive"),
    "1": answer(""),
    "2": answer("<think>hm</think> neutral"),
    "3": answer("neg", finish_reason="length"),
    "4": answer("positive or negative"),
    "5": answer("so and so " * 100 + "positive"),
    "6": answer("positive<|im_end|>"),
    "7": answer("I'm sorry, but I cannot help with that."),
    "8": answer("neutral", served_model="other"),
    "9": answer("neutral\nUser: and now?"),
    "10": answer("negative", prompt_tokens=None, output_tokens=None, latency_ms=None),
    "11": None,
    "13": answer("<think>never closed"),
    "14": answer("negative", output_tokens=900),
}
"""By row: what can be wrong with an answer. Row 12 is missing."""


def assert_same(folder: Path) -> int:
    """Compare every cell; how many there are."""
    columns = {column.candidate: column for column in Project(folder).columns()}
    sheet = open_sheet(folder)
    n = 0
    for index, row in enumerate(cells_of(sheet)):
        assert row["target"] == columns[sheet.names[0]].cells[index].target
        for name, cell in row["cells"].items():  # type: ignore[attr-defined]
            graded = columns[name].cells[index]
            expected = (
                graded.row_id, graded.state, graded.score, graded.label, list(graded.faults), graded.latency_ms,
                graded.output_tokens, preview(graded.text),
            )  # fmt: skip
            assert expected == (
                row["id"], cell["state"], cell["score"], cell["label"], cell["faults"], cell["latency_ms"],
                cell["output_tokens"], cell["preview"],
            )  # fmt: skip
            n += 1
    for name, column in columns.items():
        with sheet.project.ledger() as ledger:
            scores = sheet.scores.column(sheet.names.index(name), ledger)
        assert [cell.score for cell in column.cells] == [None if one != one else pytest.approx(one) for one in scores]
    return n


def test_cells_are_those_of_the_columns(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", candidate("a", PLAIN), candidate("b", PLAIN))
    fill(Project(folder), {("a", row): given for row, given in ODD.items()})
    fill(Project(folder), {("b", str(row)): answer(LABELS[row % 3]) for row in range(0, 30, 2)})
    assert assert_same(folder) == 60


def test_prompts_cut_short_are_marked_alike(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", candidate("a", PLAIN), rows=8)
    lines = [f"{i},{'word ' * (700 + 100 * i)}<{LABELS[i % 3]}>,{LABELS[i % 3]}" for i in range(8)]
    (folder / "data.csv").write_text("id,text,label\n" + "\n".join(lines) + "\n", encoding="utf-8")
    tokens = [900, 950, 1000, 1024, 1024, 1024, 1024, 1024]
    fill(Project(folder), {("a", str(i)): answer(LABELS[i % 3], prompt_tokens=tokens[i]) for i in range(8)})
    marked = [row["cells"]["a"]["faults"] for row in cells_of(open_sheet(folder))]  # type: ignore[index]
    assert marked == [[], [], [], *[["truncated"]] * 5]
    assert_same(folder)


def test_a_new_answer_can_mark_others(tmp_path: Path) -> None:
    """Three prompts of one size by the server's count, and of several lengths, give a limit away: all at once."""
    folder = make_project(tmp_path / "p", candidate("a", PLAIN), rows=3)
    lines = [f"{i},{'word ' * (700 + 200 * i)},{LABELS[i]}" for i in range(3)]
    (folder / "data.csv").write_text("id,text,label\n" + "\n".join(lines) + "\n", encoding="utf-8")
    project = Project(folder)
    fill(project, {("a", str(i)): answer(LABELS[i], prompt_tokens=1024) for i in range(2)})
    sheet = open_sheet(folder)
    seq = sheet.seq
    fill(project, {("a", "2"): answer(LABELS[2], prompt_tokens=1024)})
    changed = sheet.changes(seq, 100)["cells"]
    assert [(cell["row"], cell["faults"]) for cell in changed] == [(str(i), ["truncated"]) for i in range(3)]


def test_repetitions_variants_examples_and_rules(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", candidate("a", PLAIN), candidate("b", PLAIN), rows=6)
    text = TOML.format(candidates=candidate("a", PLAIN) + candidate("b", PLAIN)).replace(
        'user = "{{ text }}"',
        'user = "{{ text }}"\n[[prompt.examples]]\nuser = "text 3 <positive>"\nassistant = "positive"\n'
        '[[prompt.variants]]\nname = "short"\n[[prompt.variants]]\nname = "long"\nsystem = "Say {{ label }}."',
    )
    text = text.replace("probe = false", 'probe = false\nrefusal = "exclude"\n[run]\nrepeats = 2')
    (folder / "bakeoff.toml").write_text(text, encoding="utf-8")
    project = Project(folder)
    names = [one.candidate.name for one in project.contestants()]
    assert len(names) == 4
    for repeat in range(2):
        given = {
            (name, str(i)): answer(LABELS[(i + repeat * (i % 2)) % 3], latency_ms=10.0 * repeat + i)
            for name in names
            for i in range(6 - repeat)
        }
        fill(project, given | {(names[0], "1"): answer("I'm sorry, but I cannot help with that.")}, repeat=repeat)
    assert assert_same(folder) == 24


def test_a_candidate_that_cannot_be_had_is_missing(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", candidate("a", PLAIN), candidate("b", "embedded"), rows=3)
    fill(Project(folder), {("a", "1"): answer("positive")})
    assert assert_same(folder) == 6
    told = open_sheet(folder).document()
    assert told["candidates"][1]["error"]
    assert told["counts"] == {
        "a": {"answered": 1, "failed": 0, "missing": 2},
        "b": {"answered": 0, "failed": 0, "missing": 3},
    }


def test_equal_rows_share_a_call(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", candidate("a", PLAIN), rows=3)
    (folder / "data.csv").write_text("id,text,label\nx,same,positive\ny,same,negative\nz,other,neutral\n")
    fill(Project(folder), {("a", "x"): answer("positive")})
    sheet = open_sheet(folder)
    assert [row["cells"]["a"]["score"] for row in cells_of(sheet)] == [1.0, 0.0, None]  # type: ignore[index]
    sheet.correct("x", "a", "better", author="Lan", seq=sheet.seq)
    assert [row["cells"]["a"]["corrected"] for row in cells_of(sheet)] == [True, True, False]  # type: ignore[index]
    assert_same(folder)


def test_invented_projects_are_whole(tmp_path: Path) -> None:
    build_project(tmp_path / "p", Shape(rows=40, models=3, missing=0.1, failed=0.1))
    assert assert_same(tmp_path / "p") == 120


def test_slow_graders_do_not_hold_the_sheet_up(tmp_path: Path) -> None:
    """Their cells come without a score first, and again with one; then they are those of the columns."""
    folder = make_project(tmp_path / "p", candidate("a", PLAIN), rows=3)
    text = (folder / "bakeoff.toml").read_text(encoding="utf-8")
    text = text[: text.index("[[graders]]")] + SQL
    (folder / "bakeoff.toml").write_text(text, encoding="utf-8")
    given = {"0": answer("SELECT 1"), "1": answer("SELECT 2"), "2": answer("no query")}
    fill(Project(folder), {("a", row): one for row, one in given.items()})
    sheet = open_sheet(folder)
    first = [row["cells"]["a"]["score"] for row in cells_of(sheet)]  # type: ignore[index]
    assert first == [None, None, None]
    sheet.grading.slow.wait(20)
    changed = sheet.changes(sheet.seq, 100)["cells"]
    assert {cell["row"]: cell["score"] for cell in changed}["0"] == 1.0
    assert {cell["row"]: cell["score"] for cell in changed}["1"] == 0.0
    assert_same(folder)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  two\n\n lines\t", "two lines"),
        ("\x1b[31mred\x1b[0m \x1b]0;title\x07x", "red x"),
        ("a\x1b]8;;http://evil\x1b\\link", "alink"),
        ("bell\x07 nul\x00", "bell␇ nul␀"),
        ("abc\u202edcba\u2066x", "abcdcbax"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("tiếng Việt 👩‍💻", "tiếng Việt 👩‍💻"),
        ("\ud800half", "half"),
        ("", ""),
    ],
)
def test_previews_obey_nothing(text: str, expected: str) -> None:
    assert preview(text) == expected


def test_previews_are_short() -> None:
    assert len(preview("word " * 1_000_000)) <= LENGTH
    assert preview("x" * LENGTH) == "x" * LENGTH
    assert preview("x" * (LENGTH + 1)) == "x" * (LENGTH - 1) + "…"
    assert preview("\x1b[1m" * 2000 + "end") in ("…", "␛…")
    assert shown(2**60) == str(2**60)
    assert (shown(1.5), shown(True), shown(None)) == (1.5, True, None)
