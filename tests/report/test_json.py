"""The two JSON documents have the promised shape, and each of their keys is documented."""

import json

from bakeoff.report import report
from bakeoff.report.decision_json import decision_json
from bakeoff.values import from_json, to_json
from tests.json_page import keys, mentioned, promised
from tests.report.examples import GEMMA, QWEN, SMOL, hostile, ordinary

BOTH = ("bakeoff.decide", "bakeoff.report")
BY_NAME = {"confusion", "parameters", "answers", "scores", "faults", "options", "details", "weights", "errors"}
"""Objects whose keys are names from the user's data."""


def test_the_decision_has_the_promised_shape() -> None:
    found = decision_json(ordinary().decision)
    assert (found["schema"], found["version"], found["choice"], found["equivalent"]) == (
        "bakeoff.decide",
        1,
        QWEN,
        [QWEN],
    )
    assert set(found["sentence"]) == {"en", "vi"}
    assert [model["model"] for model in found["models"]] == [SMOL, GEMMA, QWEN]
    smol, gemma, qwen = found["models"]
    known = {"metric": "accuracy", "value": 82 / 120, "low": 0.5955, "high": 0.7598, "n": 120, "groups": None}
    assert smol["quality"] == known
    assert smol["latency_ms"] == {"p50": 214.0, "p95": 342.0}
    assert smol["tokens"] == {"prompt": 11_400, "output": 360, "thinking": None, "thinking_estimated": False}
    assert (smol["cost_usd"], qwen["cost_usd"]) == (None, "0.0184")
    assert gemma["memory"]["peak_resident_bytes"] is None
    promised = {"a", "b", "difference", "low", "high", "p", "p_holm", "n_discordant"}
    assert all(promised <= set(pair) for pair in found["pairs"])
    caveat = found["caveats"][0]
    assert (caveat["code"], caveat["parameters"]) == ("few_rows", {"n": 120, "detectable": 0.11})
    assert caveat["en"].startswith("120 rows are few")
    assert caveat["vi"].startswith("120 dòng là ít")


def test_every_key_is_documented() -> None:
    assert keys(json.loads(report(ordinary(), "json", "en")), BY_NAME) - mentioned(*BOTH, "bakeoff.probe") == set()


def test_every_documented_key_exists() -> None:
    assert promised(*BOTH) - keys(json.loads(report(ordinary(), "json", "en")), BY_NAME) == set()


def test_a_hostile_report_is_still_json_in_utf8() -> None:
    text = report(hostile(), "json", "vi")
    assert json.loads(text.encode("utf-8"))["project"].startswith("<script>")


def test_report_data_survive_json() -> None:
    data = ordinary()
    assert from_json(type(data), to_json(data)) == data
