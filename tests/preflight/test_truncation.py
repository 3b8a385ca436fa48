"""Prompts that a server cut short, by its token counts alone: found where they are, not where they are not."""

import random

import pytest

from bakeoff.evaluate.preflight.truncation import truncated


def healthy(seed: int, n: int = 200, *, fixed: int = 0, longest: int = 20_000) -> tuple[list[int], list[int | None]]:
    """Rows of many lengths and languages: 2.2 to 5 bytes for a token, with a template around them."""
    draw = random.Random(seed)
    sizes = [fixed + int(draw.lognormvariate(6.5, 1.0)) % longest for _ in range(n)]
    return sizes, [12 + int(size / draw.uniform(2.2, 5.0)) for size in sizes]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("fixed", [0, 3000])
def test_none_is_invented_on_healthy_rows(seed: int, fixed: int) -> None:
    sizes, tokens = healthy(seed, fixed=fixed)
    assert truncated(sizes, tokens) == set()
    assert truncated(sizes, tokens, context=32_768) == set()


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("limit", [1024, 2048, 2000])
def test_rows_at_a_limit_are_found(seed: int, limit: int) -> None:
    sizes, tokens = healthy(seed, 400)
    over = {i for i, count in enumerate(tokens) if count is not None and count > limit}
    cut = [min(count or 0, limit) for count in tokens]
    found = truncated(sizes, cut)
    if len(over) >= 3:
        assert over <= found
    assert truncated(sizes, cut, context=limit) >= over


def test_one_long_row_at_a_round_limit_is_found() -> None:
    sizes = [400 * i for i in range(1, 21)] + [60_000]
    tokens: list[int | None] = [10 + size // 4 for size in sizes[:-1]] + [4096]
    assert truncated(sizes, tokens) == {20}


def test_one_long_row_that_is_just_long_is_not() -> None:
    sizes = [400 * i for i in range(1, 21)] + [60_000]
    assert truncated(sizes, [10 + size // 4 for size in sizes]) == set()
    assert truncated(sizes, [10 + size // 4 for size in sizes[:-1]] + [None]) == set()


def test_far_too_few_tokens_for_a_text_are_found_alone() -> None:
    assert truncated([100_000], [2000]) == {0}
    assert truncated([], []) == set()
    assert truncated([10, 20], [None, None]) == set()


def test_equal_rows_have_equal_counts_and_are_not_truncated() -> None:
    assert truncated([4000] * 50, [1000] * 50) == set()
