"""The answer is JSON, and of the shape that a JSON Schema describes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import regex

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders.files import read_text
from bakeoff.evaluate.graders.json_text import read_json
from bakeoff.evaluate.graders.rule import Case, Grade, Rule
from bakeoff.values import reason

PATTERN_SECONDS = 1.0
"""For one `pattern` of a schema on one string."""


@dataclass(frozen=True, slots=True)
class Json(Rule):
    """Right when the answer is valid JSON, alone or in a code fence or in prose, and fits the schema where there is
    one. NaN, keys that occur twice and nesting deeper than 100 levels are not valid.
    """

    schema: Mapping[str, Any] | None = None
    """JSON Schema as a table of the project file."""

    schema_file: str | None = None
    """JSON Schema as a file of the project's folder."""

    bare: bool = False
    """The answer must be JSON and nothing else: no fence, no sentence around it."""

    needs_target: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """There is one schema at most."""
        if self.schema is not None and self.schema_file is not None:
            raise ValueError("write `schema` or `schema_file`, not both")

    def check(self, target: str, folder: Path) -> None:
        """The schema must be one, and must not point out of itself."""
        self._validator(folder)

    def identity(self, folder: Path) -> Any:
        """The options, and the schema itself."""
        return [self.bare, self._schema(folder)]

    def grade(self, case: Case) -> Grade:
        """Judge one answer."""
        found = read_json(case.text)
        if found.problem is not None:
            return Grade(0.0, detail=found.problem)
        if self.bare and not found.bare:
            return Grade(0.0, detail=reason("grade.json_not_bare"))
        validator = self._validator(case.folder)
        if validator is None:
            return Grade(1.0)
        try:
            errors = sorted(validator.iter_errors(found.value), key=lambda error: list(map(str, error.absolute_path)))
        except TimeoutError:
            return Grade(None, detail=reason("grade.regex_timeout", seconds=PATTERN_SECONDS))
        if not errors:
            return Grade(1.0)
        path = "/".join(str(part) for part in errors[0].absolute_path)
        return Grade(
            0.0, detail=reason("grade.schema", path=f"/{path}"[:300], problem=errors[0].message[:300], n=len(errors))
        )

    def _schema(self, folder: Path) -> Any:
        if self.schema_file is None:
            return dict(self.schema) if self.schema is not None else None
        text = read_text(folder, self.schema_file, "grader json: schema_file")
        try:
            return json.loads(text)
        except ValueError as error:
            raise ProjectError(f"{self.schema_file}: {error}", hint="schema_file must be a JSON file") from None

    def _validator(self, folder: Path) -> Any:
        schema = self._schema(folder)
        return _validator(json.dumps(schema, sort_keys=True)) if schema is not None else None


@lru_cache(maxsize=16)
def _validator(text: str) -> Any:
    """A validator that never opens a connection: a `$ref` must point into the schema itself."""
    from jsonschema import Draft202012Validator, SchemaError, validators
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    schema = json.loads(text)
    kind = validators.validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        path = "/".join(str(part) for part in error.absolute_path)
        raise ProjectError(
            f"grader json: the schema is not valid at /{path}: {error.message}", hint="see https://json-schema.org"
        ) from None
    bounded: Any = validators.extend(kind, {"pattern": _pattern})  # type: ignore[no-untyped-call]
    validator = bounded(schema, registry=Registry(), format_checker=kind.FORMAT_CHECKER)
    try:
        for reference in _references(schema):
            validator._resolver.lookup(reference)
    except Unresolvable as error:
        raise ProjectError(
            f"grader json: the schema refers to {error.ref!r}, which is not a part of it",
            hint='copy it under "$defs" and write "#/$defs/NAME": schemas are never fetched',
        ) from None
    return validator


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    """`pattern` with a limit: a model's string must not make it backtrack for ever."""
    from jsonschema import ValidationError

    if isinstance(instance, str) and not regex.search(pattern, instance, timeout=PATTERN_SECONDS):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")
