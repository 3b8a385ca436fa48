"""What there is to say about judges and people, as codes with numbers; `report.words` makes the sentences."""

from collections.abc import Iterator

from bakeoff.evaluate.judge.result import Judged
from bakeoff.evaluate.people.standing import PeopleResult
from bakeoff.evaluate.stats.agreement import Agreement, Detection, Interval
from bakeoff.values import Reason, reason


def telling(found: Judged) -> Iterator[Reason]:
    """The state of the judges first, then what it rests on."""
    calibration, habits = found.calibration, found.habits
    yield reason("judge.state", state=found.state, n=calibration.n_labels, needed=found.settings.bar.labels)
    yield from calibration.reasons
    if calibration.agreement is not None:
        yield agrees(calibration.agreement)
    if calibration.detection is not None:
        yield from finds(calibration.detection, found.settings.form)
    if calibration.n_imported:
        yield reason("judge.imported", n=calibration.n_imported, total=calibration.n_labels)
    if habits.pull is not None and habits.flips is not None:
        yield reason("judge.places", flips=habits.flips.value, **_interval(habits.pull), n=habits.pull.n)
    if habits.longer is not None:
        yield reason("judge.longer", **_interval(habits.longer), n=habits.longer.n)
    if habits.formatted is not None:
        yield reason("judge.formatted", **_interval(habits.formatted), n=habits.formatted.n)
    if calibration.length is not None:
        form = found.settings.form
        yield reason("judge.length_pull", form=form, **_interval(calibration.length), n=calibration.length.n)
    for pair in found.equal_length():
        yield reason("judge.equal_length", a=pair.a, b=pair.b, judged=pair.judged.value, **_interval(pair.controlled))
    if found.effective is not None:
        yield reason("judge.jury", judges=len(found.judges), **_interval(found.effective))
    for put in calibration.corrected:
        yield reason(
            "judge.corrected",
            model=put.of,
            against=put.against,
            uncorrected=put.rate.uncorrected,
            value=put.rate.value,
            low=put.rate.low,
            high=put.rate.high,
            n=put.rate.n_labels,
        )


def agrees(both: Agreement) -> Reason:
    """Raw agreement with the coefficients that take chance away."""
    return reason(
        "judge.agrees",
        **_interval(both.raw),
        n=both.raw.n,
        kappa=both.kappa.value if both.kappa is not None else None,
        ac1=both.ac1.value if both.ac1 is not None else None,
        ac1_low=both.ac1.low if both.ac1 is not None else None,
        ac1_high=both.ac1.high if both.ac1 is not None else None,
    )


def finds(found: Detection, form: str) -> Iterator[Reason]:
    """What the judge finds of what people find, where people found both kinds."""
    for side, rate in (("sensitivity", found.sensitivity), ("specificity", found.specificity)):
        if rate is not None:
            yield reason(f"judge.{side}", form=form, **_interval(rate), n=rate.n)


def _interval(one: Interval) -> dict[str, float]:
    return {"value": one.value, "low": one.low, "high": one.high}


def telling_people(found: PeopleResult) -> Iterator[Reason]:
    """What people did, and how far they agree."""
    people = found.people
    yield reason("people.labels", n=people.items, people=len(people.authors))
    if found.stale:
        yield reason("people.stale", n=found.stale)
    if found.changed_minds:
        yield reason("people.changed", n=found.changed_minds)
    if people.contradicting:
        yield reason("people.contradicting", n=people.contradicting)
    if people.both_bad:
        yield reason("people.both_bad", n=people.both_bad)
    for two in people.pairs:
        yield reason("people.agree", a=two.a, b=two.b, **_interval(two.agreement.raw), n=two.n)
    if people.alpha is not None:
        yield reason("people.alpha", value=people.alpha)
