"""A row as each candidate would get it, while somebody still writes the prompt. Asks nobody."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from bakeoff.errors import BakeoffError, UsageError
from bakeoff.evaluate.types import Row
from bakeoff.project.config import Config
from bakeoff.project.contestants import entries, named
from bakeoff.project.project import Project
from bakeoff.project.routes import resolve
from bakeoff.weights import cached


@dataclass(frozen=True, slots=True)
class Filled:
    """One candidate's request for one row."""

    candidate: str
    text: str | None = None
    """What a person reads: the parts of the prompt, one after the other."""

    request: str | None = None
    """Path and body."""

    error: BakeoffError | None = None
    """Why it cannot be made."""


def filled(
    project: Project, row_id: str | None, candidate: str | None, *, changed: dict[str, str | None]
) -> list[Filled]:
    """Fill the prompt with a row.

    Args:
        project: whose.
        row_id: of the row; None takes the first.
        candidate: only this one; None takes all.
        changed: `system` or `user` as they are being written, in the place of those of the project and its candidates.

    Raises:
        UsageError: there is no such row or candidate.
    """
    rows = project.table().rows
    row = rows[0] if row_id is None else next((row for row in rows if row.id == row_id), None)
    if row is None:
        raise UsageError(f"no row {(row_id or '')[:100]!r}", hint="rows are named by their id")
    config = _with(project.config, changed)
    names = [named(one, prompt).name for one, prompt in entries(config)]
    if candidate is not None and candidate not in (*names, *(one.name for one in config.candidates)):
        raise UsageError(f"no candidate {candidate[:100]!r}", hint=f"there are: {', '.join(names)}")
    return list(_each(config, row, candidate))


def _with(config: Config, changed: dict[str, str | None]) -> Config:
    if not changed:
        return config
    prompts = tuple(replace(prompt, **changed) for prompt in config.prompts)  # type: ignore[arg-type]
    candidates = config.candidates
    if "system" in changed:
        candidates = tuple(replace(one, system=None) for one in candidates)
    return replace(config, prompts=prompts, candidates=candidates)


def _each(config: Config, row: Row, candidate: str | None) -> Iterator[Filled]:
    for one, prompt in entries(config):
        name = named(one, prompt).name
        if candidate not in (None, name, one.name):
            continue
        try:
            route = resolve(one, config, lambda m, b: cached(m, b, base=config.folder), prompt=prompt).route
            request = route.request(row)
        except BakeoffError as error:
            yield Filled(name, error=error)
            continue
        body = request.body.decode("utf-8")
        yield Filled(name, text=_text(json.loads(body)), request=f"{request.path}\n{body}")


def _text(body: dict[str, Any]) -> str | None:
    if "messages" in body:
        return "\n\n".join(f"[{one['role']}]\n{_content(one['content'])}" for one in body["messages"])
    prompt = body.get("prompt")
    return prompt if isinstance(prompt, str) else None


def _content(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] if part["type"] == "text" else "[image]" for part in content)
