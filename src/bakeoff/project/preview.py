"""A row as each candidate will get it: the exact bytes, the text after the chat template, the tokens. Asks no model.

For the embedded engine, and for a llama-server, the text and the tokens are told by the server that computes the
answers (`preflight.rendered`), so they are what the model reads. Other servers do not tell.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bakeoff.errors import BakeoffError, ProjectError, UsageError
from bakeoff.evaluate.client import Client
from bakeoff.evaluate.preflight.rendered import Rendered, rendered
from bakeoff.evaluate.types import Row, Table
from bakeoff.project.config import Config
from bakeoff.project.contestants import entries, named
from bakeoff.project.planning import chosen_names
from bakeoff.project.routes import GetWeights, Resolved, read_key, resolve
from bakeoff.project.serving import engine_of


@dataclass(frozen=True, slots=True)
class Preview:
    """One row, as one candidate gets it."""

    candidate: str
    where: str
    """Base URL; `embedded`; or the name of a file with answers."""

    path: str
    """Below the base URL."""

    body: bytes
    """Exactly as sent."""

    text: str | None = None
    """What the model reads: after its chat template. None where nobody tells."""

    tokens: tuple[str, ...] | None = None
    """Its tokens, as pieces of text."""

    error: BakeoffError | None = None
    """Why the candidate cannot be asked, or its text not be shown."""


async def preview(
    config: Config,
    table: Table,
    get_weights: GetWeights,
    *,
    row_id: str | None = None,
    candidates: Sequence[str] = (),
    engines: bool = True,
) -> list[Preview]:
    """Show one row.

    Args:
        config: the project file.
        table: the rows.
        get_weights: finds a model file that is here already.
        row_id: which one; None takes the first.
        candidates: names of those to show; none means all. A name without its variant means all variants.
        engines: start the embedded engine, to see what it makes of the prompt.

    Raises:
        UsageError: there is no such row or candidate.
        ProjectError: the prompt cannot be made for this row.
    """
    row = _row(table, row_id)
    every = {named(candidate, prompt).name: (candidate, prompt) for candidate, prompt in entries(config)}
    chosen = chosen_names(candidates, [candidate.name for candidate, _ in every.values()], list(every))
    found = []
    for name, (candidate, prompt) in every.items():
        if name not in chosen:
            continue
        try:
            resolved = resolve(candidate, config, get_weights, prompt=prompt)
        except BakeoffError as error:
            found.append(Preview(name, candidate.via, "", b"", error=error))
            continue
        found.append(await _one(name, resolved, row, config.folder, engines=engines))
    return found


def _row(table: Table, row_id: str | None) -> Row:
    if not table.rows:
        raise ProjectError("the data have no rows", hint="look at [data] in bakeoff.toml")
    if row_id is None:
        return table.rows[0]
    row = next((row for row in table.rows if row.id == row_id), None)
    if row is None:
        raise UsageError(f"no row {row_id!r}", hint="`bakeoff show --rows` lists the ids in its first column")
    return row


async def _one(name: str, resolved: Resolved, row: Row, folder: Path, *, engines: bool) -> Preview:
    request = resolved.route.request(row)
    where = resolved.base_url or resolved.route.candidate.via
    told: Rendered | None = None
    error: BakeoffError | None = None
    if resolved.answers is None:
        try:
            told = await _told(resolved, request.body, folder, engines=engines)
        except BakeoffError as caught:
            error = caught
    return Preview(
        name,
        where,
        request.path,
        request.body,
        text=told.text if told is not None else None,
        tokens=told.tokens if told is not None else None,
        error=error,
    )


async def _told(resolved: Resolved, body: bytes, folder: Path, *, engines: bool) -> Rendered | None:
    """What the server makes of the request; None where it does not tell."""
    if resolved.base_url is not None:
        if resolved.preset is None or resolved.preset.name != "llama-server":
            return None
        key = read_key(resolved.route.candidate)
        async with Client(resolved.base_url, key=key, connections=1) as client:
            return await rendered(client, json.loads(body))
    if not engines:
        return None
    async with (
        engine_of(resolved, folder, log="preview") as engine,
        Client(engine.base_url, connections=1) as client,
    ):
        return await rendered(client, json.loads(body))
