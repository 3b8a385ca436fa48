"""What `bakeoff fit` prints without a model: what is worth running on a machine, by task."""

from bakeoff.cli.output import Language, answer, print_json, print_table, say
from bakeoff.fit.plan.table import Row, Table
from bakeoff.report.numbers import UNKNOWN, decimal, size
from bakeoff.report.plan_words import told, where
from bakeoff.report.reasons_json import with_sentences
from bakeoff.report.text import one_line
from bakeoff.report.words import label, sentence

COLUMNS = ("task", "model", "size", "released", "build", "engine", "where", "memory", "speed", "answer", "loss",
           "verdict", "evidence")  # fmt: skip
NUMERIC = {2, 7, 8, 9, 10, 12}


def show_table(found: Table, *, as_json: bool, lang: Language) -> int:
    """Print the table.

    Returns:
        0, or 1 where nothing is worth running.
    """
    if as_json:
        from bakeoff.fit.plan.as_json import table_json

        print_json(with_sentences(table_json(found)))
        return 0 if found.rows else 1
    for note in found.notes:
        say(f"! {sentence(note, lang)}")
    if not found.rows:
        answer(label("fit.nothing_worth", lang, machine=found.machine.name))
        return 1
    answer(label("fit.table_heading", lang, machine=found.machine.name))
    header = [label(f"fit.column.{name}", lang) for name in COLUMNS]
    print_table(header, [_row(row, lang) for row in found.rows], numeric=NUMERIC)
    wanted = found.wanted
    say(
        label(
            "fit.order",
            lang,
            n=found.looked_at,
            date=found.snapshot,
            prompt=wanted.prompt_tokens,
            output=wanted.output_tokens,
        )
    )
    return 0


def _row(row: Row, lang: Language) -> list[str]:
    plan, model = row.plan, row.plan.model
    total, active = model.parameters.total or 0, model.parameters.active or 0
    return [
        f"{one_line(row.task)} {row.rank}",
        model.id,
        billions(total, lang) + (f" / {billions(active, lang)}" if active < 0.9 * total else ""),
        model.release.date[:7] if model.release is not None else "",
        str(plan.build),
        plan.engine,
        where(plan, lang),
        size(plan.memory.total_bytes, lang) if plan.memory is not None else UNKNOWN,
        *told(plan, lang),
        str(row.ability.benchmarks) if row.ability.benchmarks else UNKNOWN,
    ]


def billions(count: int, lang: Language) -> str:
    """8190735360 -> 8.2B."""
    if count < 1e9:
        return f"{decimal(count / 1e6, 0, lang)}M"
    return f"{decimal(count / 1e9, 1 if count < 1e11 else 0, lang)}B"
