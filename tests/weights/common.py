"""Files of rows."""

from pathlib import Path

import duckdb


def parquet(folder: Path, rows: range) -> bytes:
    """A Parquet file with an id and a text for each number; the folder is left as it was."""
    path = folder / "part.parquet"
    duckdb.execute(
        f"COPY (SELECT i AS id, 'text ' || i AS text FROM range({rows.start}, {rows.stop}) t(i)) TO '{path}'"
    )
    data = path.read_bytes()
    path.unlink()
    return data
