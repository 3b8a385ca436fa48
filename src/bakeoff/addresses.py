"""Addresses of servers, as far as several rooms need to tell them apart."""

from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_loopback(url: str) -> bool:
    """The server is on this machine."""
    return (urlsplit(url).hostname or "") in LOOPBACK
