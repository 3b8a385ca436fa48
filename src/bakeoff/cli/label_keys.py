"""Keys of a person who labels: single keys on a terminal, characters of standard input off it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bakeoff.errors import Interrupted
from bakeoff.evaluate.people.labels import LabelKind, Said

PAIR: dict[str, Said] = {"a": "left", "b": "right", "t": "tie", "x": "both bad", "s": "skip"}
POINT: dict[str, Said] = {"r": "correct", "w": "wrong", "s": "skip"}
UNDO, QUIT = "u", "q"
END_OF_INPUT = "\x04"


def meanings(kind: LabelKind) -> dict[str, Said]:
    """Key to verdict."""
    return PAIR if kind == "pair" else POINT


@contextmanager
def keyboard() -> Iterator[Iterator[str]]:
    """Keys in lower case as they are pressed, until the input ends. White space is skipped.

    Raises:
        Interrupted: Ctrl-C.
    """
    try:
        if not sys.stdin.isatty():
            yield _lower(iter(lambda: sys.stdin.read(1), ""))
        elif sys.platform == "win32":
            yield _lower(_one_by_one())
        else:
            with _key_by_key() as keys:
                yield _lower(keys)
    except KeyboardInterrupt:
        raise Interrupted("stopped; every label is kept", hint="bakeoff label goes on from here") from None


def _lower(characters: Iterator[str]) -> Iterator[str]:
    return (character.lower() for character in characters if not character.isspace())


def _one_by_one() -> Iterator[str]:
    import click

    while True:
        try:
            yield click.getchar()
        except EOFError:
            return


@contextmanager
def _key_by_key() -> Iterator[Iterator[str]]:
    """The terminal without echo and without waiting for Enter; as it was, afterwards.

    For the whole session and not for each key, so that what is typed while an item is drawn is not lost.
    """
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal, termios.TCSANOW)
        yield _typed(terminal)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _typed(terminal: int) -> Iterator[str]:
    while pressed := os.read(terminal, 64).decode("utf-8", "ignore"):
        if pressed.startswith("\x1b"):
            continue  # an arrow, or another key that sends a sequence
        for character in pressed:
            if character == END_OF_INPUT:
                return
            yield character
