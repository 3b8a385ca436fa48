"""`import`: a project folder from the files of another evaluation tool."""

import csv
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import tomlkit

from bakeoff.errors import DataError, ProjectError, StorageError, UsageError
from bakeoff.evaluate.exchange.imported import ID, Imported, Model, joined
from bakeoff.evaluate.exchange.inspect_read import read_log
from bakeoff.evaluate.exchange.lm_eval import read_samples
from bakeoff.evaluate.exchange.promptfoo import read_config
from bakeoff.evaluate.types import Answer, Prompt
from bakeoff.project import FILE_NAME
from bakeoff.project.creating import STARTING_MODELS
from bakeoff.values import Reason, reason

ImportTool = Literal["promptfoo", "lm-eval", "inspect"]

READERS: dict[ImportTool, Callable[[Path], Imported]] = {
    "promptfoo": read_config,
    "lm-eval": read_samples,
    "inspect": read_log,
}
BY_ENDING: dict[str, ImportTool] = {
    ".yaml": "promptfoo",
    ".yml": "promptfoo",
    ".jsonl": "lm-eval",
    ".json": "inspect",
    ".eval": "inspect",
}

DATA_NAME = "data.csv"


def import_evaluation(
    folder: Path, files: Sequence[Path], *, tool: ImportTool | None = None
) -> tuple[Path, list[Reason]]:
    """Make a project from an evaluation of another tool.

    Args:
        folder: is made; must not exist, or be empty.
        files: a configuration of promptfoo; or samples of lm-eval, or logs of inspect_ai, one or several of the same
            rows. Answers in them become candidates that need not be asked.
        tool: whose they are; None tells by the ending.

    Returns:
        (the folder, what was not carried over or was changed).

    Raises:
        ProjectError: the folder is in use.
        DataError: a file is not what it should be.
        StorageError: the folder cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ProjectError(f"{folder} exists already", hint="choose another name, or remove it")
    imported = _read(files, tool)
    notes = list(imported.notes)
    if not imported.models and not imported.answers:
        notes.append(reason("import.no_candidates"))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        try:
            _write(scratch, imported)
            if folder.exists():
                folder.rmdir()
            scratch.chmod(0o755)
            scratch.replace(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror or error}", hint="choose a folder that can be written") from None
    return folder, notes


def _read(files: Sequence[Path], tool: ImportTool | None) -> Imported:
    for path in files:
        if not path.is_file():
            raise DataError(f"there is no file {str(path)!r}", hint="check the path; it is relative to this folder")
    tools = {tool or BY_ENDING.get(path.suffix.lower()) for path in files}
    if None in tools or len(tools) != 1:
        raise UsageError(
            f"{', '.join(path.name for path in files)}: the endings do not tell one tool",
            hint="say which it is: --from promptfoo, --from lm-eval or --from inspect",
        )
    chosen = tools.pop()
    assert chosen is not None
    if chosen == "promptfoo" and len(files) > 1:
        raise UsageError("one configuration of promptfoo at a time", hint="make a project of each")
    parts = [READERS[chosen](path) for path in files]
    return parts[0] if len(parts) == 1 else joined(parts)


def _write(folder: Path, imported: Imported) -> None:
    columns = imported.columns
    with (folder / DATA_NAME).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([row.get(column) for column in columns] for row in imported.rows)
    files: dict[str, str] = {}
    for name, answers in imported.answers.items():
        files[name] = _file_name(name, list(files.values()))
        with (folder / files[name]).open("w", encoding="utf-8") as file:
            file.writelines(_answer_line(row_id, answer) for row_id, answer in answers.items())
    (folder / FILE_NAME).write_text(_project_file(imported, files), encoding="utf-8")


def _answer_line(row_id: str, answer: Answer) -> str:
    known = {
        "latency_ms": answer.latency_ms,
        "prompt_tokens": answer.prompt_tokens,
        "output_tokens": answer.output_tokens,
        "finish_reason": answer.finish_reason,
        "thinking": answer.thinking,
        "served_model": answer.served_model,
    }
    line = {ID: row_id, "answer": answer.text, **{name: value for name, value in known.items() if value is not None}}
    return json.dumps(line, ensure_ascii=False) + "\n"


def _file_name(candidate: str, taken: Sequence[str]) -> str:
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", candidate).strip("-.")[:60] or "candidate"
    names = (f"answers-{plain}{number}.jsonl" for number in ("", *(f"-{n}" for n in range(2, len(taken) + 3))))
    return next(name for name in names if name.casefold() not in {each.casefold() for each in taken})


def _project_file(imported: Imported, files: dict[str, str]) -> str:
    document = tomlkit.document()
    document.add(tomlkit.comment(f"Carried over from {imported.tool}."))
    if imported.answers:
        document.add(tomlkit.comment("Its own grades are not used: the graders below grade every answer anew."))
    document["data"] = {"file": DATA_NAME, "id": ID}
    document["prompt"] = _prompt(imported.prompts)
    candidates = tomlkit.aot()
    for name, file in files.items():
        candidates.append(tomlkit.item({"name": name, "model": name, "via": "file", "answers": file}))
    for model in imported.models:
        candidates.append(tomlkit.item(_model(model)))
    if not candidates:
        for starting, build in STARTING_MODELS:
            candidates.append(tomlkit.item({"model": starting, "build": build, "via": "embedded"}))
    document["candidates"] = candidates
    graders = tomlkit.aot()
    for grading in imported.graders:
        target = {"target": grading.target} if grading.target is not None else {}
        graders.append(tomlkit.item({"kind": grading.kind, **target, **grading.options}))
    document["graders"] = graders
    return tomlkit.dumps(document)


def _prompt(prompts: Sequence[Prompt]) -> Any:
    table = tomlkit.table()
    if len(prompts) == 1:
        return _templates(table, prompts[0])
    variants = tomlkit.aot()
    for prompt in prompts:
        variant = tomlkit.table()
        variant["name"] = prompt.name
        variants.append(_templates(variant, prompt))
    table["variants"] = variants
    return table


def _templates(table: Any, prompt: Prompt) -> Any:
    if prompt.system is not None:
        table["system"] = tomlkit.string(prompt.system, multiline="\n" in prompt.system)
    table["user"] = tomlkit.string(prompt.user, multiline="\n" in prompt.user)
    return table


def _model(model: Model) -> dict[str, Any]:
    table: dict[str, Any] = {"name": model.name, "model": model.model, "via": model.via}
    if model.key is not None:
        table["key"] = model.key
    return table | dict(model.parameters)
