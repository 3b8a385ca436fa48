"""Runs inside the sandbox: the code of an answer, then the tests. Standard library only, nothing of Bakeoff.

Reads {"code", "tests", "key"} from standard input. Writes one line to standard output: the key, and what came of it
as JSON. What code and tests print goes to standard error.
"""

import ast
import functools
import json
import os
import sys
import unittest
from collections.abc import Callable, Iterator

MOST_CHARACTERS = 300


def main() -> None:
    """Run code and tests, say how it went, and leave without ceremony."""
    order = json.loads(sys.stdin.buffer.read())
    channel = os.dup(1)
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - input() of the code reads nothing
    said = order["key"] + json.dumps(judge(order["code"], order["tests"])) + "\n"
    os.write(channel, said.encode())
    os._exit(0)


def judge(code: str, tests: str) -> dict[str, object]:
    """{"stage": "code" or "tests", "passed", "total", "first": the first failure or None}."""
    space: dict[str, object] = {"__name__": "answer", "__builtins__": __builtins__}
    try:
        exec(compile(code, "answer.py", "exec"), space)
    except BaseException as error:
        return {"stage": "code", "passed": 0, "total": 0, "first": describe(error, "answer.py")}
    passed, total, first = 0, 0, None
    names = set(space)
    broken = False
    for node in ast.parse(tests).body:
        is_test = isinstance(node, ast.Assert | ast.Expr) and not _is_text(node)
        total += is_test
        if broken:
            continue
        code_of_test = compile(ast.Module([node], []), "tests.py", "exec")
        failure = attempt(functools.partial(exec, code_of_test, space))
        passed += is_test and failure is None
        first = first or failure
        broken = failure is not None and not is_test
    for test in _functions(space, names):
        total += 1
        failure = "not reached" if broken else attempt(test)
        passed += failure is None
        first = first or failure
    return {"stage": "tests", "passed": int(passed), "total": int(total), "first": first}


def _functions(space: dict[str, object], names: set[str]) -> Iterator[Callable[[], object]]:
    """Test functions and the methods of test classes that the tests have defined, ready to be called."""
    for name, value in list(space.items()):
        if isinstance(value, type) and issubclass(value, unittest.TestCase) and value is not unittest.TestCase:
            for case in unittest.defaultTestLoader.loadTestsFromTestCase(value):
                if isinstance(case, unittest.TestCase):
                    yield functools.partial(_unittest, case)
        elif name.startswith("test") and callable(value) and name not in names:
            yield value


def _unittest(case: unittest.TestCase) -> None:
    result = case.run()
    problems = [*result.failures, *result.errors] if result is not None else []
    if problems:
        raise AssertionError(problems[0][1].strip().splitlines()[-1])


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def attempt(test: Callable[[], object]) -> str | None:
    """None where it passes; else what went wrong, in one line."""
    try:
        test()
    except BaseException as error:
        return describe(error, "tests.py")
    return None


def describe(error: BaseException, file: str) -> str:
    """`line 3: AssertionError: ...`, with the line in the named file."""
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    try:
        text = str(error)
    except BaseException:
        text = ""
    name = type(error).__name__
    said = f"{name}: {text}" if text else name
    return (f"line {line}: {said}" if line else said)[:MOST_CHARACTERS]


if __name__ == "__main__":
    main()
