"""Renewing facts from the Hub: whether a model is still there, gated, under which licence, how much it is used.

Renewed facts are dated and go to the user's own catalog; architecture and licence of the catalog stay, and a licence
tag that says something else is shown beside them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bakeoff.catalog import hub
from bakeoff.catalog.describing import hub_facts, lines_of
from bakeoff.catalog.facts import Line
from bakeoff.catalog.loading import Catalog, load
from bakeoff.catalog.user import remember, today
from bakeoff.errors import KeyMissing, NetworkError, UsageError

OWN = ("local/", "web/", "ollama/")
"""Ids that are not on the Hub."""

BATCH = 20
"""Models whose facts are written at once: an interruption loses fewer."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What came of it."""

    asked: int
    """Models that the Hub was asked about."""

    changed: tuple[Line, ...]
    """Facts that were new."""

    gone: tuple[str, ...]
    """Models that the Hub does not have any more, or has made private."""

    left: int
    """Models not asked, because the Hub asked to wait."""

    stopped: NetworkError | None = None
    """Why it stopped early."""


def refresh(
    ids: Iterable[str] | None = None,
    catalog: Catalog | None = None,
    on_model: Callable[[int, int, str], None] | None = None,
) -> Refreshed:
    """Ask the Hub about models and remember what it says.

    Args:
        ids: which ones; all that are on the Hub, the longest unrenewed first.
        catalog: the catalog; the loaded one.
        on_model: told (number, of, id) before each.

    Raises:
        NetworkError: the first question already fails: no network, or HF_HUB_OFFLINE is set.
        UsageError: one of the ids is not in the catalog.
        StorageError: the user's catalog cannot be written.
    """
    known = catalog or load()
    chosen = _chosen(ids, known)
    changed: list[Line] = []
    waiting: list[Line] = []
    gone: list[str] = []
    stopped: NetworkError | None = None
    asked = 0
    for number, model_id in enumerate(chosen, 1):
        if on_model is not None:
            on_model(number, len(chosen), model_id)
        try:
            waiting += ask(model_id)
        except NetworkError as error:
            if asked == 0:
                raise
            stopped = error
            break
        asked += 1
        if waiting and waiting[-1].get("exists") is False:
            gone.append(model_id)
        if len(waiting) >= BATCH:
            changed += remember(waiting)
            waiting = []
    changed += remember(waiting)
    return Refreshed(asked, tuple(changed), tuple(gone), len(chosen) - asked, stopped)


def ask(model_id: str) -> list[Line]:
    """What the Hub says of a model today.

    Raises:
        NetworkError: it cannot be asked.
    """
    try:
        found = hub.repository(model_id)
    except (UsageError, KeyMissing):
        return lines_of(model_id, "huggingface.co", {"hub": {"exists": False}})
    return lines_of(model_id, "huggingface.co", {"hub": hub_facts(found)})


def _chosen(ids: Iterable[str] | None, known: Catalog) -> list[str]:
    if ids is not None:
        chosen = list(dict.fromkeys(ids))
        for model_id in chosen:
            if model_id not in known:
                raise UsageError(f"there is no model {model_id!r} in the catalog", hint="bakeoff catalog search WORD")
            if model_id.startswith(OWN):
                raise UsageError(f"{model_id} is not on the Hub", hint="add it again to renew it")
        return chosen
    models = [model for model in known.models if not model.id.startswith(OWN)]
    day = today()

    def renewed(model_id: str) -> str:
        return known[model_id].provenance["hub"].as_of if "hub" in known[model_id].provenance else ""

    return sorted((model.id for model in models if renewed(model.id) != day), key=renewed)
