"""A picture of one cell, for the page: from the project folder or from the cell itself, never from elsewhere."""

import base64

from bakeoff.errors import UsageError
from bakeoff.evaluate.images import image_part
from bakeoff.project.sheet.sheet import Sheet


def picture(sheet: Sheet, row_id: str, column: str) -> tuple[bytes, str]:
    """(bytes, media type) of a cell that names a picture. The type is that of its first bytes.

    Raises:
        UsageError: there is no such cell, or it names an address elsewhere.
        ProjectError: it is no picture, too large, or outside of the project folder.
    """
    if row_id not in sheet.places or column not in sheet.table.columns:
        raise UsageError(f"no cell {column[:100]!r} of row {row_id[:100]!r}", hint="rows are named by their id")
    value = str(sheet.table.rows[sheet.places[row_id]].values[column] or "").strip()
    if value.startswith(("http://", "https://")):
        raise UsageError("this picture lies elsewhere and is not fetched", hint="copy it into the project folder")
    address = image_part(value, sheet.folder, row=row_id)["image_url"]["url"]
    head, _, data = address.partition(",")
    return base64.b64decode(data), head.removeprefix("data:").removesuffix(";base64")
