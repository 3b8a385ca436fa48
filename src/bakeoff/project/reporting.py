"""What a report needs to know of a project, gathered from its file, its ledger and its models."""

from collections.abc import Mapping, Sequence
from typing import Any

from bakeoff.decide import Decision
from bakeoff.evaluate.judge.result import Judged
from bakeoff.evaluate.people.standing import PeopleResult
from bakeoff.evaluate.results import Comparison
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Table
from bakeoff.project.config import Config
from bakeoff.project.contestants import Contestant
from bakeoff.report import CandidateFacts, DataFacts, MachineFacts, ReportData
from bakeoff.values import from_json
from bakeoff.version import __version__


def report_data(
    name: str,
    config: Config,
    table: Table,
    contestants: Sequence[Contestant],
    *,
    prompt_digest: str,
    decision: Decision,
    comparison: Comparison,
    ledger: Ledger,
    judged: Judged | None = None,
    people: PeopleResult | None = None,
) -> ReportData:
    """Everything that a report shows. Its date is that of its last answer, so that it does not change by itself."""
    engines = {c.candidate.name: _engine(c, ledger) for c in contestants}
    dates = [ledger.answered_until(calls) for contestant in contestants for calls in contestant.digests or ()]
    return ReportData(
        project=name,
        date=max((date for date in dates if date), default="")[:10],
        decision=decision,
        comparison=comparison,
        data=DataFacts(config.data.file, len(table.rows), table.digest),
        prompt=config.prompt,
        prompt_digest=prompt_digest,
        variants=config.prompts if len(config.prompts) > 1 else (),
        graders=tuple(grader.facts() for grader in config.graders),
        candidates=tuple(_candidate(contestant, engines[contestant.candidate.name]) for contestant in contestants),
        machine=_machine(list(engines.values())),
        bakeoff=__version__,
        judged=judged,
        people=people,
    )


def _engine(contestant: Contestant, ledger: Ledger) -> Mapping[str, Any]:
    if contestant.resolved is None:
        return {}
    return ledger.engine(contestant.resolved.route.endpoint) or {}


def _candidate(contestant: Contestant, engine: Mapping[str, Any]) -> CandidateFacts:
    candidate, resolved = contestant.candidate, contestant.resolved
    if resolved is None:
        return CandidateFacts(
            candidate.name, candidate.model, contestant.build, candidate.via.rpartition("@")[2], candidate.api
        )
    file = resolved.model_file
    return CandidateFacts(
        name=candidate.name,
        model=candidate.model,
        build=contestant.build,
        via=candidate.via if resolved.base_url is None else resolved.route.endpoint,
        api=resolved.route.api,
        parameters={name: value for name, value in resolved.route.parameters.items() if value is not None},
        sha256=file.sha256 if file is not None else None,
        engine=f"llama.cpp ({engine['version']})" if engine.get("version") else None,
        context_tokens=engine.get("context_per_slot"),
        concurrency=resolved.concurrency,
        license=file.license if file is not None else None,
        license_terms=(file.license_url or (str(file.terms_path.name) if file.terms_path else None)) if file else None,
    )


def machine_of(contestants: Sequence[Contestant], ledger: Ledger) -> MachineFacts | None:
    """The machine that the embedded engine ran on; None where it ran on none, or on several."""
    return _machine([_engine(contestant, ledger) for contestant in contestants])


def _machine(engines: Sequence[Mapping[str, Any]]) -> MachineFacts | None:
    """The machine that the ledger has for the engines; where they ran on several, the last one is not invented."""
    found = {repr(engine["machine"]): engine["machine"] for engine in engines if engine.get("machine")}
    return from_json(MachineFacts, next(iter(found.values()))) if len(found) == 1 else None
