"""Who is measured, and how each is started. A contestant that is not installed says how to install it."""

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent

PROJECT = """
[data]
file = "data.csv"
id = "id"

[prompt]
user = "{{{{ text }}}}"

[parameters]
temperature = 0.0
max_tokens = 16

[[candidates]]
name = "stub"
model = "stub"
via = "{base_url}"
concurrency = {concurrency}

[[graders]]
kind = "contains"
target = "{{{{ label }}}}"
"""

PROMPTFOO = """
prompts: ['{{{{text}}}}']
providers:
  - id: openai:chat:stub
    config: {{apiBaseUrl: '{base_url}', temperature: 0, max_tokens: 16, apiKey: none}}
defaultTest:
  assert: [{{type: contains, value: '{{{{label}}}}'}}]
tests: file://data.csv
"""


@dataclass(frozen=True, slots=True)
class Start:
    """A command to run, whole."""

    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    exit_codes: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Contestant:
    """A harness that asks the questions."""

    name: str
    route: str
    """First part of the stub's path: `ok` streams, `nostream` answers at once."""

    prepare: Callable[[Path, str, int], Start]
    """(folder of its own with data.csv, base URL, concurrency) -> how it is started."""

    missing: str | None = None
    """How to install it, where it is not there."""


def contestants(promptfoo: str | None, inspect_python: str | None) -> list[Contestant]:
    """Everyone, in the order of a round."""
    foo = promptfoo or shutil.which("promptfoo")
    return [
        Contestant("bare loop", "ok", _bare),
        Contestant("bakeoff", "ok", _bakeoff),
        Contestant(
            "promptfoo",
            "nostream",
            lambda folder, url, n: _promptfoo(str(foo), folder, url, n),
            None if foo else "npm install promptfoo, then --promptfoo node_modules/.bin/promptfoo",
        ),
        Contestant(
            "inspect_ai",
            "nostream",
            lambda folder, url, n: _inspect(str(inspect_python), folder, url, n),
            None
            if inspect_python
            else "python -m venv V; V/bin/pip install inspect_ai openai, then --inspect-python V/bin/python",
        ),
    ]


def _bare(folder: Path, base_url: str, concurrency: int) -> Start:
    return Start(
        [sys.executable, "-m", "benchmarks.harness.bare", base_url, str(folder / "data.csv"), str(concurrency)]
    )


def _bakeoff(folder: Path, base_url: str, concurrency: int) -> Start:
    (folder / "bakeoff.toml").write_text(PROJECT.format(base_url=base_url, concurrency=concurrency), encoding="utf-8")
    return Start([sys.executable, "-m", "bakeoff", "run", str(folder), "--quiet"])


def _promptfoo(program: str, folder: Path, base_url: str, concurrency: int) -> Start:
    config = folder / "promptfooconfig.yaml"
    config.write_text(PROMPTFOO.format(base_url=base_url), encoding="utf-8")
    options = ["--no-cache", "--no-progress-bar", "--no-table", "-j", str(concurrency), "-o", str(folder / "out.json")]
    quiet = {
        "PROMPTFOO_CONFIG_DIR": str(folder / "config"),
        "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1",
        "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
    }
    # 100: some of the stub's answers are wrong on purpose.
    return Start([program, "eval", "-c", str(config), *options], quiet, exit_codes=(0, 100))


def _inspect(python: str, folder: Path, base_url: str, concurrency: int) -> Start:
    command = [python, str(HERE / "inspect_task.py"), str(folder / "data.csv"), str(concurrency), str(folder / "logs")]
    return Start(command, {"STUB_BASE_URL": base_url, "STUB_API_KEY": "none", "INSPECT_LOG_LEVEL": "error"})


def environment(start: Start) -> dict[str, str]:
    """This process's environment with the contestant's own."""
    return {**os.environ, **start.environment}
