"""The decision as something to send: one HTML file, Markdown or JSON, in English or Vietnamese."""

from typing import Literal

from bakeoff.report.data import CandidateFacts, DataFacts, MachineFacts, ReportData
from bakeoff.report.numbers import Language

Kind = Literal["html", "md", "json"]

__all__ = ["CandidateFacts", "DataFacts", "Kind", "Language", "MachineFacts", "ReportData", "report"]


def report(data: ReportData, kind: Kind, lang: Language) -> str:
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
