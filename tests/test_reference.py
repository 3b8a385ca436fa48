"""The reference is what the program says; nothing public is missing from it."""

import subprocess
import sys
from pathlib import Path

import click

import bakeoff
from bakeoff.cli.main import COMMANDS, HELP
from bakeoff.cli.main import bakeoff as group

ROOT = Path(__file__).resolve().parent.parent


def test_the_reference_is_what_the_program_says() -> None:
    """In a process of its own: click keeps a command's help option as the first caller of it wanted it."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "reference.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_command_is_documented_and_has_an_example() -> None:
    page = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    context = click.Context(group)
    for name in COMMANDS:
        assert f"## bakeoff {name}\n" in page
        command = group.get_command(context, name)
        assert command is not None
        assert "Examples:" in (command.help or ""), name
    assert set(HELP) == set(COMMANDS)


def test_every_command_is_in_both_readmes() -> None:
    for name in ("README.md", "README.vi.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert [command for command in COMMANDS if f"bakeoff {command}" not in text] == [], name


def test_what_is_public_is_listed_sorted_and_there() -> None:
    assert len(set(bakeoff.__all__)) == len(bakeoff.__all__)  # their order is ruff's to hold
    for name in bakeoff.__all__:
        assert getattr(bakeoff, name) is not None
    visible = {name for name in dir(bakeoff) if not name.startswith("_")}
    assert set(bakeoff.__all__) - {"__version__"} <= visible


def test_help_imports_nothing_heavy() -> None:
    heavy = ("rich", "pydantic", "aiohttp", "numpy", "scipy", "duckdb", "jinja2", "huggingface_hub", "fastapi")
    code = (
        "import sys\nfrom bakeoff.cli import run_command_line\n"
        f"run_command_line(['--help'])\nprint([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT / "src")
    assert done.stderr.strip() == "[]"
    assert "decide" in done.stdout
