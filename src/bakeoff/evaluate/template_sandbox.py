"""Jinja2 templates from people who may be careless or hostile: rendered in a sandbox, in bounded time and memory.

Jinja2's own sandbox keeps templates away from Python; it does not keep them from filling the memory or running for
ever. Here every loop, call and filter spends from a budget, and whatever can make a large value out of small ones is
looked at before it is made (`template_bounds`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError, meta, nodes, pass_environment
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS, make_attrgetter
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from bakeoff.errors import ProjectError
from bakeoff.evaluate.template_bounds import (
    BINARY,
    FILTER_CHECKS,
    budget,
    check_method,
    make_room,
    spending,
    weigh,
)

NOT_REPEATABLE = ("random", "lipsum")
"""What would give another text each time: a call is known by its exact bytes."""


class _Bounded(NodeTransformer):
    """Put the budget into a parsed template: around what loops run over, and in the place of `~`."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = _filter(node.iter, "_counted")
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _filter(nodes.List(node.nodes, lineno=node.lineno), "_concatenated")


def _filter(node: nodes.Node, name: str) -> nodes.Filter:
    assert isinstance(node, nodes.Expr)
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _counted(values: Iterable[Any]) -> Iterator[Any]:
    """The values of a loop; each turn is a step."""
    for value in values:
        budget().step()
        yield value


def _joined(parts: Iterable[str]) -> str:
    found = list(parts)
    make_room(sum(map(len, found)))
    return "".join(found)


def _concatenated(values: list[Any]) -> str:
    for value in values:
        weigh(value)
    return _joined(map(str, values))


@pass_environment
def _join(environment: Any, value: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
    """Jinja2's `join`, which makes its text at once."""
    get = make_attrgetter(environment, attribute) if attribute is not None else lambda item: item
    texts = [str(get(item)) for item in _counted(value)]
    make_room(sum(map(len, texts)) + len(texts) * len(str(d)))
    return str(d).join(texts)


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja2's sandbox with bounds."""

    intercepted_binops = frozenset(BINARY)
    concat = staticmethod(_joined)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        found = _Bounded().visit(super()._parse(source, name, filename))
        assert isinstance(found, nodes.Template)
        return found

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """An operation that can make much out of little."""
        BINARY[operator](left, right)
        return super().call_binop(context, operator, left, right)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """`str.format`, which the sandbox makes anew."""
        made = super().wrap_str_format(value)
        if made is None:
            return None

        def checked(*args: Any, **kwargs: Any) -> str:
            check_method("format", value.__self__, args, kwargs)
            return made(*args, **kwargs)

        return checked

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """A call of a macro, a function or a method."""
        budget().step()
        owner = getattr(__obj, "__self__", None)
        if isinstance(owner, str | bytes):
            check_method(getattr(__obj, "__name__", ""), owner, args, kwargs)
        return super().call(__context, __obj, *args, **kwargs)


def _guarded(original: Callable[..., Any], check: Callable[..., None] | None) -> Callable[..., Any]:
    """A filter that spends a step, and whose value and arguments are looked at before it works."""
    own = 1 if hasattr(original, "jinja_pass_arg") else 0
    """Arguments before the value: some filters want the environment or the context first."""

    def guarded(*args: Any, **kwargs: Any) -> Any:
        budget().step()
        for value in args[own:]:
            weigh(value)
        if check is not None:
            check(*args[own:], **kwargs)
        return original(*args, **kwargs)

    if own:
        guarded.jinja_pass_arg = original.jinja_pass_arg  # type: ignore[attr-defined]
    return guarded


def _shown(value: Any) -> Any:
    """What `{{ value }}` shows: an empty cell shows nothing, not the word None."""
    weigh(value)
    return "" if value is None else value


def _make() -> _Environment:
    environment = _Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True, finalize=_shown)
    for name in NOT_REPEATABLE:
        environment.globals.pop(name, None)
    environment.filters = {
        name: _guarded(original, FILTER_CHECKS.get(name))
        for name, original in FILTERS.items()
        if name not in NOT_REPEATABLE
    }
    environment.filters |= {"join": _join, "_counted": _counted, "_concatenated": _concatenated}
    return environment


_environment = _make()


def names_in_sandbox(source: str) -> set[str]:
    """Variables that one template needs.

    Raises:
        ProjectError: it is not valid Jinja2; the message gives the line.
    """
    try:
        return meta.find_undeclared_variables(_environment.parse(source))
    except TemplateSyntaxError as error:
        raise _syntax_error(source, error) from None
    except RecursionError:
        raise _too_deep() from None


def _syntax_error(source: str, error: TemplateSyntaxError) -> ProjectError:
    line = source.splitlines()[error.lineno - 1] if source.splitlines() else ""
    return ProjectError(
        f"template, line {error.lineno}: {(error.message or '').rstrip('.')}: {line.strip()[:120]!r}",
        hint="columns are written {{ column }}; a literal brace is written {{ '{{' }}",
    )


def _too_deep() -> ProjectError:
    return ProjectError("template: it is nested too deeply", hint="write it without so many brackets in each other")


@lru_cache(maxsize=256)
def _template(source: str) -> Template:
    try:
        return _environment.from_string(source)
    except TemplateSyntaxError as error:
        raise _syntax_error(source, error) from None
    except (RecursionError, MemoryError):
        raise _too_deep() from None


def render_in_sandbox(source: str, values: Mapping[str, Any]) -> str:
    """Fill one template, within bounds.

    Raises:
        ProjectError: a name has no value, the template does something forbidden, or too much.
    """
    template = _template(source)
    with spending():
        try:
            return _joined(_pieces(template, {"row": values, **values}))
        except UndefinedError as error:
            known = ", ".join(sorted(values))
            raise ProjectError(f"template: {error.message}", hint=f"this row has: {known}") from None
        except SecurityError as error:
            raise ProjectError(
                f"template: {error.message}", hint="templates may only use the row's values, and in measure"
            ) from None
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise ProjectError(
                f"template: {error}", hint="look at what the template does with this row's values"
            ) from None
        except (RecursionError, MemoryError):
            raise _too_deep() from None


def _pieces(template: Template, values: Mapping[str, Any]) -> Iterator[str]:
    """The parts of the result as they are made, as long as they are not too much together."""
    total = 0
    for piece in template.root_render_func(template.new_context(dict(values))):
        total += len(piece)
        make_room(total, kept=False)
        yield piece
