"""What is shown before it is sent is what is sent, and what the engine makes of it."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bakeoff.cli.prompt import prompt_command
from bakeoff.errors import UsageError
from bakeoff.evaluate.client import Client
from bakeoff.evaluate.engines import start_engine
from bakeoff.project import Project
from bakeoff.weights import ModelFile
from tests.project.common import candidate, make_project


def test_the_raw_preview_is_what_will_be_sent(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", candidate("a", "http://127.0.0.1:9/v1"), candidate("b", "vllm"), rows=3)
    opened = Project(folder)
    sent = opened.row("1")[0].request.partition("\n")[2].encode()
    assert opened.preview("1", candidates=["a"])[0].body == sent
    done = CliRunner().invoke(prompt_command, ["preview", "1", "--project", str(folder), "--candidate", "a", "--raw"])
    assert done.stdout_bytes == sent


def test_every_candidate_is_shown_and_the_first_row_without_a_name(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", candidate("a", "http://127.0.0.1:9/v1"), candidate("b", "vllm"), rows=3)
    done = CliRunner().invoke(prompt_command, ["preview", "--project", str(folder), "--json"])
    shown = json.loads(done.stdout)
    assert (shown["schema"], [one["candidate"] for one in shown["previews"]]) == ("bakeoff.prompt", ["a", "b"])
    assert shown["previews"][0]["body"]["messages"][0]["content"] == "text 0 <positive>"
    assert shown["previews"][0]["text"] is None
    done = CliRunner().invoke(prompt_command, ["preview", "--project", str(folder)])
    assert "POST http://127.0.0.1:8000/v1/chat/completions" in done.stdout


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    opened = Project(make_project(tmp_path / "p", candidate("a", "http://127.0.0.1:9/v1"), rows=3))
    with pytest.raises(UsageError, match="no row 'x'"):
        opened.preview("x")
    with pytest.raises(UsageError, match="no candidate 'x'") as refused:
        opened.preview(candidates=["x"])
    assert "a" in (refused.value.hint or "")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the engine's wheel is tried on Linux and macOS")
@pytest.mark.parametrize("api", ["chat", "completions"])
def test_the_text_that_is_shown_is_the_text_that_the_engine_reads(tmp_path: Path, smollm2: ModelFile, api: str) -> None:
    """The engine counts as many prompt tokens, and given the text itself it gives the same answer."""
    more = f'api = "{api}"\nsystem = "One word only."\nmax_tokens = 12'
    text = f'[[candidates]]\nname = "s"\nmodel = "{smollm2.path}"\nvia = "embedded"\n{more}\n'
    opened = Project(make_project(tmp_path / "p", text, rows=3))
    (shown,) = opened.preview("2")
    assert shown.text is not None
    assert shown.tokens is not None
    assert "".join(shown.tokens) == shown.text
    if api == "chat":
        assert shown.text.startswith("<|im_start|>system\nOne word only.<|im_end|>\n<|im_start|>user\ntext 2")
        assert shown.text.endswith("<|im_start|>assistant\n")

    resolved = opened.contestants()[0].resolved
    assert resolved is not None
    assert resolved.engine is not None
    engine_parameters = resolved.engine

    async def ask() -> tuple[object, ...]:
        async with (
            start_engine(smollm2.path, parameters=engine_parameters, log_path=tmp_path / "log") as engine,
            Client(engine.base_url) as client,
        ):
            first = await client.ask(shown.path, shown.body)
            body = json.loads(shown.body)
            body.pop("messages", None)
            second = await client.ask("/completions", json.dumps({**body, "prompt": shown.text}).encode())
            return first.prompt_tokens, second.prompt_tokens, first.text, second.text

    asked, given, answer, again = asyncio.run(ask())
    assert asked == given == len(shown.tokens)
    assert answer == again
