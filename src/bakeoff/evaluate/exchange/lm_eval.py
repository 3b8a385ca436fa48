"""Samples of lm-evaluation-harness (`--log_samples`, `samples_TASK_TIME.jsonl`): rows, prompts, answers, targets.

The format is what `EvaluationTracker.save_results_samples` of lm_eval 0.4.13 writes: per line `doc`, `target`,
`arguments`, `resps`, `filtered_resps`, `filter`. The model's name stands in the `results_TIME.json` beside it.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bakeoff.errors import DataError
from bakeoff.evaluate.exchange.chat import Asked, asked, prompt_of_rows, row_of
from bakeoff.evaluate.exchange.imported import Grading, Imported
from bakeoff.evaluate.tables.json_lines import read_objects
from bakeoff.evaluate.types import Answer
from bakeoff.values import Reason, reason


def read_samples(path: Path) -> Imported:
    """Read one file of samples.

    Raises:
        DataError: it is none.
    """
    reading = _Reading(path.name)
    for line, item in read_objects(path):
        reading.take(line, item)
    if not reading.rows:
        raise DataError(f"{path.name} has no samples", hint="run lm_eval with --log_samples and --output_path")
    model = _model(path)
    filters = len(reading.answers) > 1
    return Imported(
        tool="lm-eval",
        rows=tuple(reading.rows.values()),
        prompts=(prompt_of_rows(system=reading.has_system),),
        graders=(Grading("exact", "{{ target }}"),),
        answers={f"{model} ({name})" if filters else model: given for name, given in reading.answers.items()},
        notes=tuple(reading.notes()),
    )


@dataclass(slots=True)
class _Reading:
    name: str
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, dict[str, Answer]] = field(default_factory=dict)
    """Name of the filter to row id to answer."""

    has_system: bool = False
    flattened: int = 0
    chosen: int = 0
    repeated: int = 0

    def take(self, line: int, item: Mapping[str, Any]) -> None:
        missing = [key for key in ("doc_id", "doc", "target", "arguments", "filtered_resps") if key not in item]
        if not missing:
            shapes = {"arguments": dict | list, "filtered_resps": list}
            missing = [key for key, shape in shapes.items() if not isinstance(item[key], shape)]
        if missing:
            raise DataError(
                f"{self.name}: line {line:,} is no sample of lm-eval: it has no usable {missing[0]!r}",
                hint="give the samples_*.jsonl that lm_eval writes with --log_samples",
            )
        row_id = str(item["doc_id"])
        arguments = _arguments(item["arguments"])
        question = _question(arguments)
        answers = self.answers.setdefault(str(item.get("filter", "none")), {})
        if row_id in answers:
            raise DataError(f"{self.name}: line {line:,}: document {row_id} occurs twice", hint="write the log again")
        self.flattened += question.flattened and row_id not in self.rows
        self.has_system = self.has_system or bool(question.system)
        text, target = self._said(item, arguments, row_id)
        doc = item["doc"] if isinstance(item["doc"], dict) else {"doc": item["doc"]}
        self.rows.setdefault(row_id, row_of(row_id, question, target, doc, prefix="doc"))
        answers[row_id] = Answer(text, None, None, None, None, None)

    def _said(self, item: Mapping[str, Any], arguments: list[list[Any]], row_id: str) -> tuple[str, str]:
        """(answer, target). Where likelihoods were asked for, the answer is the likeliest of the choices."""
        said, target = item["filtered_resps"], str(item["target"])
        if said and isinstance(said[0], str):
            whole = item.get("resps")
            first = whole[0] if isinstance(whole, list) and whole else []
            self.repeated += row_id not in self.rows and (len(said) > 1 or (isinstance(first, list) and len(first) > 1))
            return said[0], target
        choices = [str(each[1]) for each in arguments if len(each) > 1]
        try:
            likely = [float(each[0]) for each in said]
            best = max(range(len(likely)), key=lambda index: likely[index])
            answer = choices[best].strip()
        except (TypeError, ValueError, IndexError):
            raise DataError(
                f"{self.name}: document {row_id} has neither a generated answer nor likelihoods of choices",
                hint="tasks of the types generate_until and multiple_choice can be imported",
            ) from None
        self.chosen += row_id not in self.rows
        if re.fullmatch(r"\d+", target) and int(target) < len(choices) and len(choices) > 1:
            target = choices[int(target)].strip()
        return answer, target

    def notes(self) -> list[Reason]:
        found = []
        if self.chosen:
            found.append(reason("import.likelihoods", file=self.name, n=self.chosen))
        if self.repeated:
            found.append(reason("import.first_repeat", file=self.name, n=self.repeated))
        if self.flattened:
            found.append(reason("import.flattened", file=self.name, n=self.flattened))
        found.append(reason("import.regraded", tool="lm-eval"))
        return found


def _arguments(arguments: Any) -> list[list[Any]]:
    """The arguments of each request: as the log writes them, or as a list of lists, as older ones did."""
    requests = arguments.values() if isinstance(arguments, dict) else arguments
    found = [list(each.values()) if isinstance(each, dict) else list(each) for each in requests if each]
    return [[value[0] if isinstance(value, list) and value else value for value in each] for each in found]


def _question(arguments: list[list[Any]]) -> Asked:
    """What was asked: a text, or chat messages as JSON."""
    first = arguments[0][0] if arguments and arguments[0] else ""
    if isinstance(first, str) and first.lstrip().startswith("[{"):
        with suppress(ValueError, RecursionError):
            return asked(json.loads(first))
    return Asked(str(first))


def _model(path: Path) -> str:
    """The model's name from the results beside the samples, else the name of the folder."""
    time = re.search(r"_(\d{4}-\d\d-\d\dT[\d.-]+)\.jsonl$", path.name)
    if time:
        with suppress(OSError, ValueError, RecursionError):
            results = json.loads((path.parent / f"results_{time[1]}.json").read_text(encoding="utf-8"))
            name = results.get("model_name") or results.get("config", {}).get("model_args")
            if isinstance(name, str) and name:
                return name
    return path.resolve().parent.name or "lm-eval"
