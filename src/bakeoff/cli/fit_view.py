"""What `bakeoff fit` prints about one model: every build, the plan to take with its memory, changes, the command."""

from collections.abc import Iterator

from bakeoff.cli.output import Language, answer, print_json, print_table, say
from bakeoff.fit.plan.as_json import answer_json, reason_json
from bakeoff.fit.plan.commands import ollama
from bakeoff.fit.plan.plan import Answer, DeviceUse, Plan
from bakeoff.report.numbers import UNKNOWN, milliseconds, rate, seconds, size
from bakeoff.report.plan_words import told, where
from bakeoff.report.reasons_json import with_sentences
from bakeoff.report.text import one_line
from bakeoff.report.words import label, sentence
from bakeoff.values import Estimate

WIDTH = 40
"""Characters of a memory bar."""

SIGNS = {
    "weights": "█",
    "kv_cache": "▓",
    "recurrent_state": "▒",
    "compute": "▒",
    "output": "░",
    "overhead": "░",
    "free": "·",
}


def show_answer(found: Answer, *, why: bool, as_json: bool, lang: Language) -> int:
    """Print an answer.

    Returns:
        0, or 1 where nothing runs.
    """
    terms = found.why if why else ()
    if as_json:
        document = answer_json(found)
        if why:
            document["why"] = [reason_json(term) for term in terms]
        print_json(with_sentences(document))
        return 0 if found.chosen is not None else 1
    for note in found.notes:
        say(f"! {sentence(note, lang)}")
    answer(_heading(found, lang))
    print_table(_header(lang), [_row(plan, found, lang) for plan in found.plans], numeric={3, 4, 6, 7, 8})
    if found.chosen is None:
        answer(label("fit.nothing_runs", lang, model=found.model.id))
    else:
        for line in _chosen(found, found.chosen, lang):
            answer(line)
    if found.changes:
        answer("\n" + label("fit.changes", lang))
        for change in found.changes:
            answer(f"  - {sentence(change, lang)}")
    if terms:
        answer("\n" + label("fit.why", lang))
        for term in terms:
            answer(f"  {sentence(term, lang)}")
    if found.chosen is not None:
        _commands(found, found.chosen, lang)
    return 0 if found.chosen is not None else 1


def _heading(found: Answer, lang: Language) -> str:
    wanted = found.wanted
    return label(
        "fit.heading",
        lang,
        model=found.model.id,
        machine=found.machine.name,
        context=found.context_tokens,
        prompt=wanted.prompt_tokens,
        output=wanted.output_tokens,
        users=wanted.conversations,
    )


def _header(lang: Language) -> list[str]:
    names = ("build", "engine", "file", "memory", "where", "speed", "answer", "loss", "verdict")
    return ["", *(label(f"fit.column.{name}", lang) for name in names)]


def _row(plan: Plan, found: Answer, lang: Language) -> list[str]:
    return [
        "*" if plan is found.chosen else "",
        str(plan.build),
        plan.engine,
        size(plan.file_bytes.value, lang) if plan.file_bytes is not None else UNKNOWN,
        size(plan.memory.total_bytes, lang) if plan.memory is not None else UNKNOWN,
        where(plan, lang),
        *told(plan, lang),
    ]


def between(estimate: Estimate, lang: Language) -> str:
    """`117 (105–131)`."""
    return f"{rate(estimate.value, lang)} ({rate(estimate.low, lang)}–{rate(estimate.high, lang)})"


def _chosen(found: Answer, plan: Plan, lang: Language) -> Iterator[str]:
    yield ""
    yield label(
        "fit.take", lang, build=str(plan.build), engine=plan.engine, verdict=label(f"fit.verdict.{plan.verdict}", lang)
    )
    for one in plan.devices:
        yield "  " + _bar(one, lang)
    speed = plan.speed
    if speed.decode_tokens_per_second and speed.time_to_first_token_ms and speed.request_seconds:
        first = speed.time_to_first_token_ms
        yield "  " + label(
            "fit.speeds",
            lang,
            decode=between(speed.decode_tokens_per_second, lang),
            prefill=between(speed.prefill_tokens_per_second, lang) if speed.prefill_tokens_per_second else UNKNOWN,
            first=milliseconds(first.value, lang),
            answer=seconds(speed.request_seconds.value, lang),
        )
    if found.wanted.conversations > 1 and speed.throughput_tokens_per_second is not None:
        yield "  " + label(
            "fit.together", lang, n=plan.conversations, rate=between(speed.throughput_tokens_per_second, lang)
        )
    if plan.load_seconds is not None:
        yield "  " + label("fit.load", lang, time=seconds(plan.load_seconds.value, lang))
    for why in plan.reasons:
        yield f"  - {sentence(why, lang)}"


def _bar(one: DeviceUse, lang: Language) -> str:
    """`RTX 4090  ████▓▓····  10.0 of 23.1 GiB: weights 8.1, KV cache 1.1, free 13.0`."""
    use = one.use
    parts = {name: getattr(use, f"{name}_bytes") for name in SIGNS if name != "free"}
    parts["free"] = max(0.0, one.usable_bytes - use.total_bytes)
    whole = sum(parts.values()) or 1.0
    cells = {name: round(WIDTH * part / whole) for name, part in parts.items()}
    cells["free"] = max(0, WIDTH - sum(cells.values()) + cells["free"])
    bar = "".join(SIGNS[name] * cells[name] for name in SIGNS)[:WIDTH]
    named = [f"{label(f'fit.part.{name}', lang)} {size(part, lang)}" for name, part in parts.items() if part]
    name = one_line(one.name) if one.place >= 0 else label("fit.system_memory", lang)
    used = label("fit.used", lang, used=size(use.total_bytes, lang), usable=size(one.usable_bytes, lang))
    return f"{name}  {bar}  {used}: {', '.join(named)}"


def _commands(found: Answer, plan: Plan, lang: Language) -> None:
    answer("\n" + label("fit.command", lang))
    answer(f"  {plan.command}")
    other = ollama(plan.model, plan.build, plan.context_tokens) if plan.engine == "llama.cpp" else None
    if other is not None and plan.conversations == 1:
        say(label("fit.or_ollama", lang, command=other))
