"""What `bakeoff catalog` prints: tables and pages for people, or JSON."""

from collections.abc import Iterator
from pathlib import Path

from bakeoff.catalog.adding import add
from bakeoff.catalog.as_json import document, model_json, models_json
from bakeoff.catalog.evidence import add_evidence
from bakeoff.catalog.facts import HEAD
from bakeoff.catalog.finding import find
from bakeoff.catalog.loading import Catalog, load
from bakeoff.catalog.model import Evidence, Model, Provenance
from bakeoff.catalog.refresh import refresh
from bakeoff.catalog.searching import Wish, search
from bakeoff.cli.output import Language, answer, print_json, print_table, say
from bakeoff.errors import NoAnswer
from bakeoff.report.text import one_line
from bakeoff.report.words import label, sentence

MOST_EVIDENCE = 40
"""Results that are shown before `--json` is pointed to."""


def show_search(wish: Wish, as_json: bool, lang: Language) -> None:
    """A table of the models that meet a wish.

    Raises:
        NoAnswer: none does.
    """
    catalog = load()
    found = search(catalog.models, wish)
    if as_json:
        print_json(document(catalog, models=models_json(found)))
        return
    if not found:
        raise NoAnswer("no model in the catalog has all of that", hint="ask for less, or add --all for older models")
    header = [
        label("catalog.model", lang),
        label("catalog.released", lang),
        label("catalog.parameters", lang),
        label("catalog.context", lang),
        label("catalog.licence", lang),
        label("catalog.openness", lang),
        label("catalog.tasks", lang),
    ]
    print_table(header, [[one_line(cell) for cell in row(model, lang)] for model in found], numeric={2, 3})
    say(label("catalog.listed", lang, n=len(found), date=catalog.snapshot))


def row(model: Model, lang: Language) -> list[str]:
    """One model in a table."""
    return [
        model.id + (f" ({label('catalog.unverified', lang)})" if model.unverified else ""),
        released(model),
        size(model),
        f"{model.context_tokens:,}" if model.context_tokens else "",
        model.licence.key if model.licence else "",
        model.openness.level if model.openness else "",
        ", ".join(task for task in model.tasks if task != "chat"),
    ]


def released(model: Model) -> str:
    """Date in the precision that is known; `~` before one that stands in."""
    if model.release is None:
        return ""
    length = {"day": 10, "month": 7, "year": 4}[model.release.precision]
    return ("~" if model.release.approximate else "") + model.release.date[:length]


def size(model: Model) -> str:
    """Parameters, and those per token where they are fewer."""
    total, active = model.parameters.total, model.parameters.active
    if total is None:
        return ""
    return billions(total) + (f" / {billions(active)}" if active and active < 0.9 * total else "")


def billions(count: int) -> str:
    """8190735360 -> 8.2B."""
    if count < 1e9:
        return f"{count / 1e6:.0f}M"
    return f"{count / 1e9:.1f}B" if count < 1e11 else f"{count / 1e9:.0f}B"


def show_one(name: str, history: bool, as_json: bool, lang: Language) -> None:
    """Everything about one model."""
    catalog = load()
    model = find(name, catalog)
    rows = catalog.evidence(model.id)
    past = catalog.history(model.id) if history else []
    if as_json:
        print_json(document(catalog, models=[model_json(model, rows, past)]))
        return
    for line in page(model, catalog, lang):
        answer(line)
    _print_evidence(rows, lang)
    for fact in past:
        values = {key: value for key, value in fact.items() if key not in HEAD}
        answer(one_line(f"{fact['as_of']}  {fact['fact']}  {values}  ({', '.join(fact['source'])})"))


def page(model: Model, catalog: Catalog, lang: Language) -> Iterator[str]:
    """The lines of a page: value, then where it comes from."""
    yield model.id
    for name, value, group in _facts(model, lang):
        if value:
            source = _source(model.provenance.get(group), lang)
            yield f"  {name}: {one_line(value)}" + (f"  [{one_line(source)}]" if source else "")
    if model.licence is not None:
        for clause in model.licence.clauses:
            yield f"    - {one_line(clause)}"
    if model.no_architecture is not None:
        yield f"  {sentence(model.no_architecture, lang)}"
    if model.unverified:
        yield f"  ! {label('catalog.unverified_long', lang)}"
    for flag in model.flags:
        yield f"  ! {one_line(flag)}"
    if model.hub is not None and model.licence is not None:
        tag, key = model.hub.licence_tag, model.licence.key
        if tag not in (None, key, "other"):
            yield f"  ! {label('catalog.licence_differs', lang, tag=tag, licence=key)}"


def _facts(model: Model, lang: Language) -> Iterator[tuple[str, str, str]]:
    """(label, value, group of facts)."""
    shape, licence, openness = model.architecture, model.licence, model.openness
    yield label("catalog.organisation", lang), model.organisation, "identity"
    yield label("catalog.kind", lang), label(f"catalog.kind.{model.kind}", lang), "identity"
    yield label("catalog.released", lang), released(model), "release"
    yield label("catalog.parameters", lang), size(model), "parameters"
    yield label("catalog.context", lang), _context(model, lang), "context"
    if shape is not None:
        yield (
            label("catalog.architecture", lang),
            f"{shape.name}, {label('catalog.layers', lang, n=shape.n_layers)}",
            "architecture",
        )
    if licence is not None:
        use = label(f"catalog.use.{licence.commercial_use}", lang)
        yield label("catalog.licence", lang), f"{licence.name}; {use}  {licence.url}", "licence"
    if model.gated:
        yield label("catalog.gated", lang), label("catalog.gated_long", lang), "licence"
    if openness is not None:
        yield (
            label("catalog.openness", lang),
            f"{openness.level}" + (f" ({openness.note})" if openness.note else ""),
            "openness",
        )
    yield label("catalog.languages", lang), ", ".join(model.languages), "languages"
    if model.vietnamese:
        yield label("catalog.vietnamese", lang), label(f"catalog.vi.{model.vietnamese}", lang), "languages"
    yield label("catalog.inputs", lang), ", ".join(model.inputs), "abilities"
    yield label("catalog.tasks", lang), ", ".join(model.tasks), "abilities"
    yield label("catalog.domain", lang), model.domain or "", "identity"
    yield (
        label("catalog.lineage", lang),
        "; ".join(f"{parent.relation} {parent.model}" for parent in model.lineage),
        "lineage",
    )
    yield label("catalog.builds", lang), ", ".join(model.gguf_repositories), "builds"
    yield label("catalog.tools", lang), ", ".join(model.tools), "builds"
    yield label("catalog.file", lang), model.file or "", "file"


def _context(model: Model, lang: Language) -> str:
    if model.context_tokens is None:
        return ""
    text = f"{model.context_tokens:,}"
    if model.context_tokens_extended:
        text += f" ({label('catalog.extended', lang)}: {model.context_tokens_extended:,})"
    return text


def _source(found: Provenance | None, lang: Language) -> str:
    if found is None:
        return ""
    marks = [label("catalog.yours", lang)] if found.yours else []
    marks += [label("catalog.recalled", lang)] if found.recalled else []
    return ", ".join([*found.sources[:3], found.as_of, *marks])


def _print_evidence(rows: list[Evidence], lang: Language) -> None:
    if not rows:
        answer(f"  {label('catalog.no_evidence', lang)}")
        return
    header = [
        label("catalog.benchmark", lang),
        label("catalog.score", lang),
        label("catalog.category", lang),
        label("catalog.date", lang),
        label("catalog.source", lang),
    ]
    cells = [
        [
            " ".join(part for part in (row.benchmark, row.metric, row.language) if part),
            f"{row.score:g} {row.unit}" + (f" ({label('catalog.self_reported', lang)})" if row.self_reported else ""),
            row.category,
            row.date,
            row.source,
        ]
        for row in sorted(rows, key=lambda row: (row.category, row.benchmark))[:MOST_EVIDENCE]
    ]
    print_table(header, [[one_line(cell) for cell in line] for line in cells])
    if len(rows) > MOST_EVIDENCE:
        say(label("catalog.more_evidence", lang, n=len(rows) - MOST_EVIDENCE))


def show_added(reference: str, name: str | None, as_json: bool, lang: Language) -> None:
    """Add a model and tell what came of it."""
    found = add(reference, name=name)
    catalog = load()
    if as_json:
        told = {"model": found.model.id, "facts": len(found.added), "overrides": list(found.overrides)}
        print_json(document(catalog, added=told, models=[model_json(found.model)]))
        return
    for line in page(found.model, catalog, lang):
        answer(line)
    if not found.added:
        say(label("catalog.nothing_new", lang))
    if found.overrides:
        say(label("catalog.overrides", lang, groups=", ".join(found.overrides)))


def show_refreshed(names: tuple[str, ...], as_json: bool, lang: Language) -> None:
    """Ask the Hub and tell what came of it.

    Raises:
        NetworkError: it stopped early; what was renewed is kept.
    """
    catalog = load()
    ids = [find(name, catalog).id for name in names] or None
    found = refresh(ids, catalog, on_model=lambda number, total, model: say(f"{number}/{total} {model}"))
    if as_json:
        told = {"asked": found.asked, "facts": len(found.changed), "gone": list(found.gone), "left": found.left}
        print_json(document(load(), refreshed=told))
    else:
        answer(label("catalog.refreshed", lang, n=found.asked, changed=len(found.changed)))
        for model_id in found.gone:
            answer(label("catalog.gone", lang, model=model_id))
        if found.left:
            say(label("catalog.left", lang, n=found.left))
    if found.stopped is not None:
        raise found.stopped


def show_imported(file: Path, as_json: bool, lang: Language) -> None:
    """Import benchmark results and tell what came of it."""
    found = add_evidence(file)
    if as_json:
        told = {"added": found.added, "known": found.known, "models": list(found.models), "path": str(found.path)}
        print_json(document(load(), evidence=told))
        return
    answer(label("catalog.imported", lang, n=found.added, models=len(found.models)))
    if found.known:
        say(label("catalog.imported_known", lang, n=found.known))
