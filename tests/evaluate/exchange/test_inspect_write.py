"""Logs for inspect_ai. The golden file was read by inspect_ai 0.3.285 itself (`read_eval_log`, `inspect log dump`).

inspect_ai brings 80 packages, so it is not among the development tools; where it is installed it is asked again.
To renew the golden file, write it anew, read it with inspect_ai, and look at the difference.
"""

import importlib.util
import json
from pathlib import Path

import pytest

from bakeoff.errors import UsageError
from bakeoff.evaluate.exchange.inspect_write import Origin, log_name, write_log
from tests.evaluate.exchange.common import FIRST, SECOND, TABLE

GOLDEN = Path(__file__).parent / "golden" / "inspect-log.json"
ORIGIN = Origin("my project", "data.csv", "2026-11-24T10:11:12.345+00:00", ("label", "contains"))


def test_the_log_is_the_golden_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bakeoff.evaluate.exchange.inspect_write.__version__", "0.0.0")
    write_log(tmp_path / "a.json", TABLE, FIRST, ORIGIN)
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == GOLDEN.read_text(encoding="utf-8")


def test_the_name_begins_with_a_time_and_holds_no_surprises() -> None:
    assert log_name(ORIGIN, "tiny one").startswith("2026-11-24T10-11-12-00-00_my-project-tiny-one_")
    assert "/" not in log_name(ORIGIN, "../../etc/passwd")
    assert log_name(ORIGIN, "a") != log_name(ORIGIN, "b")


def test_rows_that_were_not_asked_are_left_out_and_failures_are_errors(tmp_path: Path) -> None:
    write_log(tmp_path / "a.json", TABLE, FIRST, ORIGIN)
    first = json.loads((tmp_path / "a.json").read_text())
    assert [sample["id"] for sample in first["samples"]] == ["a-1", "a-2", "@3"]
    assert "error" in first["samples"][2]
    assert "output" not in first["samples"][2]
    write_log(tmp_path / "b.json", TABLE, SECOND, ORIGIN)
    second = json.loads((tmp_path / "b.json").read_text())
    assert [sample["id"] for sample in second["samples"]] == ["a-1"]
    assert second["results"]["total_samples"] == 3
    assert second["results"]["completed_samples"] == 1
    with pytest.raises(UsageError, match="exists already"):
        write_log(tmp_path / "b.json", TABLE, SECOND, ORIGIN)


@pytest.mark.skipif(importlib.util.find_spec("inspect_ai") is None, reason="inspect_ai is not installed")
def test_inspect_ai_reads_it() -> None:
    from inspect_ai.log import read_eval_log  # type: ignore[import-not-found,unused-ignore]

    log = read_eval_log(str(GOLDEN))
    assert [sample.id for sample in log.samples] == ["a-1", "a-2", "@3"]
    assert log.samples[0].output.completion == "yes"
