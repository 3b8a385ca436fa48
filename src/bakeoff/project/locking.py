"""From a project and its decision to a lock; keeping it as a file, and every new decision in the ledger."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bakeoff.catalog.loading import shipped_snapshot
from bakeoff.cost.prices import snapshot_version
from bakeoff.decide import Decision
from bakeoff.errors import ProjectError, UsageError
from bakeoff.evaluate.request import json_digest
from bakeoff.evaluate.results import Quality
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Answer
from bakeoff.project.contestants import Contestant
from bakeoff.project.filling import column_digest
from bakeoff.project.lockfile import (
    LOCK_NAME,
    Lock,
    LockedCandidate,
    LockedQuality,
    lock_digest,
    lock_document,
    lock_of,
    read_document,
    write_lock,
)
from bakeoff.project.project import Project
from bakeoff.values import from_json, to_json

KIND = "decision"
"""Of the ledger's findings."""

DIGITS = 6
"""Of qualities: what is behind them differs from one processor to another."""


def lock_for(project: Project, decision: Decision) -> Lock:
    """What this decision of this project rests on. Runs and downloads nothing.

    Raises:
        DataError, StorageError: data or ledger cannot be read.
    """
    config, table = project.config, project.table()
    with project.ledger() as ledger:
        candidates = {c.candidate.name: _candidate(c, ledger) for c in project.contestants()}
    labels = project.labels()
    return Lock(
        data_file=config.data.file,
        data=table.digest,
        rows=len(table.rows),
        prompt=project.prompt_digest(),
        graders=json_digest([grader.with_labels(table.rows).digest() for grader in config.graders]),
        judge=_judge(project),
        labels=json_digest(to_json(labels)) if labels else None,
        metric=config.decide.metric,
        rule=decision.rule,
        gap=decision.smallest_gap_that_matters,
        needs=_needs(project),
        catalog=shipped_snapshot(),
        prices=snapshot_version(),
        candidates=candidates,
        choice=decision.choice,
        verdict=decision.verdict,
        qualities={model.model: _rounded(model.quality) for model in decision.models if model.quality is not None},
    )


def _needs(project: Project) -> str:
    config = project.config
    costs = config.cost.model_dump(exclude_unset=True, exclude_none=True)  # the report's sums rest on it
    wanted = [to_json(config.needs), to_json(config.decide.weights)]
    return json_digest([*wanted, to_json(costs)] if costs else wanted)


def _candidate(contestant: Contestant, ledger: Ledger) -> LockedCandidate:
    candidate, resolved = contestant.candidate, contestant.resolved
    if resolved is None:
        return LockedCandidate(candidate.model, contestant.build, "", candidate.api, {}, None, (), (), (), "", "", 0)
    addresses = list(dict.fromkeys(digest for digests in contestant.digests or () for digest in digests))
    stored = ledger.answers(addresses)
    answers = [stored[address].answer for address in addresses if address in stored]
    return LockedCandidate(
        model=candidate.model,
        build=contestant.build,
        endpoint=resolved.route.endpoint,
        api=resolved.route.api,
        parameters={name: value for name, value in resolved.route.parameters.items() if value is not None},
        sha256=resolved.model_file.sha256 if resolved.model_file is not None else None,
        served=() if resolved.base_url is None else told(answers, "served_model"),
        providers=told(answers, "provider"),
        fingerprints=() if resolved.base_url is None else told(answers, "fingerprint"),
        calls=column_digest(contestant),
        answers=_answers_digest(answers),
        answered=len(answers),
    )


def told(answers: Sequence[Answer], name: str) -> tuple[str, ...]:
    """What the answers say in one of their fields, each once, sorted."""
    return tuple(sorted({value for answer in answers if (value := getattr(answer, name)) is not None}))


def _answers_digest(answers: Sequence[Answer]) -> str:
    sha = hashlib.sha256()
    for one in answers:
        parts = (
            one.text, one.thinking, one.finish_reason, one.latency_ms, one.time_to_first_token_ms, one.prompt_tokens,
            one.output_tokens, dict(one.timings),
        )  # fmt: skip
        sha.update(json.dumps(parts, sort_keys=True).encode("utf-8"))
        sha.update(b"\n")
    return sha.hexdigest()


def _judge(project: Project) -> str | None:
    if project.config.judges is None:
        return None
    try:
        found = project.judged()
    except ProjectError:
        return json_digest([to_json(project.config.judges.settings)])
    models = [[judge.name, judge.model, judge.endpoint] for judge in found.judges]
    return json_digest([to_json(found.settings), models, to_json(found.verdicts)])


def _rounded(quality: Quality) -> LockedQuality:
    value, low, high = (round(number, DIGITS) for number in (quality.value, quality.low, quality.high))
    return LockedQuality(quality.metric, value, low, high, quality.n)


def keep(project: Project, decision: Decision) -> Lock:
    """Add the decision to the history where it differs from the last one, and write `bakeoff.lock`.

    The history first: whenever this is cut off, a lock that is there has its decision in the history.

    Raises:
        StorageError: the folder cannot be written.
    """
    lock = lock_for(project, decision)
    digest = lock_digest(lock)
    with project.ledger() as ledger:
        before = ledger.findings(KIND)
        if not before or before[-1].about != digest:
            ledger.record_finding(KIND, digest, lock_document(lock))
    write_lock(project.folder, lock)
    return lock


def complete(decision: Decision) -> bool:
    """Every cell of every candidate has an answer."""
    counts = [model.counts for model in decision.models]
    return bool(counts) and not any(one.get("missing", 0) or one.get("failed", 0) for one in counts)


def earlier(project: Project, old: str, now: Lock) -> tuple[str, Lock]:
    """(name, lock) of an earlier decision.

    Args:
        project: whose history it is.
        old: its number in the history; or a file: a `bakeoff.lock`, or what `bakeoff decide --json` printed.
        now: the present lock; it stands for what such a JSON document does not tell.

    Raises:
        UsageError: there is no such decision.
        ProjectError: the file is no decision, or one of another version.
    """
    if not old.isdecimal():
        if not Path(old).is_file():
            raise UsageError(
                f"{old!r} is neither the number of a decision nor a file",
                hint="`bakeoff show --history` has the numbers",
            )
        return Path(old).name, _from_file(Path(old), now)
    with project.ledger() as ledger:
        found = ledger.findings(KIND)
    for one in found:
        if one.number == int(old):
            return f"{one.number} ({one.at[:10]})", lock_of(one.value, f"decision {one.number}")
    if not found:
        raise UsageError("no decision was kept yet", hint="`bakeoff decide` keeps each one that is new")
    raise UsageError(
        f"there is no decision {old}",
        hint=f"there are 1 to {len(found)}: `bakeoff show --history`; or give a {LOCK_NAME}",
    )


def _from_file(path: Path, now: Lock) -> Lock:
    document = read_document(path)
    if not isinstance(document, dict) or document.get("schema") != "bakeoff.decide":
        return lock_of(document, str(path))
    try:
        qualities = {
            str(model["model"]): _rounded(from_json(Quality, model["quality"]))
            for model in document["models"]
            if model["quality"] is not None
        }
        names = {str(model["model"]) for model in document["models"]}
        choice, verdict = document["choice"], str(document["verdict"])
    except (KeyError, TypeError, ValueError) as error:
        raise ProjectError(
            f"{path} is a damaged decision: {error!r}", hint="`bakeoff decide --json` prints one"
        ) from None
    kept = {name: now.candidates[name] for name in names if name in now.candidates}
    return replace(now, choice=choice, verdict=verdict, qualities=qualities, candidates=kept)
