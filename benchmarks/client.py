"""Client overhead: our streaming client against a bare aiohttp loop that does the same, in one run.

    python -m benchmarks.client [--requests 2000] [--concurrency 64] [--rounds 5]

Both send the same bytes to the same stub (a process of its own) and read the same 8-event streams: the bare loop
posts, splits the lines, parses the JSON, joins the text. The rounds are interleaved, and the ratio is of the best
rounds, since a shared machine only ever adds time. Target: at least 0.80.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import aiohttp

from bakeoff.evaluate.client import Client
from bakeoff.evaluate.request import build_request
from bakeoff.evaluate.types import Prompt, Row
from benchmarks.common import stub_process

BODIES = [
    build_request(
        Prompt(user="{{ text }}", system="Answer with one word."),
        Row(str(i), i, {"text": f"sentence number {i} <positive>"}),
        api="chat",
        model="stub",
        parameters={"temperature": 0.0, "max_tokens": 8},
    ).body
    for i in range(256)
]


async def bare(base_url: str, requests: int, concurrency: int) -> None:
    """What anyone would write: no timings, no failures, no headers."""
    numbers = iter(range(requests))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as session:

        async def worker() -> None:
            for number in numbers:
                async with session.post(
                    base_url + "/chat/completions",
                    data=BODIES[number % len(BODIES)],
                    headers={"Content-Type": "application/json"},
                ) as response:
                    text = ""
                    async for line in response.content:
                        if line.startswith(b"data: ") and line != b"data: [DONE]\n":
                            choices = json.loads(line[6:])["choices"]
                            if choices:
                                text += choices[0]["delta"].get("content") or ""
                    assert text

        await asyncio.gather(*(worker() for _ in range(concurrency)))


async def ours(base_url: str, requests: int, concurrency: int) -> None:
    """The client of `bakeoff run`."""
    numbers = iter(range(requests))
    async with Client(base_url, connections=concurrency) as client:

        async def worker() -> None:
            for number in numbers:
                answer = await client.ask("/chat/completions", BODIES[number % len(BODIES)])
                assert answer.text

        await asyncio.gather(*(worker() for _ in range(concurrency)))


def timed(job: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """(wall seconds, CPU seconds) of one round."""

    async def go() -> None:
        await job()

    wall, cpu = time.perf_counter(), time.process_time()
    asyncio.run(go())
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    """Print requests per second of both, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with stub_process(chunks=6) as address:
        base_url = f"{address}/ok/v1"
        results: dict[str, list[tuple[float, float]]] = {"bare": [], "ours": []}
        for _ in range(options.rounds):
            results["bare"].append(timed(lambda: bare(base_url, options.requests, options.concurrency)))
            results["ours"].append(timed(lambda: ours(base_url, options.requests, options.concurrency)))
    print(f"{options.requests} streamed requests, {options.concurrency} in flight, best of {options.rounds}")
    best = {name: (min(w for w, _ in rounds), min(c for _, c in rounds)) for name, rounds in results.items()}
    for name, (wall, cpu) in best.items():
        print(
            f"  {name}  {options.requests / wall:7.0f} requests/s   {cpu / options.requests * 1000:.3f} CPU ms/request"
        )
    wall, cpu = (best["bare"][i] / best["ours"][i] for i in (0, 1))
    print(f"  ratio ours/bare: {wall:.2f} by wall, {cpu:.2f} by CPU")


if __name__ == "__main__":
    main()
