"""The answer rests on the sources that it was given: for retrieval-augmented rows.

By words only. A sentence that turns a source's meaning round with the source's own words counts as supported; a true
sentence in other words than the source's does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import regex

from bakeoff.evaluate.graders.length import sentences
from bakeoff.evaluate.graders.numerals import numerals
from bakeoff.evaluate.graders.rule import Case, Grade, Scored
from bakeoff.evaluate.graders.text import normalized, word_set, words
from bakeoff.values import Reason, reason

LEAST_QUOTE_WORDS = 3
"""A shorter text in quotation marks is a name or a word that is talked about, not a quotation."""

MOST_CHARACTERS = 100_000
"""Of an answer that are checked."""

_QUOTE = regex.compile(r"[\"“„«「]([^\"“”„«»「」\n]{5,1000}?)[\"”«»“」]")
_CITATION = regex.compile(r"\[(\d{1,3}(?:\s*[,;\u2013-]\s*\d{1,3})*)\]|【(\d{1,3})[^】]*】")
_MARK = regex.compile(
    r"^\s*(?:\[(\d{1,3})\]|【(\d{1,3})】|(?:Document|Doc|Source|Passage|Tài liệu|Nguồn|Đoạn)\s+(\d{1,3})\b)",
    regex.M | regex.I,
)
_NAME = regex.compile(r"(?<=[\p{Ll}\d,;:]\s)(\p{Lu}[\p{L}\d]*(?:\s\p{Lu}[\p{L}\d]*)*)")
_FUNCTION_WORDS = word_set(
    "a an the of to in on at by for from with and or but not is are was were be been being has have had do does did"
    " this that these those it its as which who whom what when where how can could may might will would should must"
    " và là của có được cho một các những trong với đã sẽ đang này đó khi thì mà ở từ về như để do bởi vì nên cũng"
    " source sources says say said states according document passage text context nguồn tài liệu đoạn nêu nói biết"
    " rất không ra vào lên nếu hay hoặc theo trên dưới sau trước đến tại bị"
)
"""Words that say nothing about whether a sentence rests on a source."""


@dataclass(frozen=True, slots=True)
class Grounded(Scored):
    """The share of the answer's sentences that rest on the target's text (the sources), by words: enough of a
    sentence's content words, and every number, quotation, name and citation mark `[n]` in it, must be found there.
    """

    overlap: float = 0.6
    """Share of a sentence's content words that must occur in the sources."""

    citations: Literal["checked", "required", "ignored"] = "checked"
    """`checked`: a mark `[n]` must name a source that is there. `required`: every sentence with content needs one."""

    question: str = ""
    """Template of the question: words, names and numbers that it brings need no source."""

    def __post_init__(self) -> None:
        """A share is a share."""
        Scored.__post_init__(self)
        if not 0 < self.overlap <= 1:
            raise ValueError("overlap must lie above 0 and at most at 1")

    def columns(self, target: str) -> set[str]:
        """Those of the sources, and of the question."""
        return Scored.columns(self, target) | Scored.columns(self, self.question)

    def grade(self, case: Case) -> Grade:
        """Judge one answer."""
        question = Scored.target(self, self.question, case.row)
        sources = _Sources(case.target, question)
        parts = sentences(case.answer[:MOST_CHARACTERS])
        whole = parts if len(case.answer) <= MOST_CHARACTERS else parts[:-1]
        found = [(sentence, self._problem(sentence, sources)) for sentence in whole]
        counted = [(sentence, problem) for sentence, problem in found if _content(sentence) or problem]
        if not counted:
            return Grade(None, detail=reason("grade.nothing_to_ground"))
        problems = [(sentence, problem) for sentence, problem in counted if problem is not None]
        share = 1 - len(problems) / len(counted)
        detail = None
        if problems:
            _, problem = problems[0]
            assert problem is not None
            parameters = {"n": len(problems), "total": len(counted), **problem.parameters}
            detail = Reason(problem.code, parameters)
        return self.scored(share, detail)

    def _problem(self, sentence: str, sources: "_Sources") -> Reason | None:
        """What a sentence says that no source does."""
        cited = [] if self.citations == "ignored" else _cited(sentence)
        unknown = next((number for number in cited if number not in sources.numbered), None)
        if unknown is not None:
            return reason("grade.unknown_citation", found=unknown)
        bare = _CITATION.sub(" ", sentence)
        content = _content(bare)
        if self.citations == "required" and content and not cited:
            return reason("grade.no_citation", sentence=sentence[:200])
        for quote in _QUOTE.findall(bare):
            if len(words(quote)) >= LEAST_QUOTE_WORDS and normalized(quote) not in sources.text:
                return reason("grade.unknown_quote", found=quote[:200])
        for numeral in numerals(bare):
            if not set(numeral.values) & sources.values:
                return reason("grade.unknown_number", found=bare[numeral.start : numeral.end].strip())
        for name in _NAME.findall(bare):
            if not set(words(name)) <= sources.words:
                return reason("grade.unknown_name", found=name[:200])
        if content and sum(word in sources.words for word in content) < self.overlap * len(content):
            return reason("grade.unsupported", sentence=sentence[:200])
        return None


class _Sources:
    """The sources of one row, ready to be looked up."""

    def __init__(self, text: str, question: str) -> None:
        both = f"{text}\n{question}"
        self.text = normalized(both)
        self.words = set(words(both)) | set(_FUNCTION_WORDS)
        self.values = {value for numeral in numerals(both) for value in numeral.values}
        marks = {int(next(filter(None, groups))) for groups in _MARK.findall(text)}
        paragraphs = [part for part in regex.split(r"\n\s*\n", text) if part.strip()]
        self.numbered = marks or set(range(1, len(paragraphs) + 1))


def _cited(sentence: str) -> list[int]:
    return [
        int(one) for groups in _CITATION.findall(sentence) for part in groups for one in regex.findall(r"\d+", part)
    ]


def _content(sentence: str) -> Sequence[str]:
    """The words of a sentence that say something."""
    return [word for word in words(_CITATION.sub(" ", sentence)) if word not in _FUNCTION_WORDS and not word.isdigit()]
