"""Erlang's formula against its recursion and known tables; machines for a load."""

import math

import numpy as np
import pytest

from bakeoff.cost.queueing import UTILISATION_CAP, WAITING_SHARE, Steps, erlang_c, erlangs_carried, share_waiting, steps


def by_recursion(places: int, erlangs: float) -> float:
    """Erlang C from the recursion of Erlang B: B(k) = a B(k-1) / (k + a B(k-1))."""
    blocked = 1.0
    for k in range(1, places + 1):
        blocked = erlangs * blocked / (k + erlangs * blocked)
    return blocked / (1 - erlangs / places * (1 - blocked))


@pytest.mark.parametrize(("places", "erlangs"), [(1, 0.5), (2, 1.0), (10, 8.0), (100, 90.0), (2000, 1990.0)])
def test_the_formula_is_its_recursion(places: int, erlangs: float) -> None:
    assert erlang_c(places, erlangs) == pytest.approx(by_recursion(places, erlangs), rel=1e-9)


def test_known_values() -> None:
    """One place: the share of time that it is taken. Two places and one erlang: 1/3 (Kleinrock, 3.40)."""
    assert erlang_c(1, 0.3) == pytest.approx(0.3)
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert (erlang_c(3, 0.0), erlang_c(3, 3.0), erlang_c(3, 7.0)) == (0.0, 1.0, 1.0)


def test_a_simulated_queue_waits_as_the_formula_says() -> None:
    """Four places, three erlangs, waits of more than half a service time."""
    rng = np.random.default_rng(7)
    free, now, late = [0.0] * 4, 0.0, 0
    gaps, services = rng.exponential(1 / 3, 200_000), rng.exponential(1.0, 200_000)
    for gap, service in zip(gaps, services, strict=True):
        now += gap
        place = min(range(4), key=free.__getitem__)
        start = max(now, free[place])
        late += start - now > 0.5
        free[place] = start + service
    assert late / 200_000 == pytest.approx(share_waiting(4, 3.0, 0.5), abs=0.015)


@pytest.mark.parametrize("wait", [0.0, 0.1, 1.0, 10.0])
@pytest.mark.parametrize("places", [1, 4, 64, 256])
def test_what_is_carried_keeps_the_target_and_no_more_would(places: int, wait: float) -> None:
    most = erlangs_carried(places, wait)
    assert 0 < most <= UTILISATION_CAP * places
    assert share_waiting(places, most, wait) <= WAITING_SHARE + 1e-9
    if most < UTILISATION_CAP * places:
        assert share_waiting(places, most * 1.001, wait) > WAITING_SHARE


def test_more_machines_together_carry_more_than_each_alone() -> None:
    found = steps(4, 0.1)
    assert found.carried[1] > 2 * found.carried[0]


def test_machines_and_limits_are_each_others_inverse() -> None:
    found = steps(4, 0.1)
    for machines in (1, 2, 3, 10, 64, 200, 5000):
        limit = found.limit(machines)
        assert found.machines(limit) == machines
        assert found.machines(limit * 1.0001) == machines + 1
    assert found.machines(0.0) == 1


def test_no_machine_is_ever_fuller_than_the_cap() -> None:
    for places, wait in ((1, 100.0), (10, 1.0), (256, 0.01)):
        found = steps(places, wait)
        for machines in (1, 7, 64, 1000):
            assert found.limit(machines) <= UTILISATION_CAP * places * machines * (1 + 1e-12)


def test_steps_beyond_the_last_rise_evenly() -> None:
    found = Steps((9.0,), 10)
    assert [found.machines(load) for load in (9.0, 9.1, 18.0, 18.1, 900.0)] == [1, 2, 2, 3, 100]
    assert math.isclose(found.limit(100), 900.0)
