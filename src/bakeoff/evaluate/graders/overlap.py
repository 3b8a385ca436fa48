"""How much of the target's wording is in the answer: ROUGE, chrF, BLEU."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from rapidfuzz.distance import LCSseq

from bakeoff.evaluate.graders.rule import Case, Grade, Scored
from bakeoff.evaluate.graders.text import normal, words
from bakeoff.values import reason

MOST_WORDS = 20_000
"""Of an answer that are compared by their order."""

MOST_CHARACTERS = 100_000
"""Of an answer that chrF and BLEU compare."""


@dataclass(frozen=True, slots=True)
class Rouge(Scored):
    """ROUGE of the answer against the target (Lin 2004), by words without case; Vietnamese by syllables, Chinese and
    Japanese by characters. No stemming.
    """

    variant: Literal["rouge1", "rouge2", "rougeL"] = "rougeL"
    """Single words, pairs of words, or the longest common subsequence."""

    measure: Literal["f1", "recall", "precision"] = "f1"
    """`recall`: how much of the target is in the answer; `precision`: how much of the answer is in the target."""

    def grade(self, case: Case) -> Grade:
        """Judge one answer."""
        answer, target = words(case.text)[:MOST_WORDS], words(case.target)[:MOST_WORDS]
        if not target:
            return Grade(None, detail=reason("grade.no_target"))
        return self.scored(rouge(answer, target, self.variant)[self.measure])


def rouge(answer: Sequence[str], target: Sequence[str], variant: str) -> dict[str, float]:
    """Precision, recall and F1 of one ROUGE variant.

    With n-grams: common ones (each as often as in both) over those of the answer, and over those of the target. With
    the longest common subsequence: its length over the lengths. As `rouge-score` computes them.
    """
    if variant == "rougeL":
        common, answered, wanted = LCSseq.similarity(answer, target), len(answer), len(target)
    else:
        n = int(variant[-1])
        first, second = _grams(answer, n), _grams(target, n)
        common, answered, wanted = (first & second).total(), first.total(), second.total()
    precision = common / answered if answered else 0.0
    recall = common / wanted if wanted else 0.0
    f1 = 2 * precision * recall / (precision + recall) if common else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}


def _grams(tokens: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


@dataclass(frozen=True, slots=True)
class Chrf(Scored):
    """chrF of the answer against the target (Popović 2015), by sacrebleu, from 0 to 1: F2 over character n-grams of
    1 to 6. Needs no words, so it is fair to every language.
    """

    word_order: int = 0
    """Longest n-gram of words that counts too; 2 is chrF++."""

    def grade(self, case: Case) -> Grade:
        """Judge one answer."""
        metric = _chrf(self.word_order)
        return self.scored(_score(metric, case))


@dataclass(frozen=True, slots=True)
class Bleu(Scored):
    """BLEU of the answer against the target (Papineni 2002), by sacrebleu, from 0 to 1, one sentence at a time with
    exponential smoothing and n-grams up to the answer's length. The mean over rows is not the BLEU of a corpus.
    """

    tokenize: Literal["13a", "intl", "char", "zh", "none"] = "13a"
    """How sacrebleu cuts words: 13a is its default; `intl` follows Unicode; `char` and `zh` are for Chinese."""

    def grade(self, case: Case) -> Grade:
        """Judge one answer."""
        return self.scored(_score(_bleu(self.tokenize), case))


@cache
def _chrf(word_order: int) -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF(word_order=word_order, eps_smoothing=False)


@cache
def _bleu(tokenize: str) -> Any:
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(tokenize=tokenize, effective_order=True)


def _score(metric: Any, case: Case) -> float:
    """The sentence score of sacrebleu, which goes from 0 to 100, as a share."""
    score = metric.sentence_score(normal(case.answer[:MOST_CHARACTERS]), [case.target]).score
    return min(1.0, float(score) / 100)
