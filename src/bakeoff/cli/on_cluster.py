"""`--on-cluster` and `--ledger`: the options of commands whose work can be done by the machines of a Ray cluster."""

from typing import TYPE_CHECKING, Any

import click

from bakeoff.errors import UsageError

if TYPE_CHECKING:
    from bakeoff.cluster.site import Where


def cluster_options(command: Any) -> Any:
    """`--on-cluster ADDRESS` and `--ledger URL`."""
    command = click.option(
        "--ledger", metavar="URL", help="With --on-cluster: postgresql://user@host/database. [project file]"
    )(command)
    return click.option(
        "--on-cluster", metavar="ADDRESS", help="On a Ray cluster: HOST:PORT, auto, or local to try it."
    )(command)


def where_of(on_cluster: str | None, ledger: str | None) -> "Where | None":
    """Which cluster; None where the work is done on this machine.

    Raises:
        UsageError: a ledger without a cluster.
    """
    if on_cluster is None:
        if ledger is not None:
            raise UsageError(
                "--ledger is for a run on a cluster", hint="add --on-cluster ADDRESS; on one machine it is bakeoff.db"
            )
        return None
    from bakeoff.cluster.site import Where

    return Where(on_cluster, ledger)
