"""Logs of inspect_ai, `.json` and `.eval`: rows, answers, targets of its samples.

Both hold an EvalLog (inspect_ai's `log/_log.py`); an `.eval` is a zip with a `header.json` and one file per sample,
packed with zstd since 0.3.2xx.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bakeoff.errors import DataError
from bakeoff.evaluate.exchange.chat import Asked, asked, prompt_of_rows, reasoning_of, row_of
from bakeoff.evaluate.exchange.imported import ALTERNATIVES, Grading, Imported
from bakeoff.evaluate.json_values import count, mapping
from bakeoff.evaluate.tables.source import FEWER_ROWS
from bakeoff.evaluate.types import Answer
from bakeoff.units import show_bytes
from bakeoff.values import Reason, reason

LARGEST_UNPACKED_BYTES = 512 * 1024 * 1024
"""Of a log: what it says is held in memory while it is read, and a small zip can unpack to any size."""

GRADERS: Mapping[str, Literal["exact", "contains"]] = {"includes": "contains", "match": "contains", "exact": "exact"}
"""Scorers of inspect_ai with a grader that says about the same, without upper and lower case."""

FINISH = {"stop": "stop", "max_tokens": "length", "model_length": "length", "content_filter": "content_filter"}


def read_log(path: Path) -> Imported:
    """Read one log.

    Raises:
        DataError: it is none, is damaged, or is far too large.
    """
    header, samples = _eval(path) if path.suffix.lower() == ".eval" else _json(path)
    spec = header.get("eval")
    if not isinstance(spec, dict) or not isinstance(spec.get("model"), str):
        raise DataError(f"{path.name} is no log of inspect_ai: it has no `eval` with a model", hint=HINT)
    reading = _Reading(path.name)
    for sample in samples:
        reading.take(sample)
    if not reading.rows:
        raise DataError(f"{path.name} has no samples", hint="run inspect_ai without --no-log-samples")
    scorers = [str(s.get("name", "")).rpartition("/")[2] for s in spec.get("scorers") or [] if isinstance(s, dict)]
    kinds = list(dict.fromkeys(GRADERS[name] for name in scorers if name in GRADERS)) or [GRADERS["exact"]]
    unknown = [name for name in scorers if name not in GRADERS]
    options: dict[str, Any] = {"ignore_case": True}
    if reading.several_targets:
        options["alternatives"] = ALTERNATIVES
    notes = [reason("import.scorer", file=path.name, scorer=name) for name in unknown]
    return Imported(
        tool="inspect_ai",
        rows=tuple(reading.rows.values()),
        prompts=(prompt_of_rows(system=reading.has_system),),
        graders=tuple(Grading(kind, "{{ target }}", options) for kind in kinds),
        answers={spec["model"]: reading.answers},
        notes=(*notes, *reading.notes()),
    )


HINT = "give a .json or .eval log; `inspect log convert` makes one of another"


def _json(path: Path) -> tuple[Mapping[str, Any], Iterator[Any]]:
    _check_size(path, path.stat().st_size)
    data = _object(path.read_bytes(), path.name)
    samples = data.get("samples")
    return data, iter(samples if isinstance(samples, list) else [])


def _eval(path: Path) -> tuple[Mapping[str, Any], Iterator[Any]]:
    if sys.version_info >= (3, 14):
        import zipfile
    else:
        from backports.zstd import zipfile
    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(path, sum(part.file_size for part in archive.infolist()))
            names = sorted(part for part in archive.namelist() if part.startswith("samples/"))
            start = "header.json" if "header.json" in archive.namelist() else "_journal/start.json"
            header = _object(_member(archive, start), f"{path.name}: {start}")
            samples = [_object(_member(archive, name), f"{path.name}: {name}") for name in names]
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise DataError(f"{path.name} cannot be read as a log of inspect_ai: {error}", hint=HINT) from None
    except Exception as error:
        # zlib and zstd each have an error of their own.
        if type(error).__name__ not in ("error", "ZstdError", "LZMAError"):
            raise
        raise DataError(f"{path.name} is damaged: {error}", hint=HINT) from None
    return header, iter(samples)


def _member(archive: Any, name: str) -> bytes:
    """One file of the archive, as large as its list of contents says and no larger."""
    info = archive.getinfo(name)
    with archive.open(name) as file:
        data: bytes = file.read(info.file_size + 1)
    return data


def _check_size(path: Path, size: int) -> None:
    if size > LARGEST_UNPACKED_BYTES:
        raise DataError(
            f"{path.name} has {show_bytes(size)}; at most {show_bytes(LARGEST_UNPACKED_BYTES)} are read",
            hint=FEWER_ROWS,
        )


def _object(data: bytes, name: str) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name} is not JSON: {error}", hint=HINT) from None
    if not isinstance(found, dict):
        raise DataError(f"{name} is not a JSON object", hint=HINT)
    return found


@dataclass(slots=True)
class _Reading:
    name: str
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    has_system: bool = False
    flattened: int = 0
    repeated: int = 0
    failed: int = 0
    several_targets: bool = False

    def take(self, sample: Any) -> None:
        if not isinstance(sample, dict) or "id" not in sample or "input" not in sample:
            raise DataError(f"{self.name}: a sample has no id or no input", hint=HINT)
        row_id = str(sample["id"])
        if sample.get("epoch", 1) != 1:
            self.repeated += 1
            return
        if row_id in self.rows:
            raise DataError(f"{self.name}: sample {row_id!r} occurs twice", hint="write the log again")
        question = self._question(sample)
        self.has_system = self.has_system or bool(question.system)
        self.flattened += question.flattened
        self.rows[row_id] = self._row(row_id, sample, question)
        answer = _answer(sample.get("output"))
        if answer is None or sample.get("error"):
            self.failed += 1
        else:
            self.answers[row_id] = answer

    @staticmethod
    def _question(sample: Mapping[str, Any]) -> Asked:
        """The messages that were sent, without the last answer; else the input."""
        messages = [m for m in sample.get("messages") or [] if isinstance(m, dict)]
        sent = messages[:-1] if messages and messages[-1].get("role") == "assistant" else messages
        if sent:
            return asked(sent)
        given = sample["input"]
        return asked(given) if isinstance(given, list) else Asked(str(given))

    def _row(self, row_id: str, sample: Mapping[str, Any], question: Asked) -> dict[str, Any]:
        target = sample.get("target", "")
        if isinstance(target, list):
            self.several_targets = self.several_targets or len(target) > 1
            target = ALTERNATIVES.join(map(str, target))
        extra = {"choices": sample.get("choices"), **(sample.get("metadata") or {})}
        known = {name: value for name, value in extra.items() if value is not None}
        return row_of(row_id, question, str(target), known, prefix="metadata")

    def notes(self) -> list[Reason]:
        found = []
        if self.failed:
            found.append(reason("import.unanswered", file=self.name, n=self.failed))
        if self.repeated:
            found.append(reason("import.first_epoch", file=self.name, n=self.repeated))
        if self.flattened:
            found.append(reason("import.flattened", file=self.name, n=self.flattened))
        found.append(reason("import.regraded", tool="inspect_ai"))
        return found


def _answer(output: Any) -> Answer | None:
    """The first choice of an output; None where there is none."""
    if not isinstance(output, dict) or not isinstance(output.get("choices"), list) or not output["choices"]:
        return None
    choice = mapping(output["choices"][0])
    message, usage = mapping(choice.get("message")), mapping(output.get("usage"))
    first = _number(mapping(output.get("metadata")).get("time_to_first_token_ms"))
    seconds = _number(output.get("time"))
    completion = output.get("completion")
    return Answer(
        text=completion if isinstance(completion, str) else "",
        finish_reason=FINISH.get(str(choice.get("stop_reason")), str(choice.get("stop_reason") or "") or None),
        time_to_first_token_ms=first,
        latency_ms=seconds * 1000 if seconds is not None else None,
        prompt_tokens=count(usage.get("input_tokens")),
        output_tokens=count(usage.get("output_tokens")),
        thinking=reasoning_of(message.get("content")) or None,
        served_model=output.get("model") if isinstance(output.get("model"), str) else None,
    )


def _number(value: Any) -> float | None:
    with suppress(TypeError, ValueError, OverflowError):
        number = float(value)
        return number if 0 <= number < float("inf") else None
    return None
