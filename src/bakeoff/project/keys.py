"""Keys of hosted providers in a file of the user's own, for those who do not want them in the environment.

`~/.config/bakeoff/keys.toml` (or the file that BAKEOFF_KEYS names), one line `NAME = "value"` for each variable. Only
its owner may be able to read it. Keys are never written anywhere by Bakeoff.
"""

import os
import tomllib
from pathlib import Path

from bakeoff.errors import ProjectError

VARIABLE = "BAKEOFF_KEYS"


def keys_file() -> Path:
    """Where the file of keys is, or would be."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "bakeoff" / "keys.toml"


def stored_key(name: str) -> str | None:
    """The key of this name; None where there is no file, or no such line.

    Raises:
        ProjectError: others can read the file, or it is not TOML. The message holds nothing of what is in it.
    """
    path = keys_file()
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise ProjectError(f"{path} can be read by others", hint=f"chmod 600 {path}")
        found = tomllib.loads(path.read_text(encoding="utf-8")).get(name)
    except OSError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise ProjectError(f"{path} is not TOML", hint=f'write one line for each key: {name} = "..."') from None
    return found.strip() if isinstance(found, str) else None
