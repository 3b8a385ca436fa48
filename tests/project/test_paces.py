"""Candidates on one server share its pace, and what the project file fixes of it."""

import pytest

from bakeoff.project.running import paces_of, server_key
from tests.cluster.common import resolved

HERE, ELSEWHERE = "http://127.0.0.1:8080", "https://example.org"


@pytest.mark.parametrize(
    ("address", "settings", "fixed", "per_minute"),
    [
        (ELSEWHERE, [{}], None, None),
        (HERE, [{}], 1, None),
        (ELSEWHERE, [{"concurrency": 4}, {"concurrency": 9}, {}], 9, None),
        (ELSEWHERE, [{"requests_per_minute": 60}, {"requests_per_minute": 20.5}, {}], None, 20.5),
        (HERE, [{"concurrency": 2, "requests_per_minute": 500}], 2, 500),
    ],
)
def test_of_several_numbers_one_counts_for_the_server(
    address: str, settings: list[dict[str, float]], fixed: int | None, per_minute: float | None
) -> None:
    columns = [resolved(address, f"c{i}", **{"concurrency": None, **some}) for i, some in enumerate(settings)]
    paces = paces_of(columns)
    assert {server_key(column) for column in columns} == set(paces)
    ((_, pace),) = paces.items()
    assert (pace.fixed, pace.per_minute) == (fixed, per_minute)


def test_another_key_is_another_account() -> None:
    assert len(paces_of([resolved(ELSEWHERE, "a", key="ONE"), resolved(ELSEWHERE, "b", key="OTHER")])) == 2
