"""When a candidate is given up: a server that never answers, or no longer does. Knows nothing about HTTP."""

from bakeoff.evaluate.client import AskError
from bakeoff.evaluate.retry import RetryPolicy


class Breaker:
    """Watches the failures of one candidate."""

    def __init__(self, policy: RetryPolicy, concurrency: int) -> None:
        """Watch.

        Args:
            policy: says what is hopeless.
            concurrency: requests in flight; as many failures may come at once, for one reason.
        """
        self._policy = policy
        self._limit = max(8, 2 * concurrency)
        self._timeouts_limit = concurrency
        self._failures = 0
        self._timeouts = 0
        self._in_a_row = 0
        self._answered = False
        self.tripped: AskError | None = None
        """Why the candidate was given up."""

    def answer(self) -> None:
        """A row was answered."""
        self._answered = True
        self._in_a_row = 0

    def failure(self, error: AskError) -> None:
        """An attempt failed. Before the first answer, that counts against the server."""
        if self._policy.hopeless(error):
            self._trip(error)
        elif not self._answered:
            self._failures += 1
            self._timeouts += error.kind == "timeout"
            if self._failures >= self._limit or self._timeouts >= self._timeouts_limit:
                self._trip(error)

    def gave_up(self, error: AskError) -> None:
        """A row failed for good. Many in a row, by no fault of their own: the network or the server is gone."""
        self._in_a_row += error.overload
        if self._in_a_row >= self._limit:
            self._trip(error)

    def give_up(self, error: AskError) -> None:
        """Somebody else found it out."""
        self._trip(error)

    def _trip(self, error: AskError) -> None:
        if self.tripped is None:
            self.tripped = error
