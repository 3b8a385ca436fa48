"""Pictures in cells: what they are is read from their bytes, and only what lies in the project is read."""

import base64
import json
from pathlib import Path

import pytest

from bakeoff.errors import ProjectError
from bakeoff.evaluate.images import MAX_BYTES, image_part
from bakeoff.evaluate.request import build_request
from bakeoff.evaluate.types import Prompt, Row

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 16
WEBP = b"RIFF\x10\0\0\0WEBPVP8 "


@pytest.mark.parametrize(("data", "kind"), [(PNG, "png"), (JPEG, "jpeg"), (WEBP, "webp"), (b"GIF89a...", "gif")])
def test_the_type_is_that_of_the_bytes(tmp_path: Path, data: bytes, kind: str) -> None:
    (tmp_path / "photo.txt").write_bytes(data)
    address = image_part("photo.txt", tmp_path, row="1")["image_url"]["url"]
    assert address == f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def test_an_address_is_left_to_the_server() -> None:
    assert image_part(" https://example.org/a.png ", Path(), row="1") == {
        "type": "image_url",
        "image_url": {"url": "https://example.org/a.png"},
    }


def test_a_data_uri_gets_its_true_type() -> None:
    given = "data:image/jpeg;base64," + base64.b64encode(PNG).decode()
    assert image_part(given, Path(), row="1")["image_url"]["url"].startswith("data:image/png;base64,")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("missing.png", "cannot be read"),
        ("../outside.png", "outside of the project"),
        ("/etc/passwd", "outside of the project"),
        ("link.png", "outside of the project"),
        ("text.png", "is not a picture"),
        (".", "not a file"),
        ("", "no picture is named"),
        ("a\0b", "not a path"),
        ("data:image/png,abc", "not in base64"),
        ("data:image/png;base64,!!!", "not valid base64"),
        ("data:image/png;base64,AAAA", "is not a picture"),
    ],
)
def test_what_is_no_picture_of_the_project_is_refused(tmp_path: Path, value: str, says: str) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / "outside.png").write_bytes(PNG)
    (folder / "text.png").write_text("a page about an error")
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    with pytest.raises(ProjectError, match=says) as refused:
        image_part(value, folder, row="17")
    assert "row 17" in refused.value.message
    assert refused.value.hint


def test_a_picture_that_is_too_large_is_refused_without_reading_it(tmp_path: Path) -> None:
    with (tmp_path / "large.png").open("wb") as file:
        file.write(PNG)
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ProjectError, match="20"):
        image_part("large.png", tmp_path, row="1")


def test_pictures_stand_before_the_text_and_an_empty_cell_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    prompt = Prompt(user="What is this?", images=("{{ photo }}",))

    def content(photo: str | None) -> object:
        row = Row("1", 1, {"photo": photo})
        request = build_request(prompt, row, api="chat", model="m", parameters={}, folder=tmp_path)
        return json.loads(request.body)["messages"][0]["content"]

    with_one = content("a.png")
    assert isinstance(with_one, list)
    assert [part["type"] for part in with_one] == ["image_url", "text"]
    assert with_one[1]["text"] == "What is this?"
    assert content(None) == "What is this?"


def test_pictures_do_not_go_into_a_text_to_complete() -> None:
    prompt = Prompt(user="x", images=("a.png",))
    with pytest.raises(ProjectError, match="chat messages only"):
        build_request(prompt, Row("1", 1, {}), api="completions", model="m", parameters={})
