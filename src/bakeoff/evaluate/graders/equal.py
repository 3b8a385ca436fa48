"""Equal to the target, or contains it."""

from dataclasses import dataclass
from pathlib import Path

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders.rule import Case, Grade, Rule
from bakeoff.evaluate.graders.text import fold, is_ascii, normal, normalized
from bakeoff.values import reason


@dataclass(frozen=True, slots=True)
class Exact(Rule):
    """Right when the answer equals the target, by the letter. Outer whitespace and Unicode form do not count."""

    ignore_case: bool = False
    """Compare without upper and lower case."""

    alternatives: str | None = None
    """The target holds several right answers, with this text between them, for example `"|"`."""

    def grade(self, case: Case) -> Grade:
        """Judge one answer."""
        answer = _cased(case.answer, self.ignore_case)
        return Grade(float(any(answer == _cased(one, self.ignore_case) for one in several(case, self.alternatives))))


@dataclass(frozen=True, slots=True)
class Normalized(Rule):
    """Right when answer and target have the same words: case, punctuation, spaces and invisible characters do not
    count, nor the way a Vietnamese tone mark is placed (hoà, hòa). English articles are dropped where both texts are
    plain ASCII.
    """

    articles: bool = True
    """Drop a, an, the."""

    alternatives: str | None = None
    """The target holds several right answers, with this text between them."""

    def grade(self, case: Case) -> Grade:
        """Judge one answer."""
        for one in several(case, self.alternatives):
            articles = self.articles and is_ascii(case.answer, one)
            answer, target = normalized(case.answer, articles=articles), normalized(one, articles=articles)
            if answer == target and (answer or case.answer == one):
                return Grade(1.0)
        return Grade(0.0)


@dataclass(frozen=True, slots=True)
class Contains(Rule):
    """Right when the target occurs in the answer."""

    ignore_case: bool = False
    """Compare without upper and lower case."""

    whole_words: bool = False
    """The target must not be a part of a longer word: `an` does not occur in `plan`."""

    alternatives: str | None = None
    """The target holds several right answers, with this text between them; one is enough."""

    def grade(self, case: Case) -> Grade:
        """Judge one answer."""
        return Grade(float(self.found(case) is not None))

    def found(self, case: Case) -> str | None:
        """The first of the targets that occurs in the answer."""
        answer = _cased(case.answer, self.ignore_case)
        for one in several(case, self.alternatives):
            if _occurs(_cased(one, self.ignore_case), answer, self.whole_words):
                return one
        return None


@dataclass(frozen=True, slots=True)
class NotContains(Contains):
    """Right when the target does not occur in the answer."""

    def check(self, target: str, folder: Path) -> None:
        """An empty target occurs in every answer."""
        if not target.strip():
            raise ProjectError("grader not_contains: the target is empty", hint="write what must not occur")

    def grade(self, case: Case) -> Grade:
        """Judge one answer."""
        found = Contains.found(self, case)
        return Grade(1.0) if found is None else Grade(0.0, detail=reason("grade.forbidden", found=found[:200]))


def several(case: Case, divider: str | None) -> list[str]:
    """The right answers in a target."""
    if not divider:
        return [case.target]
    return [part for one in case.target.split(divider) if (part := normal(one))] or [case.target]


def _cased(text: str, ignore_case: bool) -> str:
    return fold(text) if ignore_case else text


def _occurs(target: str, answer: str, whole_words: bool) -> bool:
    start = answer.find(target)
    while start >= 0:
        end = start + len(target)
        inside = _joins(answer[start - 1 : start], target[:1]) or _joins(target[-1:], answer[end : end + 1])
        if not whole_words or not inside:
            return True
        start = answer.find(target, start + 1)
    return False


def _joins(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum()
