"""From a code to a sentence, in English or Vietnamese. The only place that makes sentences for people.

The words are in the folders `en` and `vi` beside this file, one file for each subject, and in `en.toml` and `vi.toml`:
`[reasons]` by code, and `[labels]` for headings and names.
A sentence takes its parameters in braces, with a colon and a kind where they are not plain text:

    {model}                      text, cleaned, on one line; a whole number; or a list of names
    {n:plural:row|rows}          the word for one, or the word for any other number
    {share:percent}              0.853 -> 85.3%
    {gap:points}                 0.03  -> 3 points
    {low:signed_points}          0.042 -> +4.2
    {low:size_of_points}         -0.042 -> 4.2
    {p_holm:p}                   0.0421 -> p = 0.042
    {name:metric}                accuracy, macro-F1
    {verdict:verdict} {rule:rule}  their own words
    {latency:ms} {time:seconds} {speed:rate} {size:size} {cost:dollars} {value:number}

An entry may be a table: `by` names a parameter, and there is one sentence (or a table again) for each of its values.
True and false are `yes` and `no`. `by = "a == b"` asks whether two parameters are the same, `by = "a?"` whether one is
known (not None).
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Formatter
from typing import Any

from bakeoff.report import numbers
from bakeoff.report.numbers import Language
from bakeoff.report.text import isolated, one_line, shorten
from bakeoff.values import Reason

MOST_CHARACTERS = 300
"""Of one text parameter; a name longer than this is an attack or an accident."""


class WordsError(LookupError):
    """A code without words, or a sentence without a parameter: a mistake in the program, which the tests find."""


Entry = str | dict[str, "Entry"]
"""A sentence, or sentences by the value of a parameter."""


@dataclass(frozen=True, slots=True)
class Words:
    """One language."""

    reasons: Mapping[str, Entry]
    """Code of a `Reason` to its sentence or sentences."""

    labels: Mapping[str, str]
    """Headings, column names, names of metrics and states."""


@cache
def words(lang: Language) -> Words:
    """The words of a language."""
    here = resources.files("bakeoff.report.words")
    found: dict[str, dict[str, Any]] = {"reasons": {}, "labels": {}}
    files = sorted((one for one in (here / lang).iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    for file in (here / f"{lang}.toml", *files):
        for section, entries in tomllib.loads(file.read_text(encoding="utf-8")).items():
            twice = found[section].keys() & entries.keys()
            if twice:
                raise WordsError(f"{lang}/{file.name} has words for {sorted(twice)[0]!r} again")
            found[section] |= entries
    return Words(reasons=found["reasons"], labels=found["labels"])


def sentence(reason: Reason, lang: Language) -> str:
    """The sentence of a reason.

    Raises:
        WordsError: there are no words for the code, or a parameter is missing or of the wrong kind.
    """
    try:
        entry = words(lang).reasons[reason.code]
    except KeyError:
        raise WordsError(f"{lang}.toml has no words for the reason {reason.code!r}") from None
    while isinstance(entry, dict):
        name = str(entry["by"])
        try:
            entry = entry[_case(name, reason.parameters)]
        except KeyError:
            raise WordsError(f"{lang}.toml: {reason.code!r} has no sentence by {name}: {reason.parameters}") from None
    return _fill(entry, reason.parameters, lang, reason.code)


def label(name: str, lang: Language, **parameters: Any) -> str:
    """A heading, a column name, a name of a metric or a state.

    Raises:
        WordsError: there is no such label, or a parameter is missing.
    """
    try:
        template = words(lang).labels[name]
    except KeyError:
        raise WordsError(f"{lang}.toml has no label {name!r}") from None
    return _fill(template, parameters, lang, name)


def placeholders(template: str) -> Iterator[tuple[str, str]]:
    """(parameter, kind) of each brace in a template; the kind is empty for text."""
    for _, name, kind, _ in Formatter().parse(template):
        if name is not None:
            yield name, (kind or "").partition(":")[0]


def _fill(template: str, parameters: Mapping[str, Any], lang: Language, code: str) -> str:
    parts = []
    for literal, name, kind, _ in Formatter().parse(template):
        parts.append(literal)
        if name is None:
            continue
        if name not in parameters:
            raise WordsError(f"{lang}.toml: {code!r} needs the parameter {name!r}, got {sorted(parameters)}")
        kind, _, rest = (kind or "").partition(":")
        try:
            parts.append(KINDS[kind](parameters[name], lang, rest))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise WordsError(f"{lang}.toml: {code!r}: {{{name}:{kind}}} cannot show {parameters[name]!r}") from error
    return "".join(parts)


def _case(by: str, parameters: Mapping[str, Any]) -> str:
    first, same, second = by.partition(" == ")
    if same:
        value = parameters[first] == parameters[second]
    else:
        value = parameters[by.removesuffix("?")]
        value = value is not None if by.endswith("?") else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _plain(value: Any, lang: Language, _: str) -> str:
    if isinstance(value, str):
        return isolated(shorten(one_line(value), MOST_CHARACTERS))
    if isinstance(value, list | tuple):
        return numbers.listing([_plain(item, lang, "") for item in value], lang)
    if isinstance(value, int) and not isinstance(value, bool):
        return numbers.count(value, lang)
    raise TypeError("a number with a fraction needs a kind")


def _plural(value: Any, lang: Language, forms: str) -> str:
    one, other = forms.split("|")
    return one if value == 1 else other


KINDS: Mapping[str, Callable[[Any, Language, str], str]] = {
    "": _plain,
    "plural": _plural,
    "metric": lambda value, lang, _: label(f"metric_inline.{value}", lang),
    "verdict": lambda value, lang, _: label(f"verdict.{value}", lang),
    "rule": lambda value, lang, _: label(f"rule.{value}", lang),
    "percent": lambda value, lang, _: numbers.percent(value, lang, trim=True),
    "points": lambda value, lang, _: numbers.points_in_words(value, lang),
    "signed_points": lambda value, lang, _: numbers.points(value, lang),
    "size_of_points": lambda value, lang, _: numbers.points(abs(value), lang, signed=False),
    "ms": lambda value, lang, _: numbers.milliseconds(value, lang),
    "seconds": lambda value, lang, _: numbers.seconds(value, lang),
    "rate": lambda value, lang, _: numbers.rate(value, lang),
    "p": lambda value, lang, _: numbers.p_equals(value, lang),
    "size": lambda value, lang, _: numbers.size(value, lang),
    "dollars": lambda value, lang, _: numbers.dollars(value, lang),
    "number": lambda value, lang, _: numbers.decimal(value, 2, lang, trim=True),
}
"""How a parameter is written."""
