"""Macro-F1, against tables worked by hand, numeric derivatives, and all relabellings counted out."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.evaluate.stats.f1 import (
    Labelled,
    encode,
    macro_f1,
    macro_f1_difference,
    macro_f1_interval,
    macro_f1_test,
)
from bakeoff.evaluate.stats.normal import normal_quantile
from bakeoff.evaluate.stats.paired import tango
from bakeoff.evaluate.stats.proportions import modified_wilson

TARGETS = ["p"] * 6 + ["n"] * 3 + ["u"]
ANSWERS = ["p", "p", "p", "p", "n", None, "n", "n", "p", "x"]


def test_macro_f1_by_hand() -> None:
    """p: 4 hits, 6 targets, 5 answers: 8/11. n: 2 hits, 3 targets, 3 answers: 4/6. u: never answered: 0.
    Neither the missing answer nor "x", which is no target, is a class.
    """
    assert macro_f1(encode(TARGETS, ANSWERS)) == pytest.approx((8 / 11 + 4 / 6 + 0) / 3, abs=1e-15)


def f1_of_table(table: np.ndarray) -> float:
    """Macro-F1 of a table of counts: targets down, answers across, the last column for none of the classes."""
    k = len(table)
    return float(np.mean([2 * table[c, c] / (table[c].sum() + table[:, c].sum()) for c in range(k)]))


def rows_of(table: np.ndarray) -> Labelled:
    cells = [(y, x) for y in range(table.shape[0]) for x in range(table.shape[1]) for _ in range(int(table[y, x]))]
    return Labelled(np.array([y for y, _ in cells]), np.array([x for _, x in cells]), table.shape[0])


def delta_variance(table: np.ndarray) -> float:
    """Variance of macro-F1 by the delta method with numeric derivatives: g'(diag(p) - pp')g / n."""
    n = table.sum()
    shares = table / n
    gradient = np.zeros_like(shares)
    step = 1e-6
    for cell in np.ndindex(*table.shape):
        up, down = shares.copy(), shares.copy()
        up[cell] += step
        down[cell] -= step
        gradient[cell] = (f1_of_table(up) - f1_of_table(down)) / (2 * step)
    return float((np.sum(shares * gradient**2) - np.sum(shares * gradient) ** 2) / n)


@pytest.mark.parametrize(
    "table",
    [
        np.array([[40.0, 8, 2], [10, 35, 5]]),
        np.array([[20.0, 3, 1, 0], [2, 25, 2, 1], [4, 1, 30, 3]]),
        np.array([[300.0, 40, 20, 9], [30, 90, 10, 0], [5, 6, 40, 2]]),
    ],
)
def test_the_interval_is_wilsons_with_the_delta_variance(table: np.ndarray) -> None:
    n, k = int(table.sum()), len(table)
    value = f1_of_table(table)
    by_variance = value * (1 - value) / delta_variance(table)
    by_balance = k**2 / sum(1 / size for size in table.sum(axis=1))
    rows = min(by_variance, by_balance) * (n - k) / n
    assert macro_f1_interval(rows_of(table)) == pytest.approx(modified_wilson(value, rows), abs=1e-6)


def test_a_perfect_model_has_an_interval() -> None:
    data = encode(["a", "b"] * 10, ["a", "b"] * 10)
    low, high = macro_f1_interval(data)
    assert high == 1.0
    assert low == pytest.approx(modified_wilson(1.0, 18)[0])  # two balanced classes of ten: 20 rows, times (20 - 2)/20


def test_a_rare_class_makes_the_interval_wide() -> None:
    even = encode(["a", "b"] * 50, ["a", "b"] * 50)
    rare = encode(["a"] * 96 + ["b"] * 4, ["a"] * 96 + ["b"] * 4)
    assert macro_f1_interval(rare)[0] < macro_f1_interval(even)[0] - 0.05


def test_one_row_works() -> None:
    right, wrong = encode(["a"], ["a"]), encode(["a"], [None])
    assert macro_f1(right) == 1.0
    assert macro_f1_interval(wrong)[0] == 0.0
    assert macro_f1_test(right, wrong) == 1.0
    difference, low, high = macro_f1_difference(right, wrong)
    assert difference == 1.0
    assert -1 <= low < high == 1.0


def test_the_difference_is_the_delta_method_with_half_a_row_of_each_class_added_on_each_side() -> None:
    """Over the table of (target, answer a, answer b) with numeric derivatives."""
    generator = np.random.default_rng(7)
    k, n = 3, 80
    targets = generator.integers(0, k, n)
    answers = [np.where(generator.random(n) < 0.7, targets, generator.integers(0, k + 1, n)) for _ in range(2)]
    table = np.zeros((k, k + 1, k + 1))
    for y, x_a, x_b in zip(targets, *answers, strict=True):
        table[y, x_a, x_b] += 1
    for c in range(k):
        table[c, c, k] += 0.5
        table[c, k, c] += 0.5

    def difference(shares: np.ndarray) -> float:
        return f1_of_table(shares.sum(axis=2)) - f1_of_table(shares.sum(axis=1))

    shares, step = table / (n + k), 1e-6
    gradient = np.zeros_like(shares)
    for cell in np.ndindex(*shares.shape):
        up, down = shares.copy(), shares.copy()
        up[cell] += step
        down[cell] -= step
        gradient[cell] = (difference(up) - difference(down)) / (2 * step)
    half = normal_quantile(0.05) * (np.sum(shares * gradient**2) / (n + k)) ** 0.5
    a, b = (Labelled(targets, answer, k) for answer in answers)
    seen, low, high = macro_f1_difference(a, b)
    assert seen == pytest.approx(macro_f1(a) - macro_f1(b), abs=1e-15)
    assert (low, high) == pytest.approx((difference(shares) - half, difference(shares) + half), abs=1e-6)


def test_equal_answers_leave_room_for_a_difference() -> None:
    data = encode(["a", "b"] * 25, ["a"] * 50)
    difference, low, high = macro_f1_difference(data, data)
    assert difference == 0.0
    assert low == pytest.approx(-high)
    assert 0.02 < high < 1.5 * tango(0, 0, 50)[1]


def test_the_randomization_test_agrees_with_counting_all_swaps() -> None:
    targets = ["a", "a", "a", "b", "b", "b", "c", "c", "a", "b"]
    one = ["a", "a", "a", "b", "b", "b", "c", "c", "b", "a"]
    two = ["a", "b", "c", "b", "a", "b", None, "a", "a", "b"]
    a, b = encode(targets, one), encode(targets, two)
    seen = abs(macro_f1(a) - macro_f1(b))
    total = beyond = 0
    for swaps in product([False, True], repeat=10):
        swapped = np.array(swaps)
        x = Labelled(a.targets, np.where(swapped, b.answers, a.answers), 3)
        y = Labelled(a.targets, np.where(swapped, a.answers, b.answers), 3)
        total += 1
        beyond += abs(macro_f1(x) - macro_f1(y)) >= seen - 1e-12
    exact = beyond / total
    assert macro_f1_test(a, b) == pytest.approx(exact, abs=4 * (exact * (1 - exact) / 10_000) ** 0.5)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["a", "b", "c", "d", None])), min_size=1))
def test_the_interval_holds_the_value(rows: list[tuple[str, str | None]]) -> None:
    data = encode([target for target, _ in rows], [answer for _, answer in rows])
    low, high = macro_f1_interval(data)
    assert 0 <= low <= macro_f1(data) <= high <= 1
