"""The sheet, in a browser: read it, find in it, write into it, watch it fill; and what hostile texts do to it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.web.browser.conftest import faults, violations
from tests.web.projects import run_project, write_project

Open = Callable[..., Any]
Serve = Callable[..., str]
AT = "#/p/tickets/sheet"
PASTED = 'text\tlabel\tkênh\tlạ\n"Hai\ndòng"\tneutral\tweb\tx\nMột\tpositive\tapp\ty'
NAME = '<img src=x onerror="window.hacked=1">'

EVIL = '<script>window.hacked=1</script><img src="http://evil.example/beacon.png" onerror="window.hacked=1">'
RTL = "\u202egnirts desrever"
SCROLLED = "Math.max(...[...document.querySelectorAll('.sheet-grid *')].map((node) => node.scrollTop))"


def cell(page: Any, row: str, column: str) -> Any:
    """One cell of the grid."""
    return page.locator(f'.ag-row[row-id="{row}"] .ag-cell[col-id="{column}"]')


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_it_reads_in_every_look_and_language(serve: Serve, open_page: Open, finished: Path, lang: str) -> None:
    page = open_page(serve(finished) + AT, lang=lang)
    page.locator(".head-standing strong").first.wait_for()
    assert faults(page) == []
    page.locator(".cell.data").first.dblclick()
    page.locator(".panel dl").first.wait_for()
    assert faults(page) == []


def test_a_cell_in_full_by_keyboard(serve: Serve, open_page: Open, finished: Path) -> None:
    page = open_page(serve(finished) + AT)
    cell(page, "r0", "answer:alpha").click()
    page.keyboard.press("Enter")
    panel = page.locator(".panel")
    panel.get_by_text("Row 1", exact=False).wait_for()
    assert "chat/completions" in panel.locator("pre.request").text_content()
    assert "Dòng số 0: <positive>" in panel.locator("pre.request").text_content()
    # Arrows go on while it is open, Escape goes back to the cell that was shown last.
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    panel.get_by_text("Row 2", exact=False).wait_for()
    assert panel.locator("h2").inner_text() == "beta"
    page.keyboard.press("Escape")
    assert panel.count() == 0
    focused = page.locator(".ag-cell:focus")
    assert focused.get_attribute("col-id") == "answer:beta"
    assert focused.locator("xpath=ancestor::*[@row-id]").first.get_attribute("row-id") == "r1"
    # From the head of a column to its menu and back.
    for _ in range(2):
        page.keyboard.press("ArrowUp")
    assert page.locator(".ag-header-cell:focus").get_attribute("col-id") == "answer:beta"
    page.keyboard.press("Enter")
    menu = page.get_by_role("menu")
    menu.wait_for()
    page.keyboard.press("End")
    assert page.locator("[role^=menuitem]:focus").inner_text() == "Remove from the project"
    page.keyboard.press("Escape")
    assert menu.count() == 0
    assert page.locator(".ag-header-cell:focus").get_attribute("col-id") == "answer:beta"


def test_find_filter_sort_and_what_is_kept(serve: Serve, open_page: Open, finished: Path) -> None:
    page = open_page(serve(finished) + AT)
    cell(page, "r0", "data:text").wait_for()
    page.keyboard.press("Control+f")
    page.keyboard.type("DONG SO 2")  # without marks, in capitals: 2 and 20 to 29
    page.get_by_text("11 of 30 rows").wait_for()
    page.get_by_role("button", name="Take off", exact=False).click()
    page.locator('.ag-row[row-id="r0"]').first.wait_for()
    # Sorted by a click on a head, the way back is the third one.
    name = page.locator('.ag-header-cell[col-id="data:text"] .head-name')
    name.click()
    name.click()
    page.locator('.ag-header-cell[col-id="data:text"][aria-sort="descending"]').wait_for()
    page.locator('.ag-row[row-index="0"][row-id="r9"]').first.wait_for()
    name.click()
    page.locator('.ag-row[row-index="0"][row-id="r0"]').first.wait_for()
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_label("Where the column").select_option("kênh")
    page.get_by_label("is exactly").fill("app")
    page.get_by_label("is exactly").press("Enter")
    page.get_by_text("15 of 30 rows").wait_for()
    page.keyboard.press("Escape")
    # How it looks is kept in this browser, what is asked in the address.
    page.get_by_role("button", name="View", exact=True).click()
    page.get_by_role("radio", name="Compact").check()
    page.get_by_label("beta", exact=True).uncheck()
    page.reload()
    page.get_by_text("15 of 30 rows").wait_for()
    page.locator(".sheet-body.compact").wait_for()
    assert page.locator('.ag-header-cell[col-id="answer:alpha"]').count() == 1
    assert page.locator('.ag-header-cell[col-id="answer:beta"]').count() == 0


def test_what_a_person_says_and_two_at_once(serve: Serve, open_page: Open, project: Path) -> None:
    url = serve(project)
    page = open_page(url + AT, quiet=False)  # the browser notes the 409 that is wanted
    cell(page, "r0", "answer:alpha").dblclick()
    page.get_by_role("button", name="good").click()
    page.get_by_label("Your name").fill("Lan")
    page.get_by_label("Your name").press("Enter")
    cell(page, "r0", "answer:alpha").locator(".thumb-up").wait_for()
    page.get_by_role("button", name="Correct this answer").click()
    page.get_by_label("The answer as it should be").fill("<b>neutral</b>, really")
    # Somebody else was faster.
    api = url + "api/projects/tickets/"
    seq = page.request.get(api + "sheet").json()["seq"]
    theirs = {"row": "r0", "candidate": "alpha", "seq": seq, "author": "Minh", "correction": "negative"}
    assert page.request.post(api + "cells", data=theirs).ok
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Somebody changed this cell meanwhile").wait_for()
    versions = page.locator(".versions")
    versions.get_by_text("Minh").wait_for()
    assert "negative" in versions.inner_text()
    assert "<b>neutral</b>, really" in versions.inner_text()
    page.get_by_role("button", name="Save mine").click()
    corrected = page.locator(".corrected")
    corrected.get_by_text("<b>neutral</b>, really").wait_for()
    assert "Lan" in corrected.inner_text()
    cell(page, "r0", "answer:alpha").get_by_text("corrected").wait_for()
    corrected.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Correct this answer").wait_for()
    assert page.request.get(api + "rows/r0").json()["cells"]["alpha"]["corrected"] is False


def test_it_fills_while_it_runs(serve: Serve, open_page: Open, tmp_path: Path, stub_port: int) -> None:
    folder = write_project(tmp_path / "tickets", stub_port, rows=120)
    page = open_page(serve(folder) + AT)
    page.get_by_text("Run fills 240 cells", exact=False).wait_for()
    assert cell(page, "r0", "answer:alpha").inner_text() == "not run"
    cell(page, "r0", "answer:alpha").click()
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    page.wait_for_timeout(300)
    top = page.evaluate(SCROLLED)
    assert top > 300
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/rows?" in request.url else None)
    run_project(folder)
    page.get_by_text("Run fills 240 cells", exact=False).wait_for(state="detached")
    shown = page.locator(".ag-cell:focus").locator("xpath=ancestor::*[@row-id]").first.get_attribute("row-id")
    cell(page, shown, "answer:beta").locator(".mark.right, .mark.wrong").wait_for()
    page.locator(".cell.answer.missing").first.wait_for(state="detached")
    assert [url for url in asked if "start=0" in url] == []  # cells came by themselves, not with their rows
    assert page.evaluate(SCROLLED) == top
    page.locator(".head-standing strong").first.wait_for()


def test_more_rows_more_columns_another_prompt(serve: Serve, open_page: Open, project: Path) -> None:
    page = open_page(serve(project) + AT)
    page.get_by_role("button", name="Add rows").click()
    page.get_by_label("Rows", exact=True).fill(
        'text\tlabel\tkênh\tlạ\n"Hai\ndòng"\tneutral\tweb\tx\nMột\tpositive\tapp\ty'
    )
    page.get_by_text("The sheet has no column for: lạ", exact=False).wait_for()
    page.get_by_role("button", name="Add 2 rows").click()
    page.get_by_role("dialog").wait_for(state="detached")
    page.locator("[aria-rowcount='33']").wait_for()  # a head and 32 rows
    page.get_by_role("button", name="Add rows").click()
    more = {"name": "more.csv", "mimeType": "text/csv", "buffer": "text,label,kênh\nBa,neutral,web\n".encode()}
    page.locator("input[type=file]").set_input_files(more)
    page.get_by_role("button", name="Add its rows").click()
    page.locator("[aria-rowcount='34']").wait_for()
    page.get_by_role("button", name="Add column").click()
    page.get_by_label("Model", exact=True).fill("gamma")
    page.get_by_label("Build").fill("")
    page.get_by_label("Where it runs").fill("http://127.0.0.1:9/v1")
    page.get_by_label("Title of the column").fill("<i>gamma</i>")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("dialog").wait_for(state="detached")
    page.get_by_role("button", name="View", exact=True).click()
    page.get_by_label("<i>gamma</i>", exact=True).wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Prompt", exact=True).click()
    user = page.get_by_label("What is asked for each row")
    user.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" {{ kê")
    page.get_by_role("option", name="{{ kênh }}").wait_for()
    page.keyboard.press("Tab")
    assert user.input_value() == "{{ text }} {{ kênh }}"
    page.get_by_text("Dòng số 0: <positive> web", exact=False).wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("dialog").wait_for(state="detached")
    cell(page, "r0", "answer:alpha").get_by_text("not run").wait_for()
    assert 'user = "{{ text }} {{ kênh }}"' in (project / "bakeoff.toml").read_text(encoding="utf-8")


def test_hostile_texts_and_names_do_nothing(serve: Serve, open_page: Open, tmp_path: Path, stub_port: int) -> None:
    folder = tmp_path / "tickets"
    folder.mkdir()
    long = f"# Long\n\n{EVIL}\n\n" + "*word* [x](javascript:alert(1)) " * 160_000
    texts = [f"**bold** {EVIL} \x1b[31mred\x1b[0m {RTL}", long, "", "<b>plain</b>"]
    rows = [{"id": f"r{i}", "<img src=x>": f"{EVIL} {RTL}", "label": "positive"} for i in range(4)]
    answers = [{"id": f"r{i}", "answer": text} for i, text in enumerate(texts)]
    for name, lines in (("rows.jsonl", rows), ("answers.jsonl", answers)):
        text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
        (folder / name).write_text(text + "\n", encoding="utf-8")
    (folder / "bakeoff.toml").write_text(
        """[data]
file = "rows.jsonl"
id = "id"
[prompt]
user = '{{ row["<img src=x>"] }}'
[[candidates]]
name = '<img src=x onerror="window.hacked=1">'
model = "brought"
via = "file"
answers = "answers.jsonl"
answers_id = "id"
answers_column = "answer"
[[graders]]
kind = "label"
target = "{{ label }}"
labels = ["positive", "negative"]
""",
        encoding="utf-8",
    )
    run_project(folder)
    assert len(long) > 5_000_000
    page = open_page(serve(folder) + AT, quiet=False)  # the browser notes each handler that the policy stops
    answer = '.ag-row[row-id="{}"] .ag-cell[col-id^="answer:"]'
    page.locator(answer.format("r0")).wait_for()
    page.locator(answer.format("r2")).get_by_text("empty answer").wait_for()
    assert page.locator('.ag-header-cell[col-id^="answer:"] bdi').inner_text() == NAME
    assert page.locator('.ag-header-cell[col-id^="data:&lt;img"] bdi').inner_text() == "<img src=x>"
    assert "\u202e" not in page.locator(".sheet-grid").inner_text()
    page.locator(answer.format("r0")).dblclick()
    made = page.locator(".panel-answer")
    made.locator("strong").get_by_text("bold").wait_for()
    assert made.locator("script, img, a").count() == 0
    assert "red [U+202E]gnirts" in made.inner_text()
    page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="Show all", exact=False).wait_for()
    page.get_by_role("radio", name="As it came").check()
    page.get_by_role("button", name="Show all", exact=False).wait_for()
    assert len(made.inner_text()) < 200_000
    assert page.evaluate("window.hacked") is None


def test_where_nothing_matches(serve: Serve, open_page: Open, finished: Path) -> None:
    page = open_page(serve(finished) + AT)
    page.get_by_label("Find in data and answers").fill("nothing has this")
    page.get_by_text("No row matches").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Show all rows").click()
    page.get_by_text("Dòng số 0", exact=False).first.wait_for()
