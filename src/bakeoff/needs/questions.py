"""What the wizard asks, in order. The words of a question and the line that explains it are in `report.words`."""

from collections.abc import Callable
from dataclasses import dataclass

from bakeoff.needs.needs import CHOICES, Needs
from bakeoff.values import Reason, reason


@dataclass(frozen=True, slots=True)
class Question:
    """One question: the key of `[needs]` that its answer becomes."""

    key: str
    choices: tuple[str, ...] = ()
    """The words to choose from; empty: free."""

    asked: Callable[[Needs], bool] = lambda needs: True
    """Whether it matters, given the answers before it."""

    @property
    def words(self) -> Reason:
        """The question."""
        return reason(f"ask.{self.key}")

    @property
    def why(self) -> Reason:
        """The line that explains it."""
        return reason(f"ask.{self.key}.why")


QUESTIONS: tuple[Question, ...] = (
    Question("task", CHOICES["task"]),
    Question("languages"),
    Question("inputs", asked=lambda needs: needs.task in ("chat", "extraction", "rag", "agents", "vision")),
    Question("domain"),
    Question("privacy", CHOICES["privacy"]),
    Question("hardware"),
    Question("prompt_tokens"),
    Question("output_tokens"),
    Question("context_tokens"),
    Question("requests_per_day"),
    Question("concurrent_users"),
    Question("max_time_to_first_token_ms", asked=lambda needs: needs.prefer != "quality"),
    Question("min_decode_tokens_per_second"),
    Question("prefer", CHOICES["prefer"]),
    Question("license", CHOICES["license"]),
    Question("openness", CHOICES["openness"]),
    Question("budget_usd_per_month", asked=lambda needs: needs.privacy == "any" and not needs.fine_tuning),
    Question("fine_tuning"),
)
