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
    found = []
    for candidate, prompt in entries(config):
        own = named(candidate, prompt)
        try:
            resolved = resolve(candidate, config, get_weights, prompt=prompt)
            route = replace(resolved.route, candidate=own)
            resolved = replace(resolved, route=route, probe=config.preflight.probe)
            sizes: array[int] = array("L")
            digests = Digests(_addressed(resolved.route, table, sizes))
            times = 1 if resolved.answers is not None else config.run.repeats
            again = (resolved.route.digests(table, repeat=repeat) for repeat in range(1, times))
            repetitions = (digests, *again)
        except BakeoffError as error:
            found.append(Contestant(own, None, error, None))
        else:
            kept = sizes if resolved.answers is None and not prompt.images else None
            found.append(Contestant(own, resolved, None, repetitions, kept))
    return found


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


def _addressed(route: Route, table: Table, sizes: "array[int]") -> Iterator[str]:
    """The address of each row's call; the size of its prompt goes into `sizes`."""
    around = _around(route)
    for request, digest in route.addressed(table):
        sizes.append(max(0, len(request.body) - around))
        yield digest


def _around(route: Route) -> int:
    """Bytes of a request without any text in it."""
    if route.api == "file":
        return 0
    bare = build_request(Prompt(user=""), Row("", 1, {}), api=route.api, model=route.model, parameters=route.parameters)
    return len(bare.body)
