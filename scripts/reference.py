"""Write docs/reference from the program itself, so that it cannot go stale.

python scripts/reference.py writes the pages; with --check it exits 1 when a page is not what would be written.
"""

import ast
import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import click

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
HEAD = "<!-- Written by scripts/reference.py: do not edit. -->\n\n"


def commands_page() -> str:
    """Every command with its help text, as `--help` prints it."""
    from bakeoff.cli.main import COMMANDS, bakeoff

    parts = [HEAD + "# Commands\n", "```\n" + help_text(bakeoff, "bakeoff") + "\n```\n"]
    context = click.Context(bakeoff, info_name="bakeoff")
    for name in COMMANDS:
        command = bakeoff.get_command(context, name)
        assert command is not None
        parts.append(f"## bakeoff {name}\n\n```\n{help_text(command, f'bakeoff {name}')}\n```\n")
        if isinstance(command, click.Group):
            for sub in command.list_commands(context):
                inner = command.get_command(context, sub)
                assert inner is not None
                title = f"bakeoff {name} {sub}"
                parts.append(f"### {title}\n\n```\n{help_text(inner, title)}\n```\n")
    return "\n".join(parts)


def help_text(command: click.Command, title: str) -> str:
    """What `--help` prints, at 100 columns, without the lines that depend on the machine."""
    names = ["-h", "--help"]  # as the group sets them
    context = click.Context(
        command, info_name=title, terminal_width=100, max_content_width=100, help_option_names=names
    )
    return command.get_help(context).strip()


def project_file_page() -> str:
    """Every key of bakeoff.toml, from the classes that check it."""
    config = importlib.import_module("bakeoff.project.config")
    sections = [
        ("[data]", config.DataSection),
        ("[prompt]", config.PromptSection),
        ("[[prompt.examples]]", config.ExampleSection),
        ("[[prompt.variants]]", config.VariantSection),
        ("[parameters]", None),
        ("[[candidates]]", config.CandidateSection),
        ("[[graders]]", config.GraderSection),
        ("[run]", config.RunSection),
        ("[candidates.price_per_million]", config.PriceSection),
        ("[preflight]", config.PreflightSection),
        ("[judge]", config.JudgeSection),
        ("[[judge.criteria]]", config.CriterionSection),
        ("[judge.bar]", config.BarSection),
        ("[decide]", config.DecideSection),
        ("[cost]", config.CostSection),
        ("[cluster]", config.ClusterSection),
    ]
    parts = [HEAD + "# bakeoff.toml\n"]
    for title, section in sections:
        parts.append(f"## {title}\n")
        if section is None:
            parts.append("Sampling parameters for every candidate, as the API spells them. Known: ")
            parts.append(", ".join(f"`{name}`" for name in sorted(config.SAMPLING)) + ".\n")
            parts.append(f"Defaults: `{config.DEFAULT_PARAMETERS}`.\n")
            continue
        parts.append(inspect.cleandoc(section.__doc__ or "") + "\n")
        parts.append("| key | type | default | meaning |\n|---|---|---|---|")
        for name, field in section.model_fields.items():
            default = "required" if field.is_required() else f"`{field.default!r}`"
            parts.append(f"| `{name}` | {type_name(field.annotation)} | {default} | {field.description or ''} |")
        parts.append("")
        if section is config.GraderSection:
            parts += grader_kinds()
    return "\n".join(parts)


def grader_kinds() -> list[str]:
    """Each kind of grader with its options, from the dataclasses that are the kinds."""
    registry = importlib.import_module("bakeoff.evaluate.graders.registry")
    parts = []
    for kind, rule in registry.KINDS.items():
        parts.append(f'### kind = "{kind}"\n\n{inspect.cleandoc(rule.__doc__ or "")}\n')
        if not rule.needs_target:
            parts.append("Needs no `target`.\n")
        types, meanings = get_type_hints(rule), field_docstrings(rule)
        rows = [
            f"| `{name}` | {cell(type_name(types[name]))} | `{default!r}` | {cell(meanings[name])} |"
            for name, default in registry.defaults(rule).items()
        ]
        if rows:
            parts.append("\n".join(["| option | type | default | meaning |\n|---|---|---|---|", *rows]) + "\n")
    return parts


def field_docstrings(kind: type) -> dict[str, str]:
    """The string under each field of a dataclass, its bases' too."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__[:-1]):
        if not base.__module__.startswith("bakeoff."):
            continue
        body = ast.parse(inspect.getsource(base)).body[0].body  # type: ignore[attr-defined]  # it is a class
        for field, text in pairwise(body):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                found[ast.unparse(field.target)] = " ".join(str(text.value.value).split())
    return found


def cell(text: str) -> str:
    """Text for a cell of a Markdown table."""
    return text.replace("|", "\\|")


def type_name(annotation: object) -> str:
    """A type as a reader of TOML wants it: `str or None`, `list of str`, `one of 'a', 'b'`."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_name(inside[0])
    if origin in (Union, UnionType):
        return " or ".join(type_name(one) for one in inside)
    if origin is Literal:
        return "one of " + ", ".join(f"`{one!r}`" for one in inside)
    if origin is Callable:
        return "a function, from Python"
    if origin is Mapping:
        return "table" if inside[1] is Any else f"table of {type_name(inside[1])}"
    if origin in (tuple, list):
        return f"list of {type_name(inside[0])}"
    if annotation is type(None):
        return "None"
    return getattr(annotation, "__name__", str(annotation)).removesuffix("Section")


def exit_codes_page() -> str:
    """The tree of errors, as in errors.py."""
    errors = importlib.import_module("bakeoff.errors")
    return HEAD + "# Errors and exit codes\n\n```\n" + inspect.cleandoc(errors.__doc__ or "") + "\n```\n"


def api_page() -> str:
    """Every route of the page's server, by subject."""
    from bakeoff.web.app import create_app
    from bakeoff.web.settings import Settings

    told = create_app(Settings(ROOT)).openapi()
    by_subject: dict[str, list[str]] = {}
    for path, methods in told["paths"].items():
        for method, one in methods.items():
            said = " ".join((one.get("description") or one["summary"]).partition("\n\n")[0].split())
            shown = path.replace("{project}", "P")
            by_subject.setdefault(one.get("tags", ["page"])[0], []).append(
                f"| `{method.upper()} {shown}` | {cell(said)} |"
            )
    text = HEAD + (
        "# REST API\n\n"
        "What `bakeoff open` serves, on 127.0.0.1 unless told otherwise. `P` is the name of a project. Bodies and\n"
        "answers are JSON; parameters, types and errors are in `/api/openapi.json` of a running server. With a token:\n"
        '`Authorization: Bearer TOKEN`. An error is `{"error": {"kind", "message", "hint"}}`.\n'
    )
    for subject, rows in sorted(by_subject.items()):
        text += f"\n## {subject}\n\n| route | |\n| --- | --- |\n" + "\n".join(rows) + "\n"
    return text


PAGES = {
    "api.md": api_page,
    "commands.md": commands_page,
    "project-file.md": project_file_page,
    "errors.md": exit_codes_page,
}


def stale() -> list[str]:
    """Names of pages that are not what would be written."""
    return [
        name
        for name, page in PAGES.items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_text(encoding="utf-8") != page()
    ]


def main() -> None:
    """Write, or check."""
    if "--check" in sys.argv:
        found = stale()
        for name in found:
            print(f"docs/reference/{name} is stale: run python scripts/reference.py", file=sys.stderr)
        sys.exit(1 if found else 0)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
