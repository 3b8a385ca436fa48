"""Rows in groups, against statsmodels, the formula written out as matrices, and counting by hand."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.evaluate.stats.clusters import (
    effective_groups,
    group_codes,
    inflation,
    mean_interval_by_group,
    share_interval,
    sign_flip_by_group,
    standard_error,
    tango_by_group,
)
from bakeoff.evaluate.stats.f1 import Labelled, macro_f1, macro_f1_difference, macro_f1_interval, macro_f1_test
from bakeoff.evaluate.stats.paired import mean_difference_interval, sign_flip, tango
from bakeoff.evaluate.stats.proportions import mean_interval, student_quantile, wilson

SIZES = [(5,) * 8, (1, 2, 3, 4, 20, 7), (1,) * 30 + (10,), (2, 2)]


def made(sizes: tuple[int, ...], seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Values that groups share in part, and their codes."""
    generator = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    return generator.random(len(codes)) + 0.7 * generator.standard_normal(len(sizes))[codes], codes


def test_rows_without_a_group_are_groups_of_their_own() -> None:
    codes = group_codes(["x", None, "y", "x", None])
    assert codes is not None
    assert codes.tolist() == [0, 1, 2, 0, 3]
    assert group_codes(["x", None, "y", None]) is None
    assert group_codes([]) is None


def test_groups_of_one_size_have_the_cluster_robust_error_of_statsmodels() -> None:
    """OLS on a constant, cov_type="cluster" with its correction G/(G-1)·(n-1)/(n-1)."""
    for sizes in ((5,) * 8, (2, 2), (3,) * 20):
        values, codes = made(sizes)
        expected = sm.OLS(values, np.ones(len(values))).fit(cov_type="cluster", cov_kwds={"groups": codes})
        error, degrees = standard_error(values, codes)
        assert error == pytest.approx(expected.bse[0], abs=1e-9)
        assert degrees == pytest.approx(len(sizes) - 1)


def test_millers_formula_is_the_error_without_the_small_sample_correction() -> None:
    """SE² = SE²_CLT + n⁻² Σ_c Σ_{i≠j∈c} (s_i - s̄)(s_j - s̄), with SE²_CLT over n² (Miller 2024, equation 4)."""
    values, codes = made((4,) * 10)
    off = values - values.mean()
    cross = sum(off[i] * off[j] for i in range(40) for j in range(40) if i != j and codes[i] == codes[j])
    miller = math.sqrt((np.sum(off**2) + cross) / 40**2)
    assert standard_error(values, codes)[0] == pytest.approx(miller * math.sqrt(10 / 9), abs=1e-12)


@pytest.mark.parametrize("sizes", SIZES)
def test_the_error_and_its_degrees_are_those_of_the_matrices(sizes: tuple[int, ...]) -> None:
    """CR2 and Satterthwaite's degrees of freedom as Bell and McCaffrey, and Imbens and Kolesár, write them."""
    values, codes = made(sizes)
    n = len(values)
    hat, residuals, meat, columns = np.ones((n, n)) / n, values - values.mean(), 0.0, []
    for group in range(len(sizes)):
        inside = codes == group
        size = int(inside.sum())
        roots, vectors = np.linalg.eigh(np.eye(size) - hat[np.ix_(inside, inside)])
        adjust = vectors @ np.diag(roots**-0.5) @ vectors.T
        meat += float((adjust @ residuals[inside]).sum()) ** 2
        columns.append((np.eye(n) - hat)[inside].T @ adjust @ np.ones(size) / n)
    g = np.array(columns).T
    degrees = []
    for omega in (np.eye(n), (codes[:, None] == codes) * 1.0):
        m = g.T @ omega @ g
        degrees.append(np.trace(m) ** 2 / np.sum(m * m))
    error, df = standard_error(values, codes)
    assert error == pytest.approx(math.sqrt(meat) / n, abs=1e-9)
    assert df == pytest.approx(min(degrees), rel=1e-9)


def test_the_sums_are_those_of_statsmodels_also_where_groups_differ_in_size() -> None:
    values, codes = made((1, 2, 3, 4, 20, 7))
    expected = sm.OLS(values, np.ones(len(values))).fit(
        cov_type="cluster", cov_kwds={"groups": codes, "use_correction": False}
    )
    sizes = np.bincount(codes)
    sums = np.bincount(codes, values - values.mean())
    assert math.sqrt(float(np.sum(sums**2))) / len(values) == pytest.approx(expected.bse[0], abs=1e-9)
    weighted = math.sqrt(float(np.sum(sums**2 / (1 - sizes / len(values))))) / len(values)
    assert standard_error(values, codes)[0] == pytest.approx(weighted, abs=1e-12)


def test_groups_of_one_row_are_students_t() -> None:
    values = np.random.default_rng(1).random(25)
    own = np.arange(25)
    assert mean_interval_by_group(values, own) == pytest.approx(mean_interval(values), abs=1e-12)
    differences = values - 0.5
    expected = mean_difference_interval(differences)
    assert mean_interval_by_group(differences, own, lowest=-1.0) == pytest.approx(expected, abs=1e-12)
    assert sign_flip_by_group(differences, own) == sign_flip(differences)


def test_rows_that_repeat_each_other_tell_no_more_than_one_of_them() -> None:
    """Each of 30 rows five times: the interval is about that of 30 rows, not of 150."""
    generator = np.random.default_rng(2)
    right = (generator.random(30) < 0.7) * 1.0
    copies, codes = np.repeat(right, 5), np.repeat(np.arange(30), 5)
    low, high = share_interval(copies, codes)
    degrees = int(min(right.sum(), 30 - right.sum())) - 1  # the rows with the rarer outcome
    once = wilson(float(right.mean()), 30 / (student_quantile(0.05, degrees) / 1.959964) ** 2)
    assert (low, high) == pytest.approx(once, abs=0.01)
    lost = (generator.random(30) < 0.2) * 1.0
    d, many = right - lost, np.repeat(right - lost, 5)
    assert mean_interval_by_group(many, codes, lowest=-1.0) == pytest.approx(mean_difference_interval(d), abs=1e-9)
    assert sign_flip_by_group(many, codes) == pytest.approx(sign_flip(d), abs=0.01)
    a_only, b_only = int((d > 0).sum()), int((d < 0).sum())
    ours, single = tango_by_group(many, codes), tango(a_only, b_only, 30)
    assert ours[1] - ours[0] == pytest.approx(single[1] - single[0], rel=0.1)


def test_one_group_knows_nothing() -> None:
    values, codes = np.array([1.0, 0.0, 1.0]), np.zeros(3, dtype=np.int64)
    assert standard_error(values, codes) == (math.inf, 0.0)
    assert mean_interval_by_group(values, codes) == (0.0, 1.0)
    assert share_interval(values, codes) == (0.0, 1.0)
    assert tango_by_group(values, codes) == (-1.0, 1.0)
    assert sign_flip_by_group(values, codes) == 1.0


def test_equal_scores_leave_room_as_wide_as_so_many_groups() -> None:
    codes = np.repeat(np.arange(10), 3)
    assert effective_groups(codes) == pytest.approx(10)
    assert mean_interval_by_group(np.ones(30), codes) == wilson(1.0, effective_groups(codes))
    assert mean_interval_by_group(np.zeros(30), codes, lowest=-1.0) == tango(0, 0, effective_groups(codes))


def test_few_sign_flips_of_groups_are_counted_by_hand() -> None:
    """Sums of four groups 2, 1, 1, -1, together 3. Of 16 sign patterns of 2, 1, 1, 1 two give 5 and six give 3, in
    size: 8/16.
    """
    d = np.array([1.0, 1, 1, 1, -1])
    codes = np.array([0, 0, 1, 2, 3])
    assert sign_flip_by_group(d, codes) == 8 / 16


def test_more_repeats_of_a_row_make_the_interval_narrower_but_never_as_if_all_were_rows() -> None:
    generator = np.random.default_rng(6)
    chance = generator.random(60)
    once = (generator.random(60) < chance) * 1.0
    mean = generator.binomial(10, chance) / 10
    wide, narrow = share_interval(once), share_interval(mean, repeats=10)
    assert narrow[1] - narrow[0] < wide[1] - wide[0]
    every = wilson(float(mean.mean()), 600)
    assert narrow[1] - narrow[0] > every[1] - every[0]


def test_macro_f1_of_groups_of_one_row_is_that_of_rows_but_for_t() -> None:
    a, b = labelled(40)
    own = np.arange(40)
    factor = (student_quantile(0.05, 39) / 1.959964) ** 2
    assert inflation(np.random.default_rng(1).random(40), own) == pytest.approx(factor * 40 / 39, rel=1e-4)
    _, low, high = macro_f1_difference(a, b)
    _, low_own, high_own = macro_f1_difference(a, b, own)
    assert (high_own - low_own) / (high - low) == pytest.approx(math.sqrt(factor * 40 / 39), rel=1e-3)
    assert macro_f1_test(a, b, own) == macro_f1_test(a, b)


def test_macro_f1_of_repeated_rows_is_as_sure_as_of_single_ones() -> None:
    a, b = labelled(40)
    codes = np.repeat(np.arange(40), 4)
    many = [Labelled(np.repeat(x.targets, 4), np.repeat(x.answers, 4), x.classes) for x in (a, b)]
    assert macro_f1(many[0]) == pytest.approx(macro_f1(a))
    low, high = macro_f1_interval(many[0], codes)
    assert high - low > 0.9 * (macro_f1_interval(a)[1] - macro_f1_interval(a)[0])
    assert macro_f1_test(*many, codes) == pytest.approx(macro_f1_test(a, b), abs=0.02)
    assert macro_f1_test(*many) < macro_f1_test(a, b)


def labelled(n: int) -> tuple[Labelled, Labelled]:
    generator = np.random.default_rng(9)
    targets = generator.integers(0, 3, n)
    answers = [np.where(generator.random(n) < right, targets, generator.integers(0, 4, n)) for right in (0.8, 0.6)]
    return Labelled(targets, answers[0], 3), Labelled(targets, answers[1], 3)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.integers(0, 5)), min_size=1, max_size=30))
def test_whatever_the_groups_intervals_hold_what_was_seen(rows: list[tuple[float, int]]) -> None:
    codes = group_codes([str(group) for _, group in rows])
    if codes is None:
        return
    right = np.array([score for score, _ in rows])
    low, high = share_interval(right, codes)
    assert 0 <= low <= right.mean() + 1e-12
    assert right.mean() - 1e-12 <= high <= 1
    low, high = tango_by_group(2 * right - 1, codes)
    assert -1 <= low <= float(np.mean(2 * right - 1)) + 1e-9
    assert float(np.mean(2 * right - 1)) - 1e-9 <= high <= 1
    assert 0 < sign_flip_by_group(2 * right - 1, codes) <= 1
