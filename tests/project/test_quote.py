"""`bakeoff quote`: estimates before anything was asked, measured ones after, and the JSON that is promised."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from benchmarks.common import stub_process

from bakeoff.cli.main import run_command_line
from bakeoff.evaluate.stats.power import Plan, detectable_gap, rows_for
from bakeoff.project import Project
from bakeoff.project.planning import RunOptions
from tests.json_page import keys, mentioned, promised
from tests.project.common import with_prices
from tests.test_kill import make_project


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with stub_process() as address:
        yield with_prices(make_project(tmp_path / "p", address))


def test_before_anything_was_asked_the_output_is_the_limit_and_says_so(folder: Path) -> None:
    quote = Project(folder).quote()
    line = quote.candidates[0]
    assert (quote.calls, line.calls, line.kept) == (1200, 600, 0)
    assert line.output_tokens is not None
    assert (line.output_tokens.value, line.output_tokens.source) == (600 * 50, "estimated")
    assert line.minutes is None
    # 100 $ per million of prompt, 300 $ of output; the output alone is 30,000 tokens, which are 9 $.
    assert line.cost_usd is not None
    assert line.cost_usd.high == pytest.approx(line.prompt_tokens.high * 1e-4 + 9)
    assert [note.code for note in quote.notes] == ["quote.not_measured"]


def test_the_power_is_that_of_the_tests_that_decide(folder: Path) -> None:
    quote = Project(folder).quote(RunOptions(rows="200"))
    assert quote.detectable_gap is not None
    assert quote.detectable_gap.value == detectable_gap(200, Plan(candidates=2))
    assert quote.rows_needed is not None
    assert quote.rows_needed.value == rows_for(0.03, Plan(candidates=2))
    assert quote.rows_needed.low < quote.rows_needed.value < quote.rows_needed.high


def test_a_few_rows_make_the_quote_measured_and_right(folder: Path) -> None:
    Project(folder).run(RunOptions(rows="100"))
    quote = Project(folder).quote()
    assert {line.kept for line in quote.candidates} == {100}
    assert quote.cost_usd is not None
    assert quote.minutes is not None
    assert quote.cost_usd.source == quote.minutes.source == quote.discordance.source == "measured"
    Project(folder).run()
    real = sum(Decimal(column.cost_usd or 0) for column in Project(folder).columns())
    spent = float(real) * 500 / 600
    assert quote.cost_usd.value == pytest.approx(spent, rel=0.02)
    done = Project(folder).quote()
    assert (done.calls, done.needed_cost_usd) == (0, None)
    assert done.cost_usd is not None
    assert done.cost_usd.value == 0


def test_it_is_printed_and_promised(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["quote", str(folder), "--lang", "vi"]) == 0
    assert "Để thấy chênh lệch 3" in capsys.readouterr().out
    assert run_command_line(["run", str(folder), "--dry-run", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["version"]) == ("bakeoff.quote", 1)
    assert not (folder / "bakeoff.db").exists() or document["calls"] == 1200
    found = keys(document, {"parameters"})
    assert found <= mentioned("bakeoff.quote", "bakeoff.fit", "bakeoff.decide")
    assert promised("bakeoff.quote") <= found


@pytest.mark.parametrize(
    "arguments", [["--max-cost", "free"], ["--max-cost", "0"], ["--max-cost", "-1"], ["--only", "c"]]
)
def test_options_that_mean_nothing_are_refused(folder: Path, arguments: list[str]) -> None:
    assert run_command_line(["run", str(folder), "--quiet", *arguments]) == 2


def test_a_run_that_a_cap_ended_says_so_and_is_not_a_success(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["run", str(folder), "--quiet", "--max-cost", "0.5", "--lang", "en"]) == 1
    assert "stopped by the cap on money" in capsys.readouterr().err
