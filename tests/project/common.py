"""A small project against the stub server."""

from pathlib import Path

LABELS = ("positive", "negative", "neutral")

TOML = """
[data]
file = "data.csv"
id = "id"

[prompt]
user = "{{{{ text }}}}"

{candidates}

[[graders]]
kind = "label"
target = "{{{{ label }}}}"
labels = ["positive", "negative", "neutral"]

[preflight]
probe = false
"""


def candidate(name: str, via: str, *, more: str = "") -> str:
    """One `[[candidates]]` table."""
    return f'[[candidates]]\nname = "{name}"\nmodel = "model-{name}"\nvia = "{via}"\n{more}\n'


def make_project(folder: Path, *candidates: str, rows: int = 30) -> Path:
    """Write data and project file; the stub answers about 8 of 10 rows right."""
    folder.mkdir(parents=True)
    lines = [f"{i},text {i} <{LABELS[i % 3]}>,{LABELS[i % 3]}" for i in range(rows)]
    (folder / "data.csv").write_text("id,text,label\n" + "\n".join(lines) + "\n", encoding="utf-8")
    (folder / "bakeoff.toml").write_text(TOML.format(candidates="\n".join(candidates)), encoding="utf-8")
    return folder
