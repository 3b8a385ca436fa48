"""Where the page's files lie: beside this module, in `page/`. What a request names is looked up, never joined."""

import re
from pathlib import Path

ROOT = Path(__file__).parent / "page"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9]+)+|[a-z0-9_-]+")
"""Of a file or folder of ours: no dot at the start, nothing that a path could do tricks with."""


def page_path(name: str) -> Path | None:
    """The file of a relative name; None where there is none."""
    if not all(NAME.fullmatch(part) for part in name.split("/")):
        return None
    path = ROOT / name
    return path if path.is_file() else None
