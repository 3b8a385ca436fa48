"""From graded cells to a comparison: every number by hand."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bakeoff.errors import ProjectError
from bakeoff.evaluate.compare import MOST_DISAGREEMENTS, SHOWN_CHARACTERS, compare
from bakeoff.evaluate.results import Column, Comparison, GradedCell, ModelResult, Percentiles
from bakeoff.evaluate.stats.clusters import share_interval, sign_flip_by_group, tango_by_group
from bakeoff.evaluate.stats.f1 import encode, macro_f1, macro_f1_difference, macro_f1_interval, macro_f1_test
from bakeoff.evaluate.stats.paired import mcnemar, mean_difference_interval, sign_flip, tango
from bakeoff.evaluate.stats.proportions import mean_interval, modified_wilson
from bakeoff.values import from_json, to_json

BLANK = GradedCell(
    row_id="1",
    state="answered",
    score=1.0,
    label=None,
    target="x",
    text="x",
    latency_ms=100.0,
    time_to_first_token_ms=20.0,
    prompt_tokens=30,
    output_tokens=5,
    timings={},
    shown="the prompt",
)
NOT_ANSWERED: dict[str, Any] = {
    "score": None, "text": "", "latency_ms": None, "time_to_first_token_ms": None, "prompt_tokens": None,
    "output_tokens": None,
}  # fmt: skip


def column(name: str, scores: Sequence[float | None], **changes: Any) -> Column:
    """A column of rows "1", "2", ...; None is a row that was not asked."""
    cells = []
    for number, score in enumerate(scores, 1):
        cell = replace(BLANK, row_id=str(number), score=score)
        if score is None:
            cell = replace(cell, state="missing", **NOT_ANSWERED)
        cells.append(replace(cell, **{key: value[number - 1] for key, value in changes.items()}))
    return Column(candidate=name, build=f"{name}-build", cells=tuple(cells))


def labelled(name: str, answers: Sequence[str | None], targets: Sequence[str]) -> Column:
    """A column of labels."""
    scores = [float(answer == target) for answer, target in zip(answers, targets, strict=True)]
    return column(name, scores, label=answers, target=targets)


def codes(comparison: Comparison) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for caveat in comparison.caveats:
        found.setdefault(caveat.code, []).append(dict(caveat.parameters))
    return found


# quality and pairs


def test_accuracy_has_the_modified_wilson_interval() -> None:
    model = compare([column("a", [1, 1, 1, 0])]).models[0]
    assert model.quality is not None
    assert (model.quality.metric, model.quality.value, model.quality.n) == ("accuracy", 0.75, 4)
    assert (model.quality.low, model.quality.high) == modified_wilson(0.75, 4)
    assert model.qualities == (model.quality,)
    assert (model.build, model.n) == ("a-build", 4)


def test_a_pair_is_exact_mcnemar_and_tango() -> None:
    """Model a alone is right on rows 1-3, b alone on row 4; three rows agree."""
    pair = compare([column("a", [1, 1, 1, 0, 1, 1, 0]), column("b", [0, 0, 0, 1, 1, 1, 0])]).pairs[0]
    assert (pair.a, pair.b, pair.n, pair.n_discordant) == ("a", "b", 7, 4)
    assert pair.difference == pytest.approx(2 / 7)
    assert pair.p == pair.p_holm == mcnemar(3, 1) == pytest.approx(0.625)  # 2·(1 + 4)/2^4
    assert (pair.low, pair.high) == tango(3, 1, 7)
    assert (pair.low_simultaneous, pair.high_simultaneous) == (pair.low, pair.high)  # one pair: nothing to correct


def test_three_models_have_three_pairs_with_holm_and_bonferroni() -> None:
    columns = [column("a", [1] * 10), column("b", [1] * 4 + [0] * 6), column("c", [0] * 10)]
    first, second, third = compare(columns).pairs
    assert [(p.a, p.b) for p in (first, second, third)] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [p.p for p in (first, second, third)] == pytest.approx([2 / 2**6, 2 / 2**10, 2 / 2**4])
    assert second.p_holm == pytest.approx(3 * 2 / 2**10)
    assert first.p_holm == pytest.approx(2 * 2 / 2**6)
    assert third.p_holm == pytest.approx(2 / 2**4)
    assert (first.low_simultaneous, first.high_simultaneous) == tango(6, 0, 10, alpha=0.05 / 3)


def test_rows_that_only_one_was_asked_are_not_paired() -> None:
    """Model b failed on the row where a is right, and was not asked another: neither counts against b."""
    a = column("a", [1, 1, 0, 1])
    b = column("b", [None, 1, 0, None], state=["failed", "answered", "answered", "missing"])
    comparison = compare([a, b])
    assert comparison.pairs[0].n == 2
    assert comparison.pairs[0].n_discordant == 0
    assert comparison.models[1].quality is not None
    assert (comparison.models[1].quality.value, comparison.models[1].quality.n) == (0.5, 2)
    assert codes(comparison)["cells.failed"] == [{"model": "b", "n": 1, "total": 4}]
    assert codes(comparison)["cells.missing"] == [{"model": "b", "n": 1, "total": 4}]


def test_blank_and_cut_answers_count_and_are_told() -> None:
    a = column("a", [0, 0, 1, 1], state=["blank", "cut", "answered", "cut"], text=["", "x", "x", "x"])
    comparison = compare([a])
    assert comparison.models[0].quality is not None
    assert comparison.models[0].quality.value == 0.5
    assert comparison.models[0].counts == {
        "answered": 1, "blank": 1, "cut": 2, "failed": 0, "missing": 0, "excluded": 0, "unscored": 0
    }  # fmt: skip
    assert codes(comparison)["cells.blank"] == [{"model": "a", "n": 1, "total": 4}]
    assert codes(comparison)["cells.cut"] == [{"model": "a", "n": 2, "total": 4}]


def test_an_answer_without_a_score_is_counted_as_such() -> None:
    comparison = compare([column("a", [1, 1], score=[1.0, None])])
    assert comparison.models[0].counts["unscored"] == 1
    assert codes(comparison)["cells.unscored"] == [{"model": "a", "n": 1, "total": 2}]


def test_scores_between_right_and_wrong_are_compared_by_their_mean() -> None:
    one, two = [0.5, 1.0, 0.25, 0.75, 1.0, 0.5], [0.5, 0.5, 0.0, 0.5, 1.0, 0.25]
    import numpy as np

    comparison = compare([column("a", one), column("b", two)])
    quality, pair = comparison.models[0].quality, comparison.pairs[0]
    differences = np.array(one) - np.array(two)
    assert quality is not None
    assert (quality.metric, quality.value) == ("score", pytest.approx(4 / 6))
    assert (quality.low, quality.high) == mean_interval(np.array(one))
    assert pair.difference == pytest.approx(1.25 / 6)
    assert pair.p == sign_flip(differences) == pytest.approx(2 / 2**4)  # four rows, all for a
    assert (pair.low, pair.high) == mean_difference_interval(differences)
    assert pair.n_discordant == 4


# labels

TARGETS = ["p", "p", "p", "n", "n", "u"]


def test_labels_bring_macro_f1_and_a_confusion_matrix() -> None:
    answers = ["p", "p", "n", "n", None, "p"]
    model = compare([labelled("a", answers, TARGETS)]).models[0]
    assert [quality.metric for quality in model.qualities] == ["accuracy", "macro_f1"]
    data = encode(TARGETS, answers)
    # p: 2 hits, 3 targets, 3 answers: 4/6; n: 1, 2, 2: 2/4; u: 0
    assert model.qualities[1].value == macro_f1(data) == pytest.approx((4 / 6 + 2 / 4) / 3)
    assert (model.qualities[1].low, model.qualities[1].high) == macro_f1_interval(data)
    assert model.confusion == {"p": {"p": 2, "n": 1}, "n": {"n": 1, "": 1}, "u": {"p": 1}}


def test_macro_f1_can_decide() -> None:
    one, two = ["p", "p", "n", "n", None, "p"], ["p"] * 6
    comparison = compare([labelled("a", one, TARGETS), labelled("b", two, TARGETS)], metric="macro_f1")
    a, b = encode(TARGETS, one), encode(TARGETS, two)
    pair = comparison.pairs[0]
    assert [q.metric for q in comparison.models[0].qualities] == ["macro_f1", "accuracy"]
    assert (pair.difference, pair.low, pair.high) == macro_f1_difference(a, b)
    assert pair.p == macro_f1_test(a, b)
    assert pair.n_discordant == 2


def test_macro_f1_without_labels_is_refused() -> None:
    with pytest.raises(ProjectError, match="needs labels"):
        compare([column("a", [1, 0])], metric="macro_f1")


def test_no_label_anywhere_is_a_macro_f1_of_nothing() -> None:
    model = compare([labelled("a", [None] * 6, TARGETS)], metric="macro_f1").models[0]
    assert model.quality is not None
    assert (model.quality.metric, model.quality.value) == ("macro_f1", 0.0)


def test_labels_that_were_not_read_and_models_that_do_not_look_are_told() -> None:
    comparison = compare([labelled("a", ["p"] * 5 + [None], TARGETS), labelled("b", TARGETS * 1, TARGETS)])
    assert codes(comparison)["label.none_read"] == [{"model": "a", "n": 1, "total": 6}]
    assert codes(comparison)["label.always_same"] == [{"model": "a", "label": "p", "n": 5}]
    found = codes(comparison)["baseline.not_beaten"]
    assert [(f["model"], f["label"], f["share"], f["value"]) for f in found] == [("a", "p", 0.5, 0.5)]
    assert found[0]["low"] == pytest.approx(modified_wilson(0.5, 6)[0])


@pytest.mark.parametrize(
    ("a", "b", "code"),
    [
        ([0] * 9, [0] * 8 + [None], {"nobody_right": [{"n": 8}]}),
        ([1] * 9, [1] * 9, {"everybody_right": [{"n": 9}]}),
        ([0] * 9, [0] * 8 + [1], {}),
        ([0] * 4, [0] * 4, {}),
    ],
)
def test_that_nobody_or_everybody_is_right_is_told_first(
    a: list[int | None], b: list[int | None], code: dict[str, Any]
) -> None:
    comparison = compare([column("a", a), column("b", b)])
    found = codes(comparison)
    assert {name: found[name] for name in ("nobody_right", "everybody_right") if name in found} == code
    assert not code or comparison.caveats[0].code in code


def test_too_few_rows_to_show_any_difference_are_told_as_such() -> None:
    assert codes(compare([column("a", [1]), column("b", [0])]))["few_rows.none"] == [{"n": 1}]


def test_few_rows_are_told_with_the_gap_that_they_can_tell() -> None:
    """Nothing discordant in 50 rows: half the interval is z²/(50 + z²) = 0.0713, times 2.8016/1.96."""
    few = codes(compare([column("a", [1] * 50), column("b", [1] * 50)]))["few_rows"]
    assert few == [{"n": 50, "detectable": pytest.approx(0.0713476 * 2.801585 / 1.959964, abs=1e-5)}]
    assert "few_rows" not in codes(compare([column("a", [1] * 100), column("b", [1] * 100)]))


# speed, tokens, memory


def test_latency_percentiles_are_over_the_answered_rows() -> None:
    a = column("a", [1, 1, 1, 1, 1, None], latency_ms=[5.0, 3.0, 1.0, 2.0, 4.0, None])
    model = compare([a]).models[0]
    assert model.latency_ms is not None
    assert (model.latency_ms.p50, model.latency_ms.p95) == (3.0, pytest.approx(4.8))
    assert model.time_to_first_token_ms == Percentiles(20.0, 20.0)
    assert (model.tokens.prompt, model.tokens.output) == (150, 25)


def test_decode_speed_by_the_engines_clock_leaves_out_the_first_token() -> None:
    """Of 5 and 1 tokens only the four steps after the first took the 200 ms; prompts: 60 tokens in 300 ms."""
    timings = [
        {"prompt_n": 40, "prompt_ms": 200.0, "predicted_n": 5, "predicted_ms": 200.0},
        {"prompt_n": 20, "prompt_ms": 100.0, "predicted_n": 1, "predicted_ms": 0.001},
    ]
    model = compare([column("a", [1, 1], timings=timings)]).models[0]
    assert model.decode_tokens_per_second == pytest.approx(4 / 0.2)
    assert model.prompt_tokens_per_second == pytest.approx(60 / 0.3)
    assert model.speed_clock == "engine"


def test_decode_speed_by_our_clock_where_the_engine_does_not_tell() -> None:
    """5 tokens: 4 after the first, in 100 - 20 ms; the answer of one token says nothing."""
    model = compare([column("a", [1, 1], output_tokens=[5, 1])]).models[0]
    assert model.decode_tokens_per_second == pytest.approx(4 / 0.08)
    assert model.prompt_tokens_per_second is None
    assert model.speed_clock == "client"


@pytest.mark.parametrize(
    "changes",
    [
        {"output_tokens": [1, 1]},
        {"output_tokens": [None, None]},
        {"time_to_first_token_ms": [None, None]},
        {"time_to_first_token_ms": [99.9, 99.9]},
    ],
)
def test_no_speed_is_told_where_none_was_seen(changes: dict[str, Any]) -> None:
    """One token, no counts, no first token, or everything in one piece."""
    model = compare([column("a", [1, 1], **changes)]).models[0]
    assert (model.decode_tokens_per_second, model.speed_clock) == (None, None)


# edges


@pytest.mark.parametrize("scores", [[], [1], [0], [1] * 5, [0] * 5, [None], [None, None]])
@pytest.mark.parametrize("models", [0, 1, 2, 3])
def test_every_small_case_works(scores: list[float | None], models: int) -> None:
    comparison = compare([column(f"m{i}", scores) for i in range(models)])
    scored = [score for score in scores if score is not None]
    assert len(comparison.models) == models
    assert len(comparison.pairs) == (models * (models - 1) // 2 if scored else 0)
    for pair in comparison.pairs:
        assert (pair.difference, pair.p_holm, pair.n_discordant) == (0.0, 1.0, 0)
        assert pair.low < 0 < pair.high
    for model in comparison.models:
        assert (model.quality is None) == (not scored)


def test_models_without_a_common_row_know_nothing_of_each_other() -> None:
    pair = compare([column("a", [1, None]), column("b", [None, 0])]).pairs[0]
    assert (pair.n, pair.difference, pair.low, pair.high, pair.p) == (0, 0.0, -1.0, 1.0, 1.0)


def test_columns_of_other_rows_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="same rows"):
        compare([column("a", [1, 1]), column("b", [1])])


def test_disagreements_are_counted_and_the_most_divided_kept_in_table_order() -> None:
    """Rows 1-60 divide three models 1 : ½ : ½; row 61, with 1 : 0 : ½, divides them more."""
    columns = [
        column("a", [1.0] * 60 + [1.0, 1.0]),
        column("b", [0.5] * 60 + [0.0, 1.0]),
        column("c", [0.5] * 60 + [0.5, 1.0]),
    ]
    comparison = compare(columns)
    assert comparison.n_disagreements == 61
    assert len(comparison.disagreements) == MOST_DISAGREEMENTS
    assert [d.row_id for d in comparison.disagreements] == [str(i) for i in range(1, MOST_DISAGREEMENTS)] + ["61"]
    assert comparison.disagreements[-1].scores == {"a": 1.0, "b": 0.0, "c": 0.5}


def test_long_texts_of_a_disagreement_are_cut() -> None:
    columns = [column("a", [1], text=["y" * 9999], shown=["z" * 9999]), column("b", [0])]
    row = compare(columns).disagreements[0]
    assert len(row.answers["a"]) == len(row.shown) == SHOWN_CHARACTERS
    assert row.answers["a"].endswith("…")
    assert row.answers["b"] == "x"


def test_a_comparison_can_be_written_and_read_back() -> None:
    comparison = compare([labelled("a", ["p"] * 6, TARGETS), labelled("b", [None] * 6, TARGETS)])
    assert from_json(Comparison, to_json(comparison)) == comparison
    assert isinstance(comparison.models[0], ModelResult)


# groups and repeats


def grouped(name: str, scores: Sequence[float | None], size: int, **changes: Any) -> Column:
    """Rows in groups of one size, in order."""
    return column(name, scores, group=[f"g{row // size}" for row in range(len(scores))], **changes)


def test_rows_of_one_group_are_counted_as_groups() -> None:
    """Forty rows in ten groups of four that answer alike."""
    a, b = [1.0] * 28 + [0.0] * 12, [1.0] * 16 + [0.0] * 20 + [1.0] * 4
    alone, together = (compare([make("a", a), make("b", b)]) for make in (column, lambda n, s: grouped(n, s, 4)))
    pair, single = together.pairs[0], alone.pairs[0]
    numbers, groups = np.array(a) - np.array(b), np.arange(40) // 4
    assert (pair.groups, single.groups) == (10, None)
    assert pair.difference == single.difference == pytest.approx(0.2)
    assert (pair.low, pair.high) == tango_by_group(numbers, groups)
    assert pair.p == sign_flip_by_group(numbers, groups) == 5 / 8  # 4 groups differ, three for a and one for b
    assert pair.high - pair.low > single.high - single.low
    assert single.p < pair.p
    model = together.models[0].quality
    assert model is not None
    assert (model.groups, model.n) == (10, 40)
    assert (model.low, model.high) == share_interval(np.array(a), groups)
    assert codes(together)["clusters"] == [{"n": 40, "groups": 10}]
    assert "clusters" not in codes(alone)
    assert "few_groups" not in codes(together)


def test_few_groups_are_told() -> None:
    comparison = compare([grouped("a", [1, 0] * 6, 4), grouped("b", [1, 1] * 6, 4)])
    assert codes(comparison)["few_groups"] == [{"groups": 3, "fewest": 10}]


def test_groups_of_one_row_change_nothing() -> None:
    scores = [1.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.0]
    alone = compare([column("a", scores[0]), column("b", scores[1])])
    assert compare([grouped("a", scores[0], 1), grouped("b", scores[1], 1)]) == alone


def test_groups_widen_macro_f1_and_means_too() -> None:
    targets = ["x", "y"] * 20
    answers = ["x"] * 20 + targets[20:], targets[:12] + ["y"] * 28
    pairs = {}
    for size in (1, 4):
        group = [str(row // size) for row in range(40)]
        made = [
            replace_groups(labelled(name, answer, targets), group) for name, answer in zip("ab", answers, strict=True)
        ]
        pairs[size] = compare(made, metric="macro_f1").pairs[0]
    assert pairs[4].groups == 10
    assert pairs[4].difference == pairs[1].difference
    assert pairs[4].high - pairs[4].low > pairs[1].high - pairs[1].low
    graded = compare([grouped("a", [0.5, 0.5, 0.25, 0.25] * 5, 2), grouped("b", [0.5, 0.25] * 10, 2)])
    assert graded.pairs[0].groups == 10


def replace_groups(made: Column, groups: Sequence[str]) -> Column:
    return replace(made, cells=tuple(replace(c, group=g) for c, g in zip(made.cells, groups, strict=True)))


def test_repeats_are_one_row_each_and_tell_how_stable_answers_are() -> None:
    a = [(1.0, 1.0), (1.0, 0.0), (0.0, 0.0), (1.0, 1.0)]
    b = [(1.0, 0.0), (0.0, 0.0), (0.0, 0.0), (1.0, None)]
    comparison = compare(
        [
            column("a", [1.0, 0.5, 0.0, 1.0], repeat_scores=a),
            column("b", [0.5, 0.0, 0.0, 1.0], repeat_scores=b),
        ]
    )
    first, second = comparison.models
    assert first.quality is not None
    assert (first.quality.metric, first.quality.value, first.quality.n) == ("accuracy", 0.625, 4)
    scores = np.array([1.0, 0.5, 0.0, 1.0])
    assert (first.quality.low, first.quality.high) == share_interval(scores, repeats=2)
    pair, differences = comparison.pairs[0], np.array([0.5, 0.5, 0.0, 0.0])
    assert (pair.difference, pair.n_discordant) == (0.25, 2)
    assert (pair.low, pair.high) == mean_difference_interval(differences)
    assert pair.p == sign_flip(differences)
    assert first.repeats is not None
    assert second.repeats is not None
    assert (first.repeats.n, first.repeats.changed) == (4, 0.25)
    assert (second.repeats.n, second.repeats.changed) == (3, pytest.approx(1 / 3))
    assert codes(comparison)["repeats.unstable"][0] == {"model": "a", "share": 0.25, "n": 4, "times": 2}
    steady = compare([column("a", [1.0] * 4, repeat_scores=[(1.0, 1.0)] * 4)])
    assert "repeats.unstable" not in codes(steady)
    assert compare([column("a", [1.0])]).models[0].repeats is None


# rows without a score


def test_unequal_shares_of_rows_without_a_score_are_told_with_what_they_could_change() -> None:
    """A has no score on 2 of 10 rows: 6 right of 8. b: 6 right of 10, four of them among the eight that a has.

    At worst for a its two are wrong and it is level with b, 6 to 6; at best they are right: 8 to 6.
    """
    states = ["failed"] * 2 + ["answered"] * 8
    a = column("a", [None, None, 1, 1, 1, 1, 1, 1, 0, 0], state=states)
    b = column("b", [1, 1, 1, 1, 1, 1, 0, 0, 0, 0])
    (told,) = codes(compare([a, b]))["left_out.unequal"]
    assert told == {
        "model": "a", "other": "b", "share": 0.2, "other_share": 0.0, "low": pytest.approx(0.0),
        "high": pytest.approx(0.2), "turns": False,
    }  # fmt: skip
    (turned,) = codes(compare([b, replace(a, candidate="c")]))["left_out.unequal"]
    assert (turned["model"], turned["other"]) == ("c", "b")


def test_rows_that_were_not_asked_yet_and_equal_shares_are_not_told() -> None:
    fewer = column("a", [None, None, 1, 1, 1, 1, 1, 1, 0, 0])  # missing: the run goes on, or a race dropped it
    full = column("b", [1, 1, 1, 1, 1, 1, 0, 0, 0, 0])
    assert "left_out.unequal" not in codes(compare([fewer, full]))
    failed = {"state": ["failed"] + ["answered"] * 9}
    both = [column(name, [None, 1, 1, 1, 1, 0, 0, 0, 0, 0], **failed) for name in "ab"]
    assert "left_out.unequal" not in codes(compare(both))


def test_a_difference_that_could_turn_is_said_to() -> None:
    states = ["failed"] * 4 + ["answered"] * 6
    a = column("a", [None] * 4 + [1, 1, 1, 1, 1, 0], state=states)
    b = column("b", [1, 1, 0, 0, 1, 1, 1, 1, 0, 1])
    (told,) = codes(compare([a, b]))["left_out.unequal"]
    assert told["turns"] is True
    assert (told["low"], told["high"]) == (pytest.approx((5 - 7) / 10), pytest.approx((9 - 7) / 10))
