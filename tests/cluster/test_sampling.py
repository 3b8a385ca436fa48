"""A sample in one pass: every row as likely as another, all rows of a short table, intervals that hold the truth."""

import random
import tracemalloc
from collections import Counter
from collections.abc import Iterator

import pytest

from bakeoff.cluster.sampling import count_of, mean_of, sample
from bakeoff.evaluate.types import Row


def rows(n: int) -> Iterator[Row]:
    return (Row(str(i), i + 1, {"text": "x"}) for i in range(n))


def test_a_short_table_is_taken_whole_and_in_order() -> None:
    found = sample(rows(50), size=50)
    assert found.is_whole
    assert [row.id for row in found.taken] == [str(i) for i in range(50)]
    assert not sample(rows(51), size=50).is_whole


def test_every_row_is_as_likely() -> None:
    """20 of 100 rows, 2,000 times: each is there 400 times, within 5 standard errors of a binomial (17.9)."""
    seen = Counter(row.id for seed in range(2000) for row in sample(rows(100), size=20, seed=seed).taken)
    assert len(seen) == 100
    assert max(abs(count - 400) for count in seen.values()) < 90


def test_the_same_seed_takes_the_same_rows_and_others_by_id() -> None:
    one, other = sample(rows(1000), size=10, ids={"7", "no"}), sample(rows(1000), size=10)
    assert one.taken == other.taken
    assert list(one.known) == ["7"]
    assert one.rows == 1000


def test_memory_is_that_of_the_sample() -> None:
    def peak(n: int) -> int:
        tracemalloc.start()
        sample(rows(n), size=100)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(40_000) < 1.5 * peak(4000)


def test_the_interval_of_a_mean_holds_it_in_four_of_five_samples() -> None:
    draw = random.Random(11)
    population = [draw.lognormvariate(3, 0.5) for _ in range(5000)]
    truth = sum(population) / len(population)
    inside = 0
    for _ in range(500):
        found = mean_of(draw.sample(population, 200), len(population), source="measured", detail="")
        inside += found.low <= truth <= found.high
    assert 0.75 < inside / 500 < 0.85


@pytest.mark.parametrize(("values", "total"), [([1.0, 2.0, 6.0], 3), ([4.0], 1)])
def test_all_values_are_exact(values: list[float], total: int) -> None:
    found = mean_of(values, total, source="measured", detail="")
    assert found.low == found.value == found.high == sum(values) / len(values)


def test_one_value_of_many_says_little() -> None:
    found = mean_of([4.0], 100, source="measured", detail="")
    assert (found.value, found.low, found.high) == (4.0, 0.0, 8.0)


@pytest.mark.parametrize(
    ("hits", "looked_at", "total", "ends"),
    [
        (5, 20, 20, (5.0, 5.0, 5.0)),
        # Wilson's 80 % interval of 20 in 100 with z = 1.28155, times 1000; of none in 2,000: z² / (n + z²).
        (20, 100, 1000, (200.0, 153.77, 255.92)),
        (0, 2000, 1_000_000, (0.0, 0.0, 820.5)),
    ],
)
def test_a_count_is_scaled_with_its_interval(
    hits: int, looked_at: int, total: int, ends: tuple[float, float, float]
) -> None:
    found = count_of(hits, looked_at, total, detail="")
    assert (found.value, found.low, found.high) == pytest.approx(ends, abs=0.1)
