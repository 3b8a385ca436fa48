"""A shortlist for people: a table, the reasons under it, the way from the catalog to it."""

from typing import TYPE_CHECKING, Any

from bakeoff.cli.output import Language, answer, print_table, say
from bakeoff.report import numbers
from bakeoff.report.numbers import UNKNOWN
from bakeoff.report.reasons_json import with_sentences
from bakeoff.report.words import label, sentence
from bakeoff.values import reason

if TYPE_CHECKING:
    from bakeoff.shortlist import Pick, Shortlist

NUMERIC = {3, 4, 5, 6, 7}


def document(found: "Shortlist") -> dict[str, Any]:
    """The JSON document, with the sentences of all reasons in both languages."""
    from bakeoff.shortlist.as_json import shortlist_json

    said: dict[str, Any] = with_sentences(shortlist_json(found))
    return said


def show_shortlist(found: "Shortlist", *, alternatives: bool, lang: Language) -> None:
    """Table first, then why; what a person may want to know beside it goes to standard error."""
    if not found.picks:
        _show_nothing(found, lang)
        return
    print_table([_word(name, lang) for name in _columns(found)], [_row(one, found, lang) for one in found.picks],
                numeric=NUMERIC)  # fmt: skip
    for one in found.picks:
        say(f"\n{one.entry.model.name}")
        for why in one.reasons_for:
            say(f"  + {sentence(why, lang)}")
        for why in one.reasons_against:
            say(f"  - {sentence(why, lang)}")
    if alternatives:
        _show_alternatives(found, lang)
    _show_funnel(found, lang)


def _columns(found: "Shortlist") -> list[str]:
    names = ["model", "build", "role", "quality", "chance", "seconds", "memory"]
    return [*names, "month"] if any(one.entry.offer is not None for one in found.picks) else names


def _row(one: "Pick", found: "Shortlist", lang: Language) -> list[str]:
    entry = one.entry
    plan, offer = entry.plan, entry.offer
    cells = [
        entry.model.id,
        str(plan.build) if plan is not None else offer.provider if offer is not None else "",
        _word(f"role.{one.role}", lang),
        f"{numbers.decimal(entry.quality, 1, lang)} ± {numbers.decimal(entry.standing.spread, 1, lang)}",
        numbers.percent(one.chance_best, lang),
        numbers.seconds(entry.seconds, lang) if entry.seconds is not None else UNKNOWN,
        numbers.size(entry.memory_bytes, lang) if entry.memory_bytes is not None else UNKNOWN,
    ]
    if len(_columns(found)) > len(cells):
        month = entry.usd_per_month
        cells.append(UNKNOWN if month is None or offer is None else numbers.dollars(f"{month:.2f}", lang))
    return cells


def _show_nothing(found: "Shortlist", lang: Language) -> None:
    answer(sentence(reason("shortlist.nothing", models=found.looked_at), lang))
    for one in found.relaxed:
        answer(f"  - {sentence(reason('shortlist.relax', key=one.key, models=one.models), lang)}")
    _show_funnel(found, lang)


def _show_funnel(found: "Shortlist", lang: Language) -> None:
    say(f"\n{sentence(reason('shortlist.looked_at', models=found.looked_at, date=found.snapshot), lang)}")
    for code, models in found.funnel:
        say(f"  {models:>4}  {_word(f'funnel.{code}', lang)}")
    say(f"  {len(found.picks):>4}  {_word('funnel.picks', lang)}")
    for note in found.notes:
        say(f"! {sentence(note, lang)}")
    say(sentence(reason("shortlist.unit"), lang))


def _show_alternatives(found: "Shortlist", lang: Language) -> None:
    from bakeoff.catalog.loading import load
    from bakeoff.shortlist.alternatives import alternatives

    catalog = load()
    for one in found.picks:
        others = alternatives(one.entry.model, catalog)
        if others:
            answer(f"\n{one.entry.model.name}: {_word('alternatives', lang)}")
        for other in others:
            answer(f"  {other.id}\t{other.domain or '-'}\t{other.release.date if other.release is not None else '-'}")


def show_explanation(found: "Shortlist", name: str, lang: Language) -> int:
    """Why one model is in or out; exit code 1 where it is out."""
    from bakeoff.catalog.finding import find

    model = find(name)
    for one in found.picks:
        if one.entry.model.id == model.id:
            role = _word(f"role.{one.role}", lang)
            answer(sentence(reason("shortlist.is_in", model=model.id, role=role, chance=one.chance_best), lang))
            for why in one.reasons_for:
                answer(f"  + {sentence(why, lang)}")
            for why in one.reasons_against:
                answer(f"  - {sentence(why, lang)}")
            return 0
    why = found.out.get(model.id, reason("out.not_confirmed"))
    answer(sentence(reason("shortlist.is_out", model=model.id), lang))
    answer(f"  - {sentence(why, lang)}")
    return 1


def _word(name: str, lang: Language) -> str:
    return label(f"shortlist.{name}", lang)
