"""Around the test, for the report: needs, the way from the catalog to the candidates, costs, how to run the choice.

Asks no server, and nothing of the machine that it runs on. A part that cannot be made is left out with its reason:
the decision is worth a report without it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from bakeoff.catalog.loading import shipped_snapshot
from bakeoff.cost.prices import snapshot_date, snapshot_version
from bakeoff.decide import Decision
from bakeoff.decide.weighted import checked_weights
from bakeoff.decide.weighted_telling import EQUAL
from bakeoff.errors import BakeoffError
from bakeoff.evaluate.results import Column
from bakeoff.evaluate.types import Candidate
from bakeoff.needs import Needs
from bakeoff.project.config import Config
from bakeoff.project.contestants import candidate_of
from bakeoff.project.costing import endpoint_of, known_model
from bakeoff.project.counting import costs_of
from bakeoff.project.deploying import deployment_for
from bakeoff.project.planned import planned_machine
from bakeoff.project.shortlisting import shortlist_for
from bakeoff.report import MachineFacts
from bakeoff.report.stages import Beside, DeployFacts, PickFacts, ProbeFacts, ShortlistFacts, SourceFacts, Stages, Step
from bakeoff.shortlist import Pick, Shortlist
from bakeoff.values import Reason, reason

Part = TypeVar("Part")

DIGITS = 6
"""Digits of numbers that are computed: the last ones differ from one processor to another."""


def stages(
    folder: Path,
    config: Config,
    columns: Sequence[Column],
    decision: Decision,
    ledger: MachineFacts | None,
    *,
    probes: Callable[[], tuple[ProbeFacts, ...]] = tuple,
) -> Stages:
    """Everything that the project has beside its test.

    Args:
        folder: of the project.
        config: its file.
        columns: its candidates' answers, whose tokens are counted.
        decision: whose choice is to be run.
        ledger: the machine that the embedded engine ran on.
        probes: gives what `bakeoff probe` measured (`project.probing.probe_facts`).
    """
    needs, left_out = config.needs, list[Reason]()

    def part(name: str, make: Callable[[], Part | None]) -> Part | None:
        try:
            return make()
        except (BakeoffError, ArithmeticError, LookupError, ValueError) as error:
            said = error.message if isinstance(error, BakeoffError) else repr(error)
            left_out.append(reason("report.part_left_out", part=name, error=said))
            return None

    machine = planned_machine(needs, ledger)
    if needs is not None and needs.local_allowed and machine is None:
        left_out.append(reason("report.machine_not_known"))
    return Stages(
        needs=needs,
        weights=checked_weights(config.decide.weights or EQUAL) if decision.rule == "weighted" else {},
        shortlist=part("shortlist", lambda: _shortlist(needs, config.candidates, machine)),
        costs=part("cost", lambda: costs_of(config, columns, machine, decision.choice)),
        probes=part("probe", probes) or (),
        deployment=part("deploy", lambda: _deployment(folder, config, decision.choice, machine)),
        sources=SourceFacts(shipped_snapshot(), snapshot_version(), snapshot_date()),
        left_out=tuple(left_out),
    )


def rounded(number: float | None) -> float | None:
    """To the digits that every processor agrees on."""
    return None if number is None else float(f"{number:.{DIGITS}g}")


def _shortlist(needs: Needs | None, candidates: Sequence[Candidate], machine: str | None) -> ShortlistFacts | None:
    """None without needs, or where they name hardware that nobody knows."""
    if needs is None or (needs.local_allowed and machine is None):
        return None
    found = shortlist_for(replace(needs, hardware=machine) if machine is not None else needs)
    known = {one.name: model.id for one in candidates if (model := known_model(one)) is not None}
    picked = {one.entry.model.id for one in found.picks}
    return ShortlistFacts(
        catalog=found.snapshot,
        looked_at=found.looked_at,
        machine=machine,
        funnel=tuple(Step(code, models) for code, models in found.funnel),
        picks=tuple(
            _pick(one, tuple(name for name, model in known.items() if model == one.entry.model.id))
            for one in found.picks
        ),
        relaxed=tuple(reason("shortlist.relax", key=one.key, models=one.models) for one in found.relaxed),
        beside=tuple(_beside(one, known, found) for one in candidates if known.get(one.name) not in picked),
        notes=found.notes,
    )


def _pick(one: Pick, candidates: tuple[str, ...]) -> PickFacts:
    entry = one.entry
    quality, spread, chance = (rounded(number) for number in (entry.quality, entry.standing.spread, one.chance_best))
    assert quality is not None
    assert spread is not None
    assert chance is not None
    return PickFacts(
        model=entry.model.id,
        build=str(entry.plan.build) if entry.plan is not None else None,
        provider=entry.offer.provider if entry.offer is not None else None,
        role=one.role,
        quality=quality,
        spread=spread,
        chance_best=chance,
        seconds=rounded(entry.seconds),
        memory_bytes=rounded(entry.memory_bytes),
        usd_per_month=rounded(entry.usd_per_month),
        reasons_for=one.reasons_for,
        reasons_against=one.reasons_against,
        candidates=candidates,
    )


def _beside(candidate: Candidate, known: dict[str, str], found: Shortlist) -> Beside:
    model = known.get(candidate.name)
    return Beside(candidate.name, reason("out.not_in_catalog") if model is None else found.out[model])


def _deployment(folder: Path, config: Config, choice: str | None, machine: str | None) -> DeployFacts | None:
    """None where there is no choice, or where nothing is known that could run it."""
    candidate = candidate_of(choice, config.candidates) if choice is not None else None
    if candidate is None or candidate.via == "file":
        return None
    own = candidate.name
    endpoint = endpoint_of(candidate)
    if endpoint is not None:
        step = reason("report.hosted", model=candidate.model, url=endpoint)
        return DeployFacts(own, candidate.model, None, None, None, None, (step, reason("deploy.step.check")))
    model = known_model(candidate)
    if model is None or model.file is not None or machine is None:
        return None
    found = deployment_for(own, folder, on=machine)
    return DeployFacts(
        candidate=own,
        model=model.id,
        build=str(found.plan.build),
        engine=found.plan.engine,
        machine=machine,
        command=found.plan.command,
        steps=found.steps,
    )
