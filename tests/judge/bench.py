"""A small project with two models and a judge, all of them one server in this process that answers as it is told."""

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Say = Callable[[str], str]
"""What a judge says to a prompt."""


def chance(*parts: object) -> float:
    """A number in 0..1 that the parts decide."""
    return int.from_bytes(sha256(repr(parts).encode()).digest()[:8], "big") / 2**64


def is_good(model: str, row: int, rate: float) -> bool:
    """Whether the stub's model answers a row well."""
    return chance(model, row) < rate


class Server:
    """Speaks enough of the chat API; not streamed."""

    def __init__(self, rates: dict[str, float], judges: dict[str, Say]) -> None:
        self.rates = rates
        self.judges = judges
        self.asked: Counter[str] = Counter()
        """Model to requests."""
        self.bodies: list[dict[str, Any]] = []
        self.refuse_schema = False
        self.fail_after: int | None = None
        """So many answers of judges, and then errors."""

    def answer(self, body: dict[str, Any]) -> tuple[int, str]:
        """(status, text)."""
        model, prompt = body["model"], body["messages"][-1]["content"]
        self.asked[model] += 1
        self.bodies.append(body)
        if model in self.rates:
            row = int((re.findall(r"\d+", prompt) or ["-1"])[0])
            good = is_good(model, row, self.rates[model])
            padding = " indeed" * int(12 * chance("length", model, row))
            return 200, f"a {'good' if good else 'bad'} answer by {model}{padding}"
        if self.refuse_schema and "response_format" in body:
            return 400, "response_format is not supported"
        if self.fail_after is not None and sum(self.asked[name] for name in self.judges) > self.fail_after:
            return 400, "no more"
        return 200, self.judges[model](prompt)


@contextmanager
def serving(server: Server) -> Iterator[str]:
    """Its base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, text = server.answer(body)
            message = {"role": "assistant", "content": text}
            usage = {"prompt_tokens": 9, "completion_tokens": 9}
            whole: dict[str, Any] = {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}
            if status != 200:
                whole = {"error": {"message": text}}
            data = json.dumps(whole).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Silent."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_address[1]}/v1"
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def answers_in(prompt: str) -> list[str]:
    """The answers that a judge is shown, in their order."""
    return re.findall(r"<answer[^>]*>\n(.*?)\n</answer", prompt, re.DOTALL)


def verdict(slot: str) -> str:
    """As a judge should write it."""
    return json.dumps({"reason": "because", "verdict": slot})


def honest(rate: float = 1.0) -> Say:
    """Prefers the good answer, a tie where both are alike; in some cases, the same in both orders, the other one."""

    def say(prompt: str) -> str:
        answers = answers_in(prompt)
        good = ["a good answer" in answer for answer in answers]
        better = 0.5 if good[0] == good[1] else float(good[0])
        if chance("judge", *sorted(answers), re.findall(r"text (\d+)", prompt)) >= rate:
            better = 1 - better
        return verdict({1.0: "A", 0.0: "B"}.get(better, "tie"))

    return say


def first_slot(prompt: str) -> str:
    """Takes whatever stands first."""
    return verdict("A")


def pulled(share: float) -> Say:
    """Honest, but on a share of the rows it takes whatever stands first."""
    truthful = honest()

    def say(prompt: str) -> str:
        row = re.findall(r"text (\d+)", prompt)
        return verdict("A") if chance("pull", row) < share else truthful(prompt)

    return say


def length_lover(prompt: str) -> str:
    """Takes the longer one."""
    first, second = map(len, answers_in(prompt))
    return verdict("A" if first > second else "B" if second > first else "tie")


def make_project(
    folder: Path, address: str, *, rows: int = 40, judge: str = "", models: tuple[str, ...] = ("alpha-7", "beta-7"),
    judges: tuple[str, ...] = ("themis-70",), metric: str = "judge",
) -> Path:  # fmt: skip
    """Write data and project file."""
    folder.mkdir(parents=True)
    lines = [f"{i},text {i}" for i in range(rows)]
    (folder / "data.csv").write_text("id,text\n" + "\n".join(lines) + "\n", encoding="utf-8")
    candidates = "\n".join(
        f'[[candidates]]\nname = "{name[0]}"\nmodel = "{name}"\nvia = "{address}"\nconcurrency = 8\n' for name in models
    )
    benches = "\n".join(f'[[judge.models]]\nmodel = "{name}"\nvia = "{address}"\nconcurrency = 8\n' for name in judges)
    (folder / "bakeoff.toml").write_text(
        '[data]\nfile = "data.csv"\nid = "id"\n\n[prompt]\nuser = "{{ text }}"\n\n'
        f'{candidates}\n[[graders]]\nkind = "contains"\ntarget = "good"\n\n'
        f'[judge]\n{judge}\n{benches}\n[decide]\nmetric = "{metric}"\n',
        encoding="utf-8",
    )
    return folder


def truth(row: int, models: dict[str, float]) -> float:
    """What people would say of the first two models: 1 the first is better."""
    first, second = (is_good(name, row, rate) for name, rate in list(models.items())[:2])
    return 0.5 if first == second else float(first)


def label_truthfully(project: Any, models: dict[str, float], count: int, *, author: str = "ann") -> None:
    """A person who is always right labels so many items."""
    work = project.labelling(author)
    names = {name[0]: name for name in models}
    for _ in range(count):
        shown = work.next()
        if shown is None:
            return
        row, choice = int(shown.choice.row_id), shown.choice
        good = is_good(names[choice.left], row, models[names[choice.left]])
        if choice.right is None:
            work.say(shown, "correct" if good else "wrong")
            continue
        other = is_good(names[choice.right], row, models[names[choice.right]])
        work.say(shown, "tie" if good == other else "left" if good else "right")
