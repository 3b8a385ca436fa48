"""Caps hold with many requests in flight, and addresses keep their order when they are packed."""

import asyncio
import hashlib
import random
from decimal import Decimal

import numpy as np
import pytest

from bakeoff.evaluate.caps import FRAME_TOKENS, Caps, PricePerToken, longest_output
from bakeoff.evaluate.digests import Digests, first_of_each

PRICE = PricePerToken(Decimal("0.001"), Decimal("0.002"))


def spend(caps: Caps, calls: int, in_flight: int, *, most: Decimal, lie: bool = False) -> int:
    """Random requests, each at most as dear as was said (or three times as dear); how many were sent."""
    chance = random.Random(3)

    async def go() -> int:
        places, sent = asyncio.Semaphore(in_flight), 0

        async def one() -> None:
            nonlocal sent
            async with places:
                amount = await caps.set_aside(most)
                if amount is None:
                    return
                sent += 1
                await asyncio.sleep(0)
                share = Decimal(3) if lie else Decimal(chance.randint(1, 100)) / 100
                caps.settle(amount, most * share)

        await asyncio.gather(*(one() for _ in range(calls)))
        return sent

    return asyncio.run(go())


@pytest.mark.parametrize("in_flight", [1, 7, 64])
def test_the_cap_holds_and_is_used(in_flight: int) -> None:
    caps = Caps(max_usd=Decimal(10))
    sent = spend(caps, 500, in_flight, most=Decimal("0.25"))
    assert caps.spent <= 10
    assert caps.spent > Decimal("9.75")
    assert caps.reached == "cost"
    assert sent < 500


def test_a_cap_smaller_than_one_request_sends_none() -> None:
    caps = Caps(max_usd=Decimal("0.1"))
    assert spend(caps, 5, 2, most=Decimal("0.25")) == 0
    assert (caps.spent, caps.reached) == (0, "cost")


def test_a_server_that_ignores_max_tokens_is_found_out_after_the_first_requests() -> None:
    caps = Caps(max_usd=Decimal(100))
    spend(caps, 500, 4, most=Decimal(1), lie=True)
    # Four in flight were set aside at a third of what they cost; from then on it is all of it.
    assert caps.spent <= 100
    assert caps.reached == "cost"


def test_no_cap_never_ends() -> None:
    caps = Caps()
    assert spend(caps, 50, 8, most=Decimal(1)) == 50
    assert caps.reached is None


def test_the_time_cap_looks_at_a_clock_that_nobody_sets() -> None:
    now = [0.0]
    caps = Caps(max_seconds=60, clock=lambda: now[0])
    assert caps.in_time(59)
    now[0] = 30.0
    assert caps.seconds_left() == 30
    assert not caps.in_time(31)  # a pause that would end after the cap is not begun
    assert caps.reached == "time"


def test_the_most_that_a_request_can_cost() -> None:
    # 100 bytes are at most 100 tokens; 10 tokens of output.
    assert PRICE.most(b"x" * 100, 10) == Decimal("0.001") * (100 + FRAME_TOKENS) + Decimal("0.002") * 10
    assert longest_output({"max_tokens": 5, "max_completion_tokens": 9}) == 9
    assert longest_output({"temperature": 0}) is None
    assert longest_output({"max_tokens": True}) is None


def address(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_packed_addresses_are_the_same_addresses() -> None:
    texts = [address(str(i)) for i in range(1000)]
    packed = Digests(texts)
    assert list(packed) == texts
    assert [packed[0], packed[-1], len(packed)] == [texts[0], texts[-1], 1000]
    assert packed[10:13] == texts[10:13]
    assert list(packed.taken(np.array([5, 3]))) == [texts[5], texts[3]]
    with pytest.raises(IndexError):
        packed[1000]


def test_each_different_address_is_found_once_where_it_first_occurs() -> None:
    zeros = "ab" + "00" * 31  # ends in zero bytes, as one address in 256 does
    other = "ab00" + "00" * 29 + "01"
    lists = [Digests([address("x"), zeros, other]), Digests([zeros, address("y"), address("x")])]
    assert first_of_each(lists).tolist() == [0, 1, 2, 4]
    assert first_of_each([Digests(())]).tolist() == []
