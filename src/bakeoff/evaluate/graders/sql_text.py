"""A query inside a model's answer. Knows nothing about databases."""

import regex

from bakeoff.evaluate.graders.text import fenced

_QUERY = regex.compile(r"(?:^|(?<=\n)|(?<=:\s))\s*(?:WITH|SELECT|VALUES)\b.*", regex.IGNORECASE | regex.DOTALL)
_STRINGS = regex.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?(?:\*/|\Z)", regex.DOTALL)


def query_of(text: str) -> str:
    """The query of an answer: the first SQL fence, else from the first SELECT or WITH that begins a line, up to a
    semicolon or a blank line.
    """
    blocks = fenced(text, "sql", "sqlite")
    if blocks:
        return blocks[0].strip()
    found = _QUERY.search(text)
    return regex.split(r"\n\s*\n", found[0].strip())[0].strip() if found else text.strip()


def is_ordered(query: str) -> bool:
    """Whether the query itself (not one inside it) asks for an order."""
    depth = 0
    for token in regex.findall(r"[()]|ORDER\s+BY", _STRINGS.sub(" ", query), regex.IGNORECASE):
        depth += (token == "(") - (token == ")")
        if len(token) > 1 and depth == 0:
            return True
    return False
