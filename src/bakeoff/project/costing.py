"""A project's candidates as `bakeoff.cost` counts them: with the tokens of their own answers, needs and endpoints."""

import math
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from bakeoff.catalog.model import Model
from bakeoff.cost.asking import cost, model_named
from bakeoff.cost.costs import Costs
from bakeoff.cost.hosted import MILLION, Rate
from bakeoff.cost.load import Load
from bakeoff.cost.making import Subject
from bakeoff.errors import UsageError
from bakeoff.evaluate.caps import PricePerToken
from bakeoff.evaluate.results import Column, Comparison, GradedCell
from bakeoff.evaluate.types import Candidate
from bakeoff.needs import Needs
from bakeoff.project.config import Config, CostSection
from bakeoff.project.contestants import candidate_of
from bakeoff.project.presets import base_url, presets
from bakeoff.project.tuned import verdict
from bakeoff.values import Z80, Estimate, Reason, reason

if TYPE_CHECKING:
    from bakeoff.project.project import Project


def subjects(project: "Project", given: Mapping[str, Any]) -> list[Subject]:
    """Every candidate, with its own load.

    Args:
        project: whose ledger is read; nothing is run.
        given: fields of `Load` that the user named; they beat what was measured, which beats the needs.

    Raises:
        DataError: the data file cannot be read.
        UsageError: a number means nothing.
    """
    return subjects_of(project.config, project.columns(), given)


def subjects_of(config: Config, columns: Sequence[Column], given: Mapping[str, Any]) -> list[Subject]:
    """As `subjects`, of columns that are at hand."""
    needed = of_needs(config.needs)
    found = []
    for column in columns:
        candidate = candidate_of(column.candidate, config.candidates)
        measured, note = measured_tokens(column)
        load = Load(**{**needed, **measured, **given})
        found.append(
            Subject(
                name=column.candidate,
                model=known_model(candidate),
                load=load,
                build=candidate.build,
                endpoint=endpoint_of(candidate),
                served_as=candidate.model,
                rate=_rate(config.prices.get(column.candidate) or config.prices.get(candidate.name)),
                notes=(note,),
            )
        )
    return found


def costs(
    project: "Project", asked: CostSection | None = None, *, columns: Sequence[Column] | None = None, **more: Any
) -> Costs:
    """What the candidates cost, at the load that is known of each.

    Args:
        project: whose ledger is read; nothing is run.
        asked: what beats everything else; None: the `[cost]` of the project file.
        columns: what `Project.columns()` gave a moment ago.
        more: keywords of `bakeoff.cost` that beat it.

    Raises:
        DataError: the data file cannot be read.
        UsageError: a number, name or country means nothing.
    """
    section = project.config.cost if asked is None else asked
    found = subjects_of(project.config, project.columns() if columns is None else columns, section.load())
    allowed = allowed_ways(project.config.needs, section.machines, section.hosted, section.providers)
    return cost(subjects=found, **(allowed | section.ways() | more))


def allowed_ways(
    needs: Needs | None, machines: Sequence[str] | None, hosted: bool | None, providers: Sequence[str] = ()
) -> dict[str, Any]:
    """Keywords `on` and `hosted` of `bakeoff.cost`: what was asked for, else what the needs allow.

    Args:
        needs: None: hosted providers, and no machine.
        machines: by name; None or empty: the one that the needs name.
        hosted: whether providers are counted; None: where the needs allow them, or some were named.
        providers: that were named.
    """
    if needs is None:
        return {"on": machines or (), "hosted": hosted is not False}
    on = machines or ([needs.hardware] if needs.local_allowed else [])
    return {"on": on, "hosted": needs.hosted_allowed or bool(providers) if hosted is None else hosted}


def of_needs(needs: Needs | None) -> dict[str, Any]:
    """Fields of a load that `[needs]` has."""
    if needs is None:
        return {}
    fields: dict[str, Any] = {
        "requests_per_day": needs.requests_per_day,
        "prompt_tokens": needs.prompt_tokens,
        "output_tokens": needs.output_tokens,
        "growth_per_year": needs.growth_per_year,
        "first_token_ms": needs.max_time_to_first_token_ms,
        "least_speed": needs.min_decode_tokens_per_second,
    }
    return {name: value for name, value in fields.items() if value is not None}


def measured_tokens(column: Column) -> tuple[dict[str, Any], Reason]:
    """Fields of a load from a candidate's answers, and what to say of them."""
    cells = [cell for cell in column.cells if cell.prompt_tokens and cell.output_tokens is not None]
    if not cells:
        return {}, reason("cost.no_measured_tokens", model=column.candidate)
    prompt = fmean(cell.prompt_tokens or 0 for cell in cells)
    thinking = fmean(cell.thinking_tokens or 0 for cell in cells)
    written = fmean(cell.output_tokens or 0 for cell in cells)
    fields = {
        "prompt_tokens": prompt,
        "output_tokens": max(0.0, written - thinking),
        "thinking_tokens": min(thinking, written),
        "length": _length(cells),
    }
    said = reason("cost.measured_tokens", model=column.candidate, prompt=prompt, output=written, n=len(cells))
    return fields, said


def _length(cells: Sequence[GradedCell]) -> Estimate:
    """How far the mean of all tokens may be off: 80 % interval of a mean, from the spread over the rows."""
    totals = [(cell.prompt_tokens or 0) + (cell.output_tokens or 0) for cell in cells]
    mean = fmean(totals)
    error = Z80 * stdev(totals) / math.sqrt(len(totals)) / mean if len(totals) > 1 else 0.5
    return Estimate(1.0, max(0.05, 1 - error), 1 + error, "measured", f"{len(cells)} answers")


def tuned_verdict(comparison: Comparison, base: str, tuned: str, *, uplift: float | None = None) -> Reason:
    """Whether a fine-tune answers better than its base, by as much as it must.

    Args:
        comparison: of a project with both as candidates, on rows that were not trained on.
        base: name of the candidate that was tuned.
        tuned: name of the fine-tune.
        uplift: share of answers that must come right in addition (`cost.tune.payback`); None asks for any.

    Raises:
        UsageError: they are not two candidates of the project.
    """
    for pair in comparison.pairs:
        if {pair.a, pair.b} == {base, tuned}:
            return verdict(pair, base, uplift)
    known = ", ".join(model.model for model in comparison.models)
    raise UsageError(f"{base!r} and {tuned!r} are not two candidates of this project", hint=f"there are: {known}")


def _rate(price: PricePerToken | None) -> Rate | None:
    """The price of the project file, per million tokens."""
    return None if price is None else Rate(price.input * MILLION, price.output * MILLION, None, price.per_request)


def known_model(candidate: Candidate) -> Model | None:
    """None where nothing is known of it: then only its endpoint's price counts."""
    try:
        return model_named(candidate.model)
    except UsageError:
        return None


def endpoint_of(candidate: Candidate) -> str | None:
    """Base URL of a provider elsewhere, without user name and password; None for what runs in the own network."""
    if candidate.via.startswith(("http://", "https://")):
        url = candidate.via
    else:
        preset = presets().get(candidate.via)
        url = base_url(preset) if preset is not None else ""
    parts = urlsplit(url)
    if not url or _is_own(parts.hostname or ""):
        return None
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _is_own(host: str) -> bool:
    """This machine, or an address that is not routed on the Internet (RFC 1918, RFC 4193)."""
    try:
        return host == "localhost" or ip_address(host).is_private
    except ValueError:
        return False
