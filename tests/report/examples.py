"""Reports to test with, built from values: an ordinary one, and one in which every stranger is hostile."""

from dataclasses import replace

from bakeoff.decide import Decision
from bakeoff.evaluate.graders import GraderFacts
from bakeoff.evaluate.results import (
    Comparison,
    Disagreement,
    Memory,
    ModelResult,
    Pair,
    Percentiles,
    Quality,
    Tokens,
)
from bakeoff.evaluate.types import Example, Prompt
from bakeoff.report import CandidateFacts, DataFacts, MachineFacts, ReportData
from bakeoff.values import reason
from tests.report.stages_examples import hostile_stages, stages

SMOL, GEMMA, QWEN = "SmolLM2-135M-Instruct Q4_1", "gemma-3-270m Q4_K_M", "Qwen3-8B via vLLM"
MIB = 1024**2


def model(name: str, right: int, n: int, p50: float, rate: float, *, interval: tuple[float, float]) -> ModelResult:
    low, high = interval
    quality = Quality("accuracy", right / n, low, high, n)
    wrong = n - right
    return ModelResult(
        model=name,
        build=name.rpartition(" ")[2] + " 3f2a9c0b77de",
        n=120,
        quality=quality,
        qualities=(quality, Quality("macro_f1", right / n - 0.021, low - 0.03, high - 0.01, n)),
        latency_ms=Percentiles(p50, float(round(p50 * 1.6))),
        time_to_first_token_ms=Percentiles(p50 * 0.7, p50),
        decode_tokens_per_second=rate,
        prompt_tokens_per_second=rate * 6,
        tokens=Tokens(11_400, 360),
        counts={"answered": n, "failed": 120 - n, "blank": 0, "cut": 3, "missing": 0, "unscored": 0},
        confusion={
            "positive": {"positive": right // 2, "negative": wrong // 2 - 2, "": 2},
            "negative": {"negative": right - right // 2, "positive": wrong - wrong // 2, "": 0},
        },
    )


def pair(a: str, b: str, difference: float, half: float, *, p: float, discordant: int) -> Pair:
    return Pair(
        a=a,
        b=b,
        n=118,
        difference=difference,
        low=difference - half,
        high=difference + half,
        p=p,
        p_holm=min(1.0, 3 * p),
        n_discordant=discordant,
        low_simultaneous=difference - 1.2 * half,
        high_simultaneous=difference + 1.2 * half,
    )


def ordinary() -> ReportData:
    """Three models, one of them behind a server; two cannot be told apart."""
    smol = replace(
        model(SMOL, 82, 120, 214.0, 61.3, interval=(0.5955, 0.7598)),
        memory=Memory(98 * MIB, 45 * MIB, 0, 97 * MIB, 3 * MIB, 391 * MIB),
    )
    gemma = replace(
        model(GEMMA, 79, 120, 388.0, 38.2, interval=(0.5694, 0.7371)),
        memory=Memory(241 * MIB, 27 * MIB, 0, 152 * MIB, 8 * MIB, None),
    )
    qwen = replace(model(QWEN, 106, 118, 1240.0, 143.2, interval=(0.8306, 0.9407)), cost_usd="0.0184")
    pairs = (
        pair(SMOL, GEMMA, 0.025, 0.08, p=0.6, discordant=27),
        pair(SMOL, QWEN, -0.212, 0.09, p=0.0000004, discordant=33),
        pair(GEMMA, QWEN, -0.237, 0.09, p=0.0000001, discordant=36),
    )
    caveats = (
        reason("few_rows", n=120, detectable=0.11),
        reason("cells.failed", model=QWEN, n=2, total=120),
        reason("label.none_read", model=SMOL, n=2, total=120),
        reason("baseline.not_beaten", model=GEMMA, label="positive", share=0.583, value=0.6583, low=0.5694),
    )
    decision = Decision(
        verdict="better",
        choice=QWEN,
        equivalent=(QWEN,),
        sentence=reason(
            "decide.better", choice=QWEN, runner_up=SMOL, difference=0.212, low=0.104, high=0.32, p_holm=0.0000012,
            n=118, metric="accuracy", quality=106 / 118, gap=0.03, rule="cheapest not worse",
        ),
        reasons=(
            reason("fate.worse", model=SMOL, than=QWEN, difference=-0.212, low=-0.32, high=-0.104, p_holm=0.0000012),
            reason("fate.worse", model=GEMMA, than=QWEN, difference=-0.237, low=-0.345, high=-0.129, p_holm=0.0000003),
            reason("change.larger_gap", model=SMOL, gap=0.32),
        ),
        rule="cheapest not worse",
        smallest_gap_that_matters=0.03,
        models=(smol, gemma, qwen),
        pairs=pairs,
        caveats=caveats,
    )  # fmt: skip
    comparison = Comparison(
        models=decision.models,
        pairs=pairs,
        caveats=caveats,
        disagreements=(
            Disagreement(
                "7",
                "It was one of the most forgettable evenings I have spent in a cinema, and the popcorn was cold.",
                "negative",
                {SMOL: "negative", GEMMA: "positive", QWEN: "negative"},
                {SMOL: 1.0, GEMMA: 0.0, QWEN: 1.0},
            ),
            Disagreement(
                "23",
                "Phim không tệ như người ta nói, nhưng cũng chẳng có gì để nhớ.",
                "negative",
                {
                    SMOL: "The sentiment of this sentence is hard to say. " * 8,
                    GEMMA: "positive",
                    QWEN: "",
                },
                {SMOL: 0.0, GEMMA: 0.0, QWEN: None},
            ),
            Disagreement(
                "61",
                "I laughed, I cried, and then I watched it again with my mother. " * 6,
                "positive",
                {SMOL: "positive", GEMMA: "negative", QWEN: "positive"},
                {SMOL: 1.0, GEMMA: 0.0, QWEN: 1.0},
            ),
        ),
        n_disagreements=46,
    )
    return ReportData(
        project="film-reviews",
        date="2026-11-24",
        decision=decision,
        comparison=comparison,
        data=DataFacts("reviews.csv", 120, "9d1f" * 16),
        prompt=Prompt(
            user="Review: {{ text }}\nSentiment:",
            system="Answer with exactly one of: positive, negative.",
            examples=(Example("Review: A joy from start to end.\nSentiment:", "positive"),),
        ),
        prompt_digest="41c7" * 16,
        graders=(GraderFacts("label", "label", "{{ label }}", {"labels": ["positive", "negative"]}, None),),
        candidates=(
            CandidateFacts(
                name=SMOL,
                model="HuggingFaceTB/SmolLM2-135M-Instruct",
                build="Q4_1 3f2a9c0b77de",
                via="embedded",
                api="chat",
                parameters={"temperature": 0.0, "max_tokens": 8, "cache_prompt": False},
                sha256="3f2a9c0b77de" + "0" * 52,
                engine="xllamacpp 2026.10.11549",
                context_tokens=2048,
                concurrency=1,
                license="Apache-2.0",
                license_terms="https://www.apache.org/licenses/LICENSE-2.0",
            ),
            CandidateFacts(
                name=GEMMA,
                model="google/gemma-3-270m",
                build="Q4_K_M 3f2a9c0b77de",
                via="embedded",
                api="completions",
                parameters={"temperature": 0.0, "max_tokens": 8, "stop": ["\n"], "cache_prompt": False},
                sha256="77aa9c0b77de" + "0" * 52,
                engine="xllamacpp 2026.10.11549",
                context_tokens=4096,
                concurrency=1,
                license="Gemma Terms of Use",
                license_terms="https://ai.google.dev/gemma/terms",
            ),
            CandidateFacts(
                name=QWEN,
                model="Qwen/Qwen3-8B",
                build="vLLM 3f2a9c0b77de",
                via="http://10.0.0.7:8000/v1",
                api="chat",
                parameters={"temperature": 0.0, "max_tokens": 8},
                concurrency=8,
            ),
        ),
        machine=MachineFacts("AMD EPYC 9V74", 2, 8_230_000_000, (), "linux"),
        bakeoff="0.1.0",
        stages=stages(SMOL, GEMMA, QWEN),
    )


HOSTILE = (
    "<script>alert(1)</script>\x1b[31m\u202eevil\u202c|pipe|`tick`\n# heading",
    "نموذج عربي طويل " + "ا" * 40,
    "M" * 4000,
    "Z" + "\u0301\u0323" * 500 + " {{ 7 * 7 }}",
)


def hostile() -> ReportData:
    """Four models with names, builds, answers, rows and errors that attack terminal, page and layout."""
    base = ordinary()
    models = tuple(
        replace(model(name, 100 - 5 * i, 120, 3000.0 * 7**i, 3.0, interval=(0.4, 0.9)), build=name)
        for i, name in enumerate(HOSTILE)
    )
    models = (*models[:3], replace(models[3], quality=None, latency_ms=None, qualities=(), confusion={}))
    rows = tuple(
        Disagreement(text * 3, text, text, dict.fromkeys(HOSTILE, text), dict.fromkeys(HOSTILE, 0.0))
        for text in HOSTILE
    )
    rows = (Disagreement("half", "\ud800", "\ud800", {HOSTILE[0]: "\ud800"}, {HOSTILE[0]: None}), *rows)
    many = {f"label {i} {HOSTILE[0]}": {f"label {(i * j) % 30}": j for j in range(4)} for i in range(30)}
    models = (replace(models[0], confusion=many), *models[1:])
    pairs = tuple(pair(a, b, -0.3, 0.6, p=0.2, discordant=4) for i, a in enumerate(HOSTILE) for b in HOSTILE[i + 1 :])
    caveats = tuple(reason("candidate.unavailable", candidate=name, error=name) for name in HOSTILE)
    decision = Decision(
        verdict="cannot be told apart",
        choice=HOSTILE[1],
        equivalent=(HOSTILE[1], HOSTILE[0]),
        sentence=reason(
            "decide.cannot_tell", choice=HOSTILE[1], others=[HOSTILE[0]], leader=HOSTILE[0], against=HOSTILE[0],
            difference=0.01, low=-0.1, high=0.1, gap=0.03, n=120, metric="accuracy", quality=0.8,
            criterion="latency", value=380.0, other_value=910.0, other=HOSTILE[0], more_rows=700,
            rule="cheapest not worse",
        ),
        reasons=(reason("fate.no_answer", model=HOSTILE[3]),),
        rule="cheapest not worse",
        smallest_gap_that_matters=0.03,
        models=models,
        pairs=pairs,
        caveats=caveats,
    )  # fmt: skip
    candidates = tuple(
        CandidateFacts(
            name, name, name, name, "chat", parameters={name: name}, engine=name, license=name, license_terms=name
        )
        for name in HOSTILE
    )
    prompt = Prompt(user=HOSTILE[0], system=HOSTILE[2], examples=(Example(HOSTILE[1], HOSTILE[3]),))
    return replace(
        base,
        project=HOSTILE[0],
        decision=decision,
        comparison=Comparison(models, pairs, caveats, rows, 4),
        data=DataFacts(HOSTILE[2], 120, "00" * 32),
        prompt=prompt,
        graders=(GraderFacts("contains", HOSTILE[0], HOSTILE[0], {"labels": list(HOSTILE)}, None),),
        candidates=candidates,
        machine=MachineFacts(HOSTILE[2], 1, 1, HOSTILE, HOSTILE[0]),
        stages=hostile_stages(HOSTILE),
    )
