"""`[cluster]`: how a run goes on several machines."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from bakeoff.evaluate.store import is_address
from bakeoff.project.config.section import Section, Text


class ClusterSection(Section):
    """`[cluster]`; the options of `bakeoff run` count before it."""

    ledger: Annotated[
        Text | None,
        Field(description="`postgresql://user@host/database`, for several machines; a password is never written here"),
    ] = None
    workers: Annotated[
        int, Field(ge=1, le=64, description="processes on each node that ask servers; a core makes 1000 calls a second")
    ] = 1
    rows_per_lease: Annotated[
        int, Field(ge=1, le=10_000, description="rows that a worker takes at once; of a work that was begun they stay")
    ] = 200
    lease_seconds: Annotated[
        float, Field(ge=5, le=3600, description="after which a worker that says nothing is taken for dead")
    ] = 30.0

    @field_validator("ledger")
    @classmethod
    def _is_an_address(cls, ledger: str | None) -> str | None:
        if ledger is not None:
            check_ledger(ledger)
        return ledger


def check_ledger(ledger: str) -> None:
    """See whether this can be the ledger that several machines share.

    Raises:
        ValueError: it cannot.
    """
    if not is_address(ledger):
        raise ValueError("write the address of a PostgreSQL database: postgresql://user@host/database")
    if urlsplit(ledger).password is not None or "password=" in urlsplit(ledger).query:
        raise ValueError("take the password out of the address, and set PGPASSWORD or write it to ~/.pgpass")
