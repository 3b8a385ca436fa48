"""Results by the value of a column."""

from collections.abc import Sequence

import numpy as np
import pytest

from bakeoff.evaluate.compare import compare
from bakeoff.evaluate.results import Column
from bakeoff.evaluate.slices import FEWEST_ROWS, MOST_SLICES, Slices, slices
from bakeoff.evaluate.stats.multiple import bonferroni, holm
from bakeoff.evaluate.stats.paired import mcnemar, tango
from bakeoff.evaluate.stats.proportions import modified_wilson
from bakeoff.values import from_json, to_json

from .test_compare import column


def two(a: Sequence[float], b: Sequence[float]) -> list[Column]:
    return [column("a", a), column("b", b)]


def test_each_slice_is_a_comparison_corrected_over_all_of_them() -> None:
    """Slice x: a alone is right on 10 of 30 rows. Slice y: b alone on 4 of 20."""
    a = [1.0] * 30 + [0.0] * 4 + [1.0] * 16
    b = [0.0] * 10 + [1.0] * 20 + [1.0] * 20
    found = slices(two(a, b), ["x"] * 30 + ["y"] * 20, "kind")
    x, y = found.slices
    assert (x.label, x.n, y.label, y.n) == ("x", 30, "y", 20)
    assert (x.low, x.high) == (None, None)
    name, quality = x.qualities[1]
    assert quality is not None
    assert (name, quality.value, quality.low, quality.high) == ("b", 20 / 30, *modified_wilson(20 / 30, 30))
    p = [mcnemar(10, 0), mcnemar(0, 4)]
    assert [part.pairs[0].p for part in (x, y)] == p
    assert [part.pairs[0].p_holm for part in (x, y)] == holm(p)
    pair = y.pairs[0]
    assert (pair.low_simultaneous, pair.high_simultaneous) == tango(0, 4, 20, alpha=bonferroni(0.05, 2))
    assert (found.name, found.n_small, found.n_blank, found.findings) == ("kind", 0, 0, ())


def test_a_slice_where_the_winner_turns_is_a_finding() -> None:
    """A wins on 60 rows by 25, and loses 15 of the other 40: over all it is ahead."""
    a = [1.0] * 60 + [0.0] * 15 + [1.0] * 25
    b = [0.0] * 25 + [1.0] * 35 + [1.0] * 40
    (finding,) = slices(two(a, b), ["long"] * 60 + ["short"] * 40, "length").findings
    assert finding.code == "slice.reversed"
    assert finding.parameters["better"] == "b"
    assert finding.parameters["worse"] == "a"
    assert (finding.parameters["slice"], finding.parameters["n"]) == ("short", 40)
    assert finding.parameters["difference"] == pytest.approx(15 / 40)
    assert finding.parameters["overall"] == pytest.approx(0.1)
    assert finding.parameters["p_holm"] == pytest.approx(mcnemar(0, 15))


def test_small_slices_and_rows_without_a_value_are_left_out_and_counted() -> None:
    values = ["x"] * FEWEST_ROWS + ["y"] * (FEWEST_ROWS - 1) + [None, "", float("nan")]
    found = slices(two([1.0] * len(values), [0.0] * len(values)), values, "kind")
    assert [part.label for part in found.slices] == ["x"]
    assert (found.n_small, found.n_blank) == (FEWEST_ROWS - 1, 3)


def test_only_the_largest_slices_are_shown() -> None:
    values = [str(i) for i in range(MOST_SLICES + 5) for _ in range(FEWEST_ROWS + (i == 23))]
    found = slices(two([1.0] * len(values), [1.0] * len(values)), values, "kind")
    assert len(found.slices) == MOST_SLICES
    assert found.slices[0].label == "23"
    assert found.n_small == 5 * FEWEST_ROWS


def test_numbers_are_cut_at_their_quartiles_and_equal_ones_stay_together() -> None:
    values = [float(v) for v in range(100)]
    found = slices(two([1.0] * 100, [1.0] * 100), values, "words")
    assert [(part.label, part.low, part.high, part.n) for part in found.slices] == [
        ("0 – 24", 0.0, 24.0, 25), ("25 – 49", 25.0, 49.0, 25), ("50 – 74", 50.0, 74.0, 25),
        ("75 – 99", 75.0, 99.0, 25),
    ]  # fmt: skip
    heavy = [0.0] * 60 + [float(v) for v in range(1, 41)]
    parts = slices(two([1.0] * 100, [1.0] * 100), heavy, "words").slices
    assert [(part.label, part.n) for part in parts] == [("0", 60), ("16 – 40", 25)]  # 1 to 15 are too few


def test_few_different_numbers_are_categories() -> None:
    found = slices(two([1.0] * 60, [1.0] * 60), [1.0] * 30 + [2.5] * 30, "turns")
    assert [(part.label, part.low) for part in found.slices] == [("1", None), ("2.5", None)]


def test_a_model_without_scores_in_a_slice_is_not_compared_there() -> None:
    found = slices([column("a", [1.0] * 40), column("b", [None] * 20 + [1.0] * 20)], ["x"] * 20 + ["y"] * 20, "kind")
    assert dict(found.slices[0].qualities)["b"] is None
    assert found.slices[0].pairs == ()
    assert len(found.slices[1].pairs) == 1


def test_equal_models_rarely_seem_to_turn() -> None:
    """300 columns of 5 slices among two equal models, fixed seed: findings in at most 5 %."""
    generator = np.random.default_rng(2)
    values = [str(row % 5) for row in range(200)]
    told = sum(
        bool(slices(two(*((generator.random((2, 200)) < 0.7) * 1.0).tolist()), values, "kind").findings)
        for _ in range(100)
    )
    assert told <= 5


def test_the_whole_is_what_compare_says() -> None:
    a, b = [1.0] * 30, [0.0] * 5 + [1.0] * 25
    (only,) = slices(two(a, b), ["x"] * 30, "kind").slices
    assert only.pairs == compare(two(a, b)).pairs


def test_slices_can_be_written_and_read_back_and_mistakes_are_refused() -> None:
    found = slices(two([1.0] * 40, [0.0] * 40), ["x"] * 40, "kind")
    assert from_json(Slices, to_json(found)) == found
    with pytest.raises(ValueError, match="39 values for 40 rows"):
        slices(two([1.0] * 40, [0.0] * 40), ["x"] * 39, "kind")
