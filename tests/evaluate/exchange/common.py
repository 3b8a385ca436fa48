"""A small evaluation with everything in it that is hard to write down."""

from decimal import Decimal

from bakeoff.evaluate.caps import PricePerToken
from bakeoff.evaluate.exchange.layout import Exported
from bakeoff.evaluate.results import CellState, Column, GradedCell
from bakeoff.evaluate.types import Row, Table

ROWS = (
    Row("a-1", 1, {"text": '=HYPERLINK("http://evil","x")', "n": 3, "answer": "gold"}, "g1"),
    Row("a-2", 2, {"text": 'two\r\nlines, "quotes"', "n": None, "answer": ""}, "g1"),
    Row("@3", 3, {"text": "Tiếng Việt 🎉", "n": -5, "answer": None}),
)
TABLE = Table(("text", "n", "answer"), ROWS, "d1" * 32)


def cell(row: Row, state: CellState, text: str = "", *, score: float | None = None, **more: object) -> GradedCell:
    """A cell; what is not given is unknown."""
    values: dict[str, object] = {
        "label": None,
        "target": "yes",
        "latency_ms": None,
        "time_to_first_token_ms": None,
        "prompt_tokens": None,
        "output_tokens": None,
        "timings": {},
        "shown": f"Q: {row.values['text']}",
        "group": row.group,
    }
    return GradedCell(row_id=row.id, state=state, score=score, text=text, **{**values, **more})  # type: ignore[arg-type]


FIRST = Exported(
    Column(
        "tiny one",
        "Q4_1 abc",
        (
            cell(
                ROWS[0], "answered", "yes", score=1.0, grades=(1.0, 0.5), label="yes", latency_ms=120.5,
                time_to_first_token_ms=30.25, prompt_tokens=10, output_tokens=4, thinking="hm", thinking_tokens=2,
            ),
            cell(ROWS[1], "cut", "-1+cmd|' /C calc'!A0", score=0.0, grades=(0.0, 0.0), faults=("cut", "loop")),
            cell(ROWS[2], "failed"),
        ),
    ),
    ("stop", "length", None),
    PricePerToken(Decimal("0.000001"), Decimal("0.000004")),
)  # fmt: skip
SECOND = Exported(
    Column("=two", "", (cell(ROWS[0], "blank", "", score=0.0), cell(ROWS[1], "missing"), cell(ROWS[2], "missing"))),
    ("stop", None, None),
)
