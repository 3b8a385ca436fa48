"""Does the judge judge as people do? Agreement, what it finds and misses, its rate put right, and a state.

A judge is `trusted` only when labels show that it may be. Everything else is shown, and cannot decide.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Literal

from bakeoff.evaluate.judge.habits import Habits, Looks, length_against_people
from bakeoff.evaluate.judge.settings import Bar, Settings
from bakeoff.evaluate.judge.verdicts import Verdict
from bakeoff.evaluate.people.labels import Opinion
from bakeoff.evaluate.stats.agreement import Agreement, Detection, Interval, agreement, detection
from bakeoff.evaluate.stats.corrected import Corrected, Labels, poststratified, prediction_powered, rogan_gladen
from bakeoff.values import Reason, reason

State = Literal["trusted", "not trusted", "not calibrated"]
"""not trusted: the data speak against it. not calibrated: too few labels to say."""

OWN_LABELS = 10
"""From so many labels of its own on, a candidate's rate is put right by them alone and not by those of all."""


@dataclass(frozen=True, slots=True)
class Put:
    """One rate of the judge, put right by people's labels."""

    of: str
    """Candidate; of a pair, the one whose share of wins it is."""

    against: str | None
    method: Literal["poststratified", "Rogan-Gladen", "prediction-powered"]
    rate: Corrected


@dataclass(frozen=True, slots=True)
class Calibration:
    """A judge against people, on the items that both saw."""

    state: State
    reasons: tuple[Reason, ...]
    """Why it is not trusted, or what is missing."""

    n_labels: int
    """Labelled items with a valid verdict that were drawn by chance: what everything below rests on."""

    n_other: int
    """Further labelled items with a verdict, chosen because they are informative. Not used for rates."""

    n_imported: int
    """Of `n_labels`, those that came by file, of which nobody knows how they were drawn."""

    agreement: Agreement | None = None
    detection: Detection | None = None
    """Of pairs: of the wins of either candidate, the share that the judge finds too; a tie is a miss."""

    length: Interval | None = None
    """`habits.length_against_people`."""

    corrected: tuple[Put, ...] = ()


@dataclass(frozen=True, slots=True)
class Matched:
    """An item that judge and people saw."""

    verdict: Verdict
    people: float
    """What people say, in the direction of the verdict."""

    fair: bool


def matched(verdicts: Sequence[Verdict], opinions: Sequence[Opinion]) -> list[Matched]:
    """Items with a valid verdict of the judge and an opinion of people. Items that a rule settled are left out."""
    by_item = {opinion.key: opinion for opinion in opinions}
    return [
        Matched(verdict, opinion.towards(verdict.item.left), opinion.fair)
        for verdict in verdicts
        if verdict.asked and (opinion := by_item.get(verdict.item.key)) is not None
    ]


def calibrate(
    verdicts: Sequence[Verdict],
    opinions: Sequence[Opinion],
    settings: Settings,
    *,
    habits: Habits,
    seen: Looks,
    imported: frozenset[tuple[str, ...]] = frozenset(),
) -> Calibration:
    """Compare a judge, or a jury, with people.

    Args:
        verdicts: on every item.
        opinions: what people say, of the present answers.
        settings: of the judge; its bar decides.
        habits: of the same verdicts.
        seen: what one sees of the answers before reading them.
        imported: `(row id, candidate, ...)` of the opinions that rest on files alone.
    """
    all_ = matched(verdicts, opinions)
    fair = [one for one in all_ if one.fair]
    pairs = settings.form == "pairwise"
    cut = 0.5 if pairs else settings.pass_at
    judge = [_side(one.verdict.value, cut, pairs) for one in fair]
    people = [_side(one.people, 0.5, pairs) for one in fair]
    both = agreement(judge, people) if fair else None
    found = _detection(judge, people) if fair else None
    passed = [_as_passed(one.verdict, cut, pairs) for one in fair]
    length = length_against_people(passed, [one.people for one in fair], seen) if fair else None
    reasons = (
        *_missing(people, settings.bar, settings.form),
        *_faults(both, found, habits, length, settings),
    )
    return Calibration(
        state=_state(reasons),
        reasons=reasons,
        n_labels=len(fair),
        n_other=len(all_) - len(fair),
        n_imported=sum(one.verdict.item.key in imported for one in fair),
        agreement=both,
        detection=found,
        length=length,
        corrected=tuple(_corrected_pairs(verdicts, fair) if pairs else _corrected_points(verdicts, fair, cut)),
    )


NOT_ENOUGH = ("judge.few_labels", "judge.few_of_each")
"""Codes that speak of missing labels; all others speak against the judge."""


def _state(reasons: Sequence[Reason]) -> State:
    if any(one.code not in NOT_ENOUGH for one in reasons):
        return "not trusted"
    return "not calibrated" if reasons else "trusted"


def _side(value: float | None, cut: float, pairs: bool) -> int:
    """1 for the left answer or a pass, 0 for the right one or a failure, 2 for a tie."""
    assert value is not None
    if pairs and value == 0.5:
        return 2
    return int(value > 0.5 if pairs else value >= cut)


def _as_passed(verdict: Verdict, cut: float, pairs: bool) -> Verdict:
    """The verdict on one answer as right or wrong."""
    if pairs or verdict.value is None:
        return verdict
    return Verdict(verdict.item, float(verdict.value >= cut))


def _detection(judge: Sequence[int], people: Sequence[int]) -> Detection:
    """A tie of the judge is a miss on either side; a tie of people says nothing here."""
    decided = [(said, truth == 1) for said, truth in zip(judge, people, strict=True) if truth != 2]
    truths = [truth for _, truth in decided]
    return Detection(
        sensitivity=detection([said == 1 for said, _ in decided], truths).sensitivity,
        specificity=detection([said != 0 for said, _ in decided], truths).specificity,
    )


def _missing(people: Sequence[int], bar: Bar, form: str) -> list[Reason]:
    """What people would have to label before anything can be said."""
    found = []
    if len(people) < bar.labels:
        found.append(reason("judge.few_labels", n=len(people), needed=bar.labels, more=bar.labels - len(people)))
    # Of pairs a clear winner may win them all; but where people see ties only, nothing is known of the judge.
    sides = (people.count(1), people.count(0))
    fewer = sum(sides) if form == "pairwise" else min(sides)
    if len(people) >= bar.labels and fewer < bar.each:
        found.append(reason("judge.few_of_each", n=fewer, needed=bar.each, form=form))
    return found


def _faults(
    both: Agreement | None, found: Detection | None, habits: Habits, length: Interval | None, settings: Settings
) -> list[Reason]:
    """What the data show against the judge."""
    reasons, bar = [], settings.bar
    enough = both is not None and both.raw.n >= bar.labels
    if enough and both is not None and both.ac1 is not None and both.ac1.low <= bar.agreement:
        reasons.append(reason("judge.low_agreement", low=both.ac1.low, value=both.ac1.value, bar=bar.agreement))
    if enough and found is not None and not _skill(found, bar.each):
        reasons.append(reason("judge.no_skill", **_rates(found)))
    if habits.flips is not None and habits.flips.value > bar.most_flips:
        reasons.append(reason("judge.flips", share=habits.flips.value, most=bar.most_flips))
    if habits.pull is not None and max(habits.pull.low, -habits.pull.high) > bar.most_pull:
        place = "first" if habits.pull.value > 0 else "second"
        reasons.append(reason("judge.place", pull=abs(habits.pull.value), place=place))
    if length is not None and length.low > bar.most_length:
        reasons.append(reason("judge.length", form=settings.form, more=length.value))
    if habits.invalid_share > bar.most_invalid:
        reasons.append(reason("judge.invalid", share=habits.invalid_share, most=bar.most_invalid))
    return reasons


def _skill(found: Detection, each: int) -> bool:
    """Youden's index, sensitivity + specificity - 1, is shown to lie above 0: the verdict depends on the answer.

    W. Youden, Cancer 3 (1950) 32; the interval from the two Wilson intervals (R. Newcombe, Statistics in Medicine 17
    (1998) 873). Where people found too few on one side, that is said elsewhere.
    """
    sensitivity, specificity = found.sensitivity, found.specificity
    if sensitivity is None or specificity is None or min(sensitivity.n, specificity.n) < each:
        return True
    index = sensitivity.value + specificity.value - 1
    return index - hypot(sensitivity.value - sensitivity.low, specificity.value - specificity.low) > 0


def _rates(found: Detection) -> dict[str, float]:
    assert found.sensitivity is not None
    assert found.specificity is not None
    return {"sensitivity": found.sensitivity.value, "specificity": found.specificity.value}


def _corrected_points(verdicts: Sequence[Verdict], fair: Sequence[Matched], cut: float) -> list[Put]:
    """Each candidate's share of right answers. Answers that a rule settled (blank) count as wrong."""
    if not fair:
        return []
    found = []
    pooled = _labels(fair, cut)
    for name in dict.fromkeys(verdict.item.left for verdict in verdicts):
        own = [verdict for verdict in verdicts if verdict.item.left == name and verdict.value is not None]
        asked = [verdict for verdict in own if verdict.item.settled is None]
        if not asked:
            continue
        passed = sum((verdict.value or 0.0) >= cut for verdict in asked)
        labels = _labels([one for one in fair if one.verdict.item.left == name], cut)
        if labels.n >= OWN_LABELS:
            put = Put(name, None, "poststratified", poststratified(passed, len(asked), labels))
        else:
            put = Put(name, None, "Rogan-Gladen", rogan_gladen(passed, len(asked), pooled))
        found.append(_with_settled(put, [verdict.value or 0.0 for verdict in own if verdict.item.settled is not None]))
    return found


def _labels(fair: Sequence[Matched], cut: float) -> Labels:
    cells = [((one.verdict.value or 0.0) >= cut, one.people > 0.5) for one in fair]
    return Labels(
        good_passed=cells.count((True, True)),
        good_rejected=cells.count((False, True)),
        bad_passed=cells.count((True, False)),
        bad_rejected=cells.count((False, False)),
    )


def _corrected_pairs(verdicts: Sequence[Verdict], fair: Sequence[Matched]) -> list[Put]:
    """Each pair's share of wins of the left candidate, ties half, where the pair has labels enough of its own."""
    labelled: Mapping[int, Matched] = {id(one.verdict.item): one for one in fair}
    found = []
    for pair in dict.fromkeys((verdict.item.left, verdict.item.right) for verdict in verdicts):
        own = [v for v in verdicts if (v.item.left, v.item.right) == pair and v.value is not None]
        asked = [verdict for verdict in own if verdict.item.settled is None]
        with_label = [labelled[id(verdict.item)] for verdict in asked if id(verdict.item) in labelled]
        if len(with_label) < OWN_LABELS:
            continue
        rate = prediction_powered(
            [one.people for one in with_label],
            [one.verdict.value or 0.0 for one in with_label],
            [verdict.value or 0.0 for verdict in asked if id(verdict.item) not in labelled],
        )
        put = Put(pair[0], pair[1], "prediction-powered", rate)
        found.append(_with_settled(put, [verdict.value or 0.0 for verdict in own if verdict.item.settled is not None]))
    return found


def _with_settled(put: Put, settled: Sequence[float]) -> Put:
    """The rate over all items: those that a rule settled are known and only dilute."""
    if not settled:
        return put
    rate, n = put.rate, put.rate.n_judged
    whole = n + len(settled)

    def diluted(value: float) -> float:
        return (value * n + sum(settled)) / whole

    return Put(
        put.of,
        put.against,
        put.method,
        Corrected(
            diluted(rate.value), diluted(rate.low), diluted(rate.high), diluted(rate.uncorrected), whole, rate.n_labels
        ),
    )
