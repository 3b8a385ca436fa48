"""What a server is told when it starts."""

from dataclasses import dataclass
from pathlib import Path

from bakeoff.report import Language


@dataclass(frozen=True, slots=True)
class Settings:
    """One server."""

    folder: Path
    """A project, or a folder whose projects are offered and where new ones are made."""

    host: str = "127.0.0.1"
    port: int = 8642
    """0 takes any free port."""

    token: str | None = None
    """What a browser or client must show; None only where nobody but this machine can connect."""

    lang: Language = "en"
    """Language of a browser that names neither."""

    behind: tuple[str, ...] = ()
    """Further host names under which the server is reached: those of a reverse proxy."""
