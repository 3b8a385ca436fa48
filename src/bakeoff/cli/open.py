"""`bakeoff open`: the page and its REST API, for one project or for a folder of them."""

import os
import sys
from pathlib import Path

import click

from bakeoff.cli.output import Language, answer, language_option, say
from bakeoff.errors import UsageError


@click.command("open")
@click.argument("project", type=click.Path(path_type=Path), default=".")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for the network.")
@click.option("--port", type=click.IntRange(0, 65535), default=8642, show_default=True, help="Or the next free one.")
@click.option(
    "--token", envvar="BAKEOFF_TOKEN", help="What others must show [default: made, where others can connect]."
)
@click.option("--behind", multiple=True, metavar="NAME", help="Host name of a reverse proxy; may be repeated.")
@click.option("--no-browser", is_flag=True, help="Print the address only.")
@language_option
def open_command(
    project: Path, host: str, port: int, token: str | None, behind: tuple[str, ...], no_browser: bool, lang: Language
) -> int:
    """Open the page of PROJECT, or of a folder where projects lie and new ones are made (default: this folder).

    \b
    Examples:
      bakeoff open
      bakeoff open tickets --lang vi
      bakeoff open --host 0.0.0.0 --no-browser

    Prints the address. Ctrl-C ends the server; runs go on. Where others can connect (--host, --behind), they need the
    token in the address; set BAKEOFF_TOKEN rather than --token, which every user of this machine can read.
    """
    folder = served_folder(project)
    from bakeoff.report.words import sentence
    from bakeoff.values import Reason
    from bakeoff.web.serve import serve
    from bakeoff.web.settings import Settings

    def started(url: str) -> None:
        answer(url)
        sys.stdout.flush()  # who started us waits for it
        say(sentence(Reason("open.started", {"folder": str(folder.resolve())}), lang))

    names = tuple(name.lower() for name in behind)
    settings = Settings(folder, host=host, port=port, token=token or None, lang=lang, behind=names)
    serve(settings, started=started, browser=not no_browser)
    return 0


def served_folder(path: Path) -> Path:
    """The folder that is meant.

    Raises:
        UsageError: it is none, or cannot be read.
    """
    if path.name == "bakeoff.toml" and path.is_file():
        return path.parent
    if path.is_file():
        hint = f"make a project of it: bakeoff new {path.stem} --data {path}"
        raise UsageError(f"{path} is a file, not a project folder", hint=hint)
    if not path.is_dir():
        hint = "without a name, `bakeoff open` serves this folder; there a project can be made"
        raise UsageError(f"there is no folder {str(path)!r}", hint=hint)
    if not os.access(path, os.R_OK | os.X_OK):
        raise UsageError(f"{path} cannot be read", hint="look at its permissions")
    return path
