"""The command group, what every command shares, and how an error becomes a message and an exit code."""

import errno
import importlib
import io
import os
import sys
from contextlib import suppress
from typing import Any

import click

from bakeoff.errors import BakeoffError, Interrupted, StorageError
from bakeoff.version import __version__

COMMANDS: dict[str, str] = {
    "demo": "demo",
    "open": "open",
    "needs": "needs",
    "shortlist": "shortlist",
    "new": "new",
    "import": "import_",
    "prompt": "prompt",
    "quote": "quote",
    "run": "run",
    "show": "show",
    "judge": "judge",
    "label": "label",
    "decide": "decide",
    "report": "report",
    "add": "add",
    "check": "check",
    "probe": "probe",
    "cost": "cost",
    "tune": "tune",
    "deploy": "deploy",
    "export": "export",
    "hardware": "hardware",
    "catalog": "catalog",
    "fit": "fit",
    "help": "help",
}
"""Command -> its module in `bakeoff.cli`, in the order of the work; imported when used, so that help is fast."""

HELP: dict[str, str] = {
    "demo": "Compare two small models on real rows, and decide.",
    "open": "Open the page: everything in the browser, without code.",
    "needs": "Say what you need: task, hardware, languages, budget, license.",
    "shortlist": "Choose the 3 to 5 models that are worth testing.",
    "new": "Make a project folder from a data file.",
    "import": "Make a project from promptfoo, lm-eval or inspect_ai.",
    "prompt": "Look at what is sent, before it is sent.",
    "quote": "Say what a run would ask, cost, take, and can show.",
    "run": "Fill the cells that have no answer yet.",
    "show": "Show the results so far; run nothing.",
    "judge": "Let a model judge the answers, and check it against people.",
    "label": "Say which answers are better, without seeing whose they are.",
    "decide": "Say which candidate to take, or that the data cannot tell.",
    "report": "Write the report: one self-contained file.",
    "add": "Hold a new model against the present choice.",
    "check": "Say whether the decision still holds; exit code 1 if not.",
    "probe": "Measure a server at more and more requests at once.",
    "cost": "Put API, rented GPUs and own hardware side by side.",
    "tune": "Say what fine-tuning takes, and what it must bring.",
    "deploy": "Print what runs a model in production.",
    "export": "Write rows, answers and grades to a file; run nothing.",
    "hardware": "Show this machine, or one by its name.",
    "catalog": "List, show, search, add to the models that are known.",
    "fit": "Say what runs on a machine, how well and how fast.",
    "help": "Explain exit codes, environment and shell completion.",
}
"""Command -> its one line in `bakeoff --help`."""


READER_GONE = 141
"""Exit code where whoever read the output has stopped (`bakeoff show | head`): 128 + SIGPIPE, as of other tools."""

DISK_REFUSES = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EROFS, errno.EIO}
"""No room, no more quota, read-only, broken: whatever was being written, the reason is outside."""


class LazyGroup(click.Group):
    """A group that knows its commands' names and one-line helps without importing them."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and give all its output away, so that a reader who has gone is noticed here."""
        result = super().invoke(ctx)
        sys.stdout.flush()
        return result

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the work, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import the command's module and return its function of the same name."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"bakeoff.cli.{COMMANDS[name]}")
        command = getattr(module, f"{name.replace('-', '_')}_command")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from `HELP`, so that `--help` imports none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, HELP[name]) for name in COMMANDS])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "BAKEOFF", "max_content_width": 100},
)
@click.version_option(__version__, prog_name="bakeoff")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def bakeoff(debug: bool) -> None:
    """Find the open-weight language model that is right for your hardware, data and budget."""
    if debug:
        os.environ["BAKEOFF_DEBUG"] = "1"


def run_command_line(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0, the code of the error (see `errors`), or `READER_GONE`."""
    try:
        return _run(arguments)
    except (BrokenPipeError, SystemExit):  # click leaves with 1, which here means that the answer is no
        if reader_is_gone():
            return READER_GONE
        raise


def _run(arguments: list[str] | None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console in an old code page must not end a run
    try:
        result: Any = bakeoff.main(args=arguments, prog_name="bakeoff", standalone_mode=False)
    except BakeoffError as error:
        return report_error(error)
    except (KeyboardInterrupt, click.Abort):
        return report_error(Interrupted("stopped", hint="run the same command again to go on from here"))
    except click.ClickException as error:
        return report_misuse(error)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in DISK_REFUSES:
            where = f"{error.filename}: " if error.filename else ""
            hint = "make room, or choose a folder that can be written; what is done is kept"
            return report_error(StorageError(f"{where}{error.strerror}", hint=hint))
        return report_bug(error)
    return result if isinstance(result, int) else 0


def reader_is_gone() -> bool:
    """Nobody reads standard output or standard error any more. What is still in them then goes nowhere.

    Asks the system: a stream that failed once says nothing when it is flushed again.
    """
    gone = False
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # no file: a test's
            number = stream.fileno()
            if _is_broken(number):
                gone = True
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, number)
                os.close(nowhere)
    return gone


def _is_broken(number: int) -> bool:
    """The other end of a pipe or connection is closed."""
    import select

    if not hasattr(select, "poll"):  # Windows
        return True
    poll = select.poll()
    poll.register(number, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def report_error(error: BakeoffError) -> int:
    """Print `error:` and `hint:` to standard error and return the exit code."""
    if os.environ.get("BAKEOFF_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    print(f"error: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"\nhint: {error.hint}", file=sys.stderr)
    return error.exit_code


def report_misuse(error: click.ClickException) -> int:
    """A command line that click could not read: its message in our form. `bakeoff` alone shows the help."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "bakeoff"
    print(f"error: {error.format_message().rstrip('.')}", file=sys.stderr)
    print(f"\nhint: `{path} --help` says what can be written here", file=sys.stderr)
    return error.exit_code


def report_bug(error: Exception) -> int:
    """A mistake of ours: keep the traceback in a file, say where, and return exit code 3."""
    import tempfile
    import traceback

    if os.environ.get("BAKEOFF_DEBUG") == "1":
        traceback.print_exception(error)
    kept = ""
    with (
        suppress(OSError),
        tempfile.NamedTemporaryFile(
            "w", prefix="bakeoff-bug-", suffix=".txt", delete=False, encoding="utf-8", errors="replace"
        ) as file,
    ):
        traceback.print_exception(error, file=file)
        kept = f" The details are in {file.name}."
    print(f"error: a mistake in Bakeoff: {type(error).__name__}: {error}", file=sys.stderr)
    print(f"\nhint: nothing that was answered is lost.{kept} Please report it with them.", file=sys.stderr)
    return 3
