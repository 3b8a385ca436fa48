"""The page Decision in a browser: a rule tried and saved, two people at once, the report in its frame, a challenger."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bakeoff.project import Project
from bakeoff.project.editing import set_table
from tests.web.browser.conftest import NARROW, faults
from tests.web.projects import run_project, write_project

Serve = Callable[..., str]
Open = Callable[..., Any]


def test_a_rule_is_tried_without_saving_and_then_saved(serve: Serve, open_page: Open, project: Path) -> None:
    page = open_page(serve(project) + "#/p/tickets/decision")
    page.wait_for_selector("h1:has-text('alpha')")
    page.get_by_role("radio", name="Highest by your weights").check()
    page.wait_for_selector(".weights .stretches")
    assert Project(project).config.decide.rule == "cheapest not worse"
    page.get_by_role("slider", name="Memory").fill("0.5")
    page.get_by_role("slider", name="Smallest gap that matters").fill("0.1")
    page.wait_for_selector("text=10 points")
    page.get_by_role("button", name="Save the rule").click()
    page.wait_for_selector("text=Saved in the project file.")
    saved = Project(project).config.decide
    assert (saved.rule, saved.smallest_gap_that_matters) == ("weighted", 0.1)
    assert saved.weights is not None
    assert saved.weights["memory"] == 0.5


def test_a_second_writer_sees_both_rules(serve: Serve, open_page: Open, project: Path) -> None:
    page = open_page(serve(project) + "#/p/tickets/decision", quiet=False)
    page.get_by_role("radio", name="Fastest that is not worse").check()
    set_table(project, "decide", {"rule": "best"})
    page.get_by_role("button", name="Save the rule").click()
    page.wait_for_selector("text=Somebody else has saved another rule meanwhile")
    assert "Theirs: best" in page.inner_text(".rule .notice")
    page.get_by_role("button", name="Save mine").click()
    page.wait_for_selector("text=Saved in the project file.")
    assert Project(project).config.decide.rule == "fastest not worse"


def test_the_report_of_hostile_text_runs_and_loads_nothing(
    serve: Serve, open_page: Open, tmp_path: Path, stub_port: int
) -> None:
    folder = write_project(tmp_path / "tickets", stub_port, rows=6)
    evil = "<script>top.hacked=1</script><img src=http://evil.example/x onerror=top.hacked=1>\u202e"
    rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [{**row, "text": f"{evil} <{row['label']}> {row['id']}"} for row in rows]
    (folder / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    run_project(folder)
    page = open_page(serve(folder) + "#/p/tickets/decision")  # the fixture hears every request and error
    page.locator("section.report").scroll_into_view_if_needed()
    page.wait_for_selector("iframe.shown")
    frame = page.frame_locator(".report iframe")
    assert "Choose" in frame.locator("h1").inner_text() or frame.locator("h1").count()
    assert frame.locator("script, img").count() == 0
    assert page.evaluate("() => window.hacked") is None
    small = page.locator(".report iframe").bounding_box()["height"]
    page.get_by_role("button", name="Show all of it").click()
    page.get_by_role("button", name="Show a window of it").wait_for()
    page.wait_for_function("small => document.querySelector('.report iframe').clientHeight > small", arg=small)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
        page.get_by_role("menuitem", name="Text (Markdown)").click()
    assert download.value.suggested_filename == "tickets-en.md"


def test_lock_history_and_how_to_run(serve: Serve, open_page: Open, tmp_path: Path, stub_port: int) -> None:
    folder = write_project(tmp_path / "tickets", stub_port, rows=6, models=("Qwen/Qwen3-0.6B", "beta"))
    run_project(folder)
    page = open_page(serve(folder) + "#/p/tickets/decision")
    page.get_by_role("button", name="Lock this decision").click()
    page.wait_for_selector("text=The lock holds")
    assert (folder / "bakeoff.lock").is_file()
    page.get_by_role("slider", name="Smallest gap that matters").fill("0.2")
    page.get_by_role("button", name="Save the rule").click()
    page.wait_for_selector("text=Something is different from what was locked")
    page.locator(".deploy").get_by_label("Candidate").select_option("Qwen/Qwen3-0.6B")
    page.locator(".deploy").get_by_label("Machine").fill("RTX 4090, 64 GB RAM")
    page.get_by_role("button", name="Container").click()
    page.wait_for_selector(".recipe-text pre:has-text('services:')")


def test_a_challenger_in_one_click(serve: Serve, open_page: Open, project: Path, stub_port: int) -> None:
    page = open_page(serve(project) + "#/p/tickets/decision")
    own = {"name": "gamma", "model": "gamma", "via": f"http://127.0.0.1:{stub_port}/ok/v1", "build": None}
    page.route("**/api/fit/**", lambda route: route.fulfill(json={"plans": [{"chosen": True, "candidate": own}]}))
    page.get_by_label("Find a model").fill("qwen3 0.6b")
    page.get_by_role("button", name="Challenge").first.click()
    page.wait_for_selector(".against:has-text('gamma')", timeout=20_000)
    assert "rows" in page.inner_text(".against")
    assert "gamma" in page.inner_text(".standing")


def test_a_file_that_breaks_meanwhile_is_told_with_its_line(serve: Serve, open_page: Open, project: Path) -> None:
    page = open_page(serve(project) + "#/p/tickets/decision", quiet=False)
    page.wait_for_selector(".deploy code, .deploy .steps")
    text = (project / "bakeoff.toml").read_text(encoding="utf-8")
    (project / "bakeoff.toml").write_text(text.replace("0.03", "3"), encoding="utf-8")
    page.get_by_role("radio", name="Better than every other", exact=False).first.check()
    page.wait_for_selector(".verdict + .notice:has-text('bakeoff.toml:')")
    (project / "bakeoff.toml").write_text(text, encoding="utf-8")
    page.get_by_role("button", name="Try again").first.click()
    page.wait_for_selector(".verdict + .notice", state="detached")


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_everyone_can_read_it(serve: Serve, open_page: Open, finished: Path, lang: str) -> None:
    page = open_page(serve(finished) + "#/p/tickets/decision", lang=lang, width=390)
    page.locator("input[value=weighted]").check()
    page.wait_for_selector(".weights .stretches")
    page.wait_for_selector(".deploy p code, .deploy .steps")
    page.wait_for_function("() => !document.querySelector('.stale')")
    assert faults(page, NARROW) == []


def test_nothing_is_promised_before_a_run(serve: Serve, open_page: Open, tmp_path: Path, stub_port: int) -> None:
    write_project(tmp_path / "tickets", stub_port)
    page = open_page(serve(tmp_path / "tickets") + "#/p/tickets/decision")
    page.wait_for_selector("h2:has-text('No decision yet')")
