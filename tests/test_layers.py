"""A layer imports only from lower ones, and siblings never from each other (docs/architecture.md)."""

import ast
from pathlib import Path

import bakeoff

ROOT = Path(bakeoff.__file__).parent

LAYERS = {
    "version": 0,
    "addresses": 0,
    "cache_folder": 0,
    "errors": 0,
    "processes": 0,
    "rooms": 0,
    "units": 0,
    "values": 0,
    "whole_file": 0,
    "headers": 1,
    "hardware": 2,
    "catalog": 2,
    "weights": 2,
    "needs": 3,
    "fit": 4,
    "shortlist": 5,
    "evaluate": 5,
    "cost": 5,
    "deploy": 5,
    "decide": 6,
    "report": 7,
    "project": 8,
    "cluster": 9,
    "web": 9,
    "mcp": 9,
    "cli": 10,
}
FREE_INSIDE = {0}
"""Layer 0 is a few small files that may use one another."""

ONLY_IN = {
    "sqlite3": {"evaluate/store/sqlite.py", "evaluate/graders/sql.py"},
    "psycopg": {"evaluate/store/postgres.py"},
    "aiohttp": {"evaluate/client.py"},
    "xllamacpp": {"evaluate/engines/server.py", "fit/planner.py"},
    "tomlkit": {"project/creating.py", "project/importing.py", "project/editing.py"},
    "duckdb": {"evaluate/tables/parquet.py", "evaluate/store/parts.py"},
    "xlsxwriter": {"evaluate/exchange/workbook.py"},
    "yaml": {"evaluate/exchange/yaml_file.py"},
    "backports": {"evaluate/exchange/inspect_read.py", "cluster/rows.py"},
    "huggingface_hub": {"weights/hub.py"},
    "pyarrow": {"weights/s3.py"},
    "genai_prices": {"cost/prices.py"},
    "vl_convert": {"report/charts.py"},
    "uvicorn": {"web/serve.py"},
    "ray": {"cluster/ray_door.py"},
}
"""A foreign library enters the package by one file, so that it can be replaced there."""


def modules() -> list[tuple[str, Path]]:
    """(room, file) of each module; the package's own `__init__` and `__main__` are doors, not rooms."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        part = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if not part.startswith("__"):
            found.append((part, path))
    return found


def imports(path: Path) -> list[str]:
    """Every module that the file imports, also inside functions."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.append(node.module or "")
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def test_every_room_has_a_layer() -> None:
    assert {room for room, _ in modules()} <= set(LAYERS)


def test_imports_run_downwards_only() -> None:
    wrong = []
    for room, path in modules():
        for name in imports(path):
            parts = name.split(".")
            if parts[0] != "bakeoff" or len(parts) < 2 or parts[1] not in LAYERS or parts[1] == room:
                continue
            lower = LAYERS[parts[1]] < LAYERS[room] or LAYERS[room] in FREE_INSIDE
            if not lower:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_a_foreign_library_has_one_door() -> None:
    wrong = []
    for _, path in modules():
        where = path.relative_to(ROOT).as_posix()
        for name in imports(path):
            doors = ONLY_IN.get(name.split(".")[0])
            if doors is not None and where not in doors:
                wrong.append(f"{where} imports {name}")
    assert wrong == []


def test_no_file_is_longer_than_500_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for _, path in modules()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert long == {}
