"""Fine-tuning: memory, time and money of each method on each machine, and what it must bring to pay."""

import math
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from bakeoff.cost.load import Load
from bakeoff.cost.tune.against import against_told
from bakeoff.cost.tune.as_json import tune_json
from bakeoff.cost.tune.asking import LADDER, USUAL_EPOCHS, USUAL_ROWS, USUAL_RUNS, USUAL_TOKENS, tune
from bakeoff.cost.tune.memory import METHODS, Method
from bakeoff.errors import UsageError
from bakeoff.project.costing import known_model, measured_tokens, of_needs, tuned_verdict
from bakeoff.report.reasons_json import with_sentences
from bakeoff.values import Estimate
from bakeoff.web.language import Lang
from bakeoff.web.planner import PLANNER
from bakeoff.web.routes.compare import columns_of, compared
from bakeoff.web.words import told
from bakeoff.web.workspace import Opened, Project_

router = APIRouter(prefix="/api/projects/{project}/tune", tags=["cost"])

Text = Annotated[str, Field(min_length=1, max_length=500)]


class Asked(BaseModel):
    """As the options of `bakeoff tune`."""

    model_config = ConfigDict(extra="forbid")

    model: Text | None = None
    """By name; that of the choice, else of the first candidate that the catalog knows."""

    on: Annotated[list[Text], Field(max_length=8)] = []
    method: Annotated[list[Method], Field(max_length=4)] = []
    rows: int = USUAL_ROWS
    tokens_per_row: float | None = None
    """Of prompt and answer together; None: as the run measured, else a usual one."""

    epochs: float = USUAL_EPOCHS
    runs: int = USUAL_RUNS
    rank: int = 16
    data_usd: float = 0.0
    requests_per_day: float | None = None
    example_tokens: float = 0.0
    """Of the prompt, that a tuned model needs no longer."""

    instead_of: Annotated[str | None, Field(max_length=500)] = None
    value_per_answer: float | None = None
    years: int = 1
    base: str | None = None
    tuned: str | None = None
    """With `base`: two candidates; the run then says whether it paid."""


@router.get("")
def get_tune(opened: Project_, lang: Lang, asked: Annotated[Asked, Query()]) -> dict[str, Any]:
    """The document of `bakeoff tune --json`, with what it stands against in words, and the defaults."""
    models = _models(opened)
    model = asked.model or next(iter(models.values()), None)
    if model is None:
        raise UsageError(
            "no candidate is in the catalog, so that nothing is known of its architecture",
            hint="name a model of the catalog: qwen3-8b",
        )
    load, per_row = _load(opened, model, models, asked)
    found = tune(
        model,
        on=[PLANNER.machine(one).machine for one in asked.on],
        rows=asked.rows,
        tokens_per_row=per_row,
        epochs=_finite("epochs", asked.epochs),
        runs=asked.runs,
        methods=asked.method or METHODS,
        rank=asked.rank,
        data_usd=asked.data_usd,
        load=load,
        years=asked.years,
        example_tokens=_finite("tokens of examples", asked.example_tokens),
        instead_of=asked.instead_of or None,
        value_per_answer=asked.value_per_answer,
    )
    verdict = None
    if asked.base and asked.tuned:
        needed = [one.payback.uplift_needed for one in found.against if one.payback.uplift_needed is not None]
        uplift = float(max(needed)) if needed else None
        verdict = told(tuned_verdict(compared(opened).comparison, asked.base, asked.tuned, uplift=uplift), lang)
    return {
        **with_sentences(tune_json(found)),
        "says": [told(against_told(one, found.years), lang) for one in found.against],
        "verdict": verdict,
        "candidates": [{"candidate": name, "model": id_} for name, id_ in models.items()],
        "machines": list(asked.on or LADDER),
    }


def _finite(name: str, value: float) -> float:
    if not math.isfinite(value):
        raise UsageError(f"{name} is {value}", hint="write a number")
    return value


def _models(opened: Opened) -> dict[str, str]:
    """Candidate to its model in the catalog; the choice first."""
    choice = compared(opened).decision.choice
    known = {
        one.name: found.id
        for one in opened.project().config.candidates
        if (found := known_model(one)) is not None
    }  # fmt: skip
    return dict(sorted(known.items(), key=lambda one: one[0] != choice))


def _load(opened: Opened, model: str, models: dict[str, str], asked: Asked) -> tuple[Load, float]:
    """The requests after tuning, and the tokens of one example: as the model's own answers were, where there are."""
    fields = of_needs(opened.project().config.needs)
    for column in columns_of(opened):
        if models.get(column.candidate) == model:
            fields |= measured_tokens(column)[0]
    if asked.requests_per_day is not None:
        fields["requests_per_day"] = asked.requests_per_day
    load = Load(**fields)
    length: Estimate | None = fields.get("length")
    measured = load.prompt_tokens + load.written_tokens if length is not None else float(USUAL_TOKENS)
    per_row = _finite("tokens per row", measured if asked.tokens_per_row is None else asked.tokens_per_row)
    return load, max(1.0, round(per_row, 1))
