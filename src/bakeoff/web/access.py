"""The token of a server: what proves that somebody has it, and what happens to those who guess.

A browser keeps no token: its cookie holds a value derived from it, so that no character of a token can play tricks in a
header, and a stolen cookie cannot log in elsewhere. A new token ends all sessions.
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie

FEWEST_CHARACTERS = 16
"""Of a token that people choose: 1,000 guesses a second then need longer than anybody has."""

MOST_GUESSES = 10
"""Different wrong tokens a minute, from anywhere together; an attacker has many addresses."""

WINDOW_SECONDS = 60.0


def make_token() -> str:
    """256 random bits, safe in an address."""
    return secrets.token_urlsafe(32)


def same(one: str, other: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(one.encode("utf-8", "surrogateescape"), other.encode("utf-8", "surrogateescape"))


class Access:
    """Who has the token of this server. Without a token, everybody who can connect is let in."""

    def __init__(self, token: str | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Make one.

        Args:
            token: of the server; None lets everybody in.
            clock: seconds.
        """
        self.token = token
        secret = (token or "").encode("utf-8", "surrogateescape")
        self.session = hmac.digest(secret, b"bakeoff session", "sha256").hex()
        # Cookies are shared by all ports of a host: each server has a name of its own.
        self.cookie = f"bakeoff_{hmac.digest(secret, b'bakeoff cookie', 'sha256').hex()[:12]}"
        self._clock = clock
        self._wrong: deque[tuple[float, bytes]] = deque()
        self._lock = threading.Lock()

    def token_is(self, shown: str) -> bool:
        """The token itself; a wrong one is counted."""
        return self._judged(shown, self.token or "")

    def lets_in(self, headers: dict[str, str]) -> bool:
        """The request shows the token as Bearer, or the cookie of a browser that has logged in."""
        if self.token is None:
            return True
        kind, _, shown = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self._judged(shown.strip(), self.token):
            return True
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self.cookie)
        except CookieError:
            found = None
        return found is not None and self._judged(found.value, self.session)

    def seconds_to_wait(self) -> int:
        """0, or how long wrong tokens are answered with 429. The right one is let in at any time: nobody can lock
        others out by guessing.
        """
        with self._lock:
            self._forget()
            if len(self._wrong) < MOST_GUESSES:
                return 0
            return max(1, int(self._wrong[0][0] + WINDOW_SECONDS - self._clock()) + 1)

    def _judged(self, shown: str, right: str) -> bool:
        if self.token is not None and same(shown, right):
            return True
        digest = hashlib.sha256(shown.encode("utf-8", "surrogateescape")).digest()
        with self._lock:
            self._forget()
            # An old cookie that a page shows again and again is one guess.
            if len(self._wrong) < MOST_GUESSES and all(known != digest for _, known in self._wrong):
                self._wrong.append((self._clock(), digest))
        return False

    def _forget(self) -> None:
        while self._wrong and self._wrong[0][0] <= self._clock() - WINDOW_SECONDS:
            self._wrong.popleft()
