"""Two models on the same rows, against statsmodels, scipy, published numbers, and a likelihood maximised by search."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from bakeoff.evaluate.stats.paired import mcnemar, mean_difference_interval, sign_flip, tango


@settings(deadline=None)
@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_agrees_with_statsmodels(a_only: int, b_only: int) -> None:
    expected = statsmodels_mcnemar([[0, a_only], [b_only, 0]], exact=True).pvalue if a_only + b_only else 1.0
    assert mcnemar(a_only, b_only) == pytest.approx(min(1.0, expected), abs=1e-10)
    assert mcnemar(a_only, b_only) == mcnemar(b_only, a_only)


def test_mcnemar_by_hand() -> None:
    """Six discordant rows, all for one side: 2 · (1/2)^6 = 1/32; the mid-p counts the outcome half: 1/64."""
    assert mcnemar(6, 0) == pytest.approx(1 / 32, abs=1e-15)
    assert mcnemar(6, 0, mid_p=True) == pytest.approx(1 / 64, abs=1e-15)
    assert mcnemar(0, 0) == mcnemar(0, 0, mid_p=True) == 1.0
    assert mcnemar(5, 5) == 1.0


def test_the_mid_p_of_a_tie_is_one_less_half_of_its_chance() -> None:
    """Fagerland, Lydersen and Laake 2013, section "The McNemar mid-p test"; C(10, 5)/2^10 = 252/1024."""
    assert mcnemar(5, 5, mid_p=True) == pytest.approx(1 - 252 / 1024 / 2, abs=1e-12)


def test_a_difference_of_ten_thousand_rows_does_not_overflow() -> None:
    assert mcnemar(60_000, 50_000) < 1e-100
    assert mcnemar(50_000, 50_001) > 0.99


@pytest.mark.parametrize(
    ("a_only", "b_only", "n", "expected"),
    [
        # Airway reactivity before and after transplantation: Fagerland, Lydersen, Laake, Statistics in Medicine 33
        # (2014) 2850, table of intervals: Tango's asymptotic score -0.517 to -0.026.
        (1, 7, 21, (-0.517, -0.026)),
    ],
)
def test_tango_gives_the_published_interval(a_only: int, b_only: int, n: int, expected: tuple[float, float]) -> None:
    assert tango(a_only, b_only, n) == pytest.approx(expected, abs=5e-4)


def score_by_search(difference: float, a_only: int, b_only: int, n: int) -> float:
    """Tango's statistic with the likelihood of the three cells maximised numerically under the difference."""

    def loss(b_share: float) -> float:
        shares = (b_share + difference, b_share, 1 - 2 * b_share - difference)
        counts = (a_only, b_only, n - a_only - b_only)
        return -sum(c * math.log(max(p, 1e-300)) for c, p in zip(counts, shares, strict=True) if c)

    low, high = max(0.0, -difference), (1 - difference) / 2
    best = optimize.minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-13}).x
    variance = n * (2 * best + difference * (1 - difference))
    return (a_only - b_only - n * difference) / math.sqrt(variance)


@pytest.mark.parametrize("alpha", [0.05, 0.005])
@pytest.mark.parametrize(
    ("a_only", "b_only", "n"), [(9, 4, 50), (3, 1, 20), (30, 41, 300), (1, 7, 21), (2, 30, 40), (12, 12, 100)]
)
def test_tango_inverts_the_score_test(a_only: int, b_only: int, n: int, alpha: float) -> None:
    z = stats.norm.ppf(1 - alpha / 2)
    seen = (a_only - b_only) / n
    low = optimize.brentq(lambda d: score_by_search(d, a_only, b_only, n) - z, -0.999, seen, xtol=1e-12)
    high = optimize.brentq(lambda d: score_by_search(d, a_only, b_only, n) + z, seen, 0.999, xtol=1e-12)
    assert tango(a_only, b_only, n, alpha=alpha) == pytest.approx((low, high), abs=1e-6)


@settings(deadline=None)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 60), st.sampled_from([0.05, 0.005]))
def test_tangos_ends_are_roots_of_the_published_quartic(a_only: int, b_only: int, rest: int, alpha: float) -> None:
    """Z. Yang, X. Sun and J. Hardin, Statistics in Medicine 32 (2013) 1336: with x = b - c and y = N/z²,
    N²(y+1)² d⁴ - N x (y+1)(4y+1) d³ + (2 N x² (3y+2)/z² - N²((b+c)/z² + 1)) d² + ... = 0.
    """
    n = a_only + b_only + rest
    if n == 0:
        return
    z2 = stats.norm.ppf(1 - alpha / 2) ** 2
    x, s, y = a_only - b_only, a_only + b_only, n / z2
    quartic = [
        n**2 * (y + 1) ** 2,
        -n * x * (y + 1) * (4 * y + 1),
        2 * n * x**2 * (3 * y + 2) / z2 - n**2 * (s / z2 + 1),
        n * x * (2 * s / z2 + 1) - x**3 * (4 * y + 1) / z2,
        x**2 * (x**2 / z2 - s) / z2,
    ]
    roots = [root.real for root in np.roots(quartic) if abs(root.imag) < 1e-6]
    for end in tango(a_only, b_only, n, alpha=alpha):
        assert min(abs(end - edge) for edge in [*roots, -1.0, 1.0]) < 1e-6


def test_tango_without_discordant_rows() -> None:
    """-z²/(n + z²) to z²/(n + z²): with 50 rows ±0.0713."""
    z2 = stats.norm.ppf(0.975) ** 2
    assert tango(0, 0, 50) == pytest.approx((-z2 / (50 + z2), z2 / (50 + z2)), abs=1e-9)


@settings(deadline=None)
@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 40))
def test_tango_is_symmetric_and_holds_what_was_seen(a_only: int, b_only: int, rest: int) -> None:
    n = a_only + b_only + rest
    if n == 0:
        return
    low, high = tango(a_only, b_only, n)
    assert -1 <= low <= (a_only - b_only) / n <= high <= 1
    assert tango(b_only, a_only, n) == pytest.approx((-high, -low), abs=1e-9)
    wide_low, wide_high = tango(a_only, b_only, n, alpha=0.005)
    assert wide_low <= low
    assert wide_high >= high


def test_the_mean_difference_has_students_interval() -> None:
    differences = np.array([0.1, -0.2, 0.3, 0.05, 0.0, 0.4])
    expected = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    assert mean_difference_interval(differences) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_equal_scores_on_every_row_leave_room_for_a_difference() -> None:
    assert mean_difference_interval(np.zeros(30)) == tango(0, 0, 30)
    assert mean_difference_interval(np.zeros(1)) == tango(0, 0, 1)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-10, 10), min_size=2, max_size=11))
def test_few_sign_flips_are_counted_out_as_scipy_does(tenths: list[int]) -> None:
    differences = np.array(tenths) / 10
    if not differences.any():
        assert sign_flip(differences) == 1.0
        return
    # Whole numbers for scipy: their sums are exact, so that equal ones are seen as equal.
    expected = stats.permutation_test(
        (np.array(tenths),), lambda x, axis: np.sum(x, axis=axis), permutation_type="samples", n_resamples=np.inf,
        vectorized=True,
    ).pvalue  # fmt: skip
    # scipy doubles the smaller tail; the distribution of a sum of free signs is symmetric, so that is the same.
    assert sign_flip(differences) == pytest.approx(expected, abs=1e-9)


def test_many_sign_flips_are_sampled_and_repeat() -> None:
    differences = np.random.default_rng(4).normal(0.1, 0.4, 60)
    p = sign_flip(differences)
    assert p == sign_flip(differences)
    assert p == pytest.approx(stats.ttest_1samp(differences, 0).pvalue, abs=0.01)


def test_sign_flips_of_right_and_wrong_are_mcnemar() -> None:
    """Twelve rows for a, three for b: the sum of 15 free signs is binomial. Sampled, so to within 4 standard errors."""
    differences = np.array([1.0] * 12 + [-1.0] * 3 + [0.0] * 50)
    exact = mcnemar(12, 3)
    assert sign_flip(differences) == pytest.approx(exact, abs=4 * math.sqrt(exact / 10_000))
