"""The start page and the login in a real browser: from a file or pasted rows to a project, and hostile names."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bakeoff.project import Project
from tests.web.browser.conftest import NARROW, faults, violations

Serve = Callable[..., str]
Open = Callable[..., Any]
CSV = "mã,nội dung,nhãn\n" + "".join(
    f'{i},"<img src=x onerror=alert(1)> dòng {i}",{("khen", "chê")[i % 2]}\n' for i in range(10)
)


def test_from_a_file_to_a_project(open_page: Open, serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "phiếu hỗ trợ.csv"
    file.write_text(CSV, encoding="utf-8")
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    page = open_page(serve(workspace), lang="vi", quiet=False)  # the browser itself logs an answer of 400
    page.wait_for_selector("text=Mô hình nào hợp với dữ liệu của bạn?")
    page.set_input_files("input[type=file]", file)
    page.wait_for_selector("text=Trong tệp có gì?")
    assert page.inner_text(".first-rows tbody tr:nth-child(2) td:nth-child(2)") == "<img src=x onerror=alert(1)> dòng 1"
    assert page.input_value("text=Đáp án ở cột nào?") == "nhãn"
    assert page.input_value("text=Chỉ dẫn") == "Chỉ trả lời bằng đúng một trong các nhãn sau: khen, chê."
    page.select_option("text=Đáp án ở cột nào?", label="Không có: để người chấm, so sánh mù")
    page.wait_for_selector(".notice")
    page.select_option("text=Đáp án ở cột nào?", "nhãn")
    page.wait_for_selector(".labels")
    page.fill("text=Nội dung gửi cho mỗi dòng", "Khách viết: {{ row['nội dung'] }}")
    page.fill("text=Tên dự án", "a/b")
    page.click("text=Tạo dự án")
    page.wait_for_selector(".error-text")
    page.fill("text=Tên dự án", "Phiếu")
    page.click("text=Tạo dự án")
    page.wait_for_url("**/#/p/Phi%E1%BA%BFu/sheet")
    config = Project(workspace / "Phiếu").config
    assert config.prompt.user == "Khách viết: {{ row['nội dung'] }}"
    assert config.data.id == "mã"


def test_pasted_rows_a_bad_file_and_a_dropped_one(open_page: Open, serve: Serve, tmp_path: Path) -> None:
    page = open_page(serve(tmp_path), quiet=False)
    page.wait_for_selector("text=Which model is right")
    page.set_input_files("input[type=file]", {"name": "a.csv", "mimeType": "text/csv", "buffer": b'a,b\n"1,2\n'})
    page.wait_for_selector("[role=alert]")
    page.fill("textarea", 'text\tlabel\n"two\nlines"\tgood\nno\tbad\n')
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=What is in your file?")
    assert page.input_value("text=Name of the project") == "pasted rows"
    assert page.inner_text(".lead").startswith("pasted rows.tsv · 2 rows")
    page.click("text=Take another file")
    page.evaluate(
        """() => {
          const files = new DataTransfer();
          files.items.add(new File(["text,label\\na,b\\n"], "dropped.csv"));
          document.querySelector(".drop").dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true }));
        }"""
    )
    page.wait_for_selector("text=dropped.csv")


def test_the_list_says_what_became_of_each(open_page: Open, serve: Serve, project: Path) -> None:
    hostile = project.parent / '"><img src=x onerror=alert(1)> \u202eevil'
    hostile.mkdir()
    (hostile / "bakeoff.toml").write_text("[data\n")
    page = open_page(serve(project.parent))
    page.wait_for_selector(".projects li:nth-child(2)")
    listed = page.inner_text(".projects")
    assert "There are answers, and no decision was kept yet." in listed
    assert "30 rows" in listed
    assert "onerror=alert(1)" in listed
    assert page.query_selector("img[src=x]") is None
    page.click("text=tickets")
    page.wait_for_url("**/#/p/tickets/sheet")


def test_the_token_in_the_address_logs_in_and_is_gone(open_page: Open, serve: Serve, finished: Path) -> None:
    token = "một-token-rất-dài/của ta"
    url = serve(finished.parent, token=token)
    page = open_page(f"{url}#/login/{token.replace('/', '%2F').replace(' ', '%20')}", quiet=False)
    page.wait_for_selector(".projects")
    assert token not in page.url
    assert "login" not in page.evaluate("location.href + document.cookie + JSON.stringify(Object.keys(localStorage))")
    page.click("text=Log out")
    page.wait_for_selector("text=Others can reach this server")
    page.fill("input[type=password]", "wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=This is not the token of this server.")
    page.evaluate("location.hash = '#/p/tickets/decision'")
    page.reload()
    page.wait_for_url("**/#/login")
    page.fill("input[type=password]", token)
    page.keyboard.press("Enter")
    page.wait_for_url("**/#/p/tickets/decision")


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_everybody_can_use_it(open_page: Open, serve: Serve, finished: Path, tmp_path: Path, lang: str) -> None:
    file = tmp_path / f"{'dài ' * 15}.csv"
    file.write_text(CSV + "10,x,khen\n", encoding="utf-8")
    url = serve(finished.parent, token="t" * 20)
    page = open_page(url, lang=lang, width=390, quiet=False)
    page.wait_for_selector("input[type=password]")
    assert faults(page, NARROW) == []
    page.fill("input[type=password]", "t" * 20)
    page.keyboard.press("Enter")
    page.wait_for_selector(".projects")
    assert faults(page, NARROW) == []
    page.set_input_files("input[type=file]", file)
    page.wait_for_selector(".setup")
    assert faults(page, NARROW) == []


def test_a_report_is_shared_and_the_link_ended(open_page: Open, serve: Serve, project: Path) -> None:
    url = serve(project, token="t" * 20)
    page = open_page(f"{url}#/login/{'t' * 20}", lang="vi", dark=True, width=390, quiet=False)
    page.wait_for_selector(".ag-row, .page-sheet")
    page.goto(f"{url}#/p/tickets/decision")
    page.get_by_role("button", name="Chia sẻ").click()
    page.get_by_label("Dành cho ai").fill("<b>sếp</b>")
    page.get_by_role("button", name="Tạo liên kết").click()
    link = page.get_by_label("Liên kết", exact=True).input_value()
    page.wait_for_selector("text=<b>sếp</b>")
    assert violations(page) == []
    stranger = open_page(link, lang="vi", quiet=False)
    stranger.wait_for_selector("h1")
    assert "alpha" in stranger.inner_text("body")
    stranger.goto(url)
    stranger.wait_for_selector("input[type=password]")
    page.get_by_role("button", name="Thu hồi").click()
    page.wait_for_selector(".shares", state="detached")
    stranger.goto(link)
    assert "Liên kết này không dùng được" in stranger.inner_text("body")
