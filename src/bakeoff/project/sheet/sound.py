"""Text from a page that a file and the ledger can keep."""

from bakeoff.errors import UsageError


def sound(text: str, what: str) -> str:
    """The text as it is.

    Args:
        text: to be kept.
        what: it is, for the message.

    Raises:
        UsageError: it holds half of a character or a zero byte.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(f"{what} holds half of a character", hint="type it again") from None
    if "\0" in text:
        raise UsageError(f"{what} holds a zero byte", hint="remove it")
    return text
