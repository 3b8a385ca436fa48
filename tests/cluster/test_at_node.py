"""What runs on a node, here as it is: its words, its end, and files that are to be had on the node itself."""

import asyncio
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from benchmarks.common import stub_process

from bakeoff.cluster.at_node import AtNode, Ended, Heard, Order
from bakeoff.cluster.leases import prepare, standing
from bakeoff.errors import BakeoffError, StorageError, WeightsError
from bakeoff.evaluate.engines.parameters import EngineParameters, usable_cores
from bakeoff.evaluate.store import Ledger
from bakeoff.project.routes import Resolved
from bakeoff.weights import ModelFile
from tests.cluster.common import assignment, resolved, rows


def order_of(folder: Path, columns: list[Resolved], *, n: int = 30, elsewhere: bool = False) -> Order:
    """Rows that are ready to be asked."""
    with Ledger(folder / "bakeoff.db") as ledger:
        given = assignment(ledger, folder / "bakeoff.db", columns, folder)
        prepare(ledger, given, rows(n), rows_per_lease=10)
    return Order(given, "w", tuple(range(len(columns))), elsewhere)


def test_it_works_and_tells(tmp_path: Path) -> None:
    async def go(order: Order) -> tuple[Heard, Ended]:
        node = AtNode()
        task = asyncio.create_task(node.work(pickle.dumps(order)))
        first = pickle.loads(await node.heard())
        return first, pickle.loads(await task)

    with stub_process() as server:
        order = order_of(tmp_path, [resolved(server)])
        first, ended = asyncio.run(go(order))
    assert isinstance(first, Heard)
    assert (ended.error, ended.stopped, ended.counts["a"].done) == (None, False, 30)
    (outcome,) = ended.outcomes
    assert (outcome.candidate, outcome.answered, outcome.error) == ("a", 30, None)


def test_a_stop_gives_leases_back(tmp_path: Path) -> None:
    async def go(order: Order) -> Ended:
        node = AtNode()
        task = asyncio.create_task(node.work(pickle.dumps(order)))
        while not node._progress:
            await asyncio.sleep(0.01)
        await node.stop()
        return pickle.loads(await task)  # type: ignore[no-any-return]

    with stub_process(latency_ms=50) as server:
        order = order_of(tmp_path, [resolved(server)], n=400)
        ended = asyncio.run(go(order))
    assert ended.stopped
    assert 0 < ended.counts["a"].done < 400
    with Ledger(tmp_path / "bakeoff.db") as ledger:
        held = ledger.database.rows("SELECT count(*) FROM lease WHERE state = 'held'")
        assert held == [(0,)]
        assert not standing(ledger, order.assignment)[0].is_done


def test_a_stop_before_the_beginning(tmp_path: Path) -> None:
    async def go(order: Order) -> Ended:
        node = AtNode()
        await node.stop()
        return pickle.loads(await node.work(pickle.dumps(order)))  # type: ignore[no-any-return]

    assert asyncio.run(go(order_of(tmp_path, [resolved("http://127.0.0.1:9")]))).stopped


def test_a_ledger_that_cannot_be_had_is_told(tmp_path: Path) -> None:
    order = order_of(tmp_path, [resolved("http://127.0.0.1:9")])
    order = replace(order, assignment=replace(order.assignment, ledger=tmp_path / "none" / "bakeoff.db"))
    ended: Ended = pickle.loads(asyncio.run(AtNode().work(pickle.dumps(order))))
    assert isinstance(ended.error, StorageError)


@pytest.mark.parametrize("same", [True, False])
def test_a_model_is_the_one_of_the_node_and_the_same(
    same: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def get(model: str, build: str | None, **more: Any) -> ModelFile:
        asked.append((model, build, more["base"]))
        return ModelFile(tmp_path / "there.gguf", "1" * 64 if same else "2" * 64, 1, "file")

    monkeypatch.setattr("bakeoff.weights.get", get)
    engine = EngineParameters(threads=99, n_slots=1, context_per_slot=512)
    given = replace(
        resolved("http://127.0.0.1:9"),
        base_url=None,
        model_file=ModelFile(tmp_path / "here.gguf", "1" * 64, 1, "file"),
        engine=engine,
    )
    with Ledger(tmp_path / "bakeoff.db") as ledger:
        work = assignment(ledger, tmp_path / "bakeoff.db", [given], tmp_path)
    found, missing = AtNode()._with_files(work, (0,))
    assert asked == [("model-a", None, tmp_path)]
    if same:
        (column,) = found.columns
        assert column.model_file is not None
        assert column.engine is not None
        assert column.model_file.path.name == "there.gguf"
        assert column.engine.threads == usable_cores()
        assert missing == {}
    else:
        error = missing[0].error
        assert isinstance(error, WeightsError)
        assert "is not the file that the driver has" in error.message


def test_a_column_whose_model_cannot_be_had_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def get(*_: Any, **__: Any) -> ModelFile:
        raise WeightsError("no such model")

    monkeypatch.setattr("bakeoff.weights.get", get)
    with stub_process() as server:
        engine = EngineParameters(threads=1, n_slots=1, context_per_slot=512)
        file = ModelFile(tmp_path / "m.gguf", "1" * 64, 1, "file")
        columns = [resolved(server), replace(resolved(server, "b"), base_url=None, model_file=file, engine=engine)]
        order = order_of(tmp_path, columns, elsewhere=True)
        ended: Ended = pickle.loads(asyncio.run(AtNode().work(pickle.dumps(order))))
    assert [one.answered for one in ended.outcomes] == [30, 0]
    assert isinstance(ended.outcomes[1].error, BakeoffError)
