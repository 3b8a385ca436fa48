"""The judge's set-up: written as its owner would, refused where it is kin, and shown with what it is worth."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bakeoff.project import Project
from tests.judge.bench import Server, honest, label_truthfully, make_project, serving

Call = Callable[..., TestClient]
AT = "/api/projects/tickets/judge"
RATES = {"alpha-7": 0.9, "beta-7": 0.4}


@pytest.fixture(scope="module")
def stub() -> Iterator[tuple[Server, str]]:
    """A server with two models and a judge."""
    server = Server(RATES, {"themis-70": honest(0.95)})
    with serving(server) as address:
        yield server, address


@pytest.fixture(scope="module")
def done(stub: tuple[Server, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose judge was asked, and that people have labelled."""
    folder = make_project(tmp_path_factory.mktemp("judge") / "tickets", stub[1], rows=40)
    project = Project(folder)
    project.run()
    project.judge()
    label_truthfully(project, RATES, 40)
    return folder


def copied(folder: Path, to: Path) -> Path:
    """A project of one's own."""
    to.mkdir()
    for file in folder.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    return to


@pytest.fixture
def judged(done: Path, tmp_path: Path) -> Path:
    """The same, to write into."""
    return copied(done, tmp_path / "tickets")


def settings(address: str, **more: Any) -> dict[str, Any]:
    """What the form sends."""
    return {"models": [{"model": "themis-70", "via": address}], **more}


def test_a_trusted_judge_is_told_in_sentences_and_numbers(client: Call, judged: Path) -> None:
    found = client(judged).get(AT + "?lang=en").json()
    assert found["result"]["state"] == "trusted"
    assert found["told"][0].startswith("The judge is trusted")
    assert any("Cohen's kappa" in one for one in found["told"])
    assert any("put right by" in one for one in found["by_model"])
    assert not any("put right by" in one for one in found["told"])
    calibration = found["result"]["calibration"]
    assert {"agreement", "detection", "corrected", "n_labels"} <= calibration.keys()
    assert found["quote"]["n"] == 0
    assert found["settings"]["models"][0]["model"] == "themis-70"


def test_a_project_without_a_judge_gets_one(client: Call, finished: Path, tmp_path: Path) -> None:
    folder = copied(finished, tmp_path / "tickets")
    called = client(folder)
    before = called.get(AT).json()
    assert (before["settings"], before["result"], before["bar"]["labels"]) == (None, None, 20)
    sent = settings(
        "http://127.0.0.1:9/v1",
        stamp=before["stamp"],
        form="rubric",
        language="vi",
        rows=10,
        criteria=[{"name": "đúng", "description": "Đúng ý người hỏi"}],
        reference="{{ label }}",
    )
    after = called.put(AT, json=sent)
    assert after.status_code == 200
    text = (folder / "bakeoff.toml").read_text(encoding="utf-8")
    assert text.startswith("# A comment that must survive.")
    assert '[[judge.models]]\nmodel = "themis-70"' in text
    assert "[[judge.criteria]]" in text
    config = Project(folder).config
    assert config.judges is not None
    assert (config.judges.settings.form, config.judges.settings.rows) == ("rubric", 10)
    assert config.judges.settings.criteria[0].name == "đúng"
    assert after.json()["quote"]["rows"] == 10
    quote = after.json()["quote"]
    assert quote["items"] == 20
    assert 0 < quote["n"] <= 20, "the same answer to the same question is judged once"


def test_what_the_form_does_not_show_stays(client: Call, judged: Path, stub: tuple[Server, str]) -> None:
    path = judged / "bakeoff.toml"
    text = path.read_text(encoding="utf-8").replace("[judge]", "[judge]\nseed = 7 # lucky\n[judge.bar]\nlabels = 30\n")
    path.write_text(text.replace("concurrency = 8\n\n[decide]", "concurrency = 8 # of the judge\n\n[decide]"))
    called = client(judged)
    stamp = called.get(AT).json()["stamp"]
    assert called.put(AT, json=settings(stub[1], stamp=stamp, rows=5)).status_code == 200
    after = path.read_text(encoding="utf-8")
    for kept in ("seed = 7 # lucky", "labels = 30", "concurrency = 8 # of the judge"):
        assert kept in after
    assert Project(judged).config.judges.settings.rows == 5  # type: ignore[union-attr]
    # A second judge, and back to one.
    two = [{"model": "themis-70", "via": stub[1]}, {"model": "dike-70", "via": stub[1]}]
    assert called.put(AT, json={"models": two}).status_code == 200
    assert [one.name for one in Project(judged).config.judges.candidates] == ["themis-70", "dike-70"]  # type: ignore[union-attr]
    assert called.put(AT, json=settings(stub[1])).status_code == 200
    assert len(Project(judged).config.judges.candidates) == 1  # type: ignore[union-attr]


def test_a_second_writer_gets_both_versions(client: Call, judged: Path, stub: tuple[Server, str]) -> None:
    called = client(judged)
    stamp = called.get(AT).json()["stamp"]
    assert called.put(AT, json=settings(stub[1], stamp=stamp, rows=5)).status_code == 200
    late = called.put(AT, json=settings(stub[1], stamp=stamp, rows=9))
    assert late.status_code == 409
    assert late.json()["error"]["theirs"]["rows"] == 5
    assert Project(judged).config.judges.settings.rows == 5  # type: ignore[union-attr]


def test_a_judge_of_a_contestants_family_is_refused_with_the_reason(client: Call, judged: Path) -> None:
    before = (judged / "bakeoff.toml").read_bytes()
    called = client(judged)
    sent = {"models": [{"model": "alpha-70", "via": "http://127.0.0.1:9/v1"}]}
    refused = called.put(AT + "?lang=vi", json=sent)
    assert (refused.status_code, refused.json()["error"]["kind"]) == (422, "family")
    assert "alpha" in refused.json()["error"]["message"]
    assert (judged / "bakeoff.toml").read_bytes() == before
    assert called.put(AT, json={**sent, "allow_family": True}).status_code == 200


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"models": []}, 422),
        ({"models": [{"model": "x", "via": "nowhere"}]}, 400),
        ({"models": [{"model": "x", "via": "file"}]}, 400),
        ({"models": [{"model": "x", "via": "openai", "key": "sk-secret"}]}, 400),
        ({"models": [{"model": "x"}, {"model": "x"}]}, 400),
        ({"models": [{"model": "x\0"}]}, 400),
        ({"criteria": [{"name": "a", "description": "\0"}]}, 400),
        ({"criteria": [{"name": '"]}', "description": ""}]}, 400),
        ({"criteria": [{"name": "a", "low": 5, "high": 1}]}, 400),
        ({"criteria": [{"name": "a"}, {"name": "A"}]}, 400),
        ({"rows": 0}, 422),
        ({"rows": "5"}, 422),
        ({"form": "magic"}, 422),
        ({"prompt": "/etc/passwd"}, 422),
    ],
)
def test_wrong_settings_write_nothing(client: Call, judged: Path, more: dict[str, Any], status: int) -> None:
    before = (judged / "bakeoff.toml").read_bytes()
    answer = client(judged).put(AT, json={**settings("http://127.0.0.1:9/v1"), **more})
    assert answer.status_code == status
    assert "sk-secret" not in answer.text
    assert (judged / "bakeoff.toml").read_bytes() == before
