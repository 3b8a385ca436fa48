"""How many machines a load needs, so that hardly anyone waits at the peak. Pure sums; knows no prices.

Requests come as they like (Poisson) and each takes a place for its time: the M/M/c queue. With `a` = requests per
second x seconds per request (erlangs) and `c` places, a request must wait with Erlang's C probability, and longer than
t with C x exp(-(c - a) t / s) (Erlang 1917; Kleinrock 1975, Queueing Systems I, section 3.8). Times of real answers
vary less than the exponential that the formula assumes, so that the truth is a little better.
"""

import math
from dataclasses import dataclass

UTILISATION_CAP = 0.9
"""Share of the places that may be taken at the peak, whatever the formula says: it knows nothing of bursts."""

WAITING_SHARE = 0.05
"""Of requests, that may wait longer than the target."""

MOST_EXACT = 64
"""Machines up to which the formula is solved; beyond, each more carries what the last one added."""


def erlang_c(places: int, erlangs: float) -> float:
    """Probability that a request finds all places taken.

    By Erlang's B = P(N = c) / P(N <= c) for a Poisson number with mean a, and C = B / (1 - rho (1 - B)).
    """
    if erlangs <= 0:
        return 0.0
    if erlangs >= places:
        return 1.0
    from scipy.special import gammaincc

    log_equal = places * math.log(erlangs) - erlangs - math.lgamma(places + 1)
    blocked = math.exp(log_equal) / float(gammaincc(places + 1, erlangs))
    return blocked / (1 - erlangs / places * (1 - blocked))


def share_waiting(places: int, erlangs: float, wait_over_service: float) -> float:
    """Share of requests that wait longer than `wait_over_service` service times."""
    if erlangs >= places:
        return 1.0
    return erlang_c(places, erlangs) * math.exp(-(places - erlangs) * wait_over_service)


def erlangs_carried(places: int, wait_over_service: float) -> float:
    """The most that so many places carry with the target kept: by halving, the share grows with the load."""
    low, high = 0.0, UTILISATION_CAP * places
    if share_waiting(places, high, wait_over_service) <= WAITING_SHARE:
        return high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if share_waiting(places, middle, wait_over_service) <= WAITING_SHARE else (low, middle)
        )
    return low


@dataclass(frozen=True, slots=True)
class Steps:
    """What one, two, three, ... machines carry, in erlangs."""

    carried: tuple[float, ...]
    """Rising; entry k is of k + 1 machines."""

    places: int
    """Of one machine."""

    @property
    def more(self) -> float:
        """What each machine beyond the last one adds."""
        added = self.carried[-1] - (self.carried[-2] if len(self.carried) > 1 else 0.0)
        return min(added, UTILISATION_CAP * self.places)

    def machines(self, erlangs: float) -> int:
        """The fewest that carry a load; one even for none, since a machine is there or is not."""
        for count, most in enumerate(self.carried, 1):
            if erlangs <= most * (1 + 1e-12):
                return count
        return len(self.carried) + math.ceil((erlangs - self.carried[-1]) / self.more - 1e-9)

    def limit(self, machines: int) -> float:
        """What so many machines carry, in erlangs."""
        known = len(self.carried)
        return self.carried[machines - 1] if machines <= known else self.carried[-1] + (machines - known) * self.more


def steps(places_per_machine: int, wait_over_service: float) -> Steps:
    """What machines carry together, requests going to whichever has a place.

    Args:
        places_per_machine: requests that one works on at the same time.
        wait_over_service: the wait that is tolerated, in service times.
    """
    found = []
    for machines in range(1, MOST_EXACT + 1):
        found.append(erlangs_carried(machines * places_per_machine, wait_over_service))
        if found[-1] >= 0.999 * UTILISATION_CAP * machines * places_per_machine:
            break  # from here on the cap alone decides
    return Steps(tuple(found), places_per_machine)
