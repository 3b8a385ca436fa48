"""Decision: the choice and why, under any rule before one is saved; what it is locked to, and what became of it."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, ValidationError

from bakeoff.decide import RULES, Decision, Limits, Rule
from bakeoff.decide.limits import usd_per_1000_rows, within
from bakeoff.decide.standings import Standings
from bakeoff.decide.weighted import WEIGHED, ratios, stretches, weigh
from bakeoff.decide.weighted_telling import EQUAL
from bakeoff.errors import BakeoffError, NoAnswer, ProjectError, UsageError
from bakeoff.evaluate.results import Comparison, ModelResult, Pair
from bakeoff.project.adding import against_told, challenge
from bakeoff.project.changes import changes
from bakeoff.project.check_json import KIND as CHECK
from bakeoff.project.config import DecideSection
from bakeoff.project.editing import set_table
from bakeoff.project.history import decisions
from bakeoff.project.lockfile import LOCK_NAME, Lock, lock_digest, lock_document, read_lock
from bakeoff.project.locking import complete, keep, lock_for
from bakeoff.project.needs import limits
from bakeoff.report import Language
from bakeoff.report.decision_json import decision_json
from bakeoff.report.words import label, sentence
from bakeoff.values import to_json
from bakeoff.web.language import Lang
from bakeoff.web.routes.compare import compared
from bakeoff.web.stamps import check_stamp, stamp_of
from bakeoff.web.words import all_told
from bakeoff.web.workspace import Opened, Project_

router = APIRouter(prefix="/api/projects/{project}/decision", tags=["decision"])

RuleAsked = Annotated[str | None, Query(max_length=40, description="one of `RULES`; the saved one")]
GapAsked = Annotated[float | None, Query(description="smallest gap that matters, 0.03 for three points; the saved one")]
WeightsAsked = Annotated[list[str] | None, Query(max_length=8, description="`quality=0.5`, once for each criterion")]


class Rules(BaseModel):
    """What to write under `[decide]`."""

    model_config = ConfigDict(extra="forbid")

    rule: str
    smallest_gap_that_matters: float
    weights: dict[str, float] | None = None
    stamp: str | None = None
    """Of the table that was changed."""


@router.get("")
def get_decision(
    opened: Project_, lang: Lang, rule: RuleAsked = None, gap: GapAsked = None, weight: WeightsAsked = None
) -> dict[str, Any]:
    """The document of `bakeoff decide --json` in words, as saved or under another rule; saves nothing."""
    saved = opened.project().config.decide
    section = saved
    if rule is not None or gap is not None or weight is not None:
        section = _section(
            saved,
            rule=saved.rule if rule is None else rule,
            gap=saved.smallest_gap_that_matters if gap is None else gap,
            weights=saved.weights if weight is None else _weights(weight),
        )
    return _document(opened, section, lang)


@router.put("")
def put_decision(opened: Project_, lang: Lang, given: Rules) -> dict[str, Any]:
    """Write rule, gap and weights into `[decide]`. 409 where the table changed since `stamp`, with what it is now."""
    saved = opened.project().config.decide
    section = _section(saved, rule=given.rule, gap=given.smallest_gap_that_matters, weights=given.weights)
    _decided(opened, section)  # says what cannot be, before anything is written
    with opened.lock:
        check_stamp(opened.folder, "decide", given.stamp)
        values = {
            "rule": section.rule,
            "smallest_gap_that_matters": section.smallest_gap_that_matters,
            "weights": section.weights,
        }
        set_table(opened.folder, "decide", values)
    return _document(opened, opened.project().config.decide, lang)


def _section(saved: DecideSection, *, rule: str, gap: float, weights: Mapping[str, float] | None) -> DecideSection:
    given = {"rule": rule, "smallest_gap_that_matters": gap, "metric": saved.metric, "weights": weights}
    try:
        return DecideSection.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where, said = ".".join(str(part) for part in first["loc"]), first["msg"].removeprefix("Value error, ")
        raise UsageError(f"{where}: {said}", hint=f"rules are {', '.join(RULES)}; a gap lies between 0 and 1") from None


def _weights(given: list[str]) -> dict[str, float]:
    found = {}
    for one in given:
        name, _, value = one.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            raise UsageError(f"weight {one[:40]!r} is not a number", hint="write weight=quality=0.5") from None
    return found


def _decided(opened: Opened, section: DecideSection) -> Decision:
    return opened.project().decide(compared(opened).comparison, section=section)


def _document(opened: Opened, section: DecideSection, lang: Language) -> dict[str, Any]:
    decision, found = _decided(opened, section), compared(opened)
    project = opened.project()
    saved, allowed = project.config.decide, limits(project.config.needs)
    runner_up = _runner_up(decision)
    return {
        "decision": decision_json(decision),
        "sentence": sentence(decision.sentence, lang),
        "verdict": label(f"verdict.{decision.verdict}", lang),
        "reasons": all_told(decision.reasons, lang),
        "caveats": all_told(decision.caveats, lang),
        "runner_up": runner_up,
        "pair": to_json(_pair(decision, runner_up)),
        "complete": complete(decision),
        "missing": sum(one.counts.get("missing", 0) + one.counts.get("failed", 0) for one in decision.models),
        "rules": [{"rule": one, "text": label(f"rule.{one}", lang), "possible": _possible(one, allowed)}
                  for one in RULES],
        "asked": _settings(section),
        "saved": _settings(saved),
        "stamp": stamp_of(opened.folder, "decide"),
        "limits": _limits(found.comparison, allowed),
        "weighing": _weighing(found.comparison, allowed, section.weights or EQUAL),
        "has_needs": project.config.needs is not None,
    }  # fmt: skip


def _settings(section: DecideSection) -> dict[str, Any]:
    return {
        "rule": section.rule,
        "smallest_gap_that_matters": section.smallest_gap_that_matters,
        "metric": section.metric,
        "weights": section.weights,
    }


def _possible(rule: Rule, allowed: Limits) -> bool:
    return rule != "best within budget" or allowed.max_usd_per_1000_rows is not None


def _runner_up(decision: Decision) -> str | None:
    """The one that the sentence holds the choice against."""
    said = decision.sentence.parameters
    others = said.get("others") or [None]
    name = said.get("runner_up") or said.get("than") or said.get("against") or others[0]
    return name if name != decision.choice else None


def _pair(decision: Decision, other: str | None) -> Pair | None:
    """The choice minus the runner-up."""
    for pair in decision.pairs:
        if {pair.a, pair.b} == {decision.choice, other}:
            return pair if pair.a == decision.choice else pair.turned()
    return None


def _limits(comparison: Comparison, allowed: Limits) -> list[dict[str, Any]]:
    """Each limit of the needs, and what every candidate measured of it: kept is None where nothing is known."""

    def first_token(model: ModelResult) -> float | None:
        found = model.time_to_first_token_ms
        return None if found is None else found.p50

    found = [
        ("max_time_to_first_token_ms", allowed.max_time_to_first_token_ms, first_token, False),
        ("min_decode_tokens_per_second", allowed.min_decode_tokens_per_second,
         lambda model: model.decode_tokens_per_second, True),
        ("max_usd_per_1000_rows", allowed.max_usd_per_1000_rows, usd_per_1000_rows, False),
    ]  # fmt: skip
    return [
        {
            "limit": name,
            "value": bound,
            "models": [
                {"model": model.model, "value": value, "kept": None if value is None else
                 value >= bound if is_least else value <= bound}
                for model in comparison.models for value in [measured(model)]
            ],
        }
        for name, bound, measured, is_least in found if bound is not None
    ]  # fmt: skip


def _weighing(comparison: Comparison, allowed: Limits, weights: Mapping[str, float]) -> dict[str, Any] | None:
    """What weights say, and over which weights the choice holds; None where there is nothing to weigh."""
    if comparison.barred is not None:
        return None
    standings = Standings(within(comparison, allowed)[0])
    if len(standings.names) < 2:
        return None
    names = list(standings.choosable)
    try:
        found = weigh(standings, weights)
    except UsageError:
        return None
    return {
        "order": list(found.order),
        "scores": dict(found.scores),
        "weights": dict(found.weights),
        "left_out": list(found.left_out),
        "share": found.share,
        "turns": to_json(found.turns),
        "ratios": {
            name: dict(zip(names, values, strict=True))
            for name in WEIGHED if (values := ratios(standings, names, name)) is not None
        },
        "stretches": {name: to_json(stretches(standings, weights, name)) for name in WEIGHED},
    }  # fmt: skip


# the lock, and the history


@router.get("/lock")
def get_lock(opened: Project_, lang: Lang) -> dict[str, Any]:
    """What the decision is locked to, and what is different now. Asks no model."""
    return _lock_document(opened, lang)


@router.post("/lock")
def post_lock(opened: Project_, lang: Lang) -> dict[str, Any]:
    """Lock the decision as it stands: `bakeoff.lock` is written, and a new decision is added to the history.

    422 where there is no answer yet.
    """
    decision = compared(opened).decision
    if decision.verdict == "no answer":
        raise NoAnswer("there is nothing to lock: no candidate has an answer", hint="run the candidates first")
    with opened.lock:
        keep(opened.project(), decision)
    return _lock_document(opened, lang)


def _now(opened: Opened) -> Lock:
    return opened.kept("lock", lambda project: lock_for(project, compared(opened).decision))


def _lock_document(opened: Opened, lang: Language) -> dict[str, Any]:
    path = opened.folder / LOCK_NAME
    now = _now(opened)
    empty: dict[str, Any] = {
        "there": path.is_file(),
        "error": None,
        "lock": None,
        "digest": None,
        "holds": None,
        "changes": [],
    }
    if not path.is_file():
        return empty
    try:
        before = read_lock(path)
    except ProjectError as error:
        return {**empty, "error": {"message": error.message, "hint": error.hint}}
    found = changes(before, now)
    return {
        **empty,
        "lock": lock_document(before),
        "digest": lock_digest(before),
        "holds": not found,
        "changes": all_told(found, lang),
    }


@router.get("/history")
def get_history(opened: Project_, lang: Lang) -> dict[str, Any]:
    """Every decision that was kept, the oldest first."""
    return {
        "decisions": [
            {
                "number": finding.number,
                "at": finding.at,
                "digest": finding.about,
                "choice": lock.choice,
                "verdict": lock.verdict,
                "verdict_text": label(f"verdict.{lock.verdict}", lang),
                "rule": lock.rule,
                "smallest_gap_that_matters": lock.gap,
                "rows": lock.rows,
                "candidates": len(lock.candidates),
                "quality": to_json(lock.qualities.get(lock.choice or "")),
            }
            for finding, lock in decisions(opened.project())
        ]
    }


@router.get("/history/changes")
def get_changes(
    opened: Project_,
    lang: Lang,
    before: Annotated[int, Query(ge=1, description="number of a decision")],
    after: Annotated[int | None, Query(ge=1, description="number of another; the present one")] = None,
) -> dict[str, Any]:
    """What is different between two decisions."""
    known = {finding.number: lock for finding, lock in decisions(opened.project())}
    for number in (before, after):
        if number is not None and number not in known:
            raise UsageError(f"there is no decision {number}", hint=f"there are {len(known)}: see history")
    later = _now(opened) if after is None else known[after]
    return {"before": before, "after": after, "changes": all_told(changes(known[before], later), lang)}


# again


@router.get("/challenge")
def get_challenge(opened: Project_, lang: Lang, candidate: Annotated[str, Query(max_length=400)]) -> dict[str, Any]:
    """One candidate against the choice that there would be without it: champion and challenger, in sentences."""
    known: dict[str, Any] = opened.kept("challenges", lambda _: {})
    if candidate not in known:
        known[candidate] = challenge(opened.project(), candidate, compared(opened).comparison)
    champion, pairs = known[candidate]
    told = all_told(against_told(candidate, champion, pairs), lang)
    return {"candidate": candidate, "champion": champion, "pairs": to_json(pairs), "sentences": told}


@router.get("/check")
def get_check(opened: Project_, lang: Lang) -> dict[str, Any]:
    """What the last check found (start one by `POST jobs {"verb": "check"}`); null where there was none."""
    with opened.project().ledger() as ledger:
        found = ledger.findings(CHECK)
    if not found:
        return {"check": None}
    last = found[-1]
    try:
        now = lock_digest(read_lock(opened.folder / LOCK_NAME))
    except BakeoffError:
        now = None
    return {"check": last.value, "at": last.at, "of_this_lock": last.about == now}
