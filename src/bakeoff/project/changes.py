"""What is different between two locks, as reasons: first what the decision rests on, then the decision."""

from collections.abc import Iterator

from bakeoff.project.lockfile import Lock, LockedCandidate
from bakeoff.values import Reason, reason

WHOLE = ("prompt", "graders", "judge", "labels", "needs")
"""Parts of which only a digest is known."""

SAID = ("bakeoff", "metric", "rule", "catalog", "prices")
"""Parts whose words can be shown."""

SHOWN_OF_CANDIDATE = ("model", "build", "endpoint", "api")
SETS_OF_CANDIDATE = ("served", "providers", "fingerprints")


def changes(old: Lock, new: Lock) -> tuple[Reason, ...]:
    """Everything that is different, in the order of the work; empty where nothing is."""
    return (*inputs_changed(old, new), *decision_changed(old, new))


def inputs_changed(old: Lock, new: Lock) -> tuple[Reason, ...]:
    """What the decision rests on: data, prompt, graders, candidates, facts, version."""
    found = []
    if old.data != new.data:
        found.append(reason("changed.data", file=new.data_file, before=old.rows, after=new.rows))
    found += [reason("changed.whole", what=name) for name in WHOLE if getattr(old, name) != getattr(new, name)]
    if old.gap != new.gap:
        found.append(reason("changed.gap", before=old.gap, after=new.gap))
    for name in SAID:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            found.append(reason("changed.said", what=name, before=before, after=after))
    for name in [*old.candidates, *(name for name in new.candidates if name not in old.candidates)]:
        one, other = old.candidates.get(name), new.candidates.get(name)
        if one is None:
            found.append(reason("changed.candidate_new", candidate=name))
        elif other is None:
            found.append(reason("changed.candidate_gone", candidate=name))
        else:
            found += _candidate(name, one, other)
    return tuple(found)


def _candidate(name: str, old: LockedCandidate, new: LockedCandidate) -> Iterator[Reason]:
    for what in SHOWN_OF_CANDIDATE:
        one, other = getattr(old, what), getattr(new, what)
        if one != other:
            yield reason("changed.candidate", candidate=name, what=what, before=one or "-", after=other or "-")
    names = sorted(
        key for key in {*old.parameters, *new.parameters} if old.parameters.get(key) != new.parameters.get(key)
    )
    if names:
        yield reason("changed.candidate_parameters", candidate=name, names=names)
    if old.sha256 != new.sha256:
        yield reason("changed.candidate_file", candidate=name)
    for what in SETS_OF_CANDIDATE:
        one, other = getattr(old, what), getattr(new, what)
        if one != other:
            yield reason(
                "changed.candidate", candidate=name, what=what, before=list(one) or "-", after=list(other) or "-"
            )
    if old.answered != new.answered:
        yield reason("changed.candidate_answered", candidate=name, before=old.answered, after=new.answered)
    elif old.answers != new.answers and old.calls == new.calls:
        yield reason("changed.candidate_answers", candidate=name)


def decision_changed(old: Lock, new: Lock) -> tuple[Reason, ...]:
    """Choice, verdict, qualities."""
    found = []
    if old.choice != new.choice:
        found.append(reason("changed.choice", before=old.choice or "-", after=new.choice or "-"))
    if old.verdict != new.verdict:
        found.append(reason("changed.verdict", before=old.verdict, after=new.verdict))
    for name, after in new.qualities.items():
        before = old.qualities.get(name)
        if before is not None and before != after:
            found.append(
                reason(
                    "changed.quality",
                    candidate=name,
                    metric=after.metric,
                    before=before.value,
                    after=after.value,
                    n_before=before.n,
                    n=after.n,
                )
            )
    return tuple(found)
