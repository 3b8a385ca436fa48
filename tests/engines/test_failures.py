"""From llama.cpp's last words to an error that names the fix. The lines are recorded from build 11549."""

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from bakeoff.errors import BakeoffError, EngineError, WeightsError
from bakeoff.evaluate.engines.failures import why_gone
from bakeoff.evaluate.engines.parameters import EngineParameters

PARAMETERS = EngineParameters(threads=2, n_slots=1, context_per_slot=131072)

CONSEQUENCES = [
    "0.00.116.800 E llama_model_load_from_file_impl: failed to load model",
    "0.00.116.816 E cmn  common_init_: failed to load model 'm.gguf'",
    "0.00.116.829 E srv    load_model: failed to load model, 'm.gguf'",
    "0.00.116.901 I srv    operator(): operator(): cleaning up before exit...",
    "0.00.123.219 E srv          init: exiting due to model loading error",
    "Traceback (most recent call last):",
    "RuntimeError: Failed to init server, please check the input params.",
]
"""What follows whatever went wrong with the file."""

LOAD = "0.00.106.309 E llama_model_load: error loading model: "

CASES = [
    (
        ["0.00.007.666 E gguf_init_from_file: failed to open GGUF file 'm.gguf' (Permission denied)"],
        WeightsError,
        "m.gguf cannot be read: Permission denied",
        "permissions",
    ),
    (
        ["0.00.011.951 E gguf_init_from_reader: invalid magic characters: '<htm', expected 'GGUF'"],
        WeightsError,
        "m.gguf is not a model: GGUF files begin with the letters GGUF",
        ".gguf",
    ),
    (
        ["0.00.007.674 E gguf_init_from_reader: failed to read magic"],
        WeightsError,
        "m.gguf is not a model: GGUF files begin with the letters GGUF",
        ".gguf",
    ),
    (
        [LOAD + "tensor 'blk.16.ffn_down.weight' data is not within the file bounds, model is corrupted or incomplete"],
        WeightsError,
        "m.gguf is incomplete",
        "get it again",
    ),
    (
        ["0.00.017.514 E gguf_init_from_reader: failed to read key-value pairs"],
        WeightsError,
        "m.gguf is incomplete",
        "get it again",
    ),
    (
        [LOAD + "unknown model architecture: 'martian'"],
        EngineError,
        "m.gguf: llama.cpp in xllamacpp 7 does not know the architecture 'martian'",
        "via =",
    ),
    (
        [LOAD + "error loading model vocabulary: unknown pre-tokenizer type: 'new'"],
        EngineError,
        "m.gguf: llama.cpp in xllamacpp 7 cannot read its tokenizer: unknown pre-tokenizer type: 'new'",
        "via =",
    ),
    (
        [LOAD + "error loading model hyperparameters: key not found in model: llama.embedding_length"],
        WeightsError,
        "m.gguf cannot be loaded: error loading model hyperparameters: key not found in model: llama.embedding_length",
        "get the file again",
    ),
    (
        [LOAD + "missing tensor 'blk.0.attn_q.weight'"],
        WeightsError,
        "m.gguf cannot be loaded: missing tensor 'blk.0.attn_q.weight'",
        "get the file again",
    ),
    (
        [
            "0.00.947.665 E ggml_aligned_malloc: insufficient memory (attempted to allocate 439453.12 MB)",
            "0.00.950.116 E ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 460800000000",
            "0.01.030.963 E llama_init_from_model: failed to initialize the context: "
            "failed to allocate buffer for kv cache",
        ],
        EngineError,
        "m.gguf: not enough memory for the model with a context of 131072 tokens: it asked for 429.2 GiB at once",
        "lower `context_tokens` of the candidate (now 131072), take a smaller build, or close other programs",
    ),
    (
        ["ModuleNotFoundError: No module named 'xllamacpp'"],
        EngineError,
        "xllamacpp, which holds the engine, cannot be loaded: xllamacpp",
        "pip install",
    ),
    (
        ["ImportError: /lib64/libc.so.6: version `GLIBC_2.17' not found"],
        EngineError,
        "xllamacpp, which holds the engine, cannot be loaded: /lib64/libc.so.6: version `GLIBC_2.17' not found",
        "pip install",
    ),
]


def explain(lines: list[str], exit_code: int | None = 1, parameters: EngineParameters = PARAMETERS) -> BakeoffError:
    return why_gone(
        lines, exit_code, path=Path("m.gguf"), parameters=parameters, version="7", log_path=Path("engine.log")
    )


@pytest.mark.parametrize(("lines", "kind", "message", "hint"), CASES, ids=[message[:60] for _, _, message, _ in CASES])
def test_a_known_cause_is_named_with_its_fix(
    lines: list[str], kind: type[BakeoffError], message: str, hint: str
) -> None:
    error = explain(lines + CONSEQUENCES)
    assert (type(error), error.message) == (kind, message)
    assert hint in (error.hint or "")


def test_several_slots_are_a_reason_for_little_memory() -> None:
    error = explain(["E failed to allocate buffer of size 2147483648"], parameters=replace(PARAMETERS, n_slots=4))
    assert error.message.endswith("the model with 4 contexts of 131072 tokens: it asked for 2.0 GiB at once")
    assert "lower `concurrency`" in (error.hint or "")


def test_an_unknown_cause_is_told_in_the_words_of_the_line_that_is_no_consequence() -> None:
    error = explain(["0.00.1 E ggml: something new went wrong", *CONSEQUENCES])
    assert error.message == "m.gguf: the engine ended with exit code 1: ggml: something new went wrong"
    assert "engine.log" in (error.hint or "")


@pytest.mark.parametrize(
    ("exit_code", "said"),
    [
        (-signal.SIGKILL, "was killed; most often the system does that when memory runs out"),
        (-signal.SIGILL, "instructions that this processor does not have"),
        (0xC000001D, "instructions that this processor does not have"),
        (-signal.SIGSEGV, "ended by signal SIGSEGV: the last thing it said"),
        (3, "ended with exit code 3: the last thing it said"),
        (None, "ended with exit code None: the last thing it said"),
    ],
)
def test_an_end_without_words_is_told_by_the_exit_code(exit_code: int | None, said: str) -> None:
    assert (
        said in explain(["0.01.2 I srv  update_slots: all slots are idle", "the last thing it said"], exit_code).message
    )


def test_silence_is_told_as_such() -> None:
    assert explain([], 1).message.endswith("it said nothing")
