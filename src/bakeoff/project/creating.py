"""Make a project folder from a data file: guess what can be guessed, say so in comments, leave the rest to people."""

import shutil
from dataclasses import dataclass
from keyword import iskeyword
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT
from tomlkit.items import Table as TomlTable

from bakeoff.errors import ProjectError, StorageError
from bakeoff.evaluate.files import read_table
from bakeoff.evaluate.types import Table
from bakeoff.project import FILE_NAME
from bakeoff.project.data import data_files, is_elsewhere, whole_name
from bakeoff.project.editing import read_document
from bakeoff.whole_file import write_whole

TARGET_NAMES = (
    "label", "target", "expected", "answer", "reference", "output", "category", "class", "intent", "sentiment",
    "nhãn", "nhan", "đáp án", "dap an", "kết quả", "ket qua", "phân loại", "phan loai",
)  # fmt: skip
"""Column names that usually hold what is right, best first."""

ID_NAMES = ("id", "row_id", "uid", "uuid", "key", "mã", "ma", "stt")

MOST_GUESSED_LABELS = 20

STARTING_MODELS = (
    ("HuggingFaceTB/SmolLM2-135M-Instruct", "gguf:Q4_1"),
    ("google/gemma-3-270m", "gguf:Q4_K_M"),
)
"""Two models so small that they run anywhere within a minute. Meant to be replaced by better ones."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What was made of a data file."""

    id: str | None
    input: str
    target: str | None
    """None where no column says what is right: then people do."""

    labels: tuple[str, ...]
    """Empty where the targets do not look like a label set."""


def new(
    folder: Path,
    data: Path,
    *,
    target: str | None = None,
    input: str | None = None,
    id: str | None = None,
    prompt: str | None = None,
    system: str | None = None,
    by_people: bool = False,
) -> Path:
    """Make a project from the user's own file.

    Args:
        folder: is made; must not exist, or be empty.
        data: csv, tsv, jsonl, parquet or xlsx, copied into the folder; or hf://datasets/ORG/NAME or s3://BUCKET/KEY,
            which is fetched.
        target: column with what is right; guessed from usual names where not given.
        input: column that the prompt shows; guessed as the one with the longest texts.
        id: column with the rows' ids; guessed from usual names; "" numbers the rows.
        prompt: Jinja2 template of the user message; made from the guesses where not given.
        system: the system message; made from the guesses where not given, none where it is empty.
        by_people: no column holds what is right; people will say it, blind (`[decide] metric = "people"`).

    Returns:
        The folder.

    Raises:
        ProjectError: the folder is in use, or a column does not exist, or nothing can be guessed.
        DataError: the file cannot be read, or there is no such data set or object.
        NetworkError, KeyMissing: it cannot be fetched.
    """
    if folder.exists() and not _is_free(folder):
        raise ProjectError(f"{folder} exists already", hint="choose another name, or remove it")
    needs = read_document(folder).get("needs")
    elsewhere = whole_name(str(data)) if is_elsewhere(str(data)) else None
    path, *others = data_files(folder, elsewhere, fetch=True) if elsewhere is not None else (data,)
    table = read_table(path, id_column=id or None, others=others)
    found = guess(table, data.name, target=target, input=input, id=id, by_people=by_people)
    text = project_file(elsewhere or data.name, found, prompt, needs, system=system)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if elsewhere is None:
            shutil.copyfile(data, folder / data.name)
        write_whole(folder / FILE_NAME, text, hint="choose a folder that can be written", mode=0o644)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror or error}", hint="choose a folder that can be written") from None
    return folder


def _is_free(folder: Path) -> bool:
    """Empty, or with needs only: `bakeoff needs` and `bakeoff shortlist` come before there are rows."""
    if not folder.is_dir():
        return False
    names = {entry.name for entry in folder.iterdir()}
    return not names or (names == {FILE_NAME} and set(read_document(folder)) == {"needs"})


def guess(
    table: Table,
    name: str,
    *,
    target: str | None = None,
    input: str | None = None,
    id: str | None = None,
    by_people: bool = False,
) -> Guess:
    """What `new` makes of a table; `name` is how messages call its file. The rest is as of `new`.

    Raises:
        ProjectError: a column does not exist, or nothing can be guessed.
    """
    columns = list(table.columns)
    for asked in (target, input, id):
        if asked and asked not in columns:
            raise ProjectError(f"{name} has no column {asked!r}", hint=f"its columns are: {', '.join(columns)}")
    if id is None:
        id = next((c for c in columns if c.casefold() in ID_NAMES and _can_be_id(table, c)), None)
    id = id or None
    if target is None and not by_people:
        lower = {column.casefold(): column for column in columns}
        target = next((lower[name] for name in TARGET_NAMES if name in lower), None)
        if target is None:
            raise ProjectError(
                f"{name}: which column holds the right answers? Its columns are: {', '.join(columns)}",
                hint=f"bakeoff new NAME --data {name} --target COLUMN",
            )
    rest = [column for column in columns if column not in (id, target)]
    if not rest:
        raise ProjectError(f"{name} has no column besides {target or id!r}", hint="a prompt needs something to show")
    if input is None:
        input = max(rest, key=lambda column: sum(len(str(row.values[column] or "")) for row in table.rows[:500]))
    return Guess(id, input, target, _labels(table, target) if target is not None else ())


def _can_be_id(table: Table, column: str) -> bool:
    values = [row.values[column] for row in table.rows]
    return all(value not in (None, "") for value in values) and len({str(value) for value in values}) == len(values)


def _labels(table: Table, target: str) -> tuple[str, ...]:
    found: dict[str, int] = {}
    for row in table.rows:
        value = str(row.values[target] if row.values[target] is not None else "").strip()
        found[value] = found.get(value, 0) + 1
        if len(found) > MOST_GUESSED_LABELS:
            return ()
    repeated = len(table.rows) >= 2 * len(found)
    return tuple(found) if repeated and "" not in found else ()


def project_file(
    data_name: str, guess: Guess, prompt: str | None, needs: Any = None, *, system: str | None = None
) -> str:
    """The text of a new `bakeoff.toml`, with comments for the person who reads it next."""
    document = tomlkit.document()
    document.add(
        tomlkit.comment("What is tested, on which rows, and how it is decided. `bakeoff run` fills the table.")
    )
    if needs is not None:
        document["needs"] = needs
    data = tomlkit.table()
    data["file"] = data_name
    if guess.id is not None:
        data["id"] = guess.id
    document["data"] = data
    document["prompt"] = _prompt(guess, prompt, system)
    document["parameters"] = _parameters(guess)
    document["candidates"] = _candidates()
    if guess.target is not None:
        document["graders"] = _graders(guess, guess.target)
    decide = tomlkit.table()
    if guess.target is None:
        decide["metric"] = "people"
        decide["metric"].comment("no column says what is right: people do, blind (`bakeoff label`)")
    decide["rule"] = "cheapest not worse"
    decide["smallest_gap_that_matters"] = 0.03
    decide["smallest_gap_that_matters"].comment("three points of accuracy; what would change your mind?")
    document["decide"] = decide
    return tomlkit.dumps(document)


def starting_prompt(guess: Guess) -> tuple[str | None, str]:
    """The system message and the template of the user message that a new project begins with."""
    system = f"Answer with exactly one of: {', '.join(guess.labels)}." if guess.labels else None
    return system, _shown(guess.input)


def _shown(column: str) -> str:
    """A template that shows one column, whatever its name holds."""
    if column.isidentifier() and not iskeyword(column) and column not in ("true", "false", "none"):
        return f"{{{{ {column} }}}}"
    quoted = column.replace("\\", "\\\\").replace("'", "\\'")
    return f"{{{{ row['{quoted}'] }}}}"


def _prompt(guess: Guess, prompt: str | None, system: str | None) -> TomlTable:
    table = tomlkit.table()
    guessed, shown = starting_prompt(guess)
    if message := guessed if system is None else system:
        table["system"] = tomlkit.string(message, multiline="\n" in message)
    user = prompt or shown
    table["user"] = tomlkit.string(user, multiline="\n" in user)
    table.add(tomlkit.comment("A few examples help small models; the same ones go to every candidate:"))
    table.add(tomlkit.comment("[[prompt.examples]]"))
    table.add(tomlkit.comment('user = "..."'))
    table.add(tomlkit.comment('assistant = "..."'))
    return table


def _parameters(guess: Guess) -> TomlTable:
    table = tomlkit.table()
    table.add(tomlkit.comment("Sent to every candidate; a candidate may set its own."))
    table["temperature"] = 0.0
    table["max_tokens"] = 16 if guess.labels else 256
    return table


def _candidates() -> AoT:
    array = tomlkit.aot()
    for model, build in STARTING_MODELS:
        table = tomlkit.table()
        table["model"] = model
        table["build"] = build
        table["via"] = "embedded"
        array.append(table)
    array[0]["via"].comment('or the base URL of any OpenAI-compatible server, "http://127.0.0.1:11434/v1"')
    return array


def _graders(guess: Guess, target: str) -> AoT:
    array = tomlkit.aot()
    table = tomlkit.table()
    table["kind"] = "label" if guess.labels else "contains"
    table["target"] = _shown(target)
    if guess.labels:
        table["labels"] = list(guess.labels)
    else:
        table["ignore_case"] = True
    array.append(table)
    return array
