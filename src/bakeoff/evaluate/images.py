"""A picture that goes with a prompt: from a cell of the data to the part of a chat message that holds it.

A cell holds a path below the project folder, an https address (which the server fetches, not Bakeoff), or a data URI.
What a file is, is read from its first bytes, not from its name. Knows nothing about templates.
"""

import base64
import binascii
import re
from pathlib import Path
from typing import Any

from bakeoff.errors import ProjectError
from bakeoff.units import show_bytes

MAX_BYTES = 20 * 1024 * 1024
"""Of one picture. Hosted providers take up to 20 MB (OpenAI's limit for one image is 20 MB at the time of writing)."""

KINDS: tuple[tuple[bytes, int, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF87a", 0, "image/gif"),
    (b"GIF89a", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"BM", 0, "image/bmp"),
)
"""First bytes, where they stand, media type: the formats that vision models are known to take."""

_DATA_URI = re.compile(r"data:([a-z]+/[a-z0-9.+-]+);base64,", re.IGNORECASE)


def image_part(value: str, folder: Path, *, row: str) -> dict[str, Any]:
    """The part of a message, as the OpenAI API has it.

    Args:
        value: what the template gave: a path, an https address or a data URI.
        folder: the project; paths are meant from here and stay below it.
        row: its id, for messages.

    Raises:
        ProjectError: there is no such file, it is no picture, it is too large, or it lies outside of the project.
    """
    value = value.strip()
    if value.startswith(("https://", "http://")):
        return _part(value)
    if value[:5].lower() == "data:":
        return _part(_checked_uri(value, row))
    data, where = _read(value, folder, row), f"row {row}: {value}"
    return _part(f"data:{_kind(data, where)};base64,{base64.b64encode(data).decode('ascii')}")


def _part(address: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": address}}


def _read(value: str, folder: Path, row: str) -> bytes:
    if not value:
        raise ProjectError(
            f"row {row}: no picture is named",
            hint="write the path of a picture, an https address or a data URI",
        )
    if "\0" in value:
        raise ProjectError(f"row {row}: {value!r} is not a path", hint="write a path from the project folder")
    root = folder.resolve()
    path = (root / value).resolve()
    if not path.is_relative_to(root):
        raise ProjectError(
            f"row {row}: {value} lies outside of the project folder",
            hint="copy the pictures into the project; no file outside of it is read for a cell of the data",
        )
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise ProjectError(f"row {row}: {value} is not a file", hint="write the path of a picture")
        if size > MAX_BYTES:
            raise _too_large(f"row {row}: {value}", size)
        return path.read_bytes()
    except OSError as error:
        raise ProjectError(
            f"row {row}: the picture {value} cannot be read: {error.strerror}",
            hint="paths in the data are meant from the project folder",
        ) from None


def _too_large(where: str, size: int) -> ProjectError:
    return ProjectError(
        f"{where} has {show_bytes(size)}; pictures may have {show_bytes(MAX_BYTES)}",
        hint="make it smaller: models scale pictures down anyway, most of them to less than 2,000 pixels",
    )


def _kind(data: bytes, where: str) -> str:
    for start, offset, kind in KINDS:
        if data[offset : offset + len(start)] == start and (kind != "image/webp" or data[:4] == b"RIFF"):
            return kind
    raise ProjectError(
        f"{where} is not a picture that models take: it begins with {data[:8]!r}",
        hint="convert it to PNG, JPEG, WebP, GIF or BMP",
    )


def _checked_uri(value: str, row: str) -> str:
    """The data URI with the type that its bytes have."""
    found = _DATA_URI.match(value)
    if found is None:
        raise ProjectError(f"row {row}: the data URI is not in base64", hint="write data:image/png;base64,...")
    if len(value) > 2 * MAX_BYTES:
        raise _too_large(f"row {row}: the data URI", len(value) * 3 // 4)
    try:
        data = base64.b64decode(value[found.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise ProjectError(f"row {row}: the data URI is not valid base64", hint="was it cut?") from None
    if len(data) > MAX_BYTES:
        raise _too_large(f"row {row}: the data URI", len(data))
    return f"data:{_kind(data, f'row {row}: the data URI')};base64,{value[found.end() :]}"
