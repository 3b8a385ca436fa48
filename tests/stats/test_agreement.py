"""Agreement, against statsmodels, krippendorff and irrCAC (both frozen), and a published table.

Frozen from krippendorff 0.9.0, `krippendorff.alpha(ratings.T, level_of_measurement=level)`, and irrCAC 0.4.4,
`CAC(DataFrame(ratings), digits=12).gwet()`, for `RATINGS`.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa, to_table

from bakeoff.evaluate.stats.agreement import (
    agreement,
    cohen_kappa,
    detection,
    gwet_ac1,
    krippendorff_alpha,
)
from bakeoff.evaluate.stats.jury import effective_judges
from bakeoff.evaluate.stats.proportions import wilson

RATINGS = [
    [2, None, 3, 1], [1, 1, None, None], [4, 4, None, 4], [2, None, 2, 2], [3, 3, 3, 4], [1, 3, 3, 3],
    [None, 3, 3, 3], [None, 3, 1, 1], [4, 2, None, None], [1, 1, 1, 1], [None, 2, 4, None], [4, 4, 1, 4],
]  # fmt: skip
"""Four raters, some missing."""


@pytest.mark.parametrize(
    ("level", "expected"),
    [("nominal", 0.4653465346534654), ("ordinal", 0.4271483573868474), ("interval", 0.42700329308452245)],
)
def test_alpha_is_that_of_krippendorffs_package(level: str, expected: float) -> None:
    assert krippendorff_alpha(RATINGS, level=level) == pytest.approx(expected, abs=1e-9)  # type: ignore[arg-type]


def test_ac1_is_that_of_irrcac() -> None:
    assert gwet_ac1(RATINGS) == pytest.approx(0.427202737382, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=3, max_size=40))
def test_kappa_is_that_of_statsmodels(pairs: list[tuple[int, int]]) -> None:
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    if len(set(a) | set(b)) < 2 or len(set(a)) == len(set(b)) == 1:
        return
    categories = sorted(set(a) | set(b))
    steps = [[categories.index(x), categories.index(y)] for x, y in pairs]  # neighbouring steps, as ours are
    table, _ = to_table(np.array(steps), bins=np.arange(len(categories) + 1) - 0.5)
    for weights in (None, "linear", "quadratic"):
        expected = cohens_kappa(table, wt=weights, return_results=False)
        assert cohen_kappa(a, b, weights=weights) == pytest.approx(expected, abs=1e-9)  # type: ignore[arg-type]


def test_high_agreement_with_low_kappa_is_told_by_four_numbers() -> None:
    """91 both pass, 4 and 4 differ, 1 both fail: 92 %, kappa 0.158, AC1 0.912, and one of five fails was caught."""
    judge = [True] * 95 + [False] * 5
    people = [True] * 91 + [False] * 4 + [True] * 4 + [False]
    found = agreement(judge, people)
    assert found.raw.value == pytest.approx(0.92)
    assert (found.raw.low, found.raw.high) == wilson(0.92, 100)
    assert found.kappa is not None
    assert found.ac1 is not None
    assert found.kappa.value == pytest.approx(0.92 / 1 - (1 - 0.92) * (0.905 / 0.095), abs=1e-9)
    assert found.ac1.value == pytest.approx((0.92 - 0.095) / (1 - 0.095), abs=1e-9)
    assert found.kappa.low < 0 < found.kappa.high
    seen = detection(judge, people)
    assert seen.sensitivity is not None
    assert seen.specificity is not None
    assert (seen.sensitivity.value, seen.sensitivity.n) == (pytest.approx(91 / 95), 95)
    assert (seen.specificity.value, seen.specificity.n) == (pytest.approx(1 / 5), 5)
    assert (seen.specificity.low, seen.specificity.high) == wilson(0.2, 5)


def test_the_jackknife_covers_ac1_about_as_gwets_own_variance_does() -> None:
    """From irrCAC 0.4.4 for the table above: `CAC(...).gwet()`, standard error 0.03252 for AC1 0.9116."""
    found = agreement([True] * 95 + [False] * 5, [True] * 91 + [False] * 4 + [True] * 4 + [False]).ac1
    assert found is not None
    assert (found.high - found.low) / 2 / 1.984 == pytest.approx(0.03252, abs=5e-4)


def test_raters_that_give_one_rating_to_all_have_no_kappa() -> None:
    found = agreement([1] * 10, [1] * 10)
    assert found.raw.value == 1.0
    assert (found.kappa, found.ac1, found.alpha) == (None, None, None)
    assert detection([True], [True]).specificity is None
    assert gwet_ac1([[1, None], [2, None]]) is None
    assert krippendorff_alpha([[1, None], [None, None]]) is None


def test_perfect_agreement_has_room_below() -> None:
    found = agreement(["x", "y"] * 10, ["x", "y"] * 10)
    assert found.kappa is not None
    assert found.kappa.value == found.kappa.high == 1.0
    assert 0.4 < found.kappa.low < 0.9


def test_ratings_of_different_number_are_refused() -> None:
    for a, b in (([1], [1, 2]), ([], [])):
        with pytest.raises(ValueError, match="cannot be compared"):
            agreement(a, b)


# a jury


def test_judges_that_err_together_are_one_vote_and_independent_ones_all() -> None:
    generator = np.random.default_rng(4)
    same = np.repeat(generator.standard_normal((200, 1)), 5, axis=1)
    one, all_five = effective_judges(same.tolist()), effective_judges(generator.standard_normal((400, 5)).tolist())
    assert one is not None
    assert all_five is not None
    assert one.value == pytest.approx(1.0)
    assert 4 < all_five.value <= 5


def test_nine_judges_with_correlation_four_ninths_are_two_votes() -> None:
    """9/(1 + 8·r) = 2 for r = 0.4375."""
    generator = np.random.default_rng(4)
    common, own = generator.standard_normal((3000, 1)), generator.standard_normal((3000, 9))
    found = effective_judges((0.4375**0.5 * common + 0.5625**0.5 * own).tolist())
    assert found is not None
    assert found.low < 2.0 < found.high
    assert found.value == pytest.approx(2.0, abs=0.1)


def test_a_jury_that_never_errs_or_is_too_small_has_no_number() -> None:
    assert effective_judges([[0.0, 0.0]] * 10) is None
    assert effective_judges([[0.0], [1.0], [0.0]]) is None
    assert effective_judges([]) is None


def test_a_rater_who_always_says_the_same_leaves_kappa_open() -> None:
    """Kappa is 0 whatever the items are, so that no item's removal moves it: that is no certainty."""
    found = agreement(["yes"] * 12, ["yes"] * 8 + ["no"] * 4).kappa
    assert found is not None
    assert (found.value, found.low, found.high) == (0.0, -1.0, 1.0)
