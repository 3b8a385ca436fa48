"""The prompt and the candidates of a project, changed from its sheet: checked as the whole file is, then written."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bakeoff.errors import ProjectError, UsageError
from bakeoff.evaluate.request import columns_used, missing_columns
from bakeoff.evaluate.types import Prompt, Table
from bakeoff.project import FILE_NAME
from bakeoff.project.config import Config, parse_config
from bakeoff.project.data import watched_file
from bakeoff.project.editing import append_tables, remove_table, set_table, tables
from bakeoff.project.project import Project
from bakeoff.project.sheet.conflict import Conflict
from bakeoff.project.sheet.sound import sound

PROMPT_KEYS = ("system", "user")
CANDIDATE_KEYS = ("model", "name", "build", "via", "provider", "key", "system")
"""Keys of `[[candidates]]` that the page writes."""

LONGEST = 200_000
"""Characters of a template."""


def file_stamp(folder: Path) -> str:
    """Of the project file's content."""
    try:
        return hashlib.sha256((folder / FILE_NAME).read_bytes()).hexdigest()[:16]
    except OSError:
        return "-"


def data_stamp(folder: Path, config: Config) -> str:
    """Of the data file: when it was written and how long it is."""
    try:
        state = watched_file(folder, config.data.file).stat()
    except OSError:
        return "-"
    return hashlib.sha256(f"{state.st_mtime_ns}:{state.st_size}".encode()).hexdigest()[:16]


def sheet_stamp(folder: Path, config: Config) -> str:
    """Of both, `FILE.DATA`: changes whenever a sheet must be opened again."""
    return f"{file_stamp(folder)}.{data_stamp(folder, config)}"


def check_stamp(project: Project, seen: str | None, theirs: Mapping[str, Any], *, part: int) -> None:
    """Refuse a write that rests on an older state.

    Args:
        project: as it is now.
        seen: the stamp that the writer saw; None asks for no check.
        theirs: what stands there now, for the refusal.
        part: 0 for the project file, 1 for the data.

    Raises:
        Conflict: somebody else changed it.
    """
    now = sheet_stamp(project.folder, project.config)
    if seen is not None and seen.split(".")[part : part + 1] != now.split(".")[part : part + 1]:
        what = ("the project file", "the data")[part]
        raise Conflict(f"{what} were changed by somebody else meanwhile", theirs={**theirs, "stamp": now})


def set_prompt(project: Project, values: Mapping[str, Any], *, stamp: str | None) -> None:
    """Write `system` or `user` of `[prompt]`; None takes a key out. What is not given stays.

    Raises:
        Conflict: the project file changed since `stamp`.
        ProjectError: the template is not valid, or names a column that the data do not have.
    """
    prompt = project.config.prompt
    check_stamp(project, stamp, {"prompt": {"system": prompt.system, "user": prompt.user}}, part=0)
    for name, value in values.items():
        if name not in PROMPT_KEYS or not (value is None or isinstance(value, str)):
            raise UsageError(f"{name!r} cannot be written", hint=f"a text for one of: {', '.join(PROMPT_KEYS)}")
        _sound(value, name)
    set_table(project.folder, "prompt", values, _checker(project))


def add_candidate(project: Project, values: Mapping[str, Any], *, stamp: str | None) -> str:
    """Add a `[[candidates]]` table and return the candidate's name.

    Raises:
        Conflict: the project file changed since `stamp`.
        ProjectError: the project file would be wrong with it; with what is wrong.
    """
    check_stamp(project, stamp, {"candidates": [one.name for one in project.config.candidates]}, part=0)
    # An empty system message is one; an empty build or name is none.
    wanted = {name: value for name, value in values.items() if value or (name == "system" and value is not None)}
    unknown = sorted(set(wanted) - set(CANDIDATE_KEYS))
    if unknown:
        raise UsageError(f"{unknown[0]!r} cannot be written", hint=f"keys: {', '.join(CANDIDATE_KEYS)}")
    for name, value in wanted.items():
        _sound(value, name)
    names: list[str] = []

    def check(text: str) -> None:
        names.append(_checked(project, text).candidates[-1].name)

    append_tables(project.folder, "candidates", [wanted], check)
    return names[-1]


def remove_candidate(project: Project, name: str, *, stamp: str | None) -> None:
    """Take a candidate out of the project file. Its answers stay in the ledger: added again, it has them again.

    Raises:
        UsageError: there is no such candidate, or it is the only one.
        Conflict: the project file changed since `stamp`.
    """
    names = [one.name for one in project.config.candidates]
    check_stamp(project, stamp, {"candidates": names}, part=0)
    if name not in names:
        raise UsageError(f"there is no candidate {name[:100]!r}", hint=f"there are: {', '.join(names)}")
    if len(names) == 1:
        raise UsageError("the only candidate cannot be removed", hint="add another one first")
    if len(tables(project.folder, "candidates")) != len(names):
        raise Conflict("the project file was changed meanwhile", theirs={"candidates": names})
    remove_table(project.folder, "candidates", names.index(name), _checker(project))


def _checker(project: Project) -> Any:
    return lambda text: _checked(project, text)


def _checked(project: Project, text: str) -> Config:
    config = parse_config(text, project.folder / FILE_NAME)
    check_columns(config, project.table())
    return config


def check_columns(config: Config, table: Table) -> None:
    """See whether every column that the prompt names is there.

    Raises:
        ProjectError: one is not, or a template is not valid.
    """
    used: set[str] = set().union(*(columns_used(prompt) for prompt in config.prompts))
    for candidate in config.candidates:
        if candidate.system is not None:
            used |= columns_used(Prompt(user="", system=candidate.system))
    unknown = missing_columns(used, table.columns)
    if unknown:
        raise ProjectError(
            f"the data have no column {unknown[0]!r}", hint=f"their columns are: {', '.join(table.columns)}"
        )


def _sound(value: Any, name: str) -> None:
    if not isinstance(value, str):
        return
    if len(value) > LONGEST:
        raise UsageError(f"{name} has {len(value):,} characters; at most {LONGEST:,}", hint="shorten it")
    sound(value, name)
