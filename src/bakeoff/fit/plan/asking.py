"""`bakeoff.fit(...)`: from names to an answer, or to the table of what is worth running.

Python, the command and the page all ask here, so that their numbers are the same.
"""

from pathlib import Path
from typing import TypedDict, Unpack, overload

from bakeoff.catalog.builds import Engine, parse_build
from bakeoff.catalog.loading import load
from bakeoff.catalog.model import Model
from bakeoff.errors import UsageError
from bakeoff.fit.llama_cpp.settings import FlashAttention
from bakeoff.fit.plan.calibration import calibration
from bakeoff.fit.plan.plan import Answer
from bakeoff.fit.plan.table import Table, table
from bakeoff.fit.plan.wanted import USUAL_OUTPUT, USUAL_PROMPT, Wanted, parse_kv
from bakeoff.hardware import Machine
from bakeoff.hardware import machine as machine_named

ENGINES: tuple[Engine, ...] = ("llama.cpp", "vllm", "sglang", "transformers", "mlx")


class Options(TypedDict, total=False):
    """What `fit` takes beside model and machine; each is explained there."""

    context_tokens: int | None
    prompt_tokens: int | None
    output_tokens: int | None
    users: int
    build: str | None
    engine: str | None
    kv: str | None
    parallel: int | None
    flash_attention: FlashAttention
    batch: int
    ubatch: int
    utilization: float | None
    least_speed: float | None
    exact: bool
    task: str | None
    language: str | None


@overload
def fit(model: None = None, *, on: str | Machine | None = None, **options: Unpack[Options]) -> Table: ...


@overload
def fit(model: str | Model, *, on: str | Machine | None = None, **options: Unpack[Options]) -> Answer: ...


def fit(
    model: str | Model | None = None,
    *,
    on: str | Machine | None = None,
    context_tokens: int | None = None,
    prompt_tokens: int | None = None,
    output_tokens: int | None = None,
    users: int = 1,
    build: str | None = None,
    engine: str | None = None,
    kv: str | None = None,
    parallel: int | None = None,
    flash_attention: FlashAttention = "auto",
    batch: int = 2048,
    ubatch: int = 512,
    utilization: float | None = None,
    least_speed: float | None = None,
    exact: bool = False,
    task: str | None = None,
    language: str | None = None,
) -> Answer | Table:
    """What runs on a machine, in which build, with how much context, how fast.

    Args:
        model: a name as people write it (`qwen3 8b`, `Qwen/Qwen3-8B`, `qwen3:8b`), the path of a model file, or a model
            of the catalog. None: the table of what is worth running, by task.
        on: a machine by name, or one that is at hand; None: this one.
        context_tokens: of each user; of all slots together where `parallel` is given. None: as much as is usual.
        prompt_tokens: of the user's own request; with `output_tokens` it decides the verdict.
        output_tokens: of its answer, thinking included.
        users: requests at the same time.
        build: only this one: `Q4_K_M`, `gguf:Q4_K_M`, `awq`, `mlx:4bit`.
        engine: only this one: `llama.cpp`, `vllm`, `sglang`, `transformers`, `mlx`.
        kv: type of the cache: `f16`, `q8_0`, `q8_0,f16` for keys and values; `fp8` for vLLM and SGLang.
        parallel: slots of llama-server (`--parallel`), which share the context.
        flash_attention: llama.cpp's `--flash-attn`.
        batch: llama.cpp's `--batch-size`.
        ubatch: llama.cpp's `--ubatch-size`.
        utilization: share of a GPU that vLLM or SGLang may take.
        least_speed: tokens per second below which a plan is too slow.
        exact: have llama.cpp's own planner say what cache and buffers take.
        task: without a model: only this task.
        language: without a model: only models that are known for this language, ISO code.

    Returns:
        An `Answer` for a model, a `Table` without.

    Raises:
        UsageError: a name or value means nothing, or several models; the hint has the nearest or the choices.
        WeightsError: the model file is damaged.
        EngineError: `exact`, and the engine does not lay out the model.
    """
    if engine is not None and engine not in ENGINES:
        raise UsageError(f"{engine[:40]!r} is not an engine", hint=f"one of {', '.join(ENGINES)}")
    if utilization is not None and not 0 < utilization < 1:
        raise UsageError(f"{utilization} is not a share of a GPU's memory", hint="it lies between 0 and 1: 0.9")
    if least_speed is not None and not 0 < least_speed < 1e6:
        raise UsageError(f"{least_speed} tokens per second are no speed", hint="write for example 15")
    found = None if model is None else _model(model)
    kv_type_k, kv_type_v = parse_kv(kv) if kv is not None else (None, None)
    room = _room(found, context_tokens, parallel)
    prompt = prompt_tokens if prompt_tokens is not None else within(USUAL_PROMPT, room, 2 / 3)
    wanted = Wanted(
        context_tokens=context_tokens,
        prompt_tokens=prompt,
        output_tokens=output_tokens if output_tokens is not None else within(USUAL_OUTPUT, room - prompt, 1),
        users=users,
        build=parse_build(build) if build is not None else None,
        engine=engine,
        kv_type_k=kv_type_k,
        kv_type_v=kv_type_v,
        n_slots=parallel,
        batch=batch,
        ubatch=ubatch,
        flash_attention=flash_attention,
        least_speed=least_speed,
        utilization=utilization,
        exact=exact,
    )
    machine = on if isinstance(on, Machine) else machine_named(on)
    learnt = calibration(machine, load()) if machine.here else None
    more = {"calibration": learnt} if learnt is not None else {}
    if found is not None:
        from bakeoff.fit.plan.answering import answer

        return answer(found, machine, wanted, **more)
    return table(machine, wanted, load(), task=task, language=language, **more)


def _model(model: str | Model) -> Model:
    if isinstance(model, Model):
        return model
    if not looks_like_path(model):
        from bakeoff.catalog.finding import find

        return find(model)
    from bakeoff.fit.plan.from_file import model_of_path

    return model_of_path(model)


def looks_like_path(text: str) -> bool:
    """The text names a file or folder, not a model: it ends like a model file, or it is there and looks like a path."""
    if text.lower().endswith((".gguf", ".safetensors")):
        return Path(text).expanduser().exists() or "/" in text or "\\" in text
    return text.startswith((".", "/", "~")) and Path(text).expanduser().exists()


def _room(model: Model | None, context: int | None, parallel: int | None) -> int:
    """Tokens that a usual request may have: no more than the context that was asked for, or that the model has."""
    asked = context // (parallel or 1) if context is not None else None
    own = model.context_tokens if model is not None else None
    return max(2, min(asked or 1 << 30, own or 1 << 30))


def within(usual: int, room: float, share: float) -> int:
    """A usual number of tokens, less where a share of the room is less; at least one."""
    return max(1, min(usual, int(share * room)))
