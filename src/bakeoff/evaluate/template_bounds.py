"""How much a template may make: steps, seconds, and the size of every value, looked at before the value is made.

Pure arithmetic over the arguments of operations, methods and filters. Knows nothing about rows or prompts.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NoReturn

from jinja2.exceptions import SecurityError

MAX_CHARACTERS = 16 * 1024 * 1024
"""Of a rendered prompt, or of any text on the way to it: more is a mistake (or a bomb), not a prompt. The longest
context of any model is about a tenth of it."""

MAX_MADE = 8 * MAX_CHARACTERS
"""Characters of all texts that one rendering makes from others, so that it cannot keep many large ones."""

MAX_ITEMS = 1_000_000
"""Of a list that a template makes, with what is in its items."""

MAX_BITS = 4096
"""Of a whole number that a template makes."""

MAX_STEPS = 1_000_000
"""Turns of loops, calls and filters in one rendering."""

MAX_SECONDS = 5.0
"""Of the processor, for one rendering; a usual one takes less than a millisecond."""


def refuse(what: str) -> NoReturn:
    """Stop a template that makes too much."""
    raise SecurityError(f"it makes {what}")


@dataclass(slots=True)
class Budget:
    """What one rendering may still spend."""

    steps: int = MAX_STEPS
    made: int = 0
    started: float = field(default_factory=time.thread_time)

    def step(self) -> None:
        """One turn of a loop, one call or one filter."""
        self.steps -= 1
        if self.steps < 0:
            refuse(f"more than {MAX_STEPS:,} turns of loops and calls")
        if self.steps % 64 == 0 and time.thread_time() - self.started > MAX_SECONDS:
            refuse(f"more than {MAX_SECONDS:g} seconds of work")


_spent: ContextVar[Budget] = ContextVar("spent")


@contextmanager
def spending() -> Iterator[None]:
    """A rendering, with a budget of its own."""
    token = _spent.set(Budget())
    try:
        yield
    finally:
        _spent.reset(token)


def budget() -> Budget:
    """That of the rendering that goes on."""
    return _spent.get()


def make_room(characters: int, *, kept: bool = True) -> None:
    """Refuse a text before it is made. One that is not kept is looked at without adding it to all that was made."""
    if characters > MAX_CHARACTERS:
        refuse(f"a text of more than {MAX_CHARACTERS:,} characters")
    if kept and characters > 1024:
        spent = budget()
        spent.made += characters
        if spent.made > MAX_MADE:
            refuse(f"texts of more than {MAX_MADE:,} characters together")


def weigh(value: Any) -> None:
    """Refuse a list or mapping that would be too long a text: it may hold the same large item many times."""
    if not isinstance(value, list | tuple | dict):
        return
    items, characters, left = 0, 0, [value]
    while left:
        inner = left.pop()
        items += 1
        if isinstance(inner, dict):
            left.extend(inner.keys())
            left.extend(inner.values())
        elif isinstance(inner, list | tuple):
            left.extend(inner)
        elif isinstance(inner, str | bytes):
            characters += len(inner)
        if items + len(left) > MAX_ITEMS:
            _too_many()
        if characters > MAX_CHARACTERS:
            make_room(characters)


def _too_many() -> NoReturn:
    refuse(f"a list of more than {MAX_ITEMS:,} items")


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str | bytes | list | tuple) else 0


def _multiply(left: Any, right: Any) -> None:
    for value, times in ((left, right), (right, left)):
        if isinstance(times, int) and isinstance(value, str | bytes):
            make_room(len(value) * times)
        elif isinstance(times, int) and isinstance(value, list | tuple) and len(value) * times > MAX_ITEMS:
            _too_many()
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() + right.bit_length() > MAX_BITS:
        refuse(f"a number of more than {MAX_BITS:,} bits")


def _power(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() * abs(right) > MAX_BITS:
        refuse(f"a number of more than {MAX_BITS:,} bits")


def _add(left: Any, right: Any) -> None:
    if isinstance(left, str | bytes):
        make_room(len(left) + _length(right))
    elif _length(left) + _length(right) > MAX_ITEMS:
        _too_many()


def _percent(left: Any, right: Any) -> None:
    if isinstance(left, str | bytes):
        _check_format(str(left), right if isinstance(right, tuple) else [right])


BINARY: Mapping[str, Callable[[Any, Any], None]] = {"*": _multiply, "**": _power, "+": _add, "%": _percent}
"""Operators that can make much out of little."""

_NUMBER = re.compile(r"\d+")
_WIDTH_GIVEN = re.compile(r"%[^%a-zA-Z]*\*|\{[^{}]*\{")
"""A width that is not in the pattern but among the values: `%*d`, `{:{}}`."""


def _check_format(pattern: str, values: Iterable[Any]) -> None:
    values = list(values)
    for value in values:
        weigh(value)
    widths = sum(int(digits) if len(digits) < 9 else MAX_CHARACTERS for digits in _NUMBER.findall(pattern))
    fields = 1 + pattern.count("%") + pattern.count("{")
    if _WIDTH_GIVEN.search(pattern):
        widths += fields * max((abs(value) for value in values if isinstance(value, int)), default=0)
    make_room(len(pattern) + widths + fields * max((len(str(value)) for value in values), default=0))


def _replaced(text: Any, old: Any, new: Any) -> None:
    text, old, new = str(text), str(old), str(new)
    make_room(len(text) + (len(text) // max(1, len(old)) + 1) * len(new))


def check_method(name: str, owner: str | bytes, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """A method of a text whose result can be much larger than the text."""
    given = [*args, *kwargs.values()]
    number = max((abs(n) for n in given if isinstance(n, int)), default=0)
    if name == "replace" and len(args) >= 2:
        _replaced(owner, args[0], args[1])
    elif name == "join" and args and isinstance(args[0], list | tuple | str):
        make_room(sum(len(str(item)) + len(owner) for item in args[0]))
    elif name in ("format", "format_map"):
        _check_format(str(owner), given)
    elif name == "translate":
        refuse("a text letter by letter from a table; write replace")
    elif name == "expandtabs":
        make_room(len(owner) + str(owner).count("\t") * (number or 8))
    else:  # ljust, rjust, center, zfill, ...
        make_room(len(owner) + number)


def _number(value: Any) -> int:
    return abs(value) if isinstance(value, int) else 0


def _count(value: Any, count: Any, fill_with: Any = None) -> None:
    if _number(count) > MAX_ITEMS:
        _too_many()


def _indent(s: Any, width: Any = 4, first: bool = False, blank: bool = False) -> None:
    make_room((str(s).count("\n") + 2) * (_number(width) + _length(width)) + len(str(s)))


def _sum(iterable: Any, attribute: Any = None, start: Any = 0) -> None:
    if not isinstance(start, int | float):
        refuse("a sum that is not of numbers")


FILTER_CHECKS: Mapping[str, Callable[..., None]] = {
    "center": lambda value, width=80: make_room(len(str(value)) + _number(width)),
    "indent": _indent,
    "replace": lambda s, old, new, count=None: _replaced(s, old, new),
    "format": lambda value, *args, **kwargs: _check_format(str(value), [*args, *kwargs.values()]),
    "wordwrap": lambda s, width=79, break_long_words=True, wrapstring=None, break_on_hyphens=True: make_room(
        len(str(s)) * (1 + _length(wrapstring or "\n"))
    ),
    "batch": _count,
    "slice": _count,
    "sum": _sum,
    "tojson": lambda value, indent=None: make_room(_number(indent) * 100_000),
    "urlize": lambda value, *args, **kwargs: make_room(len(str(value)) * (100 + sum(map(_length, args)))),
    "truncate": lambda s, length=255, killwords=False, end="...", leeway=None: make_room(len(str(s)) + len(end)),
}
"""Filters whose result can be much larger than what they get, with the signatures of Jinja2."""
