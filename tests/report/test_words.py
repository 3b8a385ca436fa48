"""Both languages say the same things, everything that the program can say has words, and no words are left over."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import bakeoff
from bakeoff.decide import RULES, Verdict
from bakeoff.evaluate.graders import KINDS as GRADERS
from bakeoff.evaluate.preflight import DEFAULT_RULES
from bakeoff.report.numbers import LANGUAGES
from bakeoff.report.words import KINDS, Entry, WordsError, label, placeholders, sentence, words
from bakeoff.values import reason

ROOT = Path(bakeoff.__file__).parent

FAMILIES = {
    "metric.": {"accuracy", "macro_f1", "score", "judge", "people"},
    "metric_inline.": {"accuracy", "macro_f1", "score", "judge", "people"},
    "rule.": set(RULES),
    "verdict.": set(Verdict.__args__),  # type: ignore[attr-defined]
    "badge.": {"chosen", "not worse", "cannot be told apart"},
    "state.": {"failed", "blank", "cut", "missing", "unscored", "excluded"},
    "fault.": set(DEFAULT_RULES),
    "mark.": {"right", "wrong", "none"},
    "memory.": {"weights", "cache", "compute", "output", "peak"},
    "grader.": {*GRADERS, "labels", "options"},
    "chart.x.": {"seconds", "milliseconds"},
    "catalog.kind.": {"chat", "base", "embedding", "reranker", "translation", "safety", "speech"},
    "catalog.use.": {"yes", "conditional", "no", "unknown"},
    "fit.verdict.": {"comfortable", "usable", "too slow for conversation", "does not run"},
    "fit.mode.": {"gpu", "gpus", "tensor parallel", "experts on cpu", "layers on cpu", "cpu"},
    "catalog.vi.": {"stated", "claimed", "pre-training"},
}
"""Labels whose last part is a value of the program."""


@cache
def sources() -> tuple[tuple[Path, ast.Module], ...]:
    """Every module of the package, parsed."""
    return tuple((path, ast.parse(path.read_text(encoding="utf-8"))) for path in sorted(ROOT.rglob("*.py")))


@dataclass(frozen=True)
class Said:
    """One `reason("code", ...)` or `Reason("code", {...})` in the package."""

    where: str
    code: re.Pattern[str]
    """The code; `.+` for each part that is computed."""

    given: set[str] | None
    """Names of the parameters; None where they cannot be read off."""


def said() -> list[Said]:
    """Every place where a code is made, except where the whole code is a variable."""
    found = []
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                pattern = code_of(node.args[0])
                if node.func.id in ("reason", "Reason") and pattern is not None:
                    found.append(Said(f"{path.relative_to(ROOT)}:{node.lineno}", re.compile(pattern), given(node)))
    return found


def code_of(node: ast.expr) -> str | None:
    """A literal code, or an f-string, as a regular expression."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.escape(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(code_of(part) or ".+" for part in node.values)
    return None


def given(node: ast.Call) -> set[str] | None:
    """The names of a call's parameters."""
    assert isinstance(node.func, ast.Name)
    if node.func.id == "reason":
        names = [keyword.arg for keyword in node.keywords]
        return None if None in names else {str(name) for name in names}
    if len(node.args) < 2:
        return set()
    last = node.args[1]
    if not isinstance(last, ast.Dict) or not all(isinstance(key, ast.Constant) for key in last.keys):
        return None
    return {str(key.value) for key in last.keys if isinstance(key, ast.Constant)}


def strings() -> set[str]:
    """Every string constant of the package: where a code is chosen from a table."""
    return {
        node.value
        for _, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def variants(entry: Entry) -> Iterator[tuple[tuple[str, ...], str, tuple[str, ...]]]:
    """(path, sentence, parameters that chose it) of an entry."""
    if isinstance(entry, str):
        yield (), entry, ()
        return
    by = str(entry["by"])
    for case, inner in entry.items():
        if case != "by":
            for path, text, chosen_by in variants(inner):
                yield (case, *path), text, (*by.removesuffix("?").split(" == "), *chosen_by)


def used(text: str) -> set[str]:
    """The parameters of a sentence."""
    return {name for name, _ in placeholders(text)}


def test_both_languages_have_the_same_codes_and_labels() -> None:
    en, vi = words("en"), words("vi")
    assert list(en.reasons) == list(vi.reasons)
    assert list(en.labels) == list(vi.labels)


@pytest.mark.parametrize("code", sorted(words("en").reasons))
def test_both_languages_use_the_same_parameters(code: str) -> None:
    en, vi = ({path: text for path, text, _ in variants(words(lang).reasons[code])} for lang in LANGUAGES)
    assert set(en) == set(vi)
    for path in en:
        assert used(en[path]) == used(vi[path]), path
        assert {kind for text in (en[path], vi[path]) for _, kind in placeholders(text)} <= set(KINDS)


@pytest.mark.parametrize("name", sorted(words("en").labels))
def test_both_languages_use_the_same_parameters_in_labels(name: str) -> None:
    en, vi = (words(lang).labels[name] for lang in LANGUAGES)
    assert used(en) == used(vi)


def test_everything_that_is_said_has_words() -> None:
    codes = words("en").reasons
    silent = [(call.where, call.code.pattern) for call in said() if not any(map(call.code.fullmatch, codes))]
    assert silent == []


def test_no_words_are_left_over() -> None:
    constants, calls = strings(), said()
    left = [code for code in words("en").reasons if code not in constants]
    assert [code for code in left if not any(call.code.fullmatch(code) for call in calls)] == []


def test_every_sentence_gets_its_parameters() -> None:
    wrong = []
    for call in said():
        for code, entry in words("en").reasons.items():
            if call.given is not None and call.code.fullmatch(code):
                needed = {name for _, text, chosen_by in variants(entry) for name in (*used(text), *chosen_by)}
                wrong += [(call.where, code, name) for name in needed - call.given]
    assert wrong == []


def labels_used() -> set[str]:
    """Names of labels in templates and modules, `metric.` where the rest is computed."""
    used = set()
    for path in [*ROOT.rglob("*.j2"), *ROOT.rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r'\b(?:t|label)\(\s*f?["\']([a-z0-9_.]+)', text))
        used |= set(re.findall(r'"((?:column|chart\.x|metric|badge)\.[a-z_0-9]+)"', text))
    return used


def test_labels_are_those_that_are_used() -> None:
    """Those of the page are held against its scripts, in tests/web/test_app.py."""
    there, used = {name for name in words("en").labels if not name.startswith("page.")}, labels_used()
    families = {family + member for family, members in FAMILIES.items() for member in members}
    assert families <= there
    assert {name for name in used if not name.endswith(".")} - there == set()
    computed = tuple(name for name in used if name.endswith(".") and name not in FAMILIES)
    assert {name for name in there - used - families if not name.startswith(computed)} == set()


def test_nothing_is_quietly_shown_without_words() -> None:
    with pytest.raises(WordsError, match="no words for the reason 'no\\.such'"):
        sentence(reason("no.such"), "en")
    with pytest.raises(WordsError, match="needs the parameter 'total'"):
        sentence(reason("cells.blank", model="m", n=1), "vi")
    with pytest.raises(WordsError, match="cannot show 'many'"):
        sentence(reason("few_rows", n=1, detectable="many"), "en")
    with pytest.raises(WordsError, match="no sentence by delimiter"):
        sentence(reason("data.delimiter", delimiter="dot"), "en")
    with pytest.raises(WordsError, match="no label"):
        label("no.such", "vi")


def test_english_counts_in_singular_and_plural() -> None:
    assert sentence(reason("run.failed_cells", candidate="m", n=1, because="HTTP 500"), "en").startswith("m: 1 row got")
    assert sentence(reason("run.failed_cells", candidate="m", n=1200, because="HTTP 500"), "en").startswith(
        "m: 1,200 rows got"
    )
    assert sentence(reason("run.failed_cells", candidate="m", n=1200, because="HTTP 500"), "vi").startswith(
        "m: 1.200 dòng không"
    )


def test_a_sentence_can_depend_on_its_parameters() -> None:
    known = {"choice": "A", "others": ["B", "C"], "against": "B", "n": 120, "more_rows": 700, "metric": "accuracy"}
    faster = reason(
        "decide.cannot_tell", **known, leader="B", criterion="latency", value=214.0, other_value=388.0, quality=0.7
    )
    assert sentence(faster, "en").replace("\u00a0", " ") == (
        "120 rows cannot tell A from B and C. Until there are about 700 more, take A, which answers faster than B "
        "(214 ms against 388 ms, median)."
    )
    best = reason("decide.cannot_tell", **known, leader="A", criterion="quality", quality=0.7)
    assert sentence(best, "en").endswith("which has scored best so far, with accuracy 70%.")
    other = reason("decide.cannot_tell", **known, leader="B", criterion="quality", quality=0.7)
    assert sentence(other, "en").endswith("take A, with accuracy 70% so far.")


def test_names_cannot_take_over_a_sentence() -> None:
    shown = sentence(reason("cells.blank", model="\x1b[2J\u202eevil\n" + "x" * 5000, n=1, total=2), "en")
    assert shown.startswith("evil xxx")
    assert "\n" not in shown
    assert len(shown) < 500
    braces = sentence(reason("fate.no_answer", model="{n} {0.__class__}"), "en")
    assert braces == "{n} {0.__class__} has no answers."
