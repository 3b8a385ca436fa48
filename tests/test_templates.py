"""A template can be wrong or hostile; it can not fill the memory, run for ever, or give another text each time."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.errors import ProjectError
from bakeoff.evaluate.template_bounds import MAX_CHARACTERS, MAX_SECONDS
from bakeoff.evaluate.template_sandbox import names_in_sandbox, render_in_sandbox
from bakeoff.evaluate.templates import render, template_names

BIG = "x" * 100_000
DOUBLED = "{% set a = [big, big] %}" + "{% set a = [a, a] %}" * 40

BOMBS = [
    "{% for i in range(10 ** 9) %}x{% endfor %}",
    "{{ 'x' * 10 ** 12 }}",
    "{{ 10 ** (10 ** 10) }}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% set n = namespace(s='x') %}{% for i in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
    "{% set n = namespace(s='x') %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
    "{% set n = namespace(s=3) %}{% for i in range(99) %}{% set n.s = n.s * n.s %}{% endfor %}",
    "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
    "{% for a in 'ab' recursive %}{{ loop('ab') }}{% endfor %}",
    "{{ '%0999999999d' % 1 }}",
    "{{ '%*d' % (999999999, 1) }}",
    "{{ '{:999999999}'.format(1) }}",
    "{{ '{:{}}'.format(1, 999999999) }}",
    "{{ 'x'.ljust(999999999) }}",
    "{{ 'x'.zfill(width=999999999) }}",
    "{{ 'x'|center(999999999) }}",
    "{{ '\t'.expandtabs(999999999) }}",
    "{{ big.replace('x', big) }}",
    "{{ big|replace('x', big) }}",
    "{{ big|join(big) }}",
    "{{ big.join(big|list) }}",
    "{{ big|indent(999999999) }}",
    "{{ big|wordwrap(1, wrapstring=big) }}",
    "{{ [big] * 100000 }}",
    "{{ ([big] * 100000)|upper }}",
    "{{ ([big] * 100000) ~ '' }}",
    DOUBLED + "{{ a }}",
    DOUBLED + "{{ a|tojson }}",
    "{% set x %}{% for i in range(99999) %}{{ big }}{% endfor %}{% endset %}{{ x|length }}",
    "{{ ([[0] * 1000] * 900)|sum(start=[]) }}",
    "{% for i in range(99999) %}{% set y = big.upper() %}{% endfor %}",
    "{{ range(99999)|list|map('string')|map('replace', '', big)|list|length }}",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
]


@pytest.mark.parametrize("source", BOMBS, ids=range(len(BOMBS)))
def test_a_bomb_is_refused_before_it_goes_off(source: str) -> None:
    started = time.thread_time()
    with pytest.raises(ProjectError) as refused:
        render(source, {"big": BIG})
    assert refused.value.hint
    assert time.thread_time() - started < 2 * MAX_SECONDS


@pytest.mark.parametrize("source", ["{{ [1, 2]|random }}", "{{ lipsum() }}"])
def test_what_gives_another_text_each_time_is_not_there(source: str) -> None:
    with pytest.raises(ProjectError):
        render(source, {})


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ '{:>5}'.format(a) }}", "  abc"),
        ("{{ '%05.1f' % 3.14159 }}", "003.1"),
        ("{{ a|join(', ') }}", "a, b, c"),
        ("{{ [{'k': 1}, {'k': 2}]|join('-', attribute='k') }}", "1-2"),
        ("{{ a ~ 1 ~ none }}", "abc1None"),
        ("{{ none }}", ""),
        ("{% for x in [1, 2] %}{{ loop.index }}/{{ loop.length }}{{ ',' if not loop.last }}{% endfor %}", "1/2,2/2"),
        ("{% for k, v in {'x': 1}.items() %}{{ k }}={{ v }}{% else %}none{% endfor %}", "x=1"),
        ("{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(a) }}", "<abc>"),
        ("{{ a|upper|replace('A', 'b') }}{{ [3, 1]|sort|first }}{{ [1, 2]|sum }}", "bBC13"),
        ("{{ row['a'] }}{{ 2 ** 10 }}{{ 'ab' * 2 }}", "abc1024abab"),
        ("{{ a }}\n", "abc\n"),
    ],
)
def test_usual_templates_work_as_jinja_has_them(source: str, text: str) -> None:
    assert render(source, {"a": "abc"}) == text


def test_a_long_cell_is_no_bomb() -> None:
    cell = "y" * (MAX_CHARACTERS - 10)
    assert render("{{ cell }}", {"cell": cell}) == cell
    with pytest.raises(ProjectError, match="characters"):
        render("{{ cell }}{{ cell }}", {"cell": cell})


def test_names_are_found_behind_the_bounds() -> None:
    assert template_names("{% for x in a %}{{ x ~ b }}{% endfor %}") == {"a", "b"}


@given(st.text(max_size=60))
def test_any_text_as_a_template_is_rendered_or_refused(source: str) -> None:
    with contextlib.suppress(ProjectError):
        render(source, {"a": "1"})


NAMES = (
    "a",
    "b",
    "Cột_đề",
    "row",
    "none",
    "True",
    "self",
    "loop",
    "range",
    "dict",
    "lipsum",
    "if",
    "not",
    "ﬁ",
    "1a",
    "_",
    "missing",
)
PIECES = st.one_of(
    st.sampled_from(
        [f"{{{{{before}{name}{after}}}}}" for name in NAMES for before in ("", " ") for after in ("\t", "")]
    ),
    st.sampled_from(
        ["{", "}", "{{", "}}", "{%", "%}", "{#", "#}", "{{- a }}", "{{ a -}}", "\r\n", "\r", "\n", " ", "{{\n a\r}}"]
    ),
    st.text(max_size=4),
)
CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just([1, None]), st.just(10**5000)
)


def _outcome(work: Callable[[], object]) -> object:
    try:
        return work()
    except ProjectError as error:
        return error.message, error.hint


@given(
    st.lists(PIECES, max_size=6).map("".join),
    st.dictionaries(st.sampled_from([*NAMES, "b c"]), CELLS, max_size=8),
)
@settings(max_examples=500, deadline=None)
def test_the_short_way_gives_what_the_sandbox_gives(source: str, values: dict[str, object]) -> None:
    assert _outcome(lambda: render(source, values)) == _outcome(lambda: render_in_sandbox(source, values))
    assert _outcome(lambda: template_names(source)) == _outcome(lambda: names_in_sandbox(source))


def test_a_plain_template_does_not_need_the_sandbox() -> None:
    work = "import sys; from bakeoff.evaluate.templates import render; print(render('<{{ a }}>', {'a': 1})); "
    left = subprocess.run(
        [sys.executable, "-c", work + "print('jinja2' in sys.modules)"], capture_output=True, text=True
    )
    assert left.stdout.split() == ["<1>", "False"]
