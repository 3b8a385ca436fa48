"""The candidates of a project, each resolved as far as it can be: one that cannot be had does not stop the others."""

from dataclasses import dataclass

from bakeoff.errors import BakeoffError
from bakeoff.evaluate.types import Candidate, Table
from bakeoff.project.config import Config
from bakeoff.project.routes import GetWeights, Resolved, resolve


@dataclass(frozen=True, slots=True)
class Contestant:
    """A candidate of the project, as far as it could be resolved."""

    candidate: Candidate
    resolved: Resolved | None
    error: BakeoffError | None
    """Why it could not be resolved."""

    digests: tuple[tuple[str, ...], ...] | None
    """For each repetition: the address of each row's call. None where the candidate could not be resolved."""

    @property
    def build(self) -> str:
        """As shown in tables."""
        return self.resolved.route.build if self.resolved is not None else self.candidate.build or ""


def contestants(config: Config, table: Table, get_weights: GetWeights) -> list[Contestant]:
    """Resolve every candidate and address its calls.

    Args:
        config: the project file.
        table: the rows.
        get_weights: finds a model file; may download, or only look.
    """
    found = []
    for candidate in config.candidates:
        try:
            resolved = resolve(candidate, config, get_weights)
        except BakeoffError as error:
            found.append(Contestant(candidate, None, error, None))
        else:
            found.append(Contestant(candidate, resolved, None, (resolved.route.digests(table),)))
    return found
