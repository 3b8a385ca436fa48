"""A project's candidates: tokens of their answers, needs, endpoints, and the user's own price."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bakeoff.cli import main
from bakeoff.cost import cost
from bakeoff.errors import UsageError
from bakeoff.evaluate.results import Column, Comparison, GradedCell, Pair
from bakeoff.project import Project
from bakeoff.project.costing import measured_tokens, of_needs, subjects, tuned_verdict

FILE = """
[needs]
requests_per_day = 5000
hardware = "RTX 4090, 64 GB RAM"
prompt_tokens = 700
output_tokens = 60
growth_per_year = 0.5
min_decode_tokens_per_second = 15

[data]
file = "rows.csv"

[prompt]
user = "{{ text }}"

[[candidates]]
model = "Qwen/Qwen3-8B"
name = "small"

[[candidates]]
model = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
name = "large"
via = "https://api.together.xyz/v1"

[[candidates]]
model = "ours"
name = "ours"
via = "https://models.example.org/v1"
price_per_million = { input = 0.10, output = 0.40 }

[[graders]]
kind = "exact"
target = "{{ label }}"
"""


def cell(row: int, prompt: int | None, output: int | None, thinking: int | None = None) -> GradedCell:
    """An answer with so many tokens."""
    return GradedCell(
        row_id=str(row), state="answered", score=1.0, label=None, target="a", text="a", latency_ms=1.0,
        time_to_first_token_ms=1.0, prompt_tokens=prompt, output_tokens=output, timings={}, shown="",
        thinking_tokens=thinking,
    )  # fmt: skip


def column(name: str, *cells: GradedCell) -> Column:
    """A candidate's answers."""
    return Column(candidate=name, build="", cells=cells)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Three candidates; the first has answers of 800 + 100 and 1,000 + 300 tokens, 150 of these thought."""
    (tmp_path / "bakeoff.toml").write_text(FILE, encoding="utf-8")
    (tmp_path / "rows.csv").write_text("text,label\na,a\nb,b\n", encoding="utf-8")
    found = [
        column("small", cell(1, 800, 100, 50), cell(2, 1000, 300, 250)),
        column("large", cell(1, None, None)),
        column("ours", cell(1, 500, 40)),
    ]
    monkeypatch.setattr(Project, "columns", lambda self: found)
    return Project(tmp_path)


def test_measured_tokens_beat_the_needs_and_options_beat_both(project: Project) -> None:
    small, large, ours = subjects(project, {})
    assert (small.load.prompt_tokens, small.load.output_tokens, small.load.thinking_tokens) == (900, 50, 150)
    assert small.load.length.source == "measured"
    assert small.load.length.low < 1 < small.load.length.high
    assert (large.load.prompt_tokens, large.load.output_tokens) == (700, 60)
    assert {one.load.requests_per_day for one in (small, large, ours)} == {5000}
    assert small.load.least_speed == 15
    asked = subjects(project, {"prompt_tokens": 2000.0, "requests_per_day": 10.0})[0].load
    assert (asked.prompt_tokens, asked.requests_per_day, asked.output_tokens) == (2000, 10, 50)


def test_a_candidate_of_which_nothing_is_known_is_not_passed_over() -> None:
    from bakeoff.cost import Load
    from bakeoff.cost.making import Subject

    found = cost(subjects=[Subject("mine", None, Load())])
    assert [(one.model, one.reason.code) for one in found.unknown] == [("mine", "cost.not_in_catalog")]


def test_what_was_measured_is_said_and_what_was_not(project: Project) -> None:
    assert [one.notes[0].code for one in subjects(project, {})] == [
        "cost.measured_tokens", "cost.no_measured_tokens", "cost.measured_tokens",
    ]  # fmt: skip


def test_each_candidate_is_counted_where_it_runs(project: Project) -> None:
    found = cost(subjects=subjects(project, {}), on=["RTX 4090, 64 GB RAM"])
    where = {(line.option.model, line.option.kind, line.option.where) for line in found.lines}
    assert ("large", "hosted", "together") in where
    assert ("ours", "hosted", "your price") in where
    assert ("small", "own", "RTX 4090, 64 GB RAM") in where
    ours = next(line for line in found.lines if line.option.model == "ours")
    # 500 x 0.10 + 40 x 0.40 = 66 per million; 5,000 x 365/12 requests
    assert float(ours.monthly) == pytest.approx(66e-6 * 5000 * 365 / 12)
    assert {(one.model, one.reason.code) for one in found.unknown} == {
        ("large", "cost.not_in_catalog"), ("ours", "cost.not_in_catalog"),
    }  # fmt: skip


def test_the_needs_of_a_folder_fill_in_what_no_option_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also before it has rows; local-only needs leave hosted ways out."""
    monkeypatch.setenv("BAKEOFF_LANG", "en")
    monkeypatch.chdir(tmp_path)
    needs = FILE.partition("[data]")[0].replace("[needs]\n", '[needs]\nprivacy = "local-only"\n')
    (tmp_path / "bakeoff.toml").write_text(needs, encoding="utf-8")
    assert main.run_command_line(["cost", "qwen3-8b", "--output-tokens", "90"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("5,000 requests a day of 700 + 90 tokens, growing by 50% a year")
    assert "RTX 4090, 64 GB RAM" in out
    assert "per token" not in out


@pytest.mark.parametrize(
    ("low", "high", "code"),
    [(0.02, 0.1, "pays"), (-0.1, -0.02, "does_not"), (-0.1, 0.1, "open")],
)
def test_without_a_named_uplift_any_gain_counts(low: float, high: float, code: str) -> None:
    from bakeoff.report.words import sentence

    said = tuned_verdict(comparison(low, high), "base", "tuned")
    assert said.code == f"tune.verdict_{code}"
    assert "must bring" not in sentence(said, "en")
    assert "fine-tune tuned" in sentence(said, "en")
    assert "Bản tinh chỉnh tuned".casefold() in sentence(said, "vi").casefold()


def comparison(low: float, high: float) -> Comparison:
    """Base against tuned, tuned in front by the middle of the interval."""
    pair = Pair("base", "tuned", 200, -(low + high) / 2, -high, -low, 0.01, 0.01, 40, -high, -low)
    return Comparison(models=(), pairs=(pair,))


@pytest.mark.parametrize(
    ("low", "high", "uplift", "code"),
    [
        (0.02, 0.10, 0.0, "tune.verdict_pays"),
        (0.02, 0.10, 0.05, "tune.verdict_open"),
        (0.02, 0.10, 0.10, "tune.verdict_does_not"),
        (-0.08, -0.02, 0.0, "tune.verdict_does_not"),
        (-0.02, 0.04, 0.0, "tune.verdict_open"),
    ],
)
def test_a_fine_tune_pays_only_where_its_whole_interval_does(low: float, high: float, uplift: float, code: str) -> None:
    from bakeoff.report.words import sentence

    said = tuned_verdict(comparison(low, high), "base", "tuned", uplift=uplift)
    assert said.code == code
    assert said.parameters["low"] == low
    for lang in ("en", "vi"):
        assert "tuned" in sentence(said, lang)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="are not two candidates"):
        tuned_verdict(comparison(low, high), "base", "other")


def test_no_needs_are_no_fields() -> None:
    assert of_needs(None) == {}


@pytest.mark.parametrize(
    ("cells", "fields"),
    [
        ((), set()),
        ((cell(1, None, 5),), set()),
        ((cell(1, 0, 5),), set()),
        ((cell(1, 10, 0),), {"prompt_tokens", "output_tokens", "thinking_tokens", "length"}),
    ],
)
def test_answers_without_tokens_say_nothing(cells: tuple[GradedCell, ...], fields: set[str]) -> None:
    assert set(measured_tokens(column("m", *cells))[0]) == fields


def test_the_command_counts_a_project(project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setenv("BAKEOFF_LANG", "en")
    code = main.run_command_line(["cost", "--project", str(project.folder), "--requests-per-day", "100"])
    out, err = capsys.readouterr()
    assert code == 0
    assert out.startswith("100 requests a day of 900 + 200 tokens, growing by 50% a year")
    assert "small: 900 prompt and 200 output tokens per request, the mean of 2 answers" in err


def test_the_price_of_the_project_file_is_that_of_the_option(project: Project) -> None:
    rate = subjects(project, {})[2].rate
    assert rate is not None
    assert (rate.input, rate.output) == (Decimal("0.10"), Decimal("0.40"))
