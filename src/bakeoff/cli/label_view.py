"""What a person sees who labels: the question, two answers side by side or one above the other, and no names."""

import shutil
import sys
from typing import TYPE_CHECKING

from bakeoff.cli.output import Language, answer
from bakeoff.report.text import clean
from bakeoff.report.words import label

if TYPE_CHECKING:
    from bakeoff.project.labelling import Shown

SIDE_BY_SIDE = 100
"""From so many columns on, two answers stand beside each other."""

MOST_SHOWN = 20_000
"""Characters of one text that are shown."""


def show_item(shown: "Shown", lang: Language) -> None:
    """Print one item."""
    head = [(label("labelling.instructions", lang), _shown(shown.instructions))] if shown.instructions else []
    head.append((label("labelling.question", lang), _shown(shown.question)))
    if shown.right is None:
        answers = [(label("labelling.answer", lang), _shown(shown.left))]
    else:
        answers = [
            (label("labelling.left", lang), _shown(shown.left)),
            (label("labelling.right", lang), _shown(shown.right)),
        ]
    if sys.stdout.isatty():
        _on_terminal(head, answers)
        return
    for name, text in [*head, *answers]:
        answer(f"[{name}]\n{text}\n")


def _shown(text: str) -> str:
    return clean(text)[:MOST_SHOWN]


def _on_terminal(head: list[tuple[str, str]], answers: list[tuple[str, str]]) -> None:
    from rich.box import ROUNDED
    from rich.console import Console
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    wide = shutil.get_terminal_size().columns >= SIDE_BY_SIDE
    console.rule()
    for name, text in head:
        console.print(Text(name, style="dim"))
        console.print(Text(text))
    panels = [Panel(Text(text), title=name, title_align="left", box=ROUNDED) for name, text in answers]
    if wide and len(panels) == 2:
        table = Table.grid(expand=True, padding=(0, 1))
        table.add_column(ratio=1)
        table.add_column(ratio=1)
        table.add_row(*panels)
        console.print(table)
        return
    for panel in panels:
        console.print(panel)
