"""What is wrong with a project file, with the line: one line per problem."""

from typing import Any

from pydantic import ValidationError


def explain(error: ValidationError, text: str, name: str) -> str:
    """One line per problem: `bakeoff.toml:12: candidates.1.via: ...`."""
    problems = []
    for problem in error.errors():
        where = [part for part in problem["loc"] if part != "function-after"]
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            message = f"unknown key {where[-1]!r}"
        elif problem["type"] == "missing":
            message = "is missing"
        line = _line_of(text, where)
        place = ".".join(map(str, where))
        problems.append(": ".join(filter(None, (f"{name}:{line}" if line else name, place, message))))
    return "\n".join(problems)


def _line_of(text: str, where: list[Any]) -> int | None:
    """The line of a key, found by counting headers; good enough for files that people write."""
    key = next((part for part in reversed(where) if isinstance(part, str)), "")
    for end in range(len(where), 0, -1):
        names = [part for part in where[:end] if isinstance(part, str)]
        index = where[end - 1] if isinstance(where[end - 1], int) else None
        header = f"[{'.'.join(names)}]" if index is None else f"[[{'.'.join(names)}]]"
        found = _below(text, header, index or 0, key)
        if found is not None:
            return found
    return None


def _below(text: str, header: str, index: int, key: str) -> int | None:
    """The line of a key below the header of this number, else the header's own; None where there is none."""
    seen, inside, start = -1, False, None
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.startswith("["):
            inside = False
            if bare.split("#")[0].strip() == header:
                seen += 1
                inside = seen == index
                start = number if inside else start
        elif inside and bare.split("=")[0].strip().strip('"') == key:
            return number
    return start
