"""Who is compared: every candidate with every variant of the prompt, each resolved as far as it can be.

One that cannot be had does not stop the others.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bakeoff.errors import BakeoffError
from bakeoff.evaluate.digests import Digests
from bakeoff.evaluate.request import build_request
from bakeoff.evaluate.run import Route
from bakeoff.evaluate.types import BETWEEN, Candidate, Prompt, Row, Table
from bakeoff.project.addresses import Addressed, addressed
from bakeoff.project.config import Config
from bakeoff.project.routes import GetWeights, Resolved, resolve


@dataclass(frozen=True, slots=True)
class Contestant:
    """A candidate of the project, with one variant of the prompt where there are several."""

    candidate: Candidate
    resolved: Resolved | None
    error: BakeoffError | None
    """Why it could not be resolved."""

    digests: tuple[Digests, ...] | None
    """For each repetition: the address of each row's call. None where the candidate could not be resolved."""

    sizes: Sequence[int] | None = None
    """For each row: bytes of the prompt's text in the request. None where there are pictures in it, or no request."""

    @property
    def build(self) -> str:
        """As shown in tables."""
        return self.resolved.route.build if self.resolved is not None else self.candidate.build or ""


def contestants(config: Config, table: Table, get_weights: GetWeights) -> list[Contestant]:
    """Resolve every candidate with every variant and address its calls.

    Args:
        config: the project file.
        table: the rows.
        get_weights: finds a model file; may download, or only look.
    """
    found = resolved_only(config, get_weights)
    asked = [
        (one.resolved.route, 1 if one.resolved.answers is not None else config.run.repeats)
        for one in found
        if one.resolved is not None
    ]
    addresses = iter(addressed(asked, table, config.folder))
    return [one if one.resolved is None else _with(one, one.resolved, next(addresses)) for one in found]


def resolved_only(config: Config, get_weights: GetWeights) -> list[Contestant]:
    """Resolve every candidate with every variant; no call is addressed, so that no row is looked at.

    Args:
        config: the project file.
        get_weights: finds a model file; may download, or only look.
    """
    found: list[Contestant] = []
    for candidate, prompt in entries(config):
        own = named(candidate, prompt)
        try:
            resolved = resolve(candidate, config, get_weights, prompt=prompt)
        except BakeoffError as error:
            found.append(Contestant(own, None, error, None))
        else:
            route = replace(resolved.route, candidate=own)
            found.append(Contestant(own, replace(resolved, route=route, probe=config.preflight.probe), None, None))
    return found


def _with(contestant: Contestant, resolved: Resolved, found: Addressed | BakeoffError) -> Contestant:
    if isinstance(found, BakeoffError):
        return Contestant(contestant.candidate, None, found, None)
    sizes: array[int] | None = None
    if resolved.answers is None and not resolved.route.prompt.images:
        frame = around(resolved.route)
        sizes = array("L", [max(0, length - frame) for length in found.lengths])
    return replace(contestant, digests=found.digests, sizes=sizes)


def named(candidate: Candidate, prompt: Prompt) -> Candidate:
    """The candidate under the name of its column: with the variant's, where it has one."""
    return replace(candidate, name=f"{candidate.name}{BETWEEN}{prompt.name}") if prompt.name else candidate


def candidate_of(column: str, candidates: Sequence[Candidate]) -> Candidate:
    """Whose column it is: its own, or that with a variant of the prompt."""
    by_name = {candidate.name: candidate for candidate in candidates}
    return by_name[column if column in by_name else column.rpartition(BETWEEN)[0]]


def entries(config: Config) -> Iterator[tuple[Candidate, Prompt]]:
    """Candidates and variants, in the order of the project file. Answers from a file had a prompt of their own."""
    for candidate in config.candidates:
        if candidate.via == "file":
            yield candidate, replace(config.prompt, name="")
        else:
            yield from ((candidate, prompt) for prompt in config.prompts)


def around(route: Route) -> int:
    """Bytes of a request without any text in it."""
    if route.api == "file":
        return 0
    bare = build_request(Prompt(user=""), Row("", 1, {}), api=route.api, model=route.model, parameters=route.parameters)
    return len(bare.body)
