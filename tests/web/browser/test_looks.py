"""What no page test sees: one page's styles on another, the outline while a server is slow, paper."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.web.browser.test_every_page import ready

Open = Callable[..., Any]
ON = "() => [...document.styleSheets].filter((one) => !one.disabled && one.href).map((one) => one.href)"


def names(page: Any) -> set[str]:
    """Of the stylesheets that are in force, the page's own."""
    found = {match[1] for one in page.evaluate(ON) if (match := re.search(r"/styles/(\w+)\.css$", one))}
    return found - {"base", "parts", "job", "start"}  # of every page, and of the windows that any page opens


def test_the_styles_of_a_page_go_with_it(serve: Callable[..., str], open_page: Open, finished: Path) -> None:
    page = open_page(serve(finished))
    for place in ("compare", "cost", "compare"):
        ready(page, place)
        assert names(page) == {place}


def test_an_outline_stands_where_the_answer_is_awaited(
    serve: Callable[..., str], open_page: Open, finished: Path
) -> None:
    page = open_page(serve(finished))
    ready(page, "label")
    held: list[Any] = []
    page.route("**/compare", lambda route: held.append(route))
    with page.expect_request("**/compare"):
        page.evaluate("location.hash = '#/p/tickets/compare'")
    page.locator("main .skeleton.page .bone").first.wait_for()
    assert page.locator("main .skeleton").inner_text() == "Loading…"
    held[0].continue_()
    page.locator("main .skeleton.page").wait_for(state="detached")


def test_on_paper_everything_is_drawn(serve: Callable[..., str], open_page: Open, finished: Path) -> None:
    page = open_page(f"{serve(finished)}#/p/tickets/compare")
    page.evaluate("() => { window.print = () => { window.printed = true; }; }")
    page.get_by_role("button", name="Print").click()
    page.wait_for_function("() => window.printed === true")
    assert page.locator(".when-seen:empty, .compare .loading").count() == 0
    page.emulate_media(media="print")
    assert not page.locator("header.top").is_visible()
