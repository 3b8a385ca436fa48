"""Addresses and scores that were kept are those that are worked out anew, whatever happened in between."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.project import FILE_NAME, Project, addresses
from tests.project.common import candidate
from tests.project.sheet.common import answer, fill, open_sheet

SERVER = "http://127.0.0.1:9/v1"
PROMPTS = (
    "{{ text }}",
    "{{ text }}!",
    "{% if n is string %}one{% else %}two{% endif %} {{ text }}",
    "{{ n }} {{ text }}",
)
"""The third tells what the table's digest does not: a number from its text."""


def write(folder: Path, prompt: str, names: str, repeats: int, rows: list[dict[str, Any]]) -> None:
    """A project of these."""
    system = "\nsystem = 'Classify.'" if repeats > 1 else ""
    text = f'[data]\nfile = "rows.jsonl"\nid = "id"\n\n[prompt]\nuser = {json.dumps(prompt)}{system}\n\n'
    text += f"[run]\nrepeats = {repeats}\n\n[preflight]\nprobe = false\n\n"
    text += '[[graders]]\nkind = "label"\ntarget = "{{ label }}"\nlabels = ["yes", "no"]\n\n'
    text += "\n".join(candidate(name, SERVER) for name in names)
    folder.mkdir(exist_ok=True)
    (folder / FILE_NAME).write_text(text)
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def known(folder: Path) -> list[Any]:
    """Everything about the columns, by whatever is kept."""
    return [
        (
            one.candidate,
            one.digests and [list(each) for each in one.digests],
            one.sizes and list(one.sizes),
            one.error and one.error.message,
        )
        for one in Project(folder).contestants()
    ]


def scores(folder: Path) -> dict[str, list[float]]:
    """Every score of the sheet, by whatever is kept."""
    sheet = open_sheet(folder)
    with sheet.project.ledger() as ledger:
        return {name: sheet.scores.column(column, ledger).tolist() for column, name in enumerate(sheet.names)}


def bare(folder: Path) -> Path:
    """A copy in which nothing is kept but the answers."""
    copy = folder.parent / "bare"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".bakeoff"))
    with Project(copy).ledger() as ledger:
        ledger.database.run("DELETE FROM score")
    return copy


ROWS = [{"id": f"r{i}", "text": f"text {i // 2}", "n": i, "label": "yes" if i % 3 else "no"} for i in range(7)]

Step = Callable[[dict[str, Any], Path], None]


def _prompt(number: int) -> Step:
    return lambda state, _: state.update(prompt=PROMPTS[number])


def _answers(state: dict[str, Any], folder: Path) -> None:
    state["n"] += 1
    given = {}
    for one in Project(folder).contestants():
        for row in (state["n"] % 5, 5 - state["n"] % 5):
            if one.resolved is not None:
                given[one.candidate.name, f"r{row}"] = answer("yes" if (row + state["n"]) % 2 else "no")
    fill(Project(folder), given)


def _damage(_: dict[str, Any], folder: Path) -> None:
    path = folder / addresses.FILE
    if path.exists():
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)


def _cut(_: dict[str, Any], folder: Path) -> None:
    path = folder / addresses.FILE
    if path.exists():
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _typed(make: Callable[[int], Any]) -> Step:
    return lambda state, _: state.update(rows=[{**row, "n": make(i)} for i, row in enumerate(state["rows"])])


STEPS: dict[str, Step] = {
    "answers": _answers,
    "nothing": lambda *_: None,
    **{f"prompt {number}": _prompt(number) for number in range(len(PROMPTS))},
    "numbers": _typed(int),
    "texts": _typed(lambda i: str(i) if i else i),
    "one candidate": lambda state, _: state.update(names="a"),
    "two candidates": lambda state, _: state.update(names="ab"),
    "other order": lambda state, _: state.update(names="ba"),
    "repeats": lambda state, _: state.update(repeats=3 - state["repeats"]),
    "labels": lambda state, _: state.update(rows=[{**row, "label": "no"} for row in state["rows"]]),
    "row less": lambda state, _: state.update(rows=state["rows"][:6]),
    "rows turned round": lambda state, _: state.update(rows=state["rows"][::-1]),
    "damaged": _damage,
    "cut": _cut,
    "gone": lambda _, folder: shutil.rmtree(folder / ".bakeoff", ignore_errors=True),
}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=6))
def test_what_is_kept_is_what_is_fresh(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    folder = tmp_path_factory.mktemp("kept") / "p"
    state: dict[str, Any] = {"prompt": PROMPTS[0], "names": "ab", "repeats": 1, "rows": ROWS, "n": 0}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(addresses, "FEWEST_ROWS", 1)
        patch.setattr(addresses, "COMPARED", 1)  # what names them must be enough
        write(folder, state["prompt"], state["names"], state["repeats"], state["rows"])
        for step in ("answers", *steps):
            STEPS[step](state, folder)
            write(folder, state["prompt"], state["names"], state["repeats"], state["rows"])
            found, again = known(folder), known(folder)
            graded, graded_again = scores(folder), scores(folder)
            fresh = bare(folder)
            assert found == again == known(fresh)
            graded_fresh = scores(fresh)
            columns = Project(fresh).columns()
            expected = {one.candidate: [np.nan if c.score is None else c.score for c in one.cells] for one in columns}
            for one in (graded, graded_again, graded_fresh):
                assert one.keys() == expected.keys()
                for name, column in expected.items():
                    np.testing.assert_allclose(one[name], column)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose addresses are kept."""
    monkeypatch.setattr(addresses, "FEWEST_ROWS", 1)
    write(tmp_path / "p", PROMPTS[0], "ab", 2, ROWS)
    known(tmp_path / "p")
    return tmp_path / "p"


def test_kept_addresses_are_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = known(folder)

    def never(*_: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr("bakeoff.evaluate.addressing.Addressing.take", never)
    assert known(folder) == expected


def test_addresses_that_are_no_longer_made_so_are_not_believed(folder: Path) -> None:
    """As when templates come to mean something else, and nobody has raised the version."""
    expected = known(folder)
    path = folder / addresses.FILE
    start = len(addresses.MAGIC) + 32
    content = path.read_bytes()[start:]
    at = 4 + int.from_bytes(content[:4], "little")
    content = content[:at] + bytes(byte ^ 255 for byte in content[at:])
    path.write_bytes(addresses.MAGIC + hashlib.sha256(content).digest() + content)
    assert known(folder) == expected


def test_a_number_is_not_its_text(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "COMPARED", 1)
    write(folder, PROMPTS[2], "ab", 1, ROWS)
    before = known(folder)
    write(folder, PROMPTS[2], "ab", 1, [{**row, "n": str(row["n"]) if row["n"] else 0} for row in ROWS])
    assert known(folder) == known(bare(folder)) != before


@pytest.mark.parametrize("content", [b"", b"x", addresses.MAGIC, addresses.MAGIC + bytes(40)])
def test_a_file_that_is_not_ours_is_made_again(folder: Path, content: bytes) -> None:
    expected, before = known(folder), (folder / addresses.FILE).read_bytes()
    (folder / addresses.FILE).write_bytes(content)
    assert known(folder) == expected
    assert (folder / addresses.FILE).read_bytes() == before


def test_where_it_cannot_be_written_nothing_is_kept(folder: Path) -> None:
    expected = known(folder)
    shutil.rmtree(folder / ".bakeoff")
    (folder / ".bakeoff").write_text("in the way")
    assert known(folder) == expected


def test_a_row_by_itself_is_not_taken_for_the_table(folder: Path) -> None:
    fill(Project(folder), {("a", "r3"): answer("yes")})
    before = (folder / addresses.FILE).read_bytes()
    assert Project(folder).row("r3")[0].text == "yes"
    assert (folder / addresses.FILE).read_bytes() == before


def test_scores_that_were_graded_are_not_graded_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, PROMPTS[0], "ab", 1, ROWS)
    fill(Project(folder), {("a", f"r{row}"): answer("yes") for row in range(7)})
    expected = scores(folder)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("graded again")

    monkeypatch.setattr("bakeoff.project.sheet.cells.Grading.column", never)
    np.testing.assert_equal(scores(folder), expected)
    assert not np.isnan(expected["a"]).any()
