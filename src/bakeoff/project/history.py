"""The decisions of a project, one after the other, and what changed from one to the present one."""

from bakeoff.evaluate.store import Finding
from bakeoff.project.changes import changes
from bakeoff.project.lockfile import Lock, lock_of
from bakeoff.project.locking import KIND, earlier, lock_for
from bakeoff.project.project import Project
from bakeoff.report import Since


def since_then(project: Project, old: str) -> Since:
    """What changed since an earlier decision. Runs nothing.

    Args:
        project: as it is now.
        old: number of a decision in its history, or a file: a lock, or a decision as JSON.

    Raises:
        UsageError: there is no such decision.
        ProjectError: the file is no decision, or one of another version.
    """
    now = lock_for(project, project.decide())
    name, before = earlier(project, old, now)
    return Since(name, changes(before, now))


def decisions(project: Project) -> list[tuple[Finding, Lock]]:
    """Every decision that was kept, in order, with what it rested on.

    Raises:
        ProjectError: one of them was written by another version.
    """
    with project.ledger() as ledger:
        found = ledger.findings(KIND)
    return [(one, lock_of(one.value, f"decision {one.number}")) for one in found]
