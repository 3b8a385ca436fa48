"""Spread within rows and between them, against the analysis of variance by hand."""

import numpy as np
import pytest

from bakeoff.evaluate.stats.repeats import repeats


def test_the_spread_within_and_between_rows_by_hand() -> None:
    """Rows (1, 0) and (1, 1): within (1/4 + 1/4)/2 = 1/4; between, of means 1/2 and 1: (1/4 - 1/4)/2 = 0."""
    found = repeats([(1.0, 0.0), (1.0, 1.0), (None, 1.0), ()])
    assert found is not None
    assert (found.n, found.most, found.changed) == (2, 2, 0.5)
    assert found.within_sd == pytest.approx(0.5)
    assert found.between_sd == 0.0


def test_what_was_put_in_is_found() -> None:
    """Row means with standard deviation 0.2, answers around them with 0.1; some repetitions missing."""
    generator = np.random.default_rng(1)
    means = 0.5 + 0.2 * generator.standard_normal(2_000)
    scores = [[float(m + 0.1 * e) for e in generator.standard_normal(generator.integers(2, 6))] for m in means]
    found = repeats(scores)
    assert found is not None
    assert found.within_sd == pytest.approx(0.1, rel=0.05)
    assert found.between_sd == pytest.approx(0.2, rel=0.05)
    assert found.changed == 1.0


def test_rows_that_were_asked_once_say_nothing() -> None:
    assert repeats([(1.0,), (), (None, 0.0)]) is None
    assert repeats([]) is None


def test_one_row_has_a_spread_within_only() -> None:
    found = repeats([(0.0, 1.0, 1.0)])
    assert found is not None
    assert found.within_sd == pytest.approx((2 / 3 / 2) ** 0.5)
    assert found.between_sd == 0.0
