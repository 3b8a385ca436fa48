"""What the stages around a test found, from values: an ordinary project, and one in which every stranger is hostile."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bakeoff.evaluate.probe import Level, Limits, Spread, broken
from bakeoff.needs import Needs
from bakeoff.report.stages import (
    Beside,
    CostFacts,
    CostLine,
    Crossing,
    DeployFacts,
    PickFacts,
    ProbeFacts,
    ShortlistFacts,
    SourceFacts,
    Stages,
    Step,
)
from bakeoff.values import reason

GIB = 1024**3
MACHINE = "RTX 4090, 64 GB RAM"

NEEDS = Needs(
    task="classification",
    languages=("vi", "en"),
    hardware=MACHINE,
    requests_per_day=5000.0,
    growth_per_year=0.5,
    prompt_tokens=95,
    output_tokens=3,
    max_time_to_first_token_ms=1500.0,
    license="commercial",
    budget_usd_per_month=200.0,
)


def line(candidate: str, kind: str, where: str, month: str, year: str, total: str, **more: Any) -> CostLine:
    """One way; without a range where none is given."""
    own: dict[str, Any] = {
        "key": f"{candidate} | {kind} | {where}",
        "machine": None if kind == "hosted" else MACHINE,
        "machines": 0 if kind == "hosted" else 1,
        "low_usd": total,
        "high_usd": total,
        "as_of": "2026-11-09",
        "source": "genai-prices",
    }
    said: dict[str, Any] = {"kind": kind, "where": where, "month_usd": month, "year_usd": year, "total_usd": total}
    return CostLine(candidate=candidate, **said, **(own | more))


LIMITS = Limits(NEEDS.max_time_to_first_token_ms, 15.0)


def level(concurrency: int, first: float, per_token: float | None, *, errors: dict[str, int] | None = None) -> Level:
    """Twenty requests; at the 95th percentile half as slow again, at the 99th twice as slow."""
    failed = sum((errors or {}).values())
    spread = None if per_token is None else Spread(per_token, per_token * 1.5, per_token * 2)
    made = Level(
        concurrency=concurrency, requests=20, failed=failed, errors=errors or {}, seconds=4.0, prompt_tokens=95.0,
        output_tokens=3.0, first_token_ms=Spread(first, first * 1.5, first * 2), per_token_ms=spread,
        latency_ms=Spread(first + 80.0, first + 120.0, first + 200.0), requests_per_second=(20 - failed) / 4,
        tokens_per_second=None if per_token is None else 1000 * concurrency / per_token,
    )  # fmt: skip
    return replace(made, broken=tuple(broken(made, LIMITS)))


def probes(name: str, silent: str) -> tuple[ProbeFacts, ...]:
    """One that keeps the needs until eight ask at once, and one whose server counts no tokens and fails alone."""
    levels = (level(1, 120.0, 11.0), level(4, 310.5, 19.0), level(8, 1204.0, 61.0, errors={"http_503": 3}))
    return (
        ProbeFacts(name, "2026-11-23", 95, 3, LIMITS, levels),
        ProbeFacts(silent, "2026-11-20", 700, 60, LIMITS, (level(1, 2400.0, None),)),
    )


def stages(smol: str, gemma: str, qwen: str) -> Stages:
    """Everything there is; one candidate is a pick, one is not, and one is in no catalog."""
    pick = PickFacts(
        model="Qwen/Qwen3-8B",
        build="gguf:Q6_K",
        provider=None,
        role="preferred",
        quality=4.21,
        spread=1.34,
        chance_best=0.468,
        seconds=0.412,
        memory_bytes=7.4 * GIB,
        usd_per_month=0.0,
        reasons_for=(
            reason("for.evidence", n=9, task="classification"),
            reason("for.license", license="Apache-2.0"),
        ),
        reasons_against=(reason("against.thinks", tokens=3),),
        candidates=(qwen,),
    )
    hosted = replace(
        pick,
        model="openai/gpt-oss-120b",
        build=None,
        provider="novita",
        role="hosted",
        quality=5.06,
        chance_best=0.532,
        seconds=None,
        memory_bytes=None,
        usd_per_month=4.118,
        reasons_for=(reason("for.hosted", provider="novita"),),
        reasons_against=(reason("against.language_not_known", languages=["vi"]),),
        candidates=(),
    )
    costs = CostFacts(
        requests_per_day=5000.0,
        growth_per_year=0.5,
        years=3,
        lines=(
            line(qwen, "hosted", "openrouter", "0.5931", "8.546", "40.593", low_usd="37.10", high_usd="44.02"),
            line(smol, "own", MACHINE, "118.21", "1418.52", "4255.56", low_usd="2155.20", high_usd="7736.05",
                 as_of="2022-09-20"),
            line(qwen, "own", MACHINE, "118.24", "1418.88", "4256.64", low_usd="2155.90", high_usd="7737.40",
                 as_of="2022-09-20"),
            line(qwen, "rented", "marketplace", "248.2", "2978.4", "8935.2", low_usd="4438.11", high_usd="16775.02",
                 as_of="2026-05-24"),
        ),
        crossings=(
            Crossing(f"{qwen} | own | {MACHINE}", f"{qwen} | hosted | openrouter", 412_000, 1, 412_000),
            Crossing(f"{qwen} | own | {MACHINE}", f"{qwen} | rented | marketplace", 500_000, 0, 500_000),
        ),
        unknown=(reason("cost.not_in_catalog", model=gemma),),
        left_out=(reason("cost.left_out.quality"), reason("cost.left_out.tax")),
        notes=(
            reason("cost.measured_tokens", model=qwen, prompt=95.0, output=3.0, n=118),
            reason("cost.prices_of", source="genai-prices 0.2.3", date="2026-11-09"),
        ),
    )  # fmt: skip
    return Stages(
        needs=NEEDS,
        shortlist=ShortlistFacts(
            catalog="2026-11-22",
            looked_at=774,
            machine=MACHINE,
            funnel=(
                Step("out.kind", 105),
                Step("out.not_confirmed", 257),
                Step("out.language", 157),
                Step("out.version", 120),
                Step("out.first_token", 5),
                Step("out.others_promise_more", 128),
            ),
            picks=(pick, hosted),
            relaxed=(reason("shortlist.relax", key="license", models=12),),
            beside=(
                Beside(smol, reason("out.others_promise_more", value=-1.2, spread=1.6)),
                Beside(gemma, reason("out.not_in_catalog")),
            ),
            notes=(reason("hardware.memory_type_assumed", memory="DDR5", channels=2),),
        ),
        costs=costs,
        probes=probes(qwen, smol),
        deployment=DeployFacts(
            candidate=qwen,
            model="Qwen/Qwen3-8B",
            build="gguf:Q6_K",
            engine="llama.cpp",
            machine=MACHINE,
            command="llama-server -hf unsloth/Qwen3-8B-GGUF:Q6_K -c 4096 -np 1 -ngl 999",
            steps=(
                reason("deploy.step.llama", users=1),
                reason("deploy.step.compose"),
                reason("deploy.step.proxy"),
                reason("deploy.step.check"),
            ),
        ),
        sources=SourceFacts("2026-11-22", "genai-prices 0.2.3", "2026-11-09"),
        left_out=(),
    )


def hostile_stages(names: Sequence[str]) -> Stages:
    """Names of models, machines, providers and domains as strangers would like them to be."""
    base = stages(names[0], names[1], names[2])
    assert base.shortlist is not None
    assert base.costs is not None
    assert base.deployment is not None
    picks = tuple(
        replace(
            base.shortlist.picks[0],
            model=name,
            build=name,
            candidates=(name,),
            reasons_for=(reason("for.hosted", provider=name),),
            reasons_against=(reason("against.license", license=name, clauses=[name, name]),),
        )
        for name in names
    )
    many = {"machines": 1_234_567, "high_usd": "1E+12"}
    lines = tuple(
        line(name, kind, where, "123456.5", "9.1e5", "98765432.1", machine=machine, key=f"{kind} {index}", **many)
        for index, name in enumerate(names)
        for kind, where, machine in (("own", name, name), ("rented", "marketplace", name), ("hosted", name, None))
    )
    return replace(
        base,
        needs=replace(NEEDS, domain=names[2], hardware=names[0], languages=("vi", "x" * 8), fine_tuning=True),
        shortlist=replace(
            base.shortlist,
            machine=names[2],
            picks=picks,
            beside=tuple(Beside(name, reason("out.version", head=name)) for name in names),
            notes=tuple(reason("hardware.device_unknown", device=name) for name in names),
        ),
        costs=replace(
            base.costs,
            lines=lines,
            crossings=tuple(Crossing(f"own {i}", f"hosted {i}", 10**9, 7, 3) for i in range(len(names))),
            unknown=tuple(reason("cost.no_rent", machine=name) for name in names),
        ),
        probes=probes(names[0], names[1]),
        deployment=replace(
            base.deployment, candidate=names[0], model=names[1], machine=names[2], command=f"llama-server {names[0]}"
        ),
        left_out=tuple(reason("report.part_left_out", part="cost", error=name) for name in names),
    )
