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


PRICE = "price_per_million = { input = 100, output = 300 }\nmax_tokens = 50\n"


def with_prices(folder: Path) -> Path:
    """Give the candidates of the project of `tests.test_kill` a price, and their answers a limit."""
    file = folder / "bakeoff.toml"
    file.write_text(file.read_text().replace("concurrency = 8\n", "concurrency = 8\n" + PRICE))
    return folder


def make_project(folder: Path, *candidates: str, rows: int = 30) -> Path:
    """Write data and project file; the stub answers about 8 of 10 rows right."""
    folder.mkdir(parents=True)
    lines = [f"{i},text {i} <{LABELS[i % 3]}>,{LABELS[i % 3]}" for i in range(rows)]
    (folder / "data.csv").write_text("id,text,label\n" + "\n".join(lines) + "\n", encoding="utf-8")
    (folder / "bakeoff.toml").write_text(TOML.format(candidates="\n".join(candidates)), encoding="utf-8")
    return folder
