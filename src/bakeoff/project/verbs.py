"""The verbs that take long, with options as plain JSON: what is started elsewhere than at a command line.

The end of a verb is as the command's: where the decision is complete, it is kept.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal, get_args

from bakeoff.errors import UsageError
from bakeoff.project.listening import Listener
from bakeoff.project.planning import RunOptions
from bakeoff.project.project import Project

Verb = Literal["run", "judge", "add", "check", "probe"]
VERBS: tuple[Verb, ...] = get_args(Verb)

Options = Mapping[str, Any]


def run_options(options: Options) -> RunOptions:
    """Options of `run`.

    Raises:
        UsageError: an option that does not exist, or of the wrong kind; the message names it.
    """
    _known(options, "run", "only", "rows", "retry_failed", "repeats", "max_cost_usd", "max_minutes", "race")
    rows = options.get("rows")
    if isinstance(rows, list):
        chosen: str | tuple[str, ...] | None = tuple(_texts(options, "rows"))
    else:
        number = _whole(options, "rows")
        chosen = None if number is None else str(number)
    return RunOptions(
        only=tuple(_texts(options, "only")),
        rows=chosen,
        retry_failed=_flag(options, "retry_failed"),
        repeats=_whole(options, "repeats", most=100),
        max_minutes=_minutes(options),
        max_cost_usd=_money(options),
        race=_flag(options, "race"),
    )


def check_options(verb: Verb, options: Options) -> None:
    """Look at options before anything is started.

    Raises:
        UsageError: as of the verb's own reading.
    """
    if verb == "run":
        run_options(options)
    elif verb == "judge":
        _judge_options(options)
    elif verb == "add":
        _add_options(options)
    elif verb == "check":
        _check_options(options)
    else:
        _probe_options(options)


def work(folder: Path, verb: Verb, options: Options, listener: Listener) -> None:
    """Do it, to its end.

    Args:
        folder: of the project.
        verb: what.
        options: of the verb, as plain JSON.
        listener: told when the project is held, and how it goes on.

    Raises:
        BakeoffError: as of the verb.
    """
    _WORK[verb](folder, options, listener)


def _run(folder: Path, options: Options, listener: Listener) -> None:
    project = Project(folder, listener=listener)
    chosen = run_options(options)
    with project.at_work("run", chosen.told()):  # it is over when the decision is kept too
        project.run(chosen)
        _keep(project)


def _judge(folder: Path, options: Options, listener: Listener) -> None:
    rows, cost, minutes = _judge_options(options)
    project = Project(folder, listener=listener)
    project.judge(rows=rows, max_cost_usd=cost, max_minutes=minutes)


def _add(folder: Path, options: Options, listener: Listener) -> None:
    from bakeoff.project.adding import add

    added = add(folder, _add_options(options), options=RunOptions(max_cost_usd=_money(options)), listener=listener)
    _keep(added.project)


def _check(folder: Path, options: Options, listener: Listener) -> None:
    from bakeoff.project.check_json import keep_check
    from bakeoff.project.checking import check

    project = Project(folder, listener=listener)
    keep_check(project, check(project, **_check_options(options)))


def _probe(folder: Path, options: Options, listener: Listener) -> None:
    from bakeoff.project.probing import Wanted, probe_target

    target, wanted = _probe_options(options)
    probe_target(target, folder, Wanted(**wanted), note=listener.note, listener=listener)


_WORK: Mapping[Verb, Callable[[Path, Options, Listener], None]] = {
    "run": _run,
    "judge": _judge,
    "add": _add,
    "check": _check,
    "probe": _probe,
}


def _keep(project: Project) -> None:
    from bakeoff.project.locking import complete, keep

    decision = project.decide()
    if complete(decision):
        keep(project, decision)


def _judge_options(options: Options) -> tuple[int | None, Decimal | None, float | None]:
    _known(options, "judge", "rows", "max_cost_usd", "max_minutes")
    return _whole(options, "rows"), _money(options), _minutes(options)


def _add_options(options: Options) -> dict[str, Any]:
    names = ("model", "build", "via", "name", "key")
    _known(options, "add", *names, "max_cost_usd")
    found = {name: _text(options, name) for name in names}
    if not found["model"]:
        raise UsageError("add: which model?", hint='name it: {"model": "Qwen/Qwen3-4B-GGUF", "build": "gguf:Q4_K_M"}')
    _money(options)
    return found


def _check_options(options: Options) -> dict[str, Any]:
    _known(options, "check", "rows", "max_cost_usd", "offline")
    found: dict[str, Any] = {"max_cost_usd": _money(options), "offline": _flag(options, "offline")}
    rows = _whole(options, "rows")
    return found if rows is None else {**found, "rows": rows}


def _probe_options(options: Options) -> tuple[str, dict[str, Any]]:
    sizes = ("requests", "prompt_tokens", "output_tokens")
    _known(options, "probe", "candidate", "levels", *sizes)
    target = _text(options, "candidate")
    if not target or target.startswith(("http://", "https://")):
        raise UsageError("probe: which candidate?", hint='name one of the project: {"candidate": "NAME"}')
    levels = options.get("levels")
    if levels is not None and (
        not isinstance(levels, list) or not levels or not all(type(one) is int and 1 <= one <= 1024 for one in levels)
    ):
        raise _wrong("levels", levels, "a list of numbers from 1 to 1024")
    chosen = None if levels is None else tuple(sorted(set(levels)))
    return target, {"levels": chosen, **{name: _whole(options, name) for name in sizes}}


# one option


def _known(options: Options, verb: str, *names: str) -> None:
    for name in options:
        if name not in names:
            raise UsageError(f"{verb} has no option {name[:40]!r}", hint=f"it has: {', '.join(names)}")


def _wrong(name: str, value: object, wanted: str) -> UsageError:
    return UsageError(f"{name}: {str(value)[:60]!r} is not {wanted}", hint="see api/openapi.json")


def _text(options: Options, name: str) -> str | None:
    value = options.get(name)
    if value is not None and not isinstance(value, str):
        raise _wrong(name, value, "a text")
    return value.strip() or None if value is not None else None


def _texts(options: Options, name: str) -> list[str]:
    value = options.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _wrong(name, value, "a list of texts")
    return value


def _flag(options: Options, name: str) -> bool:
    value = options.get(name)
    if value is not None and not isinstance(value, bool):
        raise _wrong(name, value, "true or false")
    return bool(value)


def _whole(options: Options, name: str, *, most: int | None = None) -> int | None:
    value = options.get(name)
    if value is None:
        return None
    if type(value) is not int or value < 1 or (most is not None and value > most):
        raise _wrong(name, value, "a whole number from 1" + (f" to {most}" if most else ""))
    return value


def _minutes(options: Options) -> float | None:
    value = options.get("max_minutes")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        raise _wrong("max_minutes", value, "a number of minutes")
    return float(value)


def _money(options: Options) -> Decimal | None:
    """US dollars, as a number or a text; through text, so that 0.1 stays 0.1."""
    value = options.get("max_cost_usd")
    if value is None:
        return None
    try:
        found = Decimal(str(value)) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite() or not 0 <= found < 10**9:
        raise _wrong("max_cost_usd", value, "an amount of US dollars")
    return found
