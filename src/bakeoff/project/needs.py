"""The `[needs]` of a project: read from its file, written into it. A folder may have them before it has rows."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from bakeoff.decide import NO_LIMITS, Limits
from bakeoff.errors import ProjectError, UsageError
from bakeoff.needs import Needs, parse_needs
from bakeoff.project import FILE_NAME


def read_needs(folder: Path) -> Needs | None:
    """The needs of a folder; None where it has none.

    Raises:
        ProjectError: the file cannot be read, or a value means nothing; with the key.
    """
    from bakeoff.project.editing import table

    values = table(folder, "needs")
    if values is None:
        return None
    try:
        return parse_needs(values)
    except UsageError as error:
        raise ProjectError(f"{FILE_NAME}: {error.message}", hint=error.hint) from None


def write_needs(folder: Path, needs: Needs) -> Path:
    """Write the needs: what is required, and what the answer to everything else rests on.

    Raises:
        ProjectError, StorageError: from the project file.
    """
    from bakeoff.project.editing import set_table

    return set_table(folder, "needs", needs_table(needs))


def limits(needs: Needs | None) -> Limits:
    """Needs that a measured candidate must not be beyond; the budget as what a thousand rows may cost."""
    if needs is None:
        return NO_LIMITS
    from bakeoff.cost.load import DAYS_PER_MONTH

    budget, load = needs.budget_usd_per_month, needs.requests_per_day
    return Limits(
        max_time_to_first_token_ms=needs.max_time_to_first_token_ms,
        min_decode_tokens_per_second=needs.min_decode_tokens_per_second,
        max_usd_per_1000_rows=1000 * budget / (load * float(DAYS_PER_MONTH)) if budget is not None and load else None,
    )


def needs_table(needs: Needs) -> dict[str, Any]:
    """As in the file; None where there is no requirement."""
    return {field.name: getattr(needs, field.name) for field in fields(Needs)}
