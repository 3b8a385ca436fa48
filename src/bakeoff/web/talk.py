"""Several models answer one message, each as it comes: one stream of events for all of them."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bakeoff.errors import BakeoffError, BusyError
from bakeoff.evaluate.client import AskError, Client, Timeouts
from bakeoff.evaluate.request import Request
from bakeoff.evaluate.types import Candidate
from bakeoff.project.progress import read_progress
from bakeoff.project.project import Project
from bakeoff.project.routes import read_key
from bakeoff.project.running import given_up
from bakeoff.project.talking import Manner, Speaker, speaker, talk_request, told_answer
from bakeoff.project.working import error_json
from bakeoff.web.engines import WarmEngines

log = logging.getLogger("bakeoff.web")

FLUSH_SECONDS = 0.03
"""Pieces that come within this time go out together."""

SIGN_SECONDS = 10.0
"""A stream that is silent for so long says so, or a proxy would close it."""

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Voice:
    """One column of the playground."""

    candidate: Candidate
    turns: Sequence[tuple[str, str]]
    """What was said in it before, as (user, answer)."""


class Talk:
    """One message to several models."""

    def __init__(self, project: Project, voices: Sequence[Voice], manner: Manner, message: str, engines: WarmEngines):
        """Nothing is asked yet."""
        self._project = project
        self._voices = voices
        self._manner = manner
        self._message = message
        self._engines = engines
        self._events: asyncio.Queue[Event] = asyncio.Queue()

    async def stream(self) -> AsyncIterator[bytes]:
        """The events of all, as server-sent events. Who stops reading stops the models."""
        tasks = [asyncio.create_task(self._column(index)) for index in range(len(self._voices))]
        try:
            left = len(tasks)
            while left:
                try:
                    events = [await asyncio.wait_for(self._events.get(), SIGN_SECONDS)]
                except TimeoutError:
                    if all(task.done() for task in tasks):
                        return
                    yield b": still waiting\n\n"
                    continue
                await asyncio.sleep(FLUSH_SECONDS)
                while not self._events.empty():
                    events.append(self._events.get_nowait())
                left -= sum(event["kind"] in ("done", "error") for event in events)
                yield b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in _merged(events))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _column(self, index: int) -> None:
        def say(kind: str, **more: Any) -> None:
            self._events.put_nowait({"column": index, "kind": kind, **more})

        voice = self._voices[index]
        try:
            one = await asyncio.to_thread(speaker, self._project, voice.candidate, self._manner)
            request = talk_request(one, self._project.config, self._manner, voice.turns, self._message)
            where = one.resolved.base_url or "embedded"
            say("request", where=where, path=request.path, body=request.body.decode("utf-8"))
            await self._ask(one, request, say)
        except BakeoffError as error:
            say("error", error=error_json(error))
        except Exception as error:
            log.exception("playground", exc_info=error)
            say("error", error=error_json(error))

    async def _ask(self, one: Speaker, request: Request, say: Any) -> None:
        resolved = one.resolved
        timeouts = Timeouts(silence=resolved.timeout_seconds) if resolved.timeout_seconds else Timeouts()
        if resolved.base_url is not None:
            key = read_key(resolved.route.candidate)
            async with Client(resolved.base_url, key=key, connections=1, timeouts=timeouts) as client:
                await self._listen(one, client, request, say)
            return
        _leave_alone(self._project.folder)
        say("waiting")
        async with (
            self._engines.engine(resolved, self._project.folder, lambda: say("loading")) as engine,
            Client(engine.base_url, connections=1, timeouts=timeouts) as client,
        ):
            await self._listen(one, client, request, say)

    async def _listen(self, one: Speaker, client: Client, request: Request, say: Any) -> None:
        def heard(text: str, thinking: str) -> None:
            say("delta", text=text, thinking=thinking, n=1)

        say("asked")
        try:
            answer = await client.ask(request.path, request.body, on_delta=heard)
        except AskError as error:
            found = given_up(one.resolved, error)
            assert found is not None
            raise found from None
        say("done", **told_answer(answer, one.price))


def _leave_alone(folder: Path) -> None:
    """What runs on this machine measures times: nothing may disturb it."""
    told = read_progress(folder)
    if told is not None and told.running:
        raise BusyError(
            f"this project is at work ({told.document['verb']}), and a model beside it would spoil its times",
            hint="wait until it is done, or stop it; models elsewhere can be talked to meanwhile",
        )


def _merged(events: Iterable[Event]) -> list[Event]:
    """Pieces of one column that follow one another become one."""
    found: list[Event] = []
    last: dict[int, Event] = {}
    for event in events:
        before = last.get(event["column"])
        if event["kind"] == "delta" and before is not None and before["kind"] == "delta":
            for key in ("text", "thinking", "n"):
                before[key] += event[key]
            continue
        last[event["column"]] = event
        found.append(event)
    return found
