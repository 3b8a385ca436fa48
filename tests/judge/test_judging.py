"""Judges in a project, asked over HTTP: blind, in both orders, never twice, and trusted only after labels."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from bakeoff.cli.main import run_command_line
from bakeoff.errors import ProjectError, UsageError
from bakeoff.evaluate.judge.result import Judged
from bakeoff.project import Project
from tests.json_page import keys, mentioned, promised
from tests.judge.bench import (
    Say,
    Server,
    answers_in,
    chance,
    first_slot,
    honest,
    label_truthfully,
    length_lover,
    make_project,
    serving,
)

RATES = {"alpha-7": 0.8, "beta-7": 0.5}
JUDGE = "themis-70"


@contextmanager
def judging(
    folder: Path, say: Say, *, labels: int = 0, rows: int = 30, judge: str = "", **server: object
) -> Iterator[tuple[Project, Server]]:
    """A project whose models have answered, whose judge was asked, and that a person has labelled."""
    stub = Server(RATES, {JUDGE: say})
    for name, value in server.items():
        setattr(stub, name, value)
    with serving(stub) as address:
        project = Project(make_project(folder / "p", address, rows=rows, judge=judge))
        project.run()
        project.judge()
        label_truthfully(project, RATES, labels)
        yield project, stub


def codes(found: Judged) -> set[str]:
    """Why it is not trusted."""
    return {reason.code for reason in found.calibration.reasons}


def test_an_honest_judge_decides_once_people_have_labelled(tmp_path: Path) -> None:
    with judging(tmp_path, honest(0.95), rows=40) as (project, _):
        before = project.decide()
        assert (before.verdict, before.choice) == ("barred", None)
        assert before.sentence.parameters["state"] == "not calibrated"
        assert {model.quality.metric for model in before.models if model.quality} == {"judge"}
        label_truthfully(project, RATES, 40)
        assert project.judged().state == "trusted"
        after = project.decide()
        assert (after.choice, after.verdict) == ("a", "better")
        for kind in ("html", "md", "json"):
            assert project.report(kind, "vi")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("say", "expected"), [(first_slot, {"judge.flips", "judge.place"}), (length_lover, {"judge.length"})]
)
def test_planted_judges_are_caught_and_decide_nothing(tmp_path: Path, say: Say, expected: set[str]) -> None:
    with judging(tmp_path, say, labels=40, rows=40) as (project, _):
        found = project.judged()
        assert found.state == "not trusted"
        assert expected <= codes(found)
        decision = project.decide()
        assert (decision.verdict, decision.choice) == ("barred", None)
        assert expected <= {caveat.code for caveat in decision.caveats}
        assert project.report("html", "en").count("No decision") >= 1


def test_nothing_is_asked_twice_and_a_broken_run_goes_on(tmp_path: Path) -> None:
    with judging(tmp_path, honest(), rows=20, fail_after=11) as (project, stub):
        first = project.judged()
        assert first.owed > 0
        assert project.decide().verdict == "barred"
        stub.fail_after = None
        answered = 11
        before = stub.asked[JUDGE]
        project.judge()
        done = project.judged()
        assert (done.owed, done.habits.valid) == (0, done.habits.asked)
        different = len({body["messages"][0]["content"] for body in stub.bodies if body["model"] == JUDGE})
        assert stub.asked[JUDGE] - before == different - answered
        again = stub.asked[JUDGE]
        project.judge()
        assert stub.asked[JUDGE] == again


def test_both_orders_are_asked_blind(tmp_path: Path) -> None:
    with judging(tmp_path, honest(), rows=5) as (project, stub):
        shown = [answers_in(body["messages"][0]["content"]) for body in stub.bodies if body["model"] == JUDGE]
        assert {tuple(reversed(one)) for one in shown} == {tuple(one) for one in shown}
        assert not any("alpha" in text or "beta" in text for one in shown for text in one)
        assert "judge.masked" in {caveat.code for caveat in project.judged().caveats}


USELESS = [("I prefer the first.", "free text"), ("", "blank"), ('{"verdict": "both"}', "two verdicts"),
           ('{"verdict": "hoà"}', "other language")]  # fmt: skip


@pytest.mark.parametrize(("text", "code"), USELESS)
def test_an_answer_of_no_use_is_asked_once_more_and_then_counted(tmp_path: Path, text: str, code: str) -> None:
    with judging(tmp_path, lambda _: text, rows=6) as (project, stub):
        found = project.judged()
        prompts = [body["messages"][0]["content"] for body in stub.bodies if body["model"] == JUDGE]
        assert len(prompts) == len(set(prompts))
        assert sum("could not be used" in prompt for prompt in prompts) == len(prompts) / 2
        assert (found.habits.valid, dict(found.habits.invalid)) == (0, {code: 2 * found.habits.asked})
        assert "judge.invalid" in codes(found)
        assert found.standings == ()


def test_a_stricter_second_question_can_help(tmp_path: Path) -> None:
    def say(prompt: str) -> str:
        return honest()(prompt) if "could not be used" in prompt else "A, I would say."

    with judging(tmp_path, say, rows=6) as (project, _):
        found = project.judged()
        assert (found.habits.valid, dict(found.habits.invalid)) == (found.habits.asked, {})


def test_a_server_that_takes_no_schema_is_asked_without(tmp_path: Path) -> None:
    with judging(tmp_path, honest(), rows=10, refuse_schema=True) as (project, stub):
        found = project.judged()
        assert found.habits.valid == found.habits.asked
        refused = [body for body in stub.bodies if body["model"] == JUDGE and "response_format" in body]
        assert len(refused) == 1


def test_a_rubric_is_measured_on_right_and_wrong(tmp_path: Path) -> None:
    def say(prompt: str) -> str:
        good = "a good answer" in answers_in(prompt)[0]
        right = chance("rubric", prompt) < 0.92
        return json.dumps({"reason": "x", "scores": {"correct": 5 if good == right else 2}})

    judge = 'form = "rubric"\n[[judge.criteria]]\nname = "correct"\ndescription = "holds"\n'
    with judging(tmp_path, say, rows=40, judge=judge, labels=60) as (project, _):
        found = project.judged()
        assert found.state == "trusted"
        assert {put.method for put in found.calibration.corrected} == {"poststratified"}
        assert found.standings[0].candidate == "a"
        assert project.decide().choice == "a"


def test_a_wrong_scale_is_no_score(tmp_path: Path) -> None:
    with judging(tmp_path, lambda _: '{"scores": {"quality": 9}}', rows=4, judge='form = "rubric"\n') as (project, _):
        assert set(project.judged().habits.invalid) == {"scale"}


def test_kin_of_a_contestant_do_not_judge(tmp_path: Path) -> None:
    stub = Server({"qwen3-8b": 0.8, "beta-7": 0.5}, {"Qwen2.5-72B": honest()})
    with serving(stub) as address:
        models = ("qwen3-8b", "beta-7")
        folder = make_project(tmp_path / "p", address, rows=3, models=models, judges=("Qwen2.5-72B",))
        project = Project(folder)
        project.run()
        with pytest.raises(ProjectError, match="same family as the candidate q"):
            project.judge()
        file = folder / "bakeoff.toml"
        file.write_text(file.read_text().replace("[judge]\n", "[judge]\nallow_family = true\n"))
        project = Project(folder)
        project.judge()
        assert "judge.family_allowed" in {caveat.code for caveat in project.judged().caveats}


def test_a_prompt_of_ones_own_is_used_and_checked(tmp_path: Path) -> None:
    with judging(tmp_path, honest(), rows=3) as (project, stub):
        file = project.folder / "bakeoff.toml"
        file.write_text(file.read_text().replace("[judge]\n", '[judge]\nprompt = "mine.txt"\n'))
        mine = project.folder / "mine.txt"
        mine.write_text("MINE <answer A>\n{{ answer_a }}\n</answer> <answer B>\n{{ answer_b }}\n</answer>{{ strict }}")
        own = Project(project.folder)
        own.judge()
        assert stub.bodies[-1]["messages"][0]["content"].startswith("MINE")
        assert own.judged().settings.template_digest != project.judged().settings.template_digest
        mine.write_text("{{ answr_a }}")
        with pytest.raises(ProjectError, match="'answr_a', which nothing fills"):
            Project(project.folder)


def test_the_command_prints_the_documented_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with judging(tmp_path, honest(), rows=30, labels=25) as (project, stub):
        folder = str(project.folder)
        asked = stub.asked[JUDGE]
        assert run_command_line(["judge", folder, "--dry-run", "--rows", "10", "--lang", "en"]) == 0
        assert "0 calls to themis-70" in capsys.readouterr().out
        assert run_command_line(["judge", folder, "--json"]) == 0
        document = json.loads(capsys.readouterr().out)
        assert run_command_line(["label", folder, "--reveal", "--json"]) == 0
        labels = json.loads(capsys.readouterr().out)
        for lang in ("en", "vi"):
            assert run_command_line(["judge", folder, "--no-run", "--lang", lang]) == 0
            assert "{" not in capsys.readouterr().out
        assert stub.asked[JUDGE] == asked
    found = keys([document, labels], {"parameters", "invalid"})
    assert promised("bakeoff.judge", "bakeoff.labels") - found == set()
    assert found - mentioned("bakeoff.judge", "bakeoff.labels", "bakeoff.decide") == set()
    assert document["state"] == "trusted"


def test_a_project_without_a_judge_says_how_to_get_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with judging(tmp_path, honest(), rows=3) as (project, _):
        file = project.folder / "bakeoff.toml"
        head, _, rest = file.read_text().partition("[judge]")
        file.write_text(head + "[decide]" + rest.partition("[decide]")[2].replace('"judge"', '"accuracy"'))
        assert run_command_line(["judge", str(project.folder)]) == 2
        assert "[[judge.models]]" in capsys.readouterr().err


def test_a_cap_on_money_holds_and_needs_a_price(tmp_path: Path) -> None:
    price = "price_per_million = { input = 100, output = 40000 }\n"
    with judging(tmp_path, honest(), rows=10, judge="rows = 1\n") as (project, stub):
        file = project.folder / "bakeoff.toml"
        text = file.read_text().replace("rows = 1\n", "")
        assert stub.asked[JUDGE] <= 2
        file.write_text(text.replace(f'model = "{JUDGE}"\n', f'model = "{JUDGE}"\n{price}'))
        before = stub.asked[JUDGE]
        (outcome,) = Project(project.folder).judge(max_cost_usd=Decimal("22"))
        assert outcome.capped == "cost"
        assert 0 < stub.asked[JUDGE] - before < 18
        assert Project(project.folder).judged().owed > 0
        file.write_text(text.replace(f'model = "{JUDGE}"\nvia', f'model = "{JUDGE}"\nmax_tokens = 9\nvia'))
        (free,) = Project(project.folder).judge(max_minutes=10)
        assert (free.capped, Project(project.folder).judged().owed) == (None, 0)


def test_a_person_can_be_asked_from_python(tmp_path: Path) -> None:
    with judging(tmp_path, honest(), rows=5) as (project, _):
        shown = project.next_pair("lan")
        assert shown is not None
        kept = project.label(shown, "tie", author="lan")
        assert project.labels() == [kept]
        following = project.next_pair("lan")
        assert following is not None
        assert following.choice.row_id != shown.choice.row_id
        with pytest.raises(UsageError, match="'correct' cannot be said here"):
            project.label(following, "correct", author="lan")
