"""Usual situations: needs to start from, and the graders that such rows are usually judged by.

The lengths are of usual requests, to be replaced by one's own as soon as there are rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from bakeoff.errors import UsageError


@dataclass(frozen=True, slots=True)
class Template:
    """One situation."""

    name: str
    needs: Mapping[str, Any]
    graders: tuple[Mapping[str, Any], ...]
    """Tables for `[[graders]]`."""

    judge: bool = False
    """There is no one right answer: people or a judge compare."""

    system: str | None = None
    """A system prompt to start from."""


TEMPLATES: tuple[Template, ...] = (
    Template(
        "support-triage",
        {"task": "classification", "prompt_tokens": 400, "output_tokens": 10, "context_tokens": 2048},
        ({"kind": "label", "target": "{{ label }}"},),
        system="You sort support messages. Answer with the name of one category and nothing else.",
    ),
    Template(
        "extraction",
        {"task": "extraction", "prompt_tokens": 1500, "output_tokens": 250, "context_tokens": 4096},
        ({"kind": "fields", "target": "{{ expected }}"},),
        system="Read the document and answer with one JSON object. Use null for what the document does not say.",
    ),
    Template(
        "rag-answers",
        {"task": "rag", "prompt_tokens": 3000, "output_tokens": 300, "context_tokens": 8192},
        ({"kind": "grounded", "context": "{{ context }}"},),
        judge=True,
        system="Answer from the given passages only. Where they do not say it, say that they do not.",
    ),
    Template(
        "translation-en-vi",
        {
            "task": "translation",
            "languages": ["en", "vi"],
            "prompt_tokens": 300,
            "output_tokens": 400,
            "context_tokens": 4096,
        },
        ({"kind": "chrf", "target": "{{ reference }}"},),
        judge=True,
        system="Translate from English into Vietnamese. Answer with the translation alone.",
    ),
    Template(
        "code-assistant",
        {"task": "coding", "prompt_tokens": 2000, "output_tokens": 600, "context_tokens": 16384},
        ({"kind": "python", "tests": "{{ tests }}"},),
    ),
    Template(
        "creative-writing",
        {"task": "writing", "prompt_tokens": 300, "output_tokens": 1200, "context_tokens": 8192, "prefer": "quality"},
        ({"kind": "length", "min_words": 100},),
        judge=True,
    ),
    Template(
        "agent-with-tools",
        {"task": "agents", "prompt_tokens": 6000, "output_tokens": 800, "context_tokens": 32768, "prefer": "quality"},
        ({"kind": "json", "schema": "schema.json"},),
    ),
)


def template(name: str) -> Template:
    """A template by name.

    Raises:
        UsageError: there is none of that name.
    """
    names = [one.name for one in TEMPLATES]
    wanted = name.strip().lower().replace(" ", "-").replace("_", "-")
    for one in TEMPLATES:
        if one.name == wanted:
            return one
    near = get_close_matches(wanted, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise UsageError(f"there is no template {name[:40]!r}", hint=f"{hint}one of {', '.join(names)}")
