"""Corrections for many comparisons, and the rows that a gap needs."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from bakeoff.evaluate.stats.multiple import bonferroni, holm
from bakeoff.evaluate.stats.power import detectable, rows_needed


@settings(max_examples=25, deadline=None)  # one call of multipletests takes 0.1 s
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_agrees_with_statsmodels(p_values: list[float]) -> None:
    expected = multipletests(p_values, method="holm")[1]
    assert np.array(holm(p_values)) == pytest.approx(expected, abs=1e-12)


def test_holm_by_hand() -> None:
    """Sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1: 0.04, 0.06, 0.06, then never less than before: 0.06."""
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([]) == []


def test_bonferroni_shares_the_error() -> None:
    assert bonferroni(0.05, 10) == pytest.approx(0.005)
    assert bonferroni(0.05, 0) == 0.05


def test_the_smallest_gap_that_can_be_told() -> None:
    """With n = 100, discordance 0.3, alpha 5 %, power 80 %: (1.960 + 0.842)·√(0.3/100) = 15.3 points."""
    half = 1.959964 * math.sqrt(0.3 / 100)
    assert detectable(half, alpha=0.05) == pytest.approx(0.1534, abs=1e-4)


def test_rows_needed_for_a_gap() -> None:
    """(1.960 + 0.842)²·0.3/0.03² = 2,616.3, so 2,617 rows, whichever n the half-width came from."""
    for n in (50, 100, 1000):
        assert rows_needed(n, 1.959964 * math.sqrt(0.3 / n), 0.03, alpha=0.05) == 2617
