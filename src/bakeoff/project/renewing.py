"""Newer facts about a project's models, where the network gives them; else a line that says how old they are."""

from collections.abc import Iterator, Sequence

from bakeoff.catalog.loading import load, shipped_snapshot
from bakeoff.catalog.refresh import OWN, refresh
from bakeoff.cost.prices import snapshot_date, snapshot_version
from bakeoff.errors import NetworkError, StorageError, UsageError
from bakeoff.project.contestants import Contestant
from bakeoff.values import Reason, reason


def renewed(found: Sequence[Contestant]) -> Iterator[Reason]:
    """Ask the Hub about the candidates' models that the catalog knows, and say what came of it.

    Prices come with a package and are renewed with it; of what age they are is said each time.
    """
    catalog = load()
    models = {one.candidate.model for one in found}
    ids = sorted(model for model in models if model in catalog and not model.startswith(OWN))
    if ids:
        try:
            what = refresh(ids, catalog)
        except (NetworkError, StorageError, UsageError) as error:
            yield reason("check.not_renewed", date=shipped_snapshot(), error=error.message)
        else:
            if what.stopped is not None:
                yield reason("check.not_renewed", date=shipped_snapshot(), error=what.stopped.message)
            for model in what.gone:
                yield reason("check.gone", model=model)
            for model in sorted({str(line["model"]) for line in what.changed} - set(what.gone)):
                yield reason("check.facts_changed", model=model)
    yield reason("check.prices", prices=snapshot_version(), date=snapshot_date())
