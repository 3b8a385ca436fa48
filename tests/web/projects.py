"""Real projects for the tests of the page: rows of our own, answers of the stub server, kept in a real ledger."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bakeoff.project import Project
from bakeoff.project.planning import RunOptions

LABELS = ("positive", "negative", "neutral")


def write_project(
    folder: Path,
    port: int,
    *,
    rows: int = 30,
    models: Sequence[str] = ("alpha", "beta"),
    more: str = "",
    kind: str = "ok",
) -> Path:
    """A project whose candidates are models of the stub on `port`; nothing has been asked yet."""
    folder.mkdir(parents=True)
    lines = [
        {
            "id": f"r{i}",
            "text": f"Dòng số {i}: <{LABELS[i % 3]}>",
            "label": LABELS[i % 3],
            "kênh": ("web", "app")[i % 2],
        }
        for i in range(rows)
    ]
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    (folder / "rows.jsonl").write_text(text + "\n", encoding="utf-8")
    candidates = "\n".join(
        f'[[candidates]]\nname = "{model}"\nmodel = "{model}"\nvia = "http://127.0.0.1:{port}/{kind}/v1"\n'
        for model in models
    )
    (folder / "bakeoff.toml").write_text(
        f"""# A comment that must survive.
[data]
file = "rows.jsonl"
id = "id"

[prompt]
system = "Answer with exactly one of: {", ".join(LABELS)}."
user = "{{{{ text }}}}"

[parameters]
temperature = 0.0
max_tokens = 16

{candidates}
[[graders]]
kind = "label"
target = "{{{{ label }}}}"
labels = {json.dumps(list(LABELS))}

[preflight]
probe = false

[decide]
rule = "cheapest not worse"
smallest_gap_that_matters = 0.03
{more}""",
        encoding="utf-8",
    )
    return folder


def run_project(folder: Path, options: RunOptions | None = None) -> Project:
    """Ask the stub everything, or what the options say."""
    project = Project(folder)
    with ThreadPoolExecutor(1) as apart:  # the tests' browser keeps an event loop in the main thread
        outcomes = apart.submit(project.run, options).result()
    assert [(one.error and one.error.message, one.because) for one in outcomes] == [(None, "")] * len(outcomes)
    return project
