"""Comfortable, usable, too slow for conversation, does not run: a plain word from the user's own request.

The limits and why:

- **Writing** against reading. Adults read English silently at 238 words a minute (Brysbaert 2019, Journal of Memory and
  Language 109), 4 words or about 5.5 tokens a second. Text that comes faster than it is read is comfortable; at half
  of that one waits for every line.
- **The first word.** About a second keeps the flow of thought, after 10 seconds attention goes elsewhere (Nielsen 1993,
  Usability Engineering, chapter 5). A prompt takes a moment more than a click, so comfort ends at 3 seconds.
- **The whole answer.** One that takes minutes is never good, however fast its words come.
"""

from dataclasses import dataclass
from typing import Literal

from bakeoff.fit.speed.request import RequestTime
from bakeoff.values import Reason, reason

Verdict = Literal["comfortable", "usable", "too slow for conversation", "does not run"]

READING_TOKENS_PER_SECOND = 5.5
"""English. Vietnamese is near it: fewer words a minute by count, more tokens per word with most tokenizers."""

WAITING_SHARE = 0.5
"""Of the reading speed, below which a text is not usable."""

COMFORTABLE_FIRST_SECONDS, USABLE_FIRST_SECONDS = 3.0, 10.0
COMFORTABLE_ANSWER_SECONDS, USABLE_ANSWER_SECONDS = 60.0, 120.0


@dataclass(frozen=True, slots=True)
class Judged:
    """The word and what it rests on."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    """What keeps it from being better, worst first; empty where it is comfortable."""


NOT_KNOWN = reason("speed.not_known")


def judge(
    time: RequestTime | None,
    *,
    runs: bool = True,
    reading: float = READING_TOKENS_PER_SECOND,
    unknown: Reason = NOT_KNOWN,
) -> Judged:
    """The verdict for a request.

    Args:
        time: of the user's request; None where nothing can be said of the speed.
        runs: it fits and an engine runs it.
        reading: tokens per second that the user reads.
        unknown: why nothing can be said of the speed, where `time` is None.
    """
    if not runs:
        return Judged("does not run", ())
    if time is None:
        return Judged("usable", (unknown,))
    checks = (_answer(time), _first_word(time), _writing(time, reading))
    found = sorted((check for check in checks if check[0]), key=lambda check: -check[0])
    words: tuple[Verdict, ...] = ("comfortable", "usable", "too slow for conversation")
    return Judged(words[max((grade for grade, _ in found), default=0)], tuple(why for _, why in found))


def _grade(value: float, usable: float, comfortable: float) -> int:
    """0 within comfort, 1 usable, 2 not; larger is worse."""
    return 2 if value > usable else int(value > comfortable)


def _answer(time: RequestTime) -> tuple[int, Reason]:
    seconds = time.seconds.value
    grade = _grade(seconds, USABLE_ANSWER_SECONDS, COMFORTABLE_ANSWER_SECONDS)
    return grade, reason("speed.answer_takes", seconds=seconds, tokens=round(time.output_tokens))


def _first_word(time: RequestTime) -> tuple[int, Reason]:
    seconds = time.first_token_ms.value / 1e3
    grade = _grade(seconds, USABLE_FIRST_SECONDS, COMFORTABLE_FIRST_SECONDS)
    return grade, reason("speed.first_word_takes", seconds=seconds, tokens=round(time.prompt_tokens))


def _writing(time: RequestTime, reading: float) -> tuple[int, Reason]:
    speed = time.decode_tokens_per_second.value
    grade = _grade(-speed, -WAITING_SHARE * reading, -reading)
    return grade, reason("speed.slower_than_reading", speed=speed, reading=reading)
