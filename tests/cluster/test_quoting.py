"""A project's quote for a cluster: whole tables exactly, long ones by a sample, and the document that is promised."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.common import stub_process

from bakeoff.cli.main import run_command_line
from bakeoff.cluster import quoting
from bakeoff.cluster.machines import parse_group
from bakeoff.cluster.quoting import quote_on
from bakeoff.cluster.sampling import sample
from bakeoff.errors import UsageError
from bakeoff.evaluate.store import Call, Ledger, now
from bakeoff.evaluate.types import Answer
from bakeoff.project import Project
from bakeoff.project.planning import RunOptions
from tests.json_page import keys, mentioned, promised
from tests.project.common import with_prices
from tests.test_kill import ROWS, make_project

CLUSTER = (parse_group("2 * RTX 4090, 64 GB RAM"),)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with stub_process() as address:
        yield with_prices(make_project(tmp_path / "p", address))


def test_it_agrees_with_the_quote_of_one_machine(folder: Path) -> None:
    project = Project(folder)
    project.run(RunOptions(rows="100"))
    here, there = Project(folder).quote(), quote_on(Project(folder), RunOptions(), CLUSTER)
    assert (there.rows, there.looked_at, there.workers, there.ledger) == (ROWS, ROWS, 2, "postgresql")
    assert there.calls.value == here.calls == 1000
    for one, other in zip(here.candidates, there.candidates, strict=True):
        assert (other.calls.value, other.kept.value) == (one.calls, one.kept) == (500, 100)
        assert other.calls.low == other.calls.high
        assert other.prompt_tokens.value == pytest.approx(one.prompt_tokens.value)
        assert other.prompt_tokens.source == "measured"
        assert other.cost_usd is not None
        assert one.cost_usd is not None
        assert other.cost_usd.value == pytest.approx(one.cost_usd.value)
        assert other.minutes is not None
        assert one.minutes is not None
        assert (other.place, other.part) == ("local", "server")
        assert other.minutes.value == pytest.approx(one.minutes.value), "only workers beside it can ask it"
    assert there.parts["server"].value == pytest.approx(
        sum(line.minutes.value for line in there.candidates if line.minutes)
    )


def test_another_prompt_makes_what_was_measured_worthless(folder: Path) -> None:
    Project(folder).run(RunOptions(rows="100"))
    file = folder / "bakeoff.toml"
    file.write_text(file.read_text().replace("{{ text }}", "now {{ text }}"))
    found = quote_on(Project(folder), RunOptions(), CLUSTER)
    assert found.calls.value == 2 * ROWS
    assert {line.prompt_tokens.source for line in found.candidates} == {"estimated"}


def test_rows_may_be_few_and_may_be_named(folder: Path) -> None:
    assert quote_on(Project(folder), RunOptions(rows="7"), CLUSTER).calls.value == 14
    assert quote_on(Project(folder), RunOptions(rows="1,2,3", only=("a",)), CLUSTER).calls.value == 3
    assert quote_on(Project(folder), RunOptions(repeats=3), CLUSTER).calls.value == 6 * ROWS
    for wrong in ("1,nobody", "0"):
        with pytest.raises(UsageError):
            quote_on(Project(folder), RunOptions(rows=wrong), CLUSTER)


def test_a_long_table_is_sampled_and_the_interval_holds_the_truth(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Project(folder).run(RunOptions(rows="300"))
    exact = quote_on(Project(folder), RunOptions(), CLUSTER)
    monkeypatch.setattr(quoting, "sample", lambda rows, ids: sample(rows, ids=ids, size=100))
    found = quote_on(Project(folder), RunOptions(), CLUSTER)
    assert (found.rows, found.looked_at) == (ROWS, 100)
    assert "cluster.sampled" in {note.code for note in found.notes}
    assert found.calls.low < found.calls.high
    for one, other in zip(exact.candidates, found.candidates, strict=True):
        assert other.calls.low - 30 <= one.calls.value <= other.calls.high + 30
        assert other.prompt_tokens.source == "estimated", "the calls are, whatever was measured"


def test_it_is_printed_and_promised(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    machines = ["--machines", "2 * RTX 4090, 64 GB RAM"]
    Project(folder).run(RunOptions(rows="20"))
    assert run_command_line(["quote", str(folder), *machines, "--max-minutes", "600", "--lang", "vi"]) == 0
    assert "Hạn 10 giờ 00 phút: kịp." in capsys.readouterr().out
    assert run_command_line(["quote", str(folder), *machines, "--max-minutes", "0.01", "--lang", "en"]) == 1
    assert "more machines do not help" in capsys.readouterr().err
    assert run_command_line(["quote", str(folder), *machines, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["version"]) == ("bakeoff.cluster_quote", 1)
    found = keys(document, {"parameters", "parts"})
    assert found <= mentioned("bakeoff.cluster_quote", "bakeoff.fit", "bakeoff.decide")
    assert promised("bakeoff.cluster_quote") <= found


def test_a_model_whose_file_is_not_here_is_quoted_on_processors_and_on_cards(folder: Path) -> None:
    file = folder / "bakeoff.toml"
    file.write_text(
        file.read_text() + '\n[[candidates]]\nmodel = "Qwen/Qwen3-8B"\nbuild = "gguf:Q4_K_M"\nmax_tokens = 9\n'
    )
    plain = quote_on(Project(folder), RunOptions(only=("Qwen3-8B Q4_K_M",)), CLUSTER)
    cards = quote_on(Project(folder), RunOptions(only=("Qwen3-8B Q4_K_M",)), CLUSTER, on_gpus=True)
    (slow,), (fast,) = plain.candidates, cards.candidates
    assert (slow.place, slow.part, slow.how) == ("engine", "engine", ("llama.cpp gguf:Q4_K_M",))
    assert fast.place == "replicas"
    assert fast.how[0].startswith("vLLM ")
    assert slow.calls.value == fast.calls.value == ROWS
    assert slow.calls_per_second is not None
    assert fast.calls_per_second is not None
    assert fast.calls_per_second.low > 10 * slow.calls_per_second.high
    assert "cluster.gpus_idle" in {note.code for note in plain.notes}
    assert {line.place for line in quote_on(Project(folder), RunOptions(), CLUSTER, on_gpus=True).candidates} == {
        "replicas"
    }, "a server beside the driver is one that could stand on the cards"


@pytest.mark.parametrize("arguments", [["--on-gpus"], ["--machines", "4 * nothing"], ["--max-minutes", "60"]])
def test_options_that_mean_nothing_are_refused(folder: Path, arguments: list[str]) -> None:
    assert run_command_line(["quote", str(folder), *arguments]) == 2


def test_the_latest_lengths_are_those_of_one_candidate_at_one_server(where: Path | str) -> None:
    def made(number: int, **more: object) -> Call:
        usual = Call(
            digest=f"{number:064d}", run=1, candidate="a", row_id=str(number), repeat=0, endpoint="http://s/v1",
            path="/chat/completions", body=b"{}", attempt=1, started_at=now(),
            answer=Answer("x", "stop", 1.0, 10.0 * number, 100 + number, number),
        )  # fmt: skip
        return replace(usual, **more)  # type: ignore[arg-type]

    uncounted = Answer("x", "stop", 1.0, 10.0, None, 5)
    others = [
        made(5, candidate="b"), made(6, endpoint="http://other/v1"), made(7, repeat=1), made(8, answer=uncounted),
        made(9, answer=None, error_code="http.500", error="no"),
    ]  # fmt: skip
    with Ledger(where) as ledger:
        ledger.record([made(number) for number in (1, 2, 3)] + others)
        found = ledger.recent_lengths("a", "http://s/v1", 2)
        assert [tuple(one) for one in found] == [
            ("3", f"{3:064d}", 103, 3, 30.0),
            ("2", f"{2:064d}", 102, 2, 20.0),
        ]
