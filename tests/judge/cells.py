"""Columns of cells, made by hand."""

from collections.abc import Sequence

from bakeoff.evaluate.results import CellState, Column, GradedCell


def column(
    name: str,
    texts: Sequence[str],
    *,
    scores: Sequence[float | None] | None = None,
    states: Sequence[str] | None = None,
) -> Column:
    """One candidate; its rows are called 0, 1, 2, ..."""
    return Column(
        candidate=name,
        build="",
        cells=tuple(
            _cell(
                row,
                text,
                scores[row] if scores is not None else None,
                states[row] if states is not None else "answered",  # type: ignore[arg-type]
            )
            for row, text in enumerate(texts)
        ),
    )


def _cell(row: int, text: str, score: float | None, state: CellState) -> GradedCell:
    return GradedCell(
        row_id=str(row),
        state=state,
        score=score,
        label=None,
        target="",
        text=text,
        latency_ms=None,
        time_to_first_token_ms=None,
        prompt_tokens=None,
        output_tokens=None,
        timings={},
        shown=f"question {row}",
    )
