"""The embedded engine against the bare llama.cpp server, in one run: speed, and whether answers repeat.

    python -m benchmarks.engine MODEL.gguf [--slots 1 2 4 8] [--prompts 40] [--rounds 3] [--words 0]

`bare` is xllamacpp's server called inside its own process, without HTTP and without streaming, with the same
parameters and environment; as many calls in flight as there are slots. `ours` is `start_engine` and the client of
`bakeoff run`, streaming. Both engines are up at the same time and take turns; the ratio is of the best rounds. Every
answer of every round is compared. Target: at least 0.95 of bare, 85 % of the time inside the model, and no answer
that differs.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bakeoff.evaluate.client import Client
from bakeoff.evaluate.engines import EngineParameters, server, start_engine
from bakeoff.evaluate.engines.start import environment

FILM = ("plot", "cast", "music", "ending", "pace", "camera", "dialogue", "humour")
VIEW = ("wonderful", "dull", "not bad at all", "a waste of an evening", "better than the book", "fine, I suppose")


@dataclass(frozen=True, slots=True)
class Round:
    """One pass over all prompts."""

    wall: float
    cpu: float
    """Of the asking process."""

    inside: float
    """Sum of the engine's own prompt and decode times, in seconds."""

    texts: tuple[str, ...]


def bodies(count: int, words: int) -> list[dict[str, Any]]:
    """Short classification prompts, after `words` words of text that have to be read first."""
    filler = " ".join(f"{FILM[i % len(FILM)]} {i}" for i in range(words // 2))
    return [
        {
            "messages": [
                {"role": "system", "content": "Is the review positive or negative? Answer with one word."},
                {"role": "user", "content": f"{filler}\nThe {FILM[i % 8]} was {VIEW[i % 6]}, number {i}.".strip()},
            ],
            "temperature": 0.0,
            "max_tokens": 8,
            "cache_prompt": False,
        }
        for i in range(count)
    ]


async def ask_ours(client: Client, asked: list[dict[str, Any]], slots: int) -> Round:
    """All prompts through the client."""
    numbers = iter(range(len(asked)))
    texts: dict[int, str] = {}
    inside = 0.0
    streamed = {"stream": True, "stream_options": {"include_usage": True}}
    raw = [json.dumps({**body, **streamed}).encode() for body in asked]

    async def worker() -> None:
        nonlocal inside
        for number in numbers:
            answer = await client.ask("/chat/completions", raw[number])
            texts[number] = answer.text
            inside += (answer.timings["prompt_ms"] + answer.timings["predicted_ms"]) / 1000

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(slots)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Round(wall, cpu, inside, tuple(texts[i] for i in range(len(asked))))


def serve_bare(order: dict[str, Any]) -> None:
    """The process of the bare server: a line with its times and texts for each line that comes in."""
    answers, log = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(log, 1)
    os.dup2(log, 2)
    llama, _ = server.serve(order)
    slots = order["parameters"]["n_slots"]
    with ThreadPoolExecutor(slots) as pool:
        for _ in sys.stdin:
            wall, cpu = time.perf_counter(), time.process_time()
            found = list(pool.map(llama.handle_chat_completions, order["bodies"]))
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            inside = sum(one["timings"]["prompt_ms"] + one["timings"]["predicted_ms"] for one in found) / 1000
            texts = [one["choices"][0]["message"]["content"] for one in found]
            os.write(answers, json.dumps([wall, cpu, inside, texts]).encode() + b"\n")
    os._exit(0)


@contextmanager
def bare(model: Path, parameters: EngineParameters, asked: list[dict[str, Any]]) -> Iterator["subprocess.Popen[str]"]:
    """Start the bare server."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.engine", "--bare"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(parameters),
        cwd=Path(__file__).resolve().parent.parent,
    )
    assert process.stdin is not None
    order = {"model": str(model), "parameters": asdict(parameters), "memory_limit": None, "bodies": asked}
    try:
        process.stdin.write(json.dumps(order) + "\n")
        yield process
    finally:
        process.kill()
        process.wait()


def ask_bare(process: "subprocess.Popen[str]") -> Round:
    """All prompts inside the bare server's process."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    wall, cpu, inside, texts = json.loads(process.stdout.readline())
    return Round(wall, cpu, inside, tuple(texts))


async def compare(
    model: Path, slots: int, asked: list[dict[str, Any]], rounds: int, context: int
) -> set[tuple[str, ...]]:
    """Print one line for a number of slots; the different sets of answers that were seen."""
    parameters = EngineParameters.defaults(n_slots=slots, context_per_slot=context)
    ours, raw = [], []
    with tempfile.TemporaryDirectory() as folder, bare(model.resolve(), parameters, asked) as process:
        async with (
            start_engine(model, parameters=parameters, log_path=Path(folder) / "log") as engine,
            Client(engine.base_url, connections=slots) as client,
        ):
            for _ in range(rounds):
                raw.append(await asyncio.to_thread(ask_bare, process))
                ours.append(await ask_ours(client, asked, slots))
    best, other = min(ours, key=lambda r: r.wall), min(raw, key=lambda r: r.wall)
    n, inside = len(asked), [one.inside / slots / one.wall for one in (best, other)]
    print(
        f"{slots} slots: ours {n / best.wall:6.2f}/s, bare {n / other.wall:6.2f}/s, ratio {other.wall / best.wall:.3f};"
        f" inside the model: ours {inside[0]:.1%}, bare {inside[1]:.1%};"
        f" client {best.cpu / n * 1000:.2f} CPU ms/request;"
        f" different sets of answers: {len({one.texts for one in ours + raw})}"
    )
    return {r.texts for r in ours + raw}


def main() -> None:
    """Print one line for each number of slots."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?")
    parser.add_argument("--slots", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--prompts", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--words", type=int, default=0, help="words to read before each question")
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        serve_bare(json.loads(sys.stdin.readline()))
    if options.model is None:
        parser.error("which model?")
    asked = bodies(options.prompts, options.words)
    seen: set[tuple[str, ...]] = set()
    for slots in options.slots:
        seen |= asyncio.run(compare(options.model, slots, asked, options.rounds, 512 + 4 * options.words))
    print(f"different sets of answers over all rounds and slots: {len(seen)}")


if __name__ == "__main__":
    main()
