"""The least that anyone would write: rows from a csv, 50 workers, the answers into a list, right or wrong counted.

    python -m benchmarks.harness.bare BASE_URL DATA.csv CONCURRENCY

No retries, no record, no timings: the floor that a harness is measured against.
"""

import asyncio
import csv
import json
import sys

import aiohttp


async def main(base_url: str, path: str, concurrency: int) -> None:
    """Ask every row and print how many answers contain the label."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = iter(list(csv.DictReader(file)))
    right = 0
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as session:

        async def worker() -> None:
            nonlocal right
            for row in rows:
                messages = [{"role": "user", "content": row["text"]}]
                body = {"model": "stub", "messages": messages, "temperature": 0, "max_tokens": 16, "stream": True}
                async with session.post(f"{base_url}/chat/completions", json=body) as response:
                    text = ""
                    async for line in response.content:
                        if line.startswith(b"data: ") and line != b"data: [DONE]\n":
                            choices = json.loads(line[6:])["choices"]
                            text += (choices[0]["delta"].get("content") or "") if choices else ""
                right += row["label"] in text

        await asyncio.gather(*(worker() for _ in range(concurrency)))
    print(right)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
