"""The command line: one thin door over the library. Commands are imported when they are used."""

from bakeoff.cli.main import run_command_line

__all__ = ["run_command_line"]
