"""The decision as something to send: one HTML file, Markdown or JSON, in English or Vietnamese.

What a report is made from is imported when it is first used: every command needs the words, few need a report.
"""

from typing import TYPE_CHECKING, Literal

from bakeoff.report.numbers import Language
from bakeoff.rooms import lazily

if TYPE_CHECKING:
    from bakeoff.report.data import CandidateFacts, DataFacts, MachineFacts, ReportData, Since

Kind = Literal["html", "md", "json"]

__all__ = ["CandidateFacts", "DataFacts", "Kind", "Language", "MachineFacts", "ReportData", "Since", "report"]


def report(data: "ReportData", kind: Kind, lang: Language) -> str:
    """The report as text. The same data give the same bytes.

    Args:
        data: everything that it shows.
        kind: html, md or json.
        lang: language of html and md; JSON has its sentences in both.
    """
    if kind == "html":
        from bakeoff.report.html import html

        return html(data, lang)
    if kind == "md":
        from bakeoff.report.markdown import markdown

        return markdown(data, lang)
    from bakeoff.report.report_json import report_json

    return report_json(data)


__getattr__ = lazily(
    __name__,
    dict.fromkeys(("CandidateFacts", "DataFacts", "MachineFacts", "ReportData", "Since"), "bakeoff.report.data"),
)
