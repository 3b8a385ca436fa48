"""A promptfoo configuration (promptfooconfig.yaml): prompts, providers, tests and their assertions.

Read from promptfoo 0.121.20 and its documentation. Code is not run, nothing is fetched, and files are read only
inside the configuration's own folder. Templates are Nunjucks there and Jinja2 here, which agree on `{{ name }}`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from bakeoff.errors import DataError, ProjectError
from bakeoff.evaluate.exchange.chat import asked
from bakeoff.evaluate.exchange.imported import ID, Imported, free_name
from bakeoff.evaluate.exchange.promptfoo_asserts import Expected, gradings
from bakeoff.evaluate.exchange.promptfoo_providers import models
from bakeoff.evaluate.exchange.promptfoo_tests import Case, Folder, cases
from bakeoff.evaluate.exchange.yaml_file import MOST_VALUES, read_yaml
from bakeoff.evaluate.request import template_names
from bakeoff.evaluate.types import Answer, Prompt
from bakeoff.values import Reason, reason

USED = {"prompts", "providers", "targets", "tests", "defaultTest"}
HARMLESS = {"$schema", "description", "outputPath", "sharing", "tags", "writeLatestResults", "commandLineOptions",
            "assertionTemplates"}  # fmt: skip
"""What says nothing about the evaluation itself, or only where something refers to it."""

DEEPEST = 200
"""Levels, with every `$ref` followed."""

TEXT_PROMPTS = (".txt", ".md", ".j2", ".njk")
SEPARATOR = re.compile(r"^---\s*$", re.MULTILINE)
"""Between the prompts of one text file."""

FILE_NAME = re.compile(r"\S+\.(txt|md|j2|njk|json|jsonl|yaml|yml|csv|js|cjs|mjs|ts|py|sh)(:\w+)?")
"""A prompt that is the name of a file, also without `file://`."""

OUTPUTS = "providerOutput"
"""A test's own answer, which promptfoo grades instead of asking."""


def read_config(path: Path) -> Imported:
    """Read a configuration.

    Raises:
        DataError: it is none, or has nothing that can be tested.
    """
    config = _dereferenced(read_yaml(path), path.name)
    if not isinstance(config, dict) or not (config.keys() & {"prompts", "tests", "providers", "targets"}):
        raise DataError(f"{path.name} is no configuration of promptfoo", hint="it has `prompts`, `providers`, `tests`")
    folder = Folder(path.parent)
    notes = [reason("import.section", section=str(key)) for key in config if key not in USED | HARMLESS]
    found = cases(config.get("tests"), config.get("defaultTest"), folder)
    if not found.cases:
        raise DataError(f"{path.name} has no tests with variables", hint="tests made by code have to be written out")
    expected = gradings([case.asserts for case in found.cases], taken=[*found.names, ID])
    prompts, left = _prompts(config.get("prompts"), folder)
    if not prompts:
        raise DataError(f"{path.name} has no prompt that can be carried over", hint="prompts made by code cannot be")
    rows = _rows(found.cases, expected, prompts)
    answers = _answers(found.cases)
    chosen, unknown = models(config.get("providers") or config.get("targets"))
    return Imported(
        tool="promptfoo",
        rows=tuple(rows),
        prompts=tuple(prompts),
        graders=expected.gradings,
        models=tuple(chosen),
        answers={OUTPUTS: answers} if answers else {},
        notes=(*notes, *left, *unknown, *found.notes, *expected.notes, *folder.notes()),
    )


def _dereferenced(config: Any, name: str) -> Any:
    """The configuration with `{$ref: '#/a/b'}` replaced by what stands there."""
    left = MOST_VALUES

    def walk(node: Any, depth: int) -> Any:
        nonlocal left
        left -= 1
        if depth > DEEPEST:
            raise DataError(f"{name}: $ref leads into itself", hint="write out what it stands for")
        if left < 0:
            raise DataError(f"{name} stands for more than {MOST_VALUES:,} values", hint="write some $ref out")
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str) and reference.startswith("#/"):
                return walk(_pointed(config, reference, name), depth + 1)
            return {key: walk(value, depth + 1) for key, value in node.items()}
        return [walk(value, depth + 1) for value in node] if isinstance(node, list) else node

    return walk(config, 0)


def _pointed(config: Any, reference: str, name: str) -> Any:
    """What a JSON pointer (RFC 6901) points at."""
    node = config
    for part in reference[2:].split("/"):
        key = unquote(part).replace("~1", "/").replace("~0", "~")
        if not isinstance(node, dict) or key not in node:
            raise DataError(f"{name}: $ref {reference!r} points at nothing", hint="mend it, or remove it")
        node = node[key]
    return node


def _rows(found: Sequence[Case], expected: Expected, prompts: Sequence[Prompt]) -> list[dict[str, Any]]:
    """One row per case. A name that a prompt uses and no test sets is an empty cell, as promptfoo shows it."""
    used = sorted(
        {name for prompt in prompts for t in (prompt.user, prompt.system or "") for name in template_names(t)}
    )
    rows = []
    for number, (case, right) in enumerate(zip(found, expected.values, strict=True), 1):
        values = {**case.values, **right}
        rows.append(
            {ID: str(number), **dict.fromkeys((n for n in used if n not in values and n != "row"), ""), **values}
        )
    return rows


def _answers(found: Sequence[Case]) -> dict[str, Answer]:
    return {
        str(number): Answer(case.output, None, None, None, None, None)
        for number, case in enumerate(found, 1)
        if case.output is not None
    }


def _prompts(given: Any, folder: Folder) -> tuple[list[Prompt], list[Reason]]:
    """(prompts, what could not be carried over)."""
    prompts: list[Prompt] = []
    notes: list[Reason] = []
    for entry in given if isinstance(given, list) else [given] if given else []:
        for label, text in _texts(entry, folder, notes):
            made = _prompt(text, label, notes)
            if made is not None:
                prompts.append(made)
    if len(prompts) < 2:
        return [Prompt(p.user, p.system) for p in prompts], notes
    names: list[str] = []
    for number, prompt in enumerate(prompts, 1):
        names.append(free_name(prompt.name or f"prompt {number}", names))
    return [Prompt(p.user, p.system, name=name) for p, name in zip(prompts, names, strict=True)], notes


def _texts(entry: Any, folder: Folder, notes: list[Reason]) -> list[tuple[str, str]]:
    """(label, text) of each prompt that an entry stands for."""
    label = ""
    if isinstance(entry, Mapping):
        label = str(entry.get("label") or entry.get("id") or "")
        entry = entry.get("raw") or entry.get("id")
    if not isinstance(entry, str):
        notes.append(reason("import.prompt", prompt=str(entry)[:80]))
        return []
    if not entry.startswith("file://") and not FILE_NAME.fullmatch(entry):
        return [(label, entry)]
    found = []
    for path in folder.find(entry):
        text = folder.read(path) if path.suffix.lower() in (*TEXT_PROMPTS, ".json") else None
        if text is None:
            notes.append(reason("import.prompt", prompt=path.name))
            continue
        parts = [text] if path.suffix.lower() == ".json" else SEPARATOR.split(text)
        found += [(label or path.stem, part.strip("\n")) for part in parts if part.strip()]
    return found


def _prompt(text: str, label: str, notes: list[Reason]) -> Prompt | None:
    """A prompt from its text, which is one message or a list of messages as JSON."""
    user, system = text, None
    if text.lstrip().startswith("["):
        try:
            messages = json.loads(text)
        except (ValueError, RecursionError):
            messages = None
        if isinstance(messages, list) and all(isinstance(m, dict) and "role" in m for m in messages):
            question = asked(messages)
            user, system = question.user, question.system or None
            if question.flattened:
                notes.append(reason("import.prompt_flattened", prompt=label or text[:60]))
    try:
        for template in (user, system or ""):
            template_names(template)
    except ProjectError as error:
        notes.append(reason("import.prompt_syntax", prompt=label or text[:60], error=error.message))
        return None
    return Prompt(user, system, name=label)
