"""The page Needs in a browser: the count follows the form, contradictions are mended, the shortlist is reached."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bakeoff.needs import Needs
from bakeoff.project.needs import read_needs, write_needs
from tests.web.browser.conftest import faults

Open = Callable[..., Any]
Serve = Callable[..., str]
CARD = "RTX 4090, 64 GB RAM"


def left(page: Any) -> int:
    """The number beside the form, once it is settled."""
    page.wait_for_selector(".left:not(.waiting) strong")
    return int(page.inner_text(".left strong").replace(",", "").replace(".", ""))


def test_the_count_follows_the_form_and_needs_are_saved(serve: Serve, open_page: Open, project: Path) -> None:
    page = open_page(f"{serve(project.parent)}#/p/tickets/needs")
    page.get_by_label("Hardware").fill(CARD)
    before = left(page)
    begun = time.monotonic()
    page.get_by_label("Approved by the OSI", exact=True).check()
    page.wait_for_function(
        "before => document.querySelector('.left strong').textContent !== String(before)", arg=before
    )
    assert time.monotonic() - begun < 5
    assert left(page) < before
    assert page.locator(".out li").count() > 3
    page.get_by_role("button", name="Help with code").click()
    assert page.get_by_label("Task").input_value() == "coding"
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="See the shortlist").wait_for()
    saved = read_needs(project)
    assert saved is not None
    assert (saved.hardware, saved.task, saved.license, saved.context_tokens) == (CARD, "coding", "osi-approved", 16384)


def test_a_contradiction_stands_at_its_field_with_its_fix(serve: Serve, open_page: Open, project: Path) -> None:
    page = open_page(f"{serve(project.parent)}#/p/tickets/needs", lang="vi")
    page.get_by_label("Số token của prompt").fill("9.000")
    found = page.locator(".contradiction")
    assert "9.200" in found.inner_text()
    assert page.get_by_role("button", name="Lưu").is_disabled()
    found.get_by_role("button").click()
    found.wait_for(state="detached")
    assert page.get_by_label("Số token ngữ cảnh").input_value() == "9216"
    page.get_by_label("Số token trả lời").fill("nhiều")
    page.get_by_text("Hãy ghi một số nguyên").wait_for()
    page.get_by_label("Số token trả lời").fill("200")
    page.get_by_label("Phần cứng").fill("<img src=x onerror=alert(1)>")
    page.get_by_text("Không biết máy nào có tên này").wait_for()
    assert page.locator("main img").count() == 0


def test_two_people_see_both_versions(serve: Serve, open_page: Open, project: Path) -> None:
    page = open_page(f"{serve(project.parent)}#/p/tickets/needs", quiet=False)
    page.get_by_label("Task").select_option("rag")
    write_needs(project, Needs(task="writing"))
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Take theirs").click()
    assert page.get_by_label("Task").input_value() == "writing"
    page.get_by_label("Task").select_option("rag")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="See the shortlist").wait_for()
    saved = read_needs(project)
    assert saved is not None
    assert saved.task == "rag"


def test_the_shortlist_explains_itself(serve: Serve, open_page: Open, project: Path) -> None:
    write_needs(project, Needs(hardware=CARD, task="coding"))
    page = open_page(f"{serve(project.parent)}#/p/tickets/needs/shortlist")
    page.locator(".pick").nth(2).wait_for()
    assert 3 <= page.locator(".pick").count() <= 5
    assert page.locator(".pick .reasons li").count() >= 6
    page.get_by_role("button", name="Add as a candidate").first.click()
    page.get_by_text("Is a candidate").wait_for()
    assert "[[candidates]]" in (project / "bakeoff.toml").read_text(encoding="utf-8").split("llama-server")[0]
    page.get_by_label("Why not").fill("gemma 3 4b")
    page.get_by_role("button", name="Explain").click()
    page.get_by_text("is not on the shortlist").wait_for()


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_nothing_is_wrong_for_axe_nor_too_wide(serve: Serve, open_page: Open, finished: Path, lang: str) -> None:
    page = open_page(f"{serve(finished.parent)}#/p/tickets/needs", lang=lang)
    left(page)
    assert faults(page) == []
    page.evaluate("location.hash = '#/p/tickets/needs/shortlist'")
    page.locator(".pick").first.wait_for()
    assert faults(page) == []
