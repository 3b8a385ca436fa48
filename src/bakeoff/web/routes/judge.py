"""The judge: who judges, by what, and whether to believe it. `POST jobs` with the verb `judge` asks it."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bakeoff.errors import BakeoffError, UsageError
from bakeoff.evaluate.judge.families import kin
from bakeoff.evaluate.judge.result import Judged
from bakeoff.evaluate.judge.settings import Bar
from bakeoff.evaluate.judge.telling import telling
from bakeoff.evaluate.request import json_digest
from bakeoff.evaluate.types import Candidate
from bakeoff.project import editing
from bakeoff.project.config import JudgeSection
from bakeoff.project.config.explain import explain
from bakeoff.project.presets import presets
from bakeoff.project.project import Project
from bakeoff.project.sheet.sound import sound
from bakeoff.report import Language
from bakeoff.report.judge_json import judge_json, judge_quote_json
from bakeoff.report.words import sentence
from bakeoff.values import Reason, reason, to_json
from bakeoff.web.errors import Refused
from bakeoff.web.language import Lang
from bakeoff.web.routes.compare import columns_of
from bakeoff.web.workspace import Opened, Project_

router = APIRouter(prefix="/api/projects/{project}/judge", tags=["judge"])

SAID_BY_STATE = "judge.few_labels"
"""The state says as much."""

BY_MODEL = ("judge.corrected", "judge.equal_length")
"""What names candidates and says how they fare; all else is about the judge."""

Name = Annotated[str, Field(min_length=1, max_length=500)]


class Body(BaseModel):
    """Strict: a number is no text."""

    model_config = ConfigDict(strict=True, extra="forbid")


class JudgeModel(Body):
    """A judging model; what the form does not show stays in the file as it is."""

    model: Name
    via: Name = "embedded"
    build: Name | None = None
    name: Name | None = None
    key: Name | None = None


class Criterion(Body):
    """What answers are judged by."""

    name: Annotated[str, Field(max_length=41)]
    description: Annotated[str, Field(max_length=4000)] = ""
    low: int = 1
    high: int = 5
    weight: float = 1.0


class Settings(Body):
    """What the form sets of `[judge]`."""

    stamp: Annotated[str | None, Field(max_length=100, description="of `GET judge`, before the change")] = None
    models: Annotated[list[JudgeModel], Field(min_length=1, max_length=9)]
    form: Literal["pairwise", "rubric"] = "pairwise"
    language: Literal["en", "vi"] = "en"
    criteria: Annotated[list[Criterion], Field(max_length=20)] = []
    reference: Annotated[str | None, Field(max_length=20_000)] = None
    rows: Annotated[int | None, Field(ge=1)] = None
    allow_family: bool = False


@router.get("")
def get_judge(opened: Project_, lang: Lang) -> dict[str, Any]:
    """The judge as it is set up, what it would be asked, what it found, and whether to believe it."""
    project = opened.project()
    settings = _table(opened)
    found: Judged | BakeoffError | None = opened.kept("judge", lambda one: _judged(opened, one))
    judged = found if isinstance(found, Judged) else None
    return {
        "settings": settings,
        "stamp": stamp_of(settings),
        "form": project.config.judges.settings.form if project.config.judges is not None else None,
        "decides": project.config.decide.metric == "judge",
        "candidates": [{"name": one.name, "model": one.model} for one in project.config.candidates],
        "columns": list(project.table().columns),
        "presets": [{"name": one.name, "title": one.title, "key": one.key} for one in presets().values()],
        "bar": to_json(project.config.judges.settings.bar if project.config.judges is not None else Bar()),
        "error": {"message": found.message, "hint": found.hint} if isinstance(found, BakeoffError) else None,
        **(_told(judged, lang) if judged is not None else {"result": None, "quote": None}),
    }


def _judged(opened: Opened, project: Project) -> Judged | BakeoffError | None:
    if project.config.judges is None:
        return None
    try:
        return project.judged(columns=columns_of(opened))
    except BakeoffError as error:
        return error


def _told(found: Judged, lang: Language) -> dict[str, Any]:
    plan, every = found.plan, [one for one in telling(found) if one.code != SAID_BY_STATE]
    design = "rubric" if found.settings.form == "rubric" else plan.design
    quote: dict[str, Any] = judge_quote_json(found)
    parameters = {key: quote["quote"][key] for key in ("n", "more", "judges", "items", "settled")}
    return {
        "result": judge_json(found, items=False),
        "asked": found.habits.asked - found.habits.missing,
        "told": [sentence(one, lang) for one in every if one.code not in BY_MODEL],
        "by_model": [sentence(one, lang) for one in every if one.code in BY_MODEL],
        "caveats": [sentence(one, lang) for one in found.caveats],
        "quote": {
            **quote["quote"],
            "design": sentence(
                reason("judge.design", design=design, rows=plan.rows, baseline=plan.baseline or ""), lang
            ),
            "text": sentence(reason("judge.quote", **parameters), lang),
        },
    }


@router.put("")
def put_judge(opened: Project_, lang: Lang, wanted: Settings) -> dict[str, Any]:
    """Write `[judge]` of the project file. 409: it changed since `stamp`; 422: the judge is of a candidate's family."""
    with opened.lock:
        project, before = opened.project(), _table(opened)
        if wanted.stamp is not None and wanted.stamp != stamp_of(before):
            raise Refused(
                409, "conflict", "somebody changed the judge meanwhile", hint="look at both, and save again",
                stamp=stamp_of(before), theirs=before,
            )  # fmt: skip
        values = wanted.model_dump(exclude={"stamp"})
        if not values["criteria"]:
            values["criteria"] = None
        for name, text in _texts("judge", values):
            sound(text, name)
        after = _merged(before or {}, values)
        _check(after, project, lang, allowed=wanted.allow_family)
        editing.set_table(project.folder, "judge", values)
    return get_judge(opened, lang)


def _texts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """(key, text) of everything that was typed."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list | dict):
        for key, one in value.items() if isinstance(value, dict) else [(name, one) for one in value]:
            yield from _texts(str(key), one)


def _check(after: dict[str, Any], project: Project, lang: Language, *, allowed: bool) -> None:
    try:
        section = JudgeSection.model_validate(after)
    except ValidationError as error:
        raise UsageError(
            explain(error, "", "[judge]"), hint="docs/guides/judge.md lists what each key may be"
        ) from None
    judges = section.value(project.folder)
    related = None if allowed else _related(judges.candidates, project.config.candidates)
    if related is not None:
        raise Refused(
            422, "family", sentence(related, lang),
            hint="take a judge of another family, or allow it", code=related.code, parameters=dict(related.parameters),
        )  # fmt: skip


def _related(judges: tuple[Candidate, ...], contestants: tuple[Candidate, ...]) -> Reason | None:
    """The first judge that is kin of a contestant, and why it may not judge."""
    for judge in judges:
        for one in contestants:
            family = kin(judge.model, one.model)
            if family:
                return reason("judge.family_excluded", judge=judge.name, model=one.name, family=family)
    return None


def _table(opened: Opened) -> dict[str, Any] | None:
    return editing.table(opened.folder, "judge")


def _merged(before: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """The table as it will stand in the file."""
    found = {key: value for key, value in {**before, **values}.items() if value is not None}
    for key in ("models", "criteria"):
        entries, old = values.get(key) or [], before.get(key) or []
        merged = [
            {name: value for name, value in {**(old[place] if place < len(old) else {}), **entry}.items()
             if value is not None}
            for place, entry in enumerate(entries)
        ]  # fmt: skip
        if merged:
            found[key] = merged
    return found


def stamp_of(settings: dict[str, Any] | None) -> str:
    """Changes whenever `[judge]` does."""
    return json_digest(settings)[:16]
