"""How a run ended, as lines on standard error and an exit code."""

from collections.abc import Sequence

from bakeoff.cli.output import Language, say
from bakeoff.project.running import Outcome
from bakeoff.report.words import sentence
from bakeoff.values import Reason


def settle(outcomes: Sequence[Outcome], *, answered: int, lang: Language) -> int:
    """Say which candidates were given up and which cells failed.

    Args:
        outcomes: of `Project.run`.
        answered: cells of the project that have an answer now, from this run or earlier ones.
        lang: language of the lines.

    Returns:
        0 all cells have an answer, 1 some failed or were not asked because of a cap.

    Raises:
        BakeoffError: nothing could be asked at all; the first candidate's error, with its exit code.
    """
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    if errors and answered == 0:
        for outcome in outcomes[1:]:
            _warn(outcome)
        raise errors[0]
    for outcome in outcomes:
        _warn(outcome)
        if outcome.failed and outcome.error is None:
            facts = {"candidate": outcome.candidate, "n": outcome.failed, "because": outcome.because}
            say(sentence(Reason("run.failed_cells", facts), lang))
        if outcome.capped:
            say(
                sentence(
                    Reason("run.capped", {"candidate": outcome.candidate, "n": outcome.left, "cap": outcome.capped}),
                    lang,
                )
            )
    return 1 if errors or any(outcome.failed or outcome.capped for outcome in outcomes) else 0


def _warn(outcome: Outcome) -> None:
    if outcome.error is None:
        return
    say(f"warning: {outcome.error.message}")
    if outcome.error.hint:
        say(f"hint: {outcome.error.hint}")
