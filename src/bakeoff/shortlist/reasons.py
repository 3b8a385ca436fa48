"""What speaks for a pick and what against it, as codes."""

import datetime
from collections.abc import Iterator

from bakeoff.catalog.loading import Catalog
from bakeoff.catalog.model import Model
from bakeoff.fit.plan.choose import is_heavy
from bakeoff.needs import Needs
from bakeoff.shortlist.alternatives import alternatives
from bakeoff.shortlist.meeting import cramped, knowledge, months_between, specialised
from bakeoff.shortlist.values import Entry
from bakeoff.values import Reason, reason

FEW_BENCHMARKS = 3
MUCH_MEMORY = 0.9
"""Of what is usable."""

OLD_MONTHS = 15
"""The same score is reached at half the size every 3.5 months (arXiv 2412.04315)."""


def speaks_for(entry: Entry, needs: Needs, catalog: Catalog) -> Iterator[Reason]:
    """Best first."""
    model, standing, plan = entry.model, entry.standing, entry.plan
    if specialised(model, needs):
        yield reason("for.specialised", domain=model.domain)
    if standing.independent:
        yield reason("for.evidence", n=standing.independent, task=needs.task)
    if plan is not None:
        seconds, speed = plan.speed.request_seconds, plan.speed.decode_tokens_per_second
        if seconds is not None and speed is not None:
            yield reason("for.speed", seconds=seconds.value, speed=speed.value)
        if entry.memory_bytes is not None:
            yield reason("for.memory", size=entry.memory_bytes, build=str(plan.build))
    if entry.offer is not None:
        yield reason("for.hosted", provider=entry.offer.provider)
    if "vi" in needs.languages and model.vietnamese == "stated":
        yield reason("for.vietnamese")
    if model.licence is not None and model.licence.osi_approved:
        yield reason("for.license", license=model.licence.name)
    if model.openness is not None and model.openness.level != "weights":
        yield reason("for.openness", level=model.openness.level)
    yield from _community(model, catalog)


def _community(model: Model, catalog: Catalog) -> Iterator[Reason]:
    """What others do with it. Downloads are known after `bakeoff catalog refresh`; the shipped catalog has none."""
    if model.hub is not None and model.hub.downloads:
        source = model.provenance.get("hub")
        yield reason("for.downloads", n=model.hub.downloads, date=source.as_of if source is not None else "?")
    tuned = len(alternatives(model, catalog))
    if tuned:
        yield reason("for.fine_tunes", n=tuned)


def speaks_against(entry: Entry, needs: Needs, today: datetime.date) -> Iterator[Reason]:
    """Worst first."""
    yield from _evidence_against(entry, needs)
    if entry.plan is not None:
        yield from _plan_against(entry)
    if entry.offer is not None and entry.offer.usd_per_month is None:
        yield reason("against.price_unknown", provider=entry.offer.provider)
    yield from _facts_against(entry.model, needs, today)


def _evidence_against(entry: Entry, needs: Needs) -> Iterator[Reason]:
    standing = entry.standing
    if not standing.benchmarks:
        yield reason("against.no_evidence", task=needs.task, spread=standing.spread)
    elif not standing.independent:
        yield reason("against.self_reported", n=standing.benchmarks)
    elif standing.independent < FEW_BENCHMARKS:
        yield reason("against.little_evidence", n=standing.independent, spread=standing.spread)


def _facts_against(model: Model, needs: Needs, today: datetime.date) -> Iterator[Reason]:
    if model.licence is not None and model.licence.commercial_use != "yes":
        yield reason("against.license", license=model.licence.name, clauses=list(model.licence.clauses[:2]) or ["-"])
    if model.tools and "llama.cpp" not in model.tools:
        yield reason("against.tools", tools=list(model.tools))
    if model.gated:
        yield reason("against.gated")
    if cramped(model, needs):
        yield reason("against.thinks", tokens=needs.output_tokens)
    for state, code in (("claimed", "against.language_claimed"), ("not known", "against.language_not_known")):
        found = [language for language in needs.languages if knowledge(model, language) == state]
        if found:
            yield reason(code, languages=found)
    if model.release is not None and months_between(model.release.date, today) > OLD_MONTHS:
        yield reason("against.old", date=model.release.date)


def _plan_against(entry: Entry) -> Iterator[Reason]:
    plan = entry.plan
    assert plan is not None
    if is_heavy(plan.quality_loss) and plan.quality_loss is not None:
        yield reason("against.quantization", build=str(plan.build), loss=plan.quality_loss.high)
    if plan.verdict == "usable":
        seconds = plan.speed.request_seconds
        if seconds is not None:
            yield reason("against.slow", seconds=seconds.value)
    if plan.speed.request_seconds is None:
        yield reason("against.speed_unknown", engine=plan.engine)
    usable = sum(one.usable_bytes for one in plan.devices if not one.unified or one.place >= 0)
    pooled = plan.engine in ("vllm", "sglang")  # they take what they are given, however small the model
    if entry.memory_bytes is not None and usable and not pooled and entry.memory_bytes > MUCH_MEMORY * usable:
        yield reason("against.memory", size=entry.memory_bytes, usable=usable)
