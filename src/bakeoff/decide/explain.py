"""The decision with its reasons: the sentence, the fate of each other candidate, what would change the choice."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bakeoff.decide.choose import Choice, choose
from bakeoff.decide.decision import RULES, Decision, Rule
from bakeoff.decide.limits import NO_LIMITS, Limits, unknown, within
from bakeoff.decide.standings import ALPHA, CRITERIA, Standings
from bakeoff.decide.told import Told
from bakeoff.decide.weighted import checked_weights
from bakeoff.decide.weighted_telling import EQUAL, weighted
from bakeoff.errors import UsageError
from bakeoff.evaluate.results import Comparison
from bakeoff.evaluate.stats.multiple import bonferroni
from bakeoff.evaluate.stats.power import rows_needed
from bakeoff.values import Reason, reason

FASTEST_FIRST = ("latency", "cost", "memory")

FARTHEST = 4
"""Gaps up to so many times the user's own are tried for what would change the choice."""


def decide(
    comparison: Comparison,
    *,
    rule: Rule,
    smallest_gap_that_matters: float,
    limits: Limits = NO_LIMITS,
    weights: Mapping[str, float] | None = None,
) -> Decision:
    """Apply a rule to a comparison.

    Args:
        comparison: what was measured.
        rule: one of `RULES`; chosen before looking.
        smallest_gap_that_matters: the difference in quality that would change the user's mind, 0.03 for three points.
        limits: beyond which a candidate is not chosen.
        weights: of quality, cost, latency, memory; for the rule `weighted`.

    Raises:
        UsageError: no such rule, a gap that is not between 0 and 1, or weights that mean nothing.
    """
    _check(rule, smallest_gap_that_matters, limits, weights)
    unsure: tuple[Reason, ...] = ()
    if comparison.barred is not None:
        told = Told("barred", None, (), comparison.barred, ())
    else:
        kept, beyond = within(comparison, limits)
        told = _told(kept, beyond, rule, smallest_gap_that_matters, weights or EQUAL)
        unsure = tuple(why for model in kept.models for why in unknown(model, limits))
    return Decision(
        verdict=told.verdict,
        choice=told.choice,
        equivalent=told.equivalent,
        sentence=told.sentence,
        reasons=told.reasons,
        rule=rule,
        smallest_gap_that_matters=smallest_gap_that_matters,
        models=comparison.models,
        pairs=comparison.pairs,
        caveats=(*comparison.caveats, *unsure),
    )


def _check(rule: str, gap: float, limits: Limits, weights: Mapping[str, float] | None) -> None:
    if rule not in RULES:
        raise UsageError(f"{rule!r} is not a rule", hint=f"write one of {', '.join(map(repr, RULES))}")
    if not 0 < gap < 1:
        raise UsageError(
            f"smallest_gap_that_matters = {gap} is not a share between 0 and 1", hint="write 0.03 for three points"
        )
    if rule == "best within budget" and limits.max_usd_per_1000_rows is None:
        raise UsageError(
            "the rule 'best within budget' needs a budget",
            hint="set budget_usd_per_month and requests_per_day in [needs]: bakeoff needs --help",
        )
    if weights is not None:
        checked_weights(weights)


def _told(kept: Comparison, beyond: tuple[Reason, ...], rule: Rule, gap: float, weights: Mapping[str, float]) -> Told:
    """What the rule says of those within the limits; `beyond` is why others are not among them."""
    standings = Standings(kept, FASTEST_FIRST if rule == "fastest not worse" else CRITERIA)
    if rule == "weighted" and len(standings.names) > 1:
        return weighted(kept, standings, weights, beyond)
    applied: Rule = "best" if rule in ("best within budget", "weighted") else rule
    choice = choose(standings, applied, gap)
    telling = _Telling(kept, standings, choice, applied, gap, named=rule)
    none_left = bool(beyond) and choice.name is None
    return Told(
        choice.verdict,
        choice.name,
        telling.equivalent(),
        reason("decide.none_within_limits", models=len(beyond)) if none_left else telling.sentence(),
        (*beyond, *telling.fates(), *telling.changes()),
    )


@dataclass(frozen=True, slots=True)
class _Telling:
    """Everything that is said about one choice."""

    comparison: Comparison
    standings: Standings
    choice: Choice
    rule: Rule
    """That was applied to those within the limits."""

    gap: float
    named: Rule
    """The rule of the project file."""

    def equivalent(self) -> tuple[str, ...]:
        """The choice, then those that are as good for all that is known."""
        name = self.choice.name
        if name is None:
            return ()
        alike = {"not worse": self.choice.within, "cannot be told apart": self.choice.open}.get(self.choice.verdict, ())
        rest = [other for other in alike if other != name]
        return (name, *(self.standings.by_preference(rest) if rest else ()))

    def sentence(self) -> Reason:
        """The decision as one code with all that its sentence needs."""
        verdict, name, against = self.choice.verdict, self.choice.name, self.choice.against
        if name is None:
            return reason("decide.no_answer", models=len(self.comparison.models))
        quality = self.standings.models[name].quality
        assert quality is not None
        common = {
            "choice": name,
            "metric": quality.metric,
            "quality": quality.value,
            "n": quality.n,
            "rule": self.named,
        }
        if against is None:
            return reason("decide.only_one", **common, low=quality.low, high=quality.high)
        common |= {"gap": self.gap, **self._lead(name, against)}
        if verdict == "better":
            return reason("decide.better", **common, runner_up=against)
        common |= self._advantage(name, against)
        if verdict == "not worse":
            return reason("decide.not_worse", **common, than=against, leader=name == self.standings.leader)
        return reason(
            "decide.cannot_tell",
            **common,
            others=[other for other in self.equivalent() if other != name],
            leader=self.standings.leader,
            against=against,
            more_rows=self._more_rows_for_all(),
        )

    def fates(self) -> Iterator[Reason]:
        """One reason per candidate that was not chosen, in table order."""
        for model in self.comparison.models:
            if model.model == self.choice.name:
                continue
            if model.model in self.standings.names:
                yield self._fate(model.model)
            else:
                yield reason("fate.no_answer", model=model.model)

    def _fate(self, name: str) -> Reason:
        standings, chosen = self.standings, self.choice.name or ""
        than = standings.leader if name != standings.leader else chosen
        known = {"model": name, "than": than, **self._lead(name, than)}
        told = self.choice.verdict != "cannot be told apart" or name != standings.leader
        dominators = standings.dominators(name)
        if standings.incomplete(name):
            most = max(standings.rows(other) for other in standings.names)
            return reason("fate.incomplete", model=name, n=standings.rows(name), most=most)
        if name in self.choice.within and told and not dominators:
            criterion, ours, theirs = standings.advantage(chosen, name)
            return reason("fate.not_worse", **known, gap=self.gap, criterion=criterion, value=theirs, choice_value=ours)
        if name not in self.choice.within and name not in self.choice.open:
            return reason("fate.worse", **known)
        if dominators:
            by = next((n for n in (chosen, standings.leader) if n in dominators), dominators[0])
            return reason("fate.dominated", model=name, by=by, difference=standings.lead(by, name).difference)
        return reason("fate.open", **known, gap=self.gap, more_rows=self._more_rows(name, than))

    def changes(self) -> Iterator[Reason]:
        """What would change the choice: more rows, or another opinion of which gap matters."""
        if self.choice.against is None:
            return
        if self.choice.verdict == "cannot be told apart":
            n = self.standings.lead(self.choice.name or "", self.choice.against).n
            yield reason("change.more_rows", n=n, more_rows=self._more_rows_for_all(), gap=self.gap)
        if self.rule == "best":
            return
        turns = self._turning_points()
        for code, gaps, step in (
            ("change.smaller_gap", sorted((g for g in turns if g <= self.gap), reverse=True), -1e-9),
            ("change.larger_gap", sorted(g for g in turns if self.gap <= g <= FARTHEST * self.gap), 1e-9),
        ):
            for gap in gaps:
                other = choose(self.standings, self.rule, gap + step).name
                if other != self.choice.name:
                    yield reason(code, model=other, gap=gap)
                    break

    def _turning_points(self) -> set[float]:
        """Gaps at which some claim about the best scorer turns over."""
        leader = self.standings.leader
        leads = [self.standings.lead(other, leader) for other in self.standings.others(leader)]
        turns = {-lead.low for lead in leads} | {lead.high for lead in leads} | {-lead.difference for lead in leads}
        return {turn for turn in turns if 1e-9 < turn < 1 - 1e-9}

    def _lead(self, a: str, b: str) -> dict[str, Any]:
        lead = self.standings.lead(a, b)
        return {"difference": lead.difference, "low": lead.low, "high": lead.high, "p_holm": lead.p_holm}

    def _advantage(self, a: str, b: str) -> dict[str, Any]:
        """Why a is preferred to b. To the rule `best` a better score comes before any other reason."""
        criterion, value, other_value = self.standings.advantage(a, b)
        if self.rule == "best" and self.standings.lead(a, b).difference > 0:
            criterion, value, other_value = "quality", None, None
        return {"criterion": criterion, "value": value, "other": b, "other_value": other_value}

    def _more_rows_for_all(self) -> int:
        """Rows that would tell the best scorer from everyone who is still open."""
        leader = self.standings.leader
        return max(self._more_rows(other, leader) for other in self.choice.open if other != leader)

    def _more_rows(self, a: str, b: str) -> int:
        """As `more_rows`, of two candidates."""
        lead = self.standings.lead(a, b)
        return more_rows(lead.n, lead.half_width, self.gap, pairs=self.standings.pairs)


def more_rows(n: int, half_width: float, gap: float, *, pairs: int) -> int:
    """About so many more rows tell a difference of the gap between two candidates; rounded up to two digits.

    Where there are that many already, the truth seems to lie between none and the gap; half the gap tells it
    from one of them.

    Args:
        n: rows so far.
        half_width: half the width of the simultaneous interval of the difference on them.
        gap: the smallest that matters.
        pairs: how many pairs share the error.
    """
    alpha = bonferroni(ALPHA, pairs)
    needed = rows_needed(max(1, n), half_width, gap, alpha=alpha)
    if needed <= max(1, n):
        needed = rows_needed(max(1, n), half_width, gap / 2, alpha=alpha)
    more = max(1, needed - n)
    step: int = 10 ** max(0, len(str(more)) - 2)
    return step * math.ceil(more / step)
