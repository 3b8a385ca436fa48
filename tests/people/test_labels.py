"""What labels mean, which items come next, and files of labels."""

import csv
import io
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.errors import DataError
from bakeoff.evaluate.people.agreeing import people
from bakeoff.evaluate.people.choosing import Field, next_choice, remaining
from bakeoff.evaluate.people.exchange import read_labels, write_labels
from bakeoff.evaluate.people.labels import (
    Label,
    NewLabel,
    Said,
    answer_digest,
    changed_minds,
    counting,
    opinions,
    valid,
)
from bakeoff.evaluate.people.standing import people_columns, people_result
from bakeoff.evaluate.store import Ledger
from tests.judge.cells import column

ROWS = 40
COLUMNS = [column(name, [f"{name} says {row}" for row in range(ROWS)]) for name in "ab"]
FIELD = Field(
    kind="pair",
    sides=(("a", "b"),),
    columns={one.candidate: one for one in COLUMNS},
    rows={("a", "b"): tuple(range(ROWS))},
    doubt={},
)


def new(
    said: Said, row: int = 0, *, left: str = "a", right: str | None = "b", author: str = "ann", **more: object
) -> Label:
    """A label about the present answers."""
    digests = [answer_digest(f"{name} says {row}") for name in (left, right) if name is not None]
    fields = {
        "kind": "pair" if right is not None else "point", "row_id": str(row), "left": left, "right": right,
        "said": said, "author": author, "left_answer": digests[0],
        "right_answer": digests[1] if right is not None else None, "drawn": "random", "seq": 1, "at": "now", **more,
    }  # fmt: skip
    return Label(**fields)  # type: ignore[arg-type]


def test_labels_are_added_and_never_overwritten(tmp_path: Path) -> None:
    with Ledger(tmp_path / "x.db") as ledger:
        first = NewLabel("pair", "1", "a", "b", "left", "ann", "x", "y", "random", 0.1, 2.5)
        ledger.record_labels([first])
        ledger.record_labels([NewLabel("pair", "1", "a", "b", "right", "ann", "x", "y", "random")])
        kept = ledger.labels()
    assert [label.said for label in kept] == ["left", "right"]
    assert kept[0].seq < kept[1].seq
    assert (kept[0].probability, kept[0].seconds, kept[0].at[:2]) == (0.1, 2.5, "20")
    assert [label.said for label in counting(kept)] == ["right"]
    assert changed_minds(kept) == 1


def test_a_label_means_the_same_from_either_side() -> None:
    one, other = new("left"), new("right", left="b", right="a")
    assert one.about == other.about
    assert (one.preference("a"), other.preference("a")) == (1.0, 1.0)
    assert (new("both bad").preference("b"), new("tie").preference("a")) == (0.5, 0.5)
    assert new("wrong", right=None).preference("a") == 0.0


def test_people_who_disagree_are_kept_and_their_mean_counts() -> None:
    said = [new("left"), new("right", author="bob", seq=2), new("skip", 1), new("withdrawn", 2, seq=4)]
    (opinion,) = opinions(said)
    assert (opinion.value, opinion.contradicting) == (0.5, True)
    assert people([opinion]).contradicting == 1
    assert people([opinion]).pairs[0].agreement.raw.value == 0.0


def test_a_withdrawn_label_does_not_count_and_comes_again() -> None:
    said = [new("left"), new("withdrawn", seq=2)]
    assert opinions(said) == []
    assert remaining(FIELD, said, "ann") == ROWS
    assert remaining(FIELD, [new("skip")], "ann") == ROWS - 1


def test_a_label_is_about_a_text_and_not_about_a_model() -> None:
    answers = {("a", "0"): answer_digest("a says 0"), ("b", "0"): answer_digest("something new")}
    assert valid([new("left")], answers) == []
    answers["b", "0"] = answer_digest("b says 0")
    assert len(valid([new("left")], answers)) == 1
    imported = new("left", left_answer="", right_answer="")
    assert valid([imported], answers)[0].about == new("left").about
    assert valid([new("left", 7)], answers) == []


def session(field: Field, count: int, author: str = "ann", seed: int = 1, **more: float) -> list[Label]:
    """A person who says left to everything."""
    labels: list[Label] = []
    for n in range(count):
        choice = next_choice(field, labels, author, seed, **more)  # type: ignore[arg-type]
        assert choice is not None
        labels.append(
            Label(
                kind=choice.kind, row_id=choice.row_id, left=choice.left, right=choice.right, said="left",
                author=author, left_answer=choice.left_answer, right_answer=choice.right_answer, drawn=choice.drawn,
                probability=choice.probability, seq=n,
            )
        )  # fmt: skip
    return labels


def test_sides_are_balanced_and_not_always_the_same() -> None:
    labels = session(FIELD, ROWS)
    sides = Counter(label.left for label in labels)
    assert sides["a"] == sides["b"]
    firsts = {(one.left, two.left) for one, two in zip(labels[::2], labels[1::2], strict=True)}
    assert firsts == {("a", "b"), ("b", "a")}
    assert next_choice(FIELD, labels, "ann", 1) is None


def test_every_item_comes_once_and_the_same_seed_gives_the_same_order() -> None:
    labels = session(FIELD, ROWS)
    assert len({label.row_id for label in labels}) == ROWS
    assert labels == session(FIELD, ROWS)
    assert [label.row_id for label in labels] != [label.row_id for label in session(FIELD, ROWS, seed=2)]


def test_the_first_rows_are_common_to_everyone() -> None:
    ann, bob = (session(FIELD, 20, author) for author in ("ann", "bob"))
    assert [label.row_id for label in ann[:10]] == [label.row_id for label in bob[:10]]
    assert [label.row_id for label in ann[10:]] != [label.row_id for label in bob[10:]]


def test_doubtful_rows_come_sooner_and_rows_by_chance_stay() -> None:
    doubt = {(row, ("a", "b")): 1.0 for row in range(30, 40)}
    field = Field("pair", FIELD.sides, FIELD.columns, FIELD.rows, doubt)
    labels = session(field, 12, random_share=0.5)
    informative = [label for label in labels if label.drawn == "informative"]
    assert {int(label.row_id) for label in informative} <= set(range(30, 40))
    assert 2 <= len(informative) <= 10
    assert all(label.drawn in ("random", "informative") for label in labels)
    for label in labels:
        assert label.probability is not None
        assert 0.5 / ROWS <= label.probability <= 1


def test_the_pair_that_is_least_known_comes_first() -> None:
    columns = {name: column(name, [f"{name} says {row}" for row in range(ROWS)]) for name in "abc"}
    sides = (("a", "b"), ("a", "c"), ("b", "c"))
    field = Field("pair", sides, columns, dict.fromkeys(sides, tuple(range(ROWS))), {})
    met = Counter(tuple(sorted((label.left, label.right or ""))) for label in session(field, 30))
    assert met == {side: 10 for side in sides}


def test_equal_and_blank_answers_are_not_shown() -> None:
    a = column("a", ["same", "", "x", "y"], states=["answered", "blank", "answered", "failed"])
    b = column("b", ["same ", "t", "z", "w"])
    sides = ("a", "b")
    field = Field("pair", (sides,), {"a": a, "b": b}, {sides: (0, 1, 2, 3)}, {})
    assert remaining(field, [], "ann") == 1
    choice = next_choice(field, [], "ann", 1)
    assert choice is not None
    assert choice.row_id == "2"


def test_people_can_decide_with_the_rows_that_they_labelled() -> None:
    labels = [new("left", row, seq=row) for row in range(6)] + [new("right", 7, seq=7, drawn="informative")]
    scored = people_columns(labels, COLUMNS)
    assert [[cell.score for cell in one.cells] for one in scored] == [[1.0] * 6, [0.0] * 6]
    result = people_result([*labels, new("left", 8, left_answer="old")], labels, COLUMNS)
    assert (result.stale, result.pairs[0].candidate, result.pairs[0].wins) == (1, "a", 6)


HOSTILE = [
    "＝1",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "ann\nbob",
    "'quoted",
    "\x1b[2J",
    "名前",
    "\ud800",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_cell_of_a_csv_starts_a_formula(name: str) -> None:
    text = write_labels([new("left", author=name)], "csv")
    row = list(csv.reader(io.StringIO(text)))[1]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝")) for cell in row)
    text.encode("utf-8")
    assert json.loads(write_labels([new("left", author=name)], "jsonl"))["author"] == name


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_what_is_written_can_be_read(tmp_path: Path, kind: str) -> None:
    labels = [new("left", author="=ann"), new("tie", 3, left="b", right="a"), new("wrong", 5, right=None)]
    file = tmp_path / f"labels.{kind}"
    file.write_text(write_labels(labels, kind), encoding="utf-8", newline="")
    rows = frozenset(str(row) for row in range(ROWS))
    found = read_labels(file, candidates=("a", "b"), row_ids=rows, author="me")
    assert [(x.author, x.row_id, x.left, x.right, x.said, x.kind) for x in found] == [
        (x.author, x.row_id, x.left, x.right, x.said, x.kind) for x in labels
    ]
    assert {x.drawn for x in found} == {"imported"}
    assert [x.left_answer for x in found] == [x.left_answer for x in labels]


BAD_FILES = [
    ("row_id,left\n1,a\n", "no column 'said'"),
    ("row_id,left,right,said\n99999,a,b,left\n", "no row '99999'"),
    ("row_id,left,right,said\n1,a,zz,left\n", "'zz' is no candidate"),
    ("row_id,left,right,said\n1,a,a,left\n", "same candidate"),
    ("row_id,left,right,said\n1,a,b,better\n", "'better' is not one of"),
    ("row_id,left,right,said\n1,a,,left\n", "'left' is not one of correct"),
    ("row_id,left,right,said\n1,a,b,left\n2,a,b,\n", "label 2: '' is not one of"),
    ("", "empty"),
]


@pytest.mark.parametrize(("text", "says"), BAD_FILES)
def test_a_wrong_file_of_labels_says_where(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(text)
    with pytest.raises(DataError) as error:
        read_labels(file, candidates=("a", "b"), row_ids=frozenset({"1", "2"}), author="me")
    assert says in error.value.message


@given(st.lists(st.tuples(st.sampled_from(["left", "right", "tie", "both bad", "skip", "withdrawn"]),
                          st.integers(0, 3), st.sampled_from(["ann", "bob"]), st.booleans()), max_size=20))  # fmt: skip
def test_any_labels_give_opinions_between_0_and_1(said: list[tuple[Said, int, str, bool]]) -> None:
    labels = [
        new(verdict, row, author=author, seq=n, **({"left": "b", "right": "a"} if swapped else {}))  # type: ignore[arg-type]
        for n, (verdict, row, author, swapped) in enumerate(said)
    ]
    found = opinions(labels)
    assert len({opinion.row_id for opinion in found}) == len(found)
    assert all(0 <= opinion.value <= 1 and (opinion.left, opinion.right) == ("a", "b") for opinion in found)
    people(found)
