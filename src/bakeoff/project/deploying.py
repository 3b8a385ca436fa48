"""From a candidate of a project, or any model by name, to everything that runs it in production."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bakeoff.catalog.finding import find
from bakeoff.deploy import Deployment, deployment
from bakeoff.errors import StorageError, UsageError
from bakeoff.fit.plan.asking import fit
from bakeoff.hardware import Machine
from bakeoff.needs import Needs
from bakeoff.needs.needs import NO_HARDWARE, THIS_MACHINE
from bakeoff.project.config.candidates import default_name
from bakeoff.project.editing import table, tables
from bakeoff.project.needs import read_needs


def deployment_for(
    name: str,
    folder: Path,
    *,
    on: str | Machine | None = None,
    build: str | None = None,
    engine: str | None = None,
    context_tokens: int | None = None,
    users: int | None = None,
) -> Deployment:
    """Plan and recipes for one model.

    Args:
        name: of a candidate in the project file, or of a model as `bakeoff fit` takes it.
        folder: a project, whose needs are what is not given; it need not be one.
        on: a machine by name, or at hand; None: the needs' own, else this one.
        build: only this one; None: the candidate's, else the one that `fit` chooses.
        engine: only this one.
        context_tokens: of each user.
        users: at the same time.

    Raises:
        UsageError: the name means nothing, or nothing runs.
        ProjectError: the project file cannot be read.
    """
    needs = read_needs(folder) or Needs()
    model, own_build, parameters = _candidate(name, folder)
    via = str(parameters.get("via", ""))
    if via == "file" or via.startswith(("http://", "https://")):
        _check_known(name, model, via)
    planned = needs.hardware if needs.hardware not in (THIS_MACHINE, NO_HARDWARE) else None
    answer = fit(
        model,
        on=on or planned,
        build=build or own_build,
        engine=engine,
        context_tokens=context_tokens or needs.context_tokens,
        prompt_tokens=min(needs.prompt_tokens, (context_tokens or needs.context_tokens) // 2),
        output_tokens=min(needs.output_tokens, (context_tokens or needs.context_tokens) // 2),
        users=users or needs.concurrent_users,
        least_speed=needs.min_decode_tokens_per_second,
    )
    return deployment(answer, parameters=parameters)


def _check_known(name: str, model: str, via: str) -> None:
    """What is answered elsewhere can be planned where its id is that of a model.

    Raises:
        UsageError: it is the server's own name for something.
    """
    try:
        find(model)
    except UsageError:
        raise UsageError(
            f"{name} is answered elsewhere ({via.rpartition('@')[2]}), and {model!r} is not in the catalog",
            hint="name the model itself, as `bakeoff fit` does: bakeoff deploy MODEL --on ...",
        ) from None


def _candidate(name: str, folder: Path) -> tuple[str, str | None, Mapping[str, Any]]:
    """(model, build, sampling parameters) of a candidate; of another name the name itself."""
    shared = table(folder, "parameters") or {}
    for one in tables(folder, "candidates"):
        model = str(one.get("model", ""))
        if not model:
            continue
        own = one.get("name") or default_name(model, one.get("build"), one.get("provider"))
        if name in (own, model, model.rpartition("/")[2]):
            return model, one.get("build"), {**shared, **one}
    return name, None, shared


def write_recipes(found: Deployment, target: Path) -> list[Path]:
    """Write every file; those that are there with other content are not touched.

    Raises:
        UsageError: a file is there already and says something else.
        StorageError: the folder cannot be written.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
        paths = []
        for one in found.recipes:
            path = target / one.file_name
            if path.exists() and path.read_text(encoding="utf-8", errors="replace") != one.text:
                raise UsageError(f"{path} is there already", hint="remove it, or write into another folder")
            paths.append(path)
        for one, path in zip(found.recipes, paths, strict=True):
            path.write_text(one.text, encoding="utf-8")
            if one.kind == "command":
                path.chmod(0o755)
    except OSError as error:
        raise StorageError(f"{target}: {error.strerror or error}", hint="choose a folder that can be written") from None
    return paths
