"""`[data]`: the file with the rows."""

from typing import Annotated

from pydantic import Field

from bakeoff.project.config.section import Section, Text


class DataSection(Section):
    """`[data]`"""

    file: Annotated[
        Text,
        Field(
            description="csv, tsv, jsonl, json, parquet, xlsx; or `hf://datasets/ORG/NAME[@REV][/CONFIG][:SPLIT]`, "
            "`hf://datasets/ORG/NAME[@REV]/FILE`, `s3://BUCKET/KEY` (a file, a folder, or `*`)"
        ),
    ]
    id: Annotated[str | None, Field(description="column of unique ids; without one rows are numbered")] = None
    group: Annotated[str | None, Field(description="rows with the same value belong together: clustered errors")] = None
    sheet: Annotated[str | None, Field(description="of an Excel file; the first one")] = None
    encoding: Annotated[str | None, Field(description="of a text file; by its byte order mark, else UTF-8")] = None
    delimiter: Annotated[str | None, Field(description="of csv and tsv: one character, or `tab`; looked for")] = None
