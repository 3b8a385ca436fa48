"""`[data]`: the file with the rows."""

from bakeoff.project.config.section import Section, Text


class DataSection(Section):
    """`[data]`"""

    file: Text
    id: str | None = None
    group: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
