"""Grading what the ledger has: several graders, one label."""

from pathlib import Path

from bakeoff.evaluate.columns import graded_column, task
from bakeoff.evaluate.graders import grader
from bakeoff.evaluate.store import Call, Ledger
from bakeoff.evaluate.types import Answer, Prompt, Row, Table

PROMPT = Prompt(user="{{ text }}")
ROWS = (
    Row("a", 1, {"text": "one", "label": "yes", "word": "sure"}),
    Row("b", 2, {"text": "two", "label": "no", "word": "never"}),
    Row("c", 3, {"text": "three", "label": "no", "word": "never"}),
)
TABLE = Table(("text", "label", "word"), ROWS, "digest")
WORD, LABEL = grader("contains", "{{ word }}"), grader("label", "{{ label }}", labels=("yes", "no"))


def answered(ledger: Ledger, digest: str, text: str) -> None:
    answer = Answer(
        text, "stop", time_to_first_token_ms=1.0, latency_ms=2.0, prompt_tokens=3, output_tokens=4
    )  # fmt: skip
    ledger.record([Call(digest, 1, "m", digest, 0, "e", "/p", b"{}", 1, "2026-11-24T00:00:00.000+00:00", answer)])


def test_the_label_grader_gives_target_and_label_wherever_it_stands(tmp_path: Path) -> None:
    with Ledger(tmp_path / "bakeoff.db") as ledger:
        answered(ledger, "1", "yes, sure")
        answered(ledger, "2", "no")
        for graders in ([WORD, LABEL], [LABEL, WORD]):
            work = task(graders, PROMPT, TABLE)
            column = graded_column("m", "b", [["1", "2", "3"]], task=work, table=TABLE, ledger=ledger)
            found = [(cell.state, cell.target, cell.label, cell.score) for cell in column.cells]
            # Right only when both graders say so; what was not asked has no score.
            assert found == [
                ("answered", "yes", "yes", 1.0),
                ("answered", "no", "no", 0.0),
                ("missing", "no", None, None),
            ]


def test_labels_that_are_not_listed_are_read_from_the_data() -> None:
    assert task([grader("label", "{{ label }}")], PROMPT, TABLE).graders[0].labels == ("yes", "no")


def test_grading_again_writes_no_score_twice(tmp_path: Path) -> None:
    with Ledger(tmp_path / "bakeoff.db") as ledger:
        answered(ledger, "1", "yes")
        work = task([LABEL], PROMPT, TABLE)
        for _ in range(2):
            graded_column("m", "b", [["1", "2", "3"]], task=work, table=TABLE, ledger=ledger)
        assert ledger.scored(work.identity) == {("a", "1")}
        assert ledger.seq() == 2
