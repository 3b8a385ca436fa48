"""A finished project of any size, without models: rows of invented text, and a real ledger with invented answers.

    python -m benchmarks.projects FOLDER [--rows 5000] [--models 8] [--chars 180-800] [--missing 0] [--failed 0.005]

English and Vietnamese take turns. The answers name a label at their end, most of them the right one. The same arguments
give the same project. Its candidates are named after a server that is not there: nothing can be asked.
"""

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass
from json import dumps
from pathlib import Path

from bakeoff.evaluate.store import Call, Ledger, now
from bakeoff.evaluate.types import Answer
from bakeoff.project import Project

LABELS = ("positive", "negative", "neutral")
CHANNELS = ("web", "điện thoại", "email", "cửa hàng")
SERVER = "http://127.0.0.1:9/v1"
BATCH = 5000
CORPUS_CHARACTERS = 200_000

ENGLISH = """the parcel arrived after two weeks and the box was open but everything inside it still worked as it should
I asked for the invoice three times and nobody answered before the third week of the month which is far too late
please tell me how to return the grey one that I ordered by mistake together with the charger and its cable
support was patient with my father and explained every step on the telephone until the screen was on again"""
VIETNAMESE = """gói hàng tới sau hai tuần và hộp đã bị mở nhưng mọi thứ bên trong vẫn dùng được như bình thường
tôi đã hỏi hoá đơn ba lần mà không ai trả lời trước tuần thứ ba của tháng như vậy là quá muộn đối với kế toán
xin cho biết cách trả lại cái màu xám mà tôi đặt nhầm cùng với bộ sạc và dây cáp của nó trong hộp giấy
nhân viên hỗ trợ rất kiên nhẫn với bố tôi và giải thích từng bước qua điện thoại
cho đến khi màn hình sáng lại"""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is built."""

    rows: int = 5000
    models: int = 8
    shortest: int = 180
    """Characters of a text and of an answer."""

    longest: int = 800
    missing: float = 0.0
    """Share of the calls that were never made."""

    failed: float = 0.005
    """Share of the calls that failed."""

    seed: int = 20261124


def _corpus(text: str, chance: random.Random) -> str:
    words = text.split()
    found: list[str] = []
    size = 0
    while size < CORPUS_CHARACTERS:
        word = chance.choice(words)
        found.append(word)
        size += len(word) + 1
    return " ".join(found)


class _Texts:
    """Pieces of a corpus, from word to word: as quick as cutting a string."""

    def __init__(self, shape: Shape, chance: random.Random) -> None:
        self._corpora = [_corpus(text, chance) for text in (ENGLISH, VIETNAMESE)]
        self._shape = shape
        self._chance = chance

    def one(self, number: int) -> str:
        """A text of a length by chance; every second one is Vietnamese."""
        size = self._chance.randint(self._shape.shortest, self._shape.longest)
        corpus = self._corpora[number % 2]
        start = corpus.index(" ", self._chance.randrange(len(corpus) - size - 40)) + 1
        text = corpus[start : start + size].rstrip()
        return text[0].upper() + text[1:] + "."


def _rows(shape: Shape, texts: _Texts, chance: random.Random) -> Iterator[str]:
    for number in range(shape.rows):
        row = {
            "id": f"r{number + 1}",
            "text": texts.one(number),
            "label": LABELS[chance.randrange(3)],
            "channel": CHANNELS[number % 4],
            "amount": round(chance.uniform(1, 900), 2),
        }
        yield dumps(row, ensure_ascii=False) + "\n"


def _project_file(shape: Shape) -> str:
    candidates = "".join(
        f'[[candidates]]\nname = "model {number + 1}"\nmodel = "invented/model-{number + 1}"\nvia = "{SERVER}"\n\n'
        for number in range(shape.models)
    )
    return f"""# Made by benchmarks/projects.py: invented answers, no model was asked.
[data]
file = "rows.jsonl"
id = "id"

[prompt]
system = "Say what the customer feels. End with one of: {", ".join(LABELS)}."
user = "{{{{ text }}}}"

[parameters]
temperature = 0.0
max_tokens = 400

{candidates}[[graders]]
kind = "label"
target = "{{{{ label }}}}"
labels = {dumps(list(LABELS))}

[preflight]
probe = false

[decide]
rule = "cheapest not worse"
smallest_gap_that_matters = 0.03
"""


def build_project(folder: Path, shape: Shape | None = None) -> Project:
    """Write data, project file and ledger into an empty folder, or one that is not there.

    Args:
        folder: of the project.
        shape: how large; None takes 5,000 rows and 8 models.

    Raises:
        FileExistsError: there is a project already.
    """
    shape = shape or Shape()
    chance = random.Random(shape.seed)
    texts = _Texts(shape, chance)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "bakeoff.toml").open("x", encoding="utf-8") as file:
        file.write(_project_file(shape))
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(_rows(shape, texts, chance))
    project = Project(folder)
    with project.ledger() as ledger:
        run = ledger.begin_run({"made_by": "benchmarks.projects"})
        for number in range(shape.models):
            _fill(project, number, run, ledger, shape, texts, chance)
        ledger.end_run(run, "done")
    return project


def _fill(
    project: Project, number: int, run: int, ledger: Ledger, shape: Shape, texts: _Texts, chance: random.Random
) -> None:
    contestant = project.contestants()[number]
    assert contestant.resolved is not None
    route, right = contestant.resolved.route, 0.65 + 0.3 * (number + 1) / shape.models
    batch: list[Call] = []
    for index, row in enumerate(project.table().rows):
        if chance.random() < shape.missing:
            continue
        request = route.request(row)
        fails = chance.random() < shape.failed
        target = str(row.values["label"])
        said = target if chance.random() < right else LABELS[(LABELS.index(target) + 1) % 3]
        text = f"{texts.one(index)} Answer: {said}"
        latency = chance.lognormvariate(6.0 + number / 8, 0.4)
        answer = Answer(text, "stop", latency / 4, latency, len(request.body) // 4, len(text) // 4)
        batch.append(
            Call(
                digest=route.digest_of(request),
                run=run,
                candidate=contestant.candidate.name,
                row_id=row.id,
                repeat=0,
                endpoint=route.endpoint,
                path=request.path,
                body=request.body,
                attempt=1,
                started_at=now(),
                answer=None if fails else answer,
                error_code="timeout" if fails else None,
                error="no answer for 300 s" if fails else None,
            )
        )
        if len(batch) == BATCH:
            ledger.record(batch)
            batch.clear()
    if batch:
        ledger.record(batch)


def main() -> None:
    """Build one and say what it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--models", type=int, default=8)
    parser.add_argument("--chars", default="180-800", help="shortest and longest text, in characters")
    parser.add_argument("--missing", type=float, default=0.0, help="share of calls that were never made")
    parser.add_argument("--failed", type=float, default=0.005, help="share of calls that failed")
    options = parser.parse_args()
    shortest, _, longest = options.chars.partition("-")
    shape = Shape(
        rows=options.rows,
        models=options.models,
        shortest=int(shortest),
        longest=int(longest or shortest),
        missing=options.missing,
        failed=options.failed,
    )
    project = build_project(options.folder, shape)
    size = (options.folder / "bakeoff.db").stat().st_size
    print(f"{project.folder}: {shape.rows:,} rows x {shape.models} models, ledger of {size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
