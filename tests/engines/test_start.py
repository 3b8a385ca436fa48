"""The life of an engine: it starts or says why not, it ends in every case, and its death is noticed."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from bakeoff.errors import BakeoffError, EngineError, StorageError, WeightsError
from bakeoff.evaluate.client import AskError, Client
from bakeoff.evaluate.engines import Engine, EngineParameters, start_engine
from bakeoff.evaluate.engines.start import _size
from tests.engines import tiny
from tests.engines.conftest import Start, complete

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are watched through /proc")

GONE_SECONDS = 20.0
"""More than any of this takes on a machine that is busy with other things."""


def alive(pid: int) -> bool:
    """The process runs; one that only waits to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def gone(pid: int) -> bool:
    """The process ends, soon."""
    deadline = time.monotonic() + GONE_SECONDS
    while alive(pid) and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    return not alive(pid)


async def test_what_was_planned_is_what_runs(start: Start) -> None:
    async with start(n_slots=3, context_per_slot=768) as engine:
        assert (engine.n_slots, engine.context_per_slot) == (3, 768)
        assert engine.facts.architecture == "llama"
        assert engine.facts.n_ctx_train == tiny.N_CTX_TRAIN
        assert engine.base_url.startswith("http://127.0.0.1:")
        assert engine.base_url.endswith("/v1")
        assert engine.load_seconds > 0
        engine.check()


async def test_a_slot_never_has_more_context_than_the_model_was_trained_for(start: Start) -> None:
    async with start(context_per_slot=2 * tiny.N_CTX_TRAIN) as engine:
        assert engine.context_per_slot == tiny.N_CTX_TRAIN


async def test_two_engines_at_once_answer_at_addresses_of_their_own(start: Start) -> None:
    async with start() as one, start() as other:
        assert one.base_url != other.base_url
        for engine in (one, other):
            async with Client(engine.base_url) as client:
                assert (await complete(client, "hello")).output_tokens == 8


@pytest.mark.parametrize("name", ["mô hình số 1.gguf", "with ' \" and \\.gguf", "-n.gguf"])
async def test_a_model_file_may_have_any_name(start: Start, tiny_model: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(tiny_model.read_bytes())
    async with start(path) as engine:
        engine.check()


async def test_the_process_is_gone_when_the_block_ends(start: Start) -> None:
    async with start() as engine:
        assert alive(engine.pid)
    assert not alive(engine.pid)


async def test_the_process_is_gone_when_the_block_fails(start: Start) -> None:
    with pytest.raises(ZeroDivisionError):
        async with start() as engine:
            raise ZeroDivisionError
    assert not alive(engine.pid)


async def test_stopping_right_after_the_start_never_hangs(start: Start) -> None:
    for _ in range(20):
        async with asyncio.timeout(GONE_SECONDS):
            async with start() as engine:
                pass
        assert not alive(engine.pid)


async def test_an_engine_can_be_given_up_while_it_starts(start: Start) -> None:
    async def give_up_after(seconds: float) -> None:
        async with asyncio.timeout(seconds), start():
            await asyncio.sleep(GONE_SECONDS)

    before = _children()  # of other tests: a server that all of them share
    for moment in range(8):
        with pytest.raises(TimeoutError):
            await give_up_after(moment * 0.02)
    assert [pid for pid in _children() - before if alive(pid)] == []


def _children() -> set[int]:
    """Processes that this one started and that are still there."""
    return {int(pid) for pid in os.listdir("/proc") if pid.isdigit() and _parent(int(pid)) == os.getpid()}


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


@pytest.mark.parametrize(
    ("number", "said"), [(signal.SIGKILL, "the engine was killed"), (signal.SIGSEGV, "ended by signal SIGSEGV")]
)
async def test_the_death_of_the_engine_interrupts_the_work_and_says_why(start: Start, number: int, said: str) -> None:
    async def work() -> None:
        async with asyncio.timeout(GONE_SECONDS), start() as engine:
            os.kill(engine.pid, number)
            await asyncio.sleep(2 * GONE_SECONDS)

    with pytest.raises(EngineError, match=said):
        await work()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


def check_until_dead(engine: Engine) -> None:
    """The loop does not run meanwhile, so that nothing interrupts the block."""
    deadline = time.monotonic() + GONE_SECONDS
    while time.monotonic() < deadline:
        engine.check()
        time.sleep(0.01)


async def test_check_raises_when_the_engine_is_dead(start: Start) -> None:
    async with start() as engine:
        os.kill(engine.pid, signal.SIGKILL)
        with pytest.raises(EngineError, match="the engine was killed") as raised:
            check_until_dead(engine)
    assert "context_tokens" in (raised.value.hint or "")


async def test_a_cancelled_task_stays_cancelled(start: Start) -> None:
    entered = asyncio.Event()

    async def work() -> None:
        async with start():
            entered.set()
            await asyncio.sleep(2 * GONE_SECONDS)

    task = asyncio.create_task(work())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.fixture
def broken(tmp_path: Path, tiny_model: Path) -> dict[str, Path]:
    """Files that are no models, by what is wrong with them."""
    data = tiny_model.read_bytes()
    contents = {
        "text": b"<html>404 not found</html>",
        "empty": b"",
        "cut in the header": data[:2000],
        "cut in the weights": data[: len(data) // 2],
        "zeros": bytes(5000),
    }
    paths = {name: tmp_path / f"{name}.gguf" for name in contents}
    for name, content in contents.items():
        paths[name].write_bytes(content)
    martian = tiny.write(tmp_path / "martian.gguf", architecture="martian")
    return {**paths, "folder": tmp_path, "missing": tmp_path / "nothing.gguf", "architecture": martian}


@pytest.mark.parametrize(
    ("what", "kind", "said"),
    [
        ("text", WeightsError, "is not a model"),
        ("empty", WeightsError, "is not a model"),
        ("zeros", WeightsError, "is not a model"),
        ("cut in the header", WeightsError, "is incomplete"),
        ("cut in the weights", WeightsError, "is incomplete"),
        ("folder", WeightsError, "is not a model"),
        ("missing", WeightsError, "cannot be read: No such file"),
        ("architecture", EngineError, "does not know the architecture 'martian'"),
    ],
)
async def test_a_file_that_is_no_model_is_told_at_once_with_a_way_out(
    start: Start, broken: dict[str, Path], what: str, kind: type[BakeoffError], said: str
) -> None:
    async with asyncio.timeout(GONE_SECONDS):
        with pytest.raises(kind, match=said) as raised:
            async with start(broken[what]):
                pass
    assert type(raised.value) is kind
    assert raised.value.hint
    if what != "architecture":
        assert str(broken[what]) in raised.value.message


async def test_a_context_that_does_not_fit_into_memory_is_told_with_the_way_out(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bakeoff.evaluate.engines.start._memory_left", lambda _: 1 << 30)
    # One layer, 64 numbers for keys and as many for values, 2 bytes each: 256 bytes a token, 2 GiB in all.
    with pytest.raises(EngineError, match=r"not enough memory for the model with 2 contexts of 4194304") as raised:
        async with start(n_slots=2, context_per_slot=1 << 22):
            pass
    assert "it asked for 2.0 GiB at once" in raised.value.message
    assert "lower `context_tokens` of the candidate (now 4194304), lower `concurrency`" in (raised.value.hint or "")


def test_the_time_to_load_counts_all_parts_of_a_model(tmp_path: Path) -> None:
    for name, size in (
        ("m [1]-00001-of-00002.gguf", 3),
        ("m [1]-00002-of-00002.gguf", 5),
        ("m-00001-of-00002.gguf", 7),
    ):
        (tmp_path / name).write_bytes(bytes(size))
    sizes = [_size(tmp_path / name) for name in ("m [1]-00001-of-00002.gguf", "m-00001-of-00002.gguf")]
    assert sizes == [8, 7]


async def test_an_engine_that_is_not_ready_in_time_is_given_up(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bakeoff.evaluate.engines.start.READY_SECONDS", 0.01)
    with pytest.raises(EngineError, match="was not ready after 0 s"):
        async with start():
            pass


async def test_a_python_that_is_not_there_is_told(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nothing/python")
    with pytest.raises(EngineError, match="cannot be started: No such file"):
        async with start():
            pass


async def test_a_log_that_cannot_be_written_stops_before_anything_starts(tiny_model: Path, tmp_path: Path) -> None:
    parameters = EngineParameters(threads=1, n_slots=1, context_per_slot=512)
    with pytest.raises(StorageError, match="log cannot be written"):
        async with start_engine(tiny_model, parameters=parameters, log_path=tmp_path / "no" / "log"):
            pass


async def test_a_prompt_that_is_too_long_is_refused_with_both_lengths(start: Start) -> None:
    async with start(context_per_slot=256) as engine, Client(engine.base_url) as client:
        with pytest.raises(
            AskError, match=r"request \(303 tokens\) exceeds the available context size \(256 tokens"
        ) as e:
            await complete(client, "x" * 299)
        assert (e.value.kind, e.value.status) == ("refused", 400)
        assert (await complete(client, "short")).output_tokens == 8


@pytest.mark.parametrize("slots", [1, 4])
async def test_no_request_meets_a_connection_that_the_server_has_closed(start: Start, slots: int) -> None:
    """llama.cpp's server closes each connection after a stream, without `Connection: close`."""
    async with start(n_slots=slots) as engine, Client(engine.base_url, connections=slots) as client:

        async def worker() -> None:
            for _ in range(40):
                await complete(client, "hello", max_tokens=4)

        await asyncio.gather(*(worker() for _ in range(slots)))
