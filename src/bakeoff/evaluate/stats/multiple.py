"""Many comparisons at once: corrections that keep the chance of any false alarm at its level."""

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values, in the order given. S. Holm, Scandinavian Journal of Statistics 6 (1979) 65.

    Naming every pair whose adjusted p is below 5 % names a pair that does not differ in at most 5 % of all
    evaluations, whatever the number of pairs and however they depend on one another.
    """
    total = len(p_values)
    adjusted = [0.0] * total
    highest = 0.0
    for rank, index in enumerate(sorted(range(total), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (total - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def bonferroni(alpha: float, comparisons: int) -> float:
    """The level of one interval, so that `comparisons` of them hold together with error `alpha`."""
    return alpha / max(1, comparisons)
