"""What is shown is what was measured: turned round, cut and counted, but never changed."""

from dataclasses import replace

import pytest

from bakeoff.report.table import keys, ranked
from bakeoff.report.view.bars import Bar, bar, place
from bakeoff.report.view.matrices import MOST_CONFUSIONS, matrices
from bakeoff.report.view.models import facts, models
from bakeoff.report.view.pairs import pairs
from bakeoff.report.view.rows import MOST_ROWS, disagreements
from bakeoff.report.view.texts import MOST_FULL, text
from tests.report.examples import GEMMA, QWEN, SMOL, ordinary


def plain(value: str) -> str:
    return value.replace("\u00a0", " ")


def test_the_best_model_comes_first_and_is_called_a() -> None:
    decision = ordinary().decision
    assert [model.model for model in ranked(decision)] == [QWEN, SMOL, GEMMA]
    assert keys(decision) == {QWEN: "A", SMOL: "B", GEMMA: "C"}


def test_letters_do_not_end_with_z() -> None:
    decision = ordinary().decision
    many = tuple(replace(decision.models[0], model=f"m{i}") for i in range(54))
    letters = list(keys(replace(decision, models=many)).values())
    assert letters[24:28] == ["Y", "Z", "A2", "B2"]
    assert len(set(letters)) == 54


def test_pairs_are_seen_from_the_choice() -> None:
    data = ordinary()
    found = pairs(data.decision, models(data, "en"), "en")
    assert found is not None
    first = found.first[0]
    assert (first.a.name, first.b.name) == (QWEN, SMOL)
    # The ledger has SMOL - QWEN = -0.212 with the simultaneous interval -0.212 -+ 1.2 * 0.09.
    assert (first.difference, plain(first.interval)) == ("+21.2", "+10.4 to +32.0")
    assert (first.discordant, first.p) == ("33/118", "< 0.001".replace(" ", "\u00a0"))
    assert [(pair.a.name, pair.b.name) for pair in found.rest] == [(SMOL, GEMMA)]
    assert found.zero == 50.0
    assert first.bar.low > found.gap.high


def test_without_a_choice_all_pairs_are_shown_from_the_better_one() -> None:
    data = ordinary()
    decision = replace(data.decision, choice=None)
    found = pairs(decision, models(replace(data, decision=decision), "en"), "en")
    assert found is not None
    assert [(pair.a.key, pair.b.key, pair.difference[0]) for pair in found.first] == [
        ("A", "B", "+"),
        ("A", "C", "+"),
        ("B", "C", "+"),
    ]
    assert found.rest == ()


def test_a_bar_stays_on_its_axis() -> None:
    assert bar(0.2, 0.5, 1.9, 0.0, 1.0) == Bar(low=20.0, value=50.0, high=100.0)
    assert [place(value, -1.0, 1.0) for value in (-7.0, -1.0, 0.0, 0.5, 3.0)] == [0.0, 0.0, 50.0, 75.0, 100.0]


def test_the_facts_are_those_of_the_choice() -> None:
    shown = [(name, plain(value)) for name, value, _ in facts(ordinary(), "en")]
    assert shown == [("Accuracy", "89.8%"), ("Median time per answer", "1.24 s"), ("Cost", "$0.018"), ("Rows", "120")]


def test_long_texts_are_cut_and_kept() -> None:
    short = text("word " * 10)
    assert (short.short, short.full) == (("word " * 10).strip(), None)
    two = text("Review: fine\nSentiment:")
    assert (two.short, two.full) == ("Review: fine Sentiment:", None)
    lines = text("a\nb\n  c\nd")
    assert (lines.short, lines.full) == ("a b c d", "a\nb\n  c\nd")
    long = text("x" * 50_000_000)
    assert len(long.short) < 300
    assert long.full is not None
    assert len(long.full) == MOST_FULL


def test_only_the_first_rows_are_shown() -> None:
    data = ordinary()
    views = models(data, "en")
    row = data.comparison.disagreements[0]
    shown = disagreements([replace(row, row_id=str(i)) for i in range(MOST_ROWS + 9)], views, "en")
    assert [view.id for view in shown] == [str(i) for i in range(MOST_ROWS)]
    assert [answer.mark for answer in shown[0].answers] == ["right", "right", "wrong"]


def test_a_confusion_matrix_counts_answers_without_a_label() -> None:
    data = ordinary()
    qwen = matrices(data.decision, models(data, "en"), "en")[0]
    assert qwen.labels == ("positive", "negative", "(none)")
    assert qwen.rows[0] == ("positive", (("53", 90, True), ("4", 7, False), ("2", 3, False)))
    assert qwen.rows[1] == ("negative", (("6", 10, False), ("53", 90, True), ("0", 0, False)))


@pytest.mark.parametrize("n", [13, 40])
def test_many_labels_become_a_list_of_the_most_frequent_confusions(n: int) -> None:
    data = ordinary()
    confusion = {f"l{i}": {f"l{i}": 50, f"l{(i + 1) % n}": i} for i in range(n)}
    models_ = (replace(data.decision.models[0], confusion=confusion), *data.decision.models[1:])
    data = replace(data, decision=replace(data.decision, models=models_))
    smol = next(view for view in matrices(data.decision, models(data, "en"), "en") if view.model.name == SMOL)
    assert smol.rows == ()
    assert len(smol.frequent) == MOST_CONFUSIONS
    assert smol.frequent[0] == (f"l{n - 1}", "l0", str(n - 1))
