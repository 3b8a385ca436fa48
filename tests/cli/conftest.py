"""Commands as a person types them, run in the process of the tests."""

from collections.abc import Callable

import pytest

from bakeoff.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line: exit code, standard output, standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main.run_command_line([*arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
