"""Blind A/B in a browser: by keyboard, without names, through a reload and a second person; and the judge's set-up."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bakeoff.project import Project
from tests.web.browser.conftest import faults

Open = Callable[..., Any]
AT = "#/p/tickets/label"


def begin(page: Any, name: str) -> None:
    """Say who one is."""
    page.locator("input[required]").fill(name)
    page.keyboard.press("Enter")
    page.locator(".ab-text").first.wait_for()


def press(page: Any, key: str) -> None:
    """A key, and the answer to it."""
    with page.expect_response(lambda answer: "/label" in answer.url and answer.request.method == "POST"):
        page.keyboard.press(key)
    page.locator(".ab-actions .button:not([disabled])").first.wait_for()


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_it_reads_in_every_look_and_language(
    serve: Callable[..., str], open_page: Open, project: Path, lang: str
) -> None:
    page = open_page(serve(project) + AT, lang=lang)
    page.locator("input[required]").wait_for()
    found = faults(page)
    begin(page, "Lan")
    page.locator(".ab-progress").wait_for()
    found += faults(page)
    press(page, "a")
    page.goto(page.url + "/standings")
    page.locator(".empty .button").wait_for()
    found += faults(page)
    page.locator(".empty .button").click()
    found += faults(page)
    page.locator("dialog .primary").click()
    page.locator("table").wait_for()
    found += faults(page)
    page.goto(page.url.replace("standings", "judge"))
    page.locator(".ab-form").wait_for()
    found += faults(page)
    assert found == []


def test_a_person_labels_by_keyboard_and_a_reload_changes_nothing(
    serve: Callable[..., str], open_page: Open, project: Path
) -> None:
    page = open_page(serve(project) + AT)
    begin(page, "Lan")
    for key in ("a", "ArrowRight", "t", "x", "s"):
        press(page, key)
    assert [label.said for label in Project(project).labels()] == ["left", "right", "tie", "both bad", "skip"]
    assert all(label.seconds is not None and label.author == "Lan" for label in Project(project).labels())
    page.reload()
    page.locator(".ab-text").first.wait_for()
    press(page, "u")
    page.get_by_text("Taken back").wait_for()
    assert Project(project).labels()[-1].said == "withdrawn"
    # A key with a modifier is the browser's, and a key in a field is a letter.
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="Somebody else").click()
    page.locator("input[required]").fill("xbat")
    assert len(Project(project).labels()) == 6
    assert "alpha" not in page.locator("main").inner_text()


def test_two_people_at_once_and_the_reveal(serve: Callable[..., str], open_page: Open, project: Path) -> None:
    url = serve(project) + AT
    pages = [open_page(url), open_page(url)]
    for page, name in zip(pages, ("Lan", "Minh"), strict=True):
        begin(page, name)
    for key in ("a", "b"):
        for page in pages:
            press(page, key)
    assert sorted(label.author for label in Project(project).labels()) == ["Lan", "Lan", "Minh", "Minh"]
    pages[0].get_by_text("agree on").wait_for()
    pages[0].goto(url + "/standings")
    assert "alpha" not in pages[0].locator("main").inner_text()
    pages[0].get_by_role("button", name="Reveal who is who").click()
    pages[0].get_by_role("dialog").get_by_role("button", name="Reveal who is who").click()
    pages[0].locator("th", has_text="alpha").wait_for()


def test_hostile_answers_are_only_text_and_long_ones_scroll(
    serve: Callable[..., str], open_page: Open, project: Path
) -> None:
    hostile = (
        "# Title\n\n<script>window.hit=1</script><img src=x onerror='window.hit=1'><form><input></form>\x1b[31m\u202e"
        "\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n" + "đoạn văn dài " * 200_000
    )
    with sqlite3.connect(project / "bakeoff.db") as ledger:
        ledger.execute("UPDATE call SET text = ? || candidate || row_id WHERE row_id = 'r1'", (hostile,))
        ledger.execute("UPDATE call SET text = 'the same' WHERE row_id <> 'r1'")
    ledger.close()
    # Chromium notes in the console that the policy forbids the handler, even in a document that is only cleaned.
    page = open_page(serve(project) + AT, width=390, quiet=False)
    begin(page, "Lan")
    page.locator(".ab-text table").first.wait_for()
    assert page.evaluate("window.hit") is None
    assert page.locator(".ab-text img, .ab-text script, .ab-text input, .ab-text h1").count() == 0
    # Either answer scrolls by itself, both of them by the arrow keys; the buttons stay in sight.
    before = page.locator(".ab-text").evaluate_all("all => all.map((one) => one.scrollTop)")
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(100)
    after = page.locator(".ab-text").evaluate_all("all => all.map((one) => one.scrollTop)")
    assert all(now > then for now, then in zip(after, before, strict=True))
    box = page.get_by_role("button", name="A is better").bounding_box()
    assert box["y"] + box["height"] <= 844
    assert box["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Show all").first.click()
    page.locator(".ab-pane").first.locator(".ab-cut").wait_for(state="detached")
    assert page.locator(".ab-text").first.evaluate("one => one.textContent.length") > 2_000_000


def test_a_judge_is_set_up_and_kin_is_refused(serve: Callable[..., str], open_page: Open, project: Path) -> None:
    page = open_page(serve(project) + AT + "/judge", quiet=False)
    page.get_by_label("Where it runs").select_option("url")
    page.get_by_label("Another address").last.fill("http://127.0.0.1:9/v1")
    page.get_by_label("Model", exact=True).fill("alpha-large")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("of the same family as alpha").wait_for()
    assert Project(project).config.judges is None
    page.get_by_label("Model", exact=True).fill("themis-70")
    page.get_by_label("One answer by a rubric").check()
    page.get_by_role("button", name="Add a criterion").click()
    page.get_by_label("Criterion").fill("correct")
    page.get_by_label("What is good").fill("As a colleague would answer.")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="The judge has not been asked yet").wait_for()
    judges = Project(project).config.judges
    assert judges is not None
    assert (judges.settings.form, judges.settings.criteria[0].description) == ("rubric", "As a colleague would answer.")
    page.get_by_text("calls to themis-70 would be made").wait_for()
