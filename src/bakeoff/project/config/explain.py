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
        problems.append(f"{name}{f':{line}' if line else ''}: {'.'.join(map(str, where))}: {message}")
    return "\n".join(problems)


def _line_of(text: str, where: list[Any]) -> int | None:
    """The line of a key, found by counting headers; good enough for files that people write."""
    if not where:
        return None
    index = next((part for part in where[1:] if isinstance(part, int)), 0)
    header = f"[[{where[0]}]]" if len(where) > 1 and isinstance(where[1], int) else f"[{where[0]}]"
    key = next((part for part in reversed(where) if isinstance(part, str)), "")
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
