"""The playground: talk to several models side by side. Nothing of it goes to the ledger: it is no row."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from bakeoff.errors import UsageError
from bakeoff.evaluate.request import template_names
from bakeoff.evaluate.types import Candidate
from bakeoff.project.config import Config
from bakeoff.project.sheet.editing import sheet_stamp
from bakeoff.project.talking import Manner, message_column, named_candidate, typed_candidate
from bakeoff.web.engines import engines_of
from bakeoff.web.talk import Talk, Voice
from bakeoff.web.workspace import Project_

router = APIRouter(prefix="/api/projects/{project}", tags=["playground"])

MOST_VOICES = 5
MOST_CHARACTERS = 200_000
MOST_TURNS = 200

Text = Annotated[str, Field(max_length=MOST_CHARACTERS)]
Name = Annotated[str, Field(min_length=1, max_length=500)]


class TurnIn(BaseModel):
    """What was said before."""

    model_config = ConfigDict(extra="forbid")

    user: Text
    answer: Text


class VoiceIn(BaseModel):
    """Who is asked: a candidate of the project, or a model with a build and a route."""

    model_config = ConfigDict(extra="forbid")

    candidate: Name | None = None
    model: Name | None = None
    build: Name | None = None
    via: Name | None = None
    turns: Annotated[list[TurnIn], Field(max_length=MOST_TURNS)] = []

    def voice(self, config: Config) -> Voice:
        """As the project knows it.

        Raises:
            UsageError: there is no such candidate, or the model makes no sense.
        """
        return Voice(self._candidate(config), [(turn.user, turn.answer) for turn in self.turns])

    def _candidate(self, config: Config) -> Candidate:
        if self.candidate is not None and self.model is None:
            return named_candidate(config, self.candidate)
        if self.model is None or self.candidate is not None:
            raise UsageError("voices: name a candidate or a model, one of the two", hint='{"candidate": "NAME"}')
        return typed_candidate(self.model, self.build, self.via)


class TalkIn(BaseModel):
    """One message to all voices."""

    model_config = ConfigDict(extra="forbid")

    voices: Annotated[list[VoiceIn], Field(min_length=1, max_length=MOST_VOICES)]
    message: Annotated[Text, Field(min_length=1)]
    system: Text | None = None
    as_rows: bool = False
    """As the project's rows are asked: its examples and parameters, the message in its template."""

    temperature: Annotated[float | None, Field(ge=0, le=10)] = None
    max_tokens: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    seed: Annotated[int | None, Field(ge=0, lt=2**31)] = None

    def manner(self) -> Manner:
        """For the library."""
        return Manner(self.as_rows, self.system or None, self.temperature, self.max_tokens, self.seed)


@router.get("/playground")
def get_playground(opened: Project_) -> dict[str, Any]:
    """Who can be talked to, and what of a conversation could become a row of the data."""
    project = opened.project()
    config = project.config
    targets = [set(template_names(grader.target)) for grader in config.graders if getattr(grader, "target", None)]
    target = next((next(iter(names)) for names in targets if len(names) == 1), None)
    return {
        "candidates": [
            {"name": one.name, "model": one.model, "build": one.build, "via": one.via}
            for one in config.candidates
            if one.via != "file"
        ],
        "system": config.prompt.system,
        "stamp": sheet_stamp(project.folder, config),
        "message_column": message_column(config.prompt),
        "target_column": target,
    }


@router.post("/playground")
async def post_playground(opened: Project_, request: Request, asked: TalkIn) -> StreamingResponse:
    r"""Ask all voices at once; embedded models one after another. The answer is a stream of server-sent events.

    Each is `{"column": 0, "kind": KIND, ...}`: `request` (where, path, body: exactly as sent), `waiting` for another
    embedded model, `loading`, `asked`, `delta` (text, thinking, n pieces), and at last `done` (text, thinking, counts,
    times, cost_usd) or `error` (error: kind, message, hint). Whoever closes the connection stops the models.
    """
    project = await asyncio.to_thread(opened.project)  # it may wait for whoever reads the data just now
    voices = [one.voice(project.config) for one in asked.voices]
    talk = Talk(project, voices, asked.manner(), asked.message, engines_of(request))
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(talk.stream(), media_type="text/event-stream", headers=headers)
