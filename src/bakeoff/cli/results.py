"""A decision on the terminal, or as JSON."""

from bakeoff.cli.output import Language, answer, print_json, print_table, say
from bakeoff.decide import Decision
from bakeoff.report.words import sentence


def count_answers(decision: Decision) -> int:
    """Cells that have an answer."""
    return sum(model.counts.get(state, 0) for model in decision.models for state in ("answered", "blank", "cut"))


def print_decision(decision: Decision, *, as_json: bool, lang: Language, reasons: bool = False) -> None:
    """The sentence, the table, the caveats; or all of it as one JSON document."""
    if as_json:
        from bakeoff.report.decision_json import decision_json

        print_json(decision_json(decision))
        return
    from bakeoff.report.table import results_table

    header, rows = results_table(decision, lang)
    print_table(header, rows, numeric=set(range(2, len(header))))
    for caveat in decision.caveats:
        say(f"! {sentence(caveat, lang)}")
    if reasons:
        for reason in decision.reasons:
            answer(sentence(reason, lang))
    answer(sentence(decision.sentence, lang))
