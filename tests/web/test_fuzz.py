"""Every route of the OpenAPI document, asked with what fits it and what does not: no answer is a mistake of ours."""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.testclient import TestClient

ROUNDS = 4
SEED = 20261124
SKIPPED = re.compile(r"POST .*/(jobs|playground|candidates)\b|.*probe|POST /api/projects$")
"""These start processes or ask models; they have tests of their own."""

TEXTS = [
    "", "0", "-1", "1", "9" * 21, "1e400", "nan", "inf", "null", "%", "'", '"><img>', "../..", "\0", "é", "🎉" * 50,
    "a" * 3000, "text:asc", "{{ x }}", "[1]", "hf://x", "\u202e", "r1", "alpha",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, 0, -1, 2**63 - 1, -(2**63), 1.5, 1e308, 1e-308, "", [], {}, "a", "\0", "é" * 200, [None], {"a": {}},
    "r1",
]  # fmt: skip


class Fuzzer:
    """Makes values for the schemas of one document."""

    def __init__(self, document: dict[str, Any], chance: random.Random) -> None:
        self.document, self.chance = document, chance

    def value(self, schema: dict[str, Any], depth: int = 0) -> Any:
        """One that fits, mostly."""
        pick = self.chance.choice
        if self.chance.random() < 0.1 or depth > 4:
            return pick(VALUES)
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        if "enum" in schema or "const" in schema:
            return pick(schema.get("enum") or [schema["const"]])
        if "anyOf" in schema or "oneOf" in schema:
            return self.value(pick(schema.get("anyOf") or schema["oneOf"]), depth + 1)
        kinds: dict[str, Callable[[], Any]] = {
            "object": lambda: {
                name: self.value(one, depth + 1) for name, one in schema.get("properties", {}).items()
                if name in schema.get("required", []) or self.chance.random() < 0.5
            },
            "array": lambda: [self.value(schema.get("items", {}), depth + 1) for _ in range(self.chance.randint(0, 3))],
            "integer": lambda: pick([0, 1, 2, -1, schema.get("minimum", 0), schema.get("maximum", 5)]),
            "number": lambda: pick([0, 0.5, 1, 1e9, -1]),
            "boolean": lambda: pick([True, False]),
            "string": lambda: pick(["", "a", "r1", "alpha", "{{ text }}", "é"]),
        }  # fmt: skip
        return kinds.get(schema.get("type", ""), lambda: pick(VALUES))()

    def request(self, path: str, operation: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes | None]:
        """Path, query and body."""
        query = []
        for one in operation.get("parameters", []):
            text = self.chance.choice(TEXTS)
            if one["in"] == "path":
                known = one["name"] == "project" and self.chance.random() < 0.95
                named = quote("tickets" if known else text, safe="")
                path = path.replace(f"{{{one['name']}}}", named).replace(f"{{{one['name']}:path}}", named)
            elif one.get("required") or self.chance.random() < 0.4:
                junk = self.chance.random() < 0.2
                query.append((one["name"], text if junk else str(self.value(one.get("schema", {})))))
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        return path, query, json.dumps(self.value(content["schema"])).encode() if content else None


def test_no_request_is_a_mistake_of_ours(client: Callable[..., TestClient], project: Path) -> None:
    called = client(project.parent)
    document = called.get("/api/openapi.json").json()
    fuzzer = Fuzzer(document, random.Random(SEED))
    mistakes: dict[str, str] = {}
    for _ in range(ROUNDS):
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                name = f"{method.upper()} {path}"
                if SKIPPED.match(name) or name in mistakes:
                    continue
                where, query, body = fuzzer.request(path, operation)
                kind = {"content-type": "application/json"} if body else {}
                answer = called.request(method.upper(), where, params=query, content=body, headers=kind)
                if answer.status_code >= 500 and answer.status_code not in (502, 507):
                    mistakes[name] = f"{where[-80:]} {query} {body!r:.300} {answer.text[:200]}"
    assert mistakes == {}
