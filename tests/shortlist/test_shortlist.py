"""The shortlist in situations that people are in: who is on it, that it runs, why every other model is not."""

import datetime
from dataclasses import replace
from functools import cache

import pytest
from benchmarks import situations
from benchmarks.situations import SITUATIONS

from bakeoff.catalog.loading import load
from bakeoff.catalog.model import HubFacts
from bakeoff.errors import EngineError
from bakeoff.fit import fit
from bakeoff.hardware import machine
from bakeoff.needs import parse_needs
from bakeoff.shortlist import FUNNEL, Entry, Offer, shortlist
from bakeoff.shortlist.alternatives import alternatives
from bakeoff.shortlist.meeting import fails, knowledge
from bakeoff.shortlist.portfolio import chances, choose, dominates, front, utility
from bakeoff.shortlist.reasons import speaks_against, speaks_for

found = cache(situations.found)


@pytest.mark.parametrize("name", SITUATIONS)
def test_three_to_five_that_meet_every_need(name: str) -> None:
    one = found(name)
    assert 3 <= len(one.picks) <= 5
    assert len({pick.entry.model.id for pick in one.picks}) == len(one.picks)
    for pick in one.picks:
        model, plan = pick.entry.model, pick.entry.plan
        assert plan is not None
        assert plan.runs
        assert plan.conversations >= one.needs.concurrent_users
        assert (model.kind in ("chat", "translation"), model.is_base, model.tier == 2) == (True, False, False)
        assert all(knowledge(model, language) != "not listed" for language in one.needs.languages)
        assert set(one.needs.inputs) <= set(model.inputs)
        assert pick.reasons_for
    assert sum(pick.chance_best for pick in one.picks) == pytest.approx(1.0)
    assert one.picks[0].role == "preferred"


@pytest.mark.parametrize("name", SITUATIONS)
def test_every_model_is_a_pick_or_has_its_reason(name: str) -> None:
    one = found(name)
    picked = {pick.entry.model.id for pick in one.picks}
    assert picked | set(one.out) == set(load().by_id)
    assert picked & set(one.out) == set()
    assert sum(count for _, count in one.funnel) + len(picked) == one.looked_at
    assert {why.code for why in one.out.values()} <= set(FUNNEL)


@pytest.mark.parametrize("name", SITUATIONS)
def test_no_pick_is_beaten_in_everything_by_far(name: str) -> None:
    one = found(name)
    entries = [pick.entry for pick in one.picks]
    rivals = [b for a in entries for b in one.entries if dominates(b, a, 1.0) and one.needs.domain is None]
    assert rivals == []
    assert not any(dominates(a, b, 0.0) for a in one.entries for b in one.front if a.quality > b.quality)


@pytest.mark.parametrize("name", ["coding on 24 GB", "extraction without a GPU", "vision on a laptop"])
def test_llama_cpp_itself_finds_room_for_the_picks(name: str) -> None:
    """Its own planner lays out the picks that its version knows, and finds room for each."""
    one = found(name)
    laid_out = 0
    for pick in one.picks:
        plan = pick.entry.plan
        assert plan is not None
        try:
            answer = fit(
                pick.entry.model,
                on=one.machine,
                build=str(plan.build),
                context_tokens=one.needs.context_tokens,
                prompt_tokens=one.needs.prompt_tokens,
                output_tokens=one.needs.output_tokens,
                exact=True,
            )
        except EngineError:
            continue
        laid_out += 1
        assert answer.chosen is not None
        assert answer.chosen.runs
    assert laid_out >= 2


def test_a_lighter_machine_gets_lighter_models() -> None:
    largest = []
    for hardware in ("CPU only, 8 GB", "RTX 3090, 32 GB RAM", "2x H100 SXM"):
        one = shortlist(parse_needs({"hardware": hardware}), machine(hardware), load())
        largest.append(max(pick.entry.model.parameters.total or 0 for pick in one.picks))
    assert largest == sorted(set(largest))


def test_vietnamese_needs_leave_out_who_lists_other_languages_only() -> None:
    one = found("chat in Vietnamese on an 8 GB laptop")
    assert one.out["openai/gpt-oss-20b"].code == "out.language"
    assert one.out["openai/gpt-oss-20b"].parameters["languages"] == ["vi"]


def test_openness_and_license_are_held() -> None:
    assert all(p.entry.model.openness.level == "fully-open" for p in found("fully open for research").picks)  # type: ignore[union-attr]
    assert all(p.entry.model.licence.osi_approved for p in found("a strict license").picks)  # type: ignore[union-attr]


def test_a_missing_specialist_is_said() -> None:
    needs = parse_needs({"hardware": "RTX 4090, 64 GB RAM", "domain": "astronomy"})
    one = shortlist(needs, machine(needs.hardware), load())
    assert "shortlist.none_specialised" in {note.code for note in one.notes}
    assert 3 <= len(one.picks) <= 5
    english = parse_needs({"hardware": "RTX 4090, 64 GB RAM", "domain": "medical"})
    one = shortlist(english, machine(english.hardware), load())
    assert "specialised" in {pick.role for pick in one.picks}


def test_nothing_that_meets_the_needs_says_what_to_relax() -> None:
    needs = parse_needs(
        {"hardware": "CPU only, 8 GB", "openness": "fully-open", "inputs": "text,video", "languages": "vi"}
    )
    one = shortlist(needs, machine(needs.hardware), load())
    assert one.picks == ()
    assert one.relaxed
    assert one.relaxed[0].models == max(relaxed.models for relaxed in one.relaxed) > 0


def test_the_same_needs_give_the_same_list() -> None:
    needs = parse_needs(SITUATIONS["coding on 24 GB"])
    again = shortlist(needs, machine(needs.hardware), load())
    assert [pick.entry.model.id for pick in again.picks] == [p.entry.model.id for p in found("coding on 24 GB").picks]
    assert again.out == found("coding on 24 GB").out


def hosted(usd: float | None, provider: str = "p") -> dict[str, list[Offer]]:
    model = "Qwen/Qwen3-235B-A22B-Instruct-2507"
    return {model: [Offer(model, provider, "qwen3-235b", "https://p.example/v1", usd)]}


def test_hosted_models_stand_beside_local_ones_where_rows_may_leave() -> None:
    model = "Qwen/Qwen3-235B-A22B-Instruct-2507"
    needs = parse_needs({"hardware": "CPU only, 8 GB", "budget_usd_per_month": 100})
    here = machine(needs.hardware)
    one = shortlist(needs, here, load(), offers=hosted(20.0))
    assert model in {pick.entry.model.id for pick in one.picks}
    assert {pick.entry.offer is None for pick in one.picks} == {True, False}
    over = shortlist(needs, here, load(), offers=hosted(2000.0))
    assert over.out[model].code == "out.budget"
    private = parse_needs({"hardware": "CPU only, 8 GB", "privacy": "local-only"})
    assert model in shortlist(private, here, load(), offers=hosted(20.0)).out


def test_an_unknown_price_is_not_zero() -> None:
    needs = parse_needs({"hardware": "none"})
    one = shortlist(needs, None, load(), offers=hosted(None))
    (pick,) = one.picks
    assert pick.entry.usd_per_month is None
    assert "against.price_unknown" in {why.code for why in pick.reasons_against}
    free = Entry(pick.entry.model, pick.entry.standing, pick.entry.quality, None, hosted(1.0)[pick.entry.model.id][0])
    assert utility(free, "cost") > utility(pick.entry, "cost")


def test_without_hardware_and_offers_nothing_can_run_anywhere() -> None:
    one = shortlist(parse_needs({"hardware": "none"}), None, load())
    assert one.picks == ()
    assert dict(one.funnel)["out.nowhere_to_run"] > 100


def test_a_set_is_worth_at_least_its_best_member_and_diversifies() -> None:
    entries = list(found("coding on 24 GB").entries)
    chosen = choose(entries, "balanced")
    assert chosen[0] is max(entries, key=lambda one: utility(one, "balanced"))
    assert len({one.model.family for one in chosen}) >= 2
    assert sum(chances(chosen, "balanced")) == pytest.approx(1.0)
    assert set(map(id, front(entries))) <= set(map(id, entries))


def test_who_prefers_speed_waits_no_longer_than_who_prefers_quality() -> None:
    waits = []
    for prefer in ("speed", "quality"):
        needs = parse_needs(SITUATIONS["coding on 24 GB"] | {"prefer": prefer})
        waits.append(shortlist(needs, machine(needs.hardware), load()).picks[0].entry.seconds or 0.0)
    assert waits[0] <= waits[1]


def test_alternatives_share_the_base_and_differ() -> None:
    catalog = load()
    model = catalog["Qwen/Qwen2.5-7B-Instruct"]
    others = alternatives(model, catalog)
    assert others
    assert model not in others
    assert all(other.domain is not None or other.organisation != model.organisation for other in others)


def test_facts_are_checked_before_the_machine() -> None:
    needs = parse_needs({"max_age_months": 6})
    old = load()["google/gemma-3-4b-it"]
    why = fails(old, needs, datetime.date(2026, 11, 24))
    assert why is not None
    assert why.code == "out.age"


def test_what_others_do_with_a_model_is_told_where_it_is_known() -> None:
    one = found("coding on 24 GB")
    entry = one.picks[0].entry
    assert "for.downloads" not in {why.code for why in speaks_for(entry, one.needs, load())}
    known = replace(
        entry, model=replace(entry.model, hub=HubFacts(exists=True, downloads=1234), tools=("transformers",))
    )
    told = {why.code: why.parameters for why in speaks_for(known, one.needs, load())}
    assert told["for.downloads"]["n"] == 1234
    against = {why.code for why in speaks_against(known, one.needs, datetime.date(2026, 11, 24))}
    assert "against.tools" in against
