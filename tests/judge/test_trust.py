"""A judge is trusted when labels show it, and planted judges are caught: simulated verdicts, no server."""

from collections.abc import Callable

import numpy as np
import pytest

from bakeoff.evaluate.judge.habits import Looks, habits, length_against_people
from bakeoff.evaluate.judge.planning import Item, Plan
from bakeoff.evaluate.judge.readings import Reading
from bakeoff.evaluate.judge.result import Bench, together
from bakeoff.evaluate.judge.scores import row_scores, standings
from bakeoff.evaluate.judge.settings import Bar, Settings
from bakeoff.evaluate.judge.trust import Calibration, calibrate
from bakeoff.evaluate.judge.verdicts import Verdict, jury, verdicts
from bakeoff.evaluate.people.labels import Opinion
from tests.judge.cells import column

PAIRWISE = Settings("pairwise", "", "", "")
RUBRIC = Settings("rubric", "", "", "")
A_WINS, B_WINS = ("A", "B"), ("B", "A")
N = 300


def pair(row: int) -> Item:
    """Two answers."""
    return Item(row, str(row), "a", "b")


class Field:
    """Rows on which people prefer one answer, and answers of some length that has nothing to do with it."""

    def __init__(self, seed: int, better: float = 0.6, ties: float = 0.2) -> None:
        self.random = np.random.default_rng(seed)
        roll = self.random.random(N)
        self.truth = np.where(roll < ties, 0.5, np.where(roll < ties + (1 - ties) * better, 1.0, 0.0))
        self.looks = Looks(
            characters={name: self.random.integers(10, 400, N).tolist() for name in "ab"},
            format_marks={name: [0] * N for name in "ab"},
        )

    def judge(self, say: Callable[[int, float], tuple[str, str]]) -> tuple[Verdict, ...]:
        """Verdicts of a judge that says (first order, second order) to (row, truth)."""
        plan = Plan("all", (("a", "b"),), None, tuple(pair(row) for row in range(N)), N)
        slots = [say(row, float(self.truth[row])) for row in range(N)]
        return verdicts(plan, [Reading(slot=slot) for both in slots for slot in both])  # type: ignore[arg-type]

    def people(self, count: int) -> list[Opinion]:
        """What people say of rows by chance."""
        rows = self.random.choice(N, count, replace=False)
        return [
            Opinion("pair", str(row), "a", "b", float(self.truth[row]), (("ann", float(self.truth[row])),), True)
            for row in rows
        ]

    def calibrated(self, said: tuple[Verdict, ...], count: int) -> Calibration:
        """The judge against so many labels."""
        return calibrate(said, self.people(count), PAIRWISE, habits=habits(said, self.looks), seen=self.looks)


def right(truth: float) -> tuple[str, str]:
    """What a judge without errors says."""
    return {1.0: A_WINS, 0.0: B_WINS}.get(truth, ("tie", "tie"))


def honest(field: Field, accuracy: float) -> Callable[[int, float], tuple[str, str]]:
    """Wrong now and then, in both orders alike."""
    wrong = field.random.random(N) >= accuracy
    other = field.random.integers(0, 2, N)

    def say(row: int, truth: float) -> tuple[str, str]:
        if not wrong[row]:
            return right(truth)
        choices = [one for one in (A_WINS, B_WINS, ("tie", "tie")) if one != right(truth)]
        return choices[other[row]]

    return say


def pulled(field: Field, share: float, slots: tuple[str, str]) -> Callable[[int, float], tuple[str, str]]:
    """Without errors, but a share of the rows goes to one place."""
    drawn = field.random.random(N) < share
    return lambda row, truth: slots if drawn[row] else right(truth)


def length_lover(field: Field) -> Callable[[int, float], tuple[str, str]]:
    """Takes the longer answer."""
    a, b = field.looks.characters["a"], field.looks.characters["b"]
    return lambda row, truth: A_WINS if a[row] > b[row] else B_WINS


def codes(found: Calibration) -> set[str]:
    """Of its reasons."""
    return {reason.code for reason in found.reasons}


@pytest.mark.parametrize("labels", [30, 50, 100])
def test_an_honest_judge_with_errors_is_trusted(labels: int) -> None:
    found = []
    for seed in range(20):
        field = Field(seed)
        found.append(field.calibrated(field.judge(honest(field, 0.9)), labels).state)
    assert found.count("trusted") >= 19


def test_a_judge_that_guesses_is_never_trusted() -> None:
    for seed in range(20):
        field = Field(seed)
        guesses = field.random.integers(0, 3, N)
        said = field.judge(lambda row, _, g=guesses: (A_WINS, B_WINS, ("tie", "tie"))[g[row]])  # type: ignore[misc]
        assert field.calibrated(said, 50).state == "not trusted"


def test_a_first_slot_judge_is_caught() -> None:
    for seed in range(20):
        field = Field(seed)
        always = field.calibrated(field.judge(lambda *_: ("A", "A")), 50)
        assert always.state == "not trusted"
        assert {"judge.flips", "judge.place"} <= codes(always)
        quarter = field.calibrated(field.judge(pulled(field, 0.25, ("A", "A"))), 50)
        assert "judge.place" in codes(quarter)
        second = field.calibrated(field.judge(pulled(field, 0.25, ("B", "B"))), 50)
        assert second.state == "not trusted"
        assert next(r for r in second.reasons if r.code == "judge.place").parameters["place"] == "second"


def test_a_place_that_decides_is_seen_without_any_label() -> None:
    field = Field(1)
    found = field.calibrated(field.judge(lambda *_: ("A", "A")), 0)
    assert found.state == "not trusted"
    assert {"judge.few_labels", "judge.flips", "judge.place"} == codes(found)


def test_a_length_loving_judge_is_caught() -> None:
    for seed in range(20):
        field = Field(seed)
        found = field.calibrated(field.judge(length_lover(field)), 50)
        assert found.state == "not trusted"
        assert "judge.length" in codes(found)


def test_length_is_no_fault_where_people_prefer_it_too() -> None:
    field = Field(3)
    a, b = field.looks.characters["a"], field.looks.characters["b"]
    field.truth = np.where(np.array(a) > np.array(b), 1.0, 0.0)
    found = field.calibrated(field.judge(lambda _, truth: right(truth)), 50)
    assert found.state == "trusted"


def test_agreement_by_prevalence_alone_is_not_trusted() -> None:
    # The case of docs/concepts/judge.md: 95 of 100 answers pass, the judge passes nearly all; AC1 alone says 0.9.
    items = [Item(row, str(row), "a", None) for row in range(100)]
    bad = set(range(5))
    passed = {row for row in range(100) if row not in bad or row < 4} - set(range(10, 14))
    said = tuple(Verdict(item, 1.0 if item.row in passed else 0.0) for item in items)
    people = [
        Opinion("point", str(r), "a", None, float(r not in bad), (("ann", float(r not in bad)),), True)
        for r in range(100)
    ]
    looks = Looks({"a": list(range(100))}, {"a": [0] * 100})
    found = calibrate(said, people, RUBRIC, habits=habits(said, looks), seen=looks)
    assert found.agreement is not None
    assert found.agreement.raw.value == 0.92
    assert found.agreement.ac1 is not None
    assert found.agreement.ac1.value == pytest.approx(0.911, abs=0.001)
    assert found.agreement.kappa is not None
    assert found.agreement.kappa.value == pytest.approx(3 / 19)
    assert found.state == "not trusted"
    assert codes(found) == {"judge.no_skill"}


def test_few_labels_calibrate_nothing() -> None:
    field = Field(1)
    said = field.judge(lambda _, truth: right(truth))
    assert field.calibrated(said, 19).state == "not calibrated"
    assert field.calibrated(said, 20).state == "trusted"
    ties = Field(1, ties=1.0)
    only_ties = ties.calibrated(ties.judge(lambda *_: ("tie", "tie")), 50)
    assert (only_ties.state, codes(only_ties)) == ("not calibrated", {"judge.few_of_each"})


def test_informative_labels_do_not_count() -> None:
    field = Field(1)
    said = field.judge(lambda _, truth: right(truth))
    chosen = [Opinion(o.kind, o.row_id, o.left, o.right, o.value, o.by_author, False) for o in field.people(50)]
    found = calibrate(said, chosen, PAIRWISE, habits=habits(said, field.looks), seen=field.looks)
    assert (found.state, found.n_labels, found.n_other) == ("not calibrated", 0, 50)


def test_the_corrected_share_of_wins_covers_the_truth() -> None:
    covered = raw = 0
    for seed in range(200):
        field = Field(seed)
        truth = float(np.mean(field.truth))
        said = field.judge(pulled(field, 0.5, B_WINS))
        (put,) = field.calibrated(said, 50).corrected
        covered += put.rate.low <= truth <= put.rate.high
        raw += abs(put.rate.uncorrected - truth) < 0.05
    assert covered >= 0.93 * 200
    assert raw < 0.05 * 200


def test_the_corrected_pass_rate_covers_the_truth() -> None:
    covered = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        good = random.random(N) < 0.7
        passed = np.where(good, random.random(N) < 0.9, random.random(N) < 0.25)
        items = [Item(row, str(row), "a", None) for row in range(N)]
        said = tuple(Verdict(item, float(passed[item.row])) for item in items)
        rows = random.choice(N, 50, replace=False)
        people = [Opinion("point", str(r), "a", None, float(good[r]), (("ann", float(good[r])),), True) for r in rows]
        looks = Looks({"a": [1] * N}, {"a": [0] * N})
        (put,) = calibrate(said, people, RUBRIC, habits=habits(said, looks), seen=looks).corrected
        covered += put.rate.low <= float(np.mean(good)) <= put.rate.high
    assert covered >= 0.93 * 200


def test_a_rubric_that_loves_length_is_caught() -> None:
    random = np.random.default_rng(5)
    good, characters = random.random(N) < 0.5, random.integers(10, 400, N)
    said = tuple(Verdict(Item(r, str(r), "a", None), float(characters[r] > 200)) for r in range(N))
    looks = Looks({"a": characters.tolist()}, {"a": [0] * N})
    rows = range(60)
    over = length_against_people([said[r] for r in rows], [float(good[r]) for r in rows], looks)
    assert over is not None
    assert over.low > 0.1


BOTH_ORDERS = [
    (("A", "B"), 1.0, False), (("B", "A"), 0.0, False), (("A", "A"), 0.5, True), (("B", "B"), 0.5, True),
    (("A", "tie"), 0.5, False), (("tie", "A"), 0.5, False), (("tie", "tie"), 0.5, False),
]  # fmt: skip


@pytest.mark.parametrize(("slots", "value", "flipped"), BOTH_ORDERS)
def test_only_the_same_answer_in_both_orders_wins(slots: tuple[str, str], value: float, flipped: bool) -> None:
    plan = Plan("all", (("a", "b"),), None, (pair(0),), 1)
    (said,) = verdicts(plan, [Reading(slot=slot) for slot in slots])  # type: ignore[arg-type]
    assert (said.value, said.flipped) == (value, flipped)


def test_one_order_that_cannot_be_read_leaves_no_verdict() -> None:
    plan = Plan("all", (("a", "b"),), None, (pair(0), pair(1), Item(2, "2", "a", "b", settled=0.5)), 3)
    said = verdicts(plan, [Reading(slot="A"), Reading(invalid="free text"), Reading(slot="A"), None])
    assert [(one.value, one.missing) for one in said] == [(None, False), (None, True), (0.5, False)]
    assert said[0].invalid == ("free text",)


def test_a_jury_takes_the_mean_or_the_majority_of_those_that_vote() -> None:
    def votes(*values: float | None) -> dict[str, list[Verdict]]:
        return {str(n): [Verdict(pair(0), value)] for n, value in enumerate(values)}

    assert jury(votes(1.0, 0.0, 0.5), "mean")[0].value == 0.5
    assert jury(votes(1.0, 1.0, 0.0), "majority")[0].value == 1.0
    assert jury(votes(1.0, 0.0, 0.5), "majority")[0].value == 0.5
    assert jury(votes(1.0, None, None), "majority")[0].value == 1.0
    assert jury(votes(None, None), "mean")[0].value is None


def test_scores_per_row_are_shares_of_meetings_and_the_baseline_has_one_half() -> None:
    said = [
        Verdict(Item(0, "0", "a", "b"), 1.0),
        Verdict(Item(0, "0", "a", "c"), 0.0),
        Verdict(Item(0, "0", "b", "c"), 0.5),
        Verdict(Item(1, "1", "a", "b"), None),
    ]
    assert row_scores(said, None) == {"a": {"0": 0.5}, "b": {"0": 0.25}, "c": {"0": 0.75}}
    only_b = [Verdict(Item(0, "0", "a", "b"), 1.0), Verdict(Item(0, "0", "b", "c"), 1.0)]
    assert row_scores(only_b, "b") == {"a": {"0": 1.0}, "b": {"0": 0.5}, "c": {"0": 0.0}}
    table = standings([column(name, ["x", "y"]) for name in "abc"], said, Plan("all", (("a", "b"),), None, (), 2))
    assert [(one.candidate, one.wins, one.ties, one.losses) for one in table] == [
        ("c", 1, 1, 0), ("a", 1, 0, 1), ("b", 0, 1, 1),
    ]  # fmt: skip


def test_nine_equal_judges_count_as_one() -> None:
    field = Field(1)
    columns = [column(name, [f"{name} {row}" for row in range(N)]) for name in "ab"]
    plan = Plan("all", (("a", "b"),), None, tuple(pair(row) for row in range(N)), N)
    one = field.judge(honest(field, 0.8))
    alike = [Bench(f"judge {n}", "m", "", "", one, 0) for n in range(9)]
    found = together(columns, plan, PAIRWISE, alike, field.people(40), imported=frozenset(), caveats=())
    assert found.effective is not None
    assert found.effective.value == pytest.approx(1.0, abs=1e-6)
    apart = [Bench(f"judge {n}", "m", "", "", field.judge(honest(field, 0.8)), 0) for n in range(9)]
    others = together(columns, plan, PAIRWISE, apart, field.people(40), imported=frozenset(), caveats=())
    assert others.effective is not None
    assert others.effective.value > 2.5


def test_the_bar_can_be_set() -> None:
    field = Field(1)
    said = field.judge(honest(field, 0.9))
    strict = Settings("pairwise", "", "", "", bar=Bar(agreement=0.99))
    found = calibrate(said, field.people(50), strict, habits=habits(said, field.looks), seen=field.looks)
    assert codes(found) == {"judge.low_agreement"}
