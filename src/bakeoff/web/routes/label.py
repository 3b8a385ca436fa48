"""Blind A/B: answers without names, and what a person says of them.

Nothing here names a candidate before `label/standings` is asked for: what an item is travels as a sealed token.
"""

import hashlib
import secrets
import threading
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from bakeoff.errors import BakeoffError
from bakeoff.evaluate.judge.result import Judged
from bakeoff.evaluate.judge.telling import telling, telling_people
from bakeoff.evaluate.people.choosing import Choice
from bakeoff.evaluate.people.labels import SAID_OF, LabelKind, NewLabel
from bakeoff.evaluate.people.standing import PeopleResult
from bakeoff.project.labelling import MOST_NAME, Labelling, Reached, Shown, default_kind, field_of, people
from bakeoff.project.project import LEDGER_NAME, Project
from bakeoff.report import Language
from bakeoff.report.judge_json import people_json
from bakeoff.report.text import clean, one_line
from bakeoff.report.words import sentence
from bakeoff.values import reason
from bakeoff.web.errors import Refused
from bakeoff.web.language import Lang
from bakeoff.web.routes.compare import columns_of
from bakeoff.web.sealed import BrokenSeal, seal, unseal
from bakeoff.web.workspace import Opened, Project_

router = APIRouter(prefix="/api/projects/{project}/label", tags=["label"])

MOST_SHOWN = 20_000
"""Characters of one text that come with an item; the whole text is asked for apart."""

MOST_TOKEN = 8000
KEY = "label key"
"""Kind of the finding that holds the project's key for tokens: it outlives the server, and never leaves the ledger."""

NAMELESS = ("judge.state", "judge.few_of_each", "judge.agrees")
"""What may be said of a judge before the reveal: nothing about any candidate."""

Author = Annotated[str, Query(min_length=1, max_length=MOST_NAME, description="who labels")]
Kind = Annotated[LabelKind | None, Query(description="two answers or one; by default what the judge needs")]
_writing = threading.Lock()


class Body(BaseModel):
    """Strict: a number is no text."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Opinion(Body):
    """What a person says of an item."""

    author: Annotated[str, Field(min_length=1, max_length=MOST_NAME)]
    token: Annotated[str, Field(max_length=MOST_TOKEN, description="of the item, from `label/next`")]
    said: Literal["left", "right", "tie", "both bad", "correct", "wrong", "skip"]
    seconds: Annotated[
        float | None, Field(ge=0, le=86_400, allow_inf_nan=False, description="from showing it to the verdict")
    ] = None


class Undo(Body):
    """Whose last word is taken back."""

    author: Annotated[str, Field(min_length=1, max_length=MOST_NAME)]
    kind: LabelKind | None = None


@router.get("/next")
def get_next(opened: Project_, lang: Lang, author: Author, kind: Kind = None) -> dict[str, Any]:
    """The next item of a person, without names; `item` is null where they have seen everything."""
    return _next(opened, _work(opened, author, kind), lang)


@router.post("")
def post_label(opened: Project_, lang: Lang, opinion: Opinion) -> dict[str, Any]:
    """Keep what a person says of an item, and give the next one. 409: the answers have changed, or they said otherwise
    before.
    """
    with _writing:
        work, choice = _unsealed(opened, opinion.token, opinion.author)
        if opinion.said not in SAID_OF[choice.kind]:
            raise Refused(
                400, "UsageError", f"{opinion.said!r} cannot be said of such an item", hint="see openapi.json"
            )
        before = work.said_of(choice)
        if before is not None and before != opinion.said:
            raise Refused(409, "conflict", "you have labelled this item already", hint="undo it first", said=before)
        if before is None:
            work.say(work.show(choice), opinion.said, seconds=opinion.seconds)
    return _next(opened, work, lang)


@router.post("/undo")
def post_undo(opened: Project_, lang: Lang, undo: Undo) -> dict[str, Any]:
    """Take back a person's last word; it stays in the ledger, and its item is shown again."""
    with _writing:
        work = _work(opened, undo.author, undo.kind)
        undone = work.undo()
    return {**_next(opened, work, lang), "undone": undone is not None}


@router.get("/answer")
def get_answer(
    opened: Project_,
    token: Annotated[str, Query(max_length=MOST_TOKEN)],
    author: Author,
    side: Literal["left", "right"],
) -> dict[str, str]:
    """The whole text of an answer that was too long to come with its item."""
    work, choice = _unsealed(opened, token, author)
    shown = work.show(choice)
    return {"text": clean((shown.left if side == "left" else shown.right) or "")}


@router.get("/progress")
def get_progress(opened: Project_, lang: Lang, author: Author, kind: Kind = None) -> dict[str, Any]:
    """How far people are on the way to a judge that can be trusted, and how they agree. Names no candidate."""
    work = _work(opened, author, kind)
    reached, found = work.reached(), judged_beside(opened)
    said = [one for one in telling_people(_people(opened)) if one.code != "people.labels"]
    judge = [one for one in telling(found) if one.code in NAMELESS] if found is not None else []
    return {
        **_reached(reached, lang),
        "people": [sentence(one, lang) for one in said],
        "judge": [sentence(one, lang) for one in judge],
        "state": found.state if found is not None else None,
        "seconds_per_item": _pace(opened, work),
    }


@router.get("/standings")
def get_standings(opened: Project_, lang: Lang) -> dict[str, Any]:
    """The reveal: who is who, as `bakeoff label --reveal --json` says it."""
    found = _people(opened)
    return {**people_json(found), "told": [sentence(one, lang) for one in telling_people(found)]}


def judged_beside(opened: Opened) -> Judged | None:
    """What the project's judges found; None where it has none, or none that may judge."""

    def work(project: Project) -> Judged | None:
        if project.config.judges is None:
            return None
        try:
            return project.judged(columns=columns_of(opened))
        except BakeoffError:
            return None

    return opened.kept("judged", work)


def _people(opened: Opened) -> PeopleResult:
    return opened.kept("people", lambda project: people(columns_of(opened), project.folder / LEDGER_NAME))


def _work(opened: Opened, author: str, kind: LabelKind | None) -> Labelling:
    project, columns = opened.project(), columns_of(opened)
    chosen = kind or (default_kind(project.config) if len(columns) > 1 else "point")
    return Labelling(
        project.config,
        project.table(),
        columns,
        project.folder / LEDGER_NAME,
        author=one_line(author),
        kind=chosen,
        field=opened.kept(
            f"field {chosen}",
            lambda now: field_of(now.config, columns, chosen, judged_beside(opened)),
            with_ledger="answers",
        )
        if len(columns) > 1 or chosen == "point"
        else None,
    )


def _next(opened: Opened, work: Labelling, lang: Language) -> dict[str, Any]:
    back = work.undone()
    shown = work.show(back) if back is not None else work.next()
    return {
        "kind": work.kind,
        "item": _item(opened, work, shown) if shown is not None else None,
        "back": back is not None,
        "can_undo": work.last() is not None,
        **_reached(work.reached(), lang),
    }


def _reached(reached: Reached, lang: Language) -> dict[str, Any]:
    found = {"mine": reached.mine, "left": reached.left, "fair": reached.fair, "needed": reached.needed}
    told = sentence(reason("labelling.progress", **{**found, "needed": reached.needed or None}), lang)
    return {"reached": found, "sentence": told}


def _pace(opened: Opened, work: Labelling) -> float | None:
    """Median seconds of this person's labels; None before there are some."""
    taken = sorted(
        one.seconds
        for one in opened.project().labels()
        if one.author == work.author and one.kind == work.kind and one.seconds is not None
    )
    return taken[len(taken) // 2] if taken else None


def _item(opened: Opened, work: Labelling, shown: Shown) -> dict[str, Any]:
    return {
        "token": seal(_facts(work, shown.choice), _key(opened)),
        "row": shown.choice.row_id,
        "question": _cut(shown.question),
        "instructions": _cut(shown.instructions),
        "values": {name: clean(value[:MOST_SHOWN]) for name, value in work.values(shown.choice).items() if value},
        "left": _cut(shown.left),
        "right": _cut(shown.right) if shown.right is not None else None,
    }


def _cut(text: str) -> dict[str, Any]:
    return {"text": clean(text[:MOST_SHOWN]), "characters": len(text)}


def _facts(work: Labelling, choice: Choice) -> dict[str, Any]:
    return {
        "author": work.author,
        "kind": choice.kind,
        "row": choice.row_id,
        "sides": [_stands_for(choice.left), _stands_for(choice.right) if choice.right is not None else None],
        "answers": [choice.left_answer, choice.right_answer],
        "drawn": choice.drawn,
        "probability": choice.probability,
    }


def _stands_for(name: str) -> str:
    """A name of fixed length."""
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:32]


def _unsealed(opened: Opened, token: str, author: str) -> tuple[Labelling, Choice]:
    try:
        facts = unseal(token, _key(opened))
    except BrokenSeal:
        raise Refused(400, "token", "this is no item that was shown", hint="ask for api/.../label/next") from None
    if facts["author"] != one_line(author):
        raise Refused(400, "token", "this item was shown to somebody else", hint="ask for api/.../label/next")
    work = _work(opened, author, facts["kind"])
    names = {_stands_for(column.candidate): column.candidate for column in columns_of(opened)}
    left, right = (names.get(one) if one is not None else None for one in facts["sides"])
    gone = left is None or (right is None and facts["kind"] == "pair")
    choice = None if gone else work.present(_as_label(facts, left or "", right))
    if choice is None:
        raise Refused(409, "conflict", "the answers have changed since they were shown", hint="ask for the next item")
    return work, choice


def _as_label(facts: dict[str, Any], left: str, right: str | None) -> NewLabel:
    return NewLabel(
        kind=facts["kind"],
        row_id=facts["row"],
        left=left,
        right=right,
        said="skip",
        author=facts["author"],
        left_answer=facts["answers"][0],
        right_answer=facts["answers"][1],
        drawn=facts["drawn"],
        probability=facts["probability"],
    )


def _key(opened: Opened) -> bytes:
    """The project's own, made when it is first needed. Where two make one at once, the first one stands."""

    def work(project: Project) -> bytes:
        with project.ledger() as ledger:
            if not ledger.findings(KEY):
                ledger.record_finding(KEY, "", {"key": secrets.token_hex(32)})
            return bytes.fromhex(str(ledger.findings(KEY)[0].value["key"]))

    return opened.kept(KEY, work, with_ledger=False)
