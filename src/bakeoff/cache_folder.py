"""The one folder of what can be had again: model files, and what was measured of this machine."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """`BAKEOFF_CACHE`, else the folder that the system gives to caches."""
    chosen = os.environ.get("BAKEOFF_CACHE", "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("bakeoff", appauthor=False)
