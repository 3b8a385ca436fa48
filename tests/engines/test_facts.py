"""What is read from llama.cpp's log: recorded lines of build 11549 with the sums worked out by hand."""

from dataclasses import replace

from bakeoff.evaluate.engines.facts import Facts, read_facts
from bakeoff.units import MIB

GEMMA = """\
0.00.340.700 I print_info: file format = GGUF V3 (latest)
0.00.340.731 I print_info: file type   = Q4_K - Medium
0.00.340.759 I print_info: file size   = 235.16 MiB (7.36 BPW)
0.00.841.120 I print_info: arch                  = gemma3
0.00.841.160 I print_info: n_ctx_train           = 32768
0.00.841.310 I print_info: n_swa                 = 512
0.00.844.399 I load_tensors:   CPU_Mapped model buffer size =   235.16 MiB
0.00.844.421 I load_tensors:   CPU_REPACK model buffer size =    12.66 MiB
0.00.880.368 I llama_context:        CPU  output buffer size =     2.00 MiB
0.00.880.487 I llama_kv_cache:        CPU KV buffer size =    12.00 MiB
0.00.889.173 I llama_kv_cache: size =   12.00 MiB (  2048 cells,   3 layers,  2/2 seqs), K (f16):    6.00 MiB, V (f16):    6.00 MiB
0.00.889.269 I llama_kv_cache:        CPU KV buffer size =    30.00 MiB
0.00.912.289 I llama_kv_cache: size =   30.00 MiB (  1024 cells,  15 layers,  2/2 seqs), K (f16):   15.00 MiB, V (f16):   15.00 MiB
0.00.912.340 I sched_reserve: reserving ...
0.00.914.749 I sched_reserve:        CPU compute buffer size =    21.28 MiB
0.01.195.850 I srv    load_model: initializing, n_slots = 2, n_ctx_slot = 2048, kv_unified = 'false'
0.01.197.990 I srv          init: listening on http://127.0.0.1:33541
"""  # noqa: E501
"""Gemma 3 270M Q4_K_M, two slots: two KV caches (3 full layers, 15 sliding ones), a part of the weights repacked."""

EXPECTED = Facts(
    architecture="gemma3",
    file_type="Q4_K - Medium",
    n_ctx_train=32768,
    has_chat_template=False,
    n_slots=2,
    context_per_slot=2048,
    weights_bytes=round(235.16 * MIB) + round(12.66 * MIB),
    kv_cache_bytes=42 * MIB,
    recurrent_state_bytes=0,
    compute_bytes=round(21.28 * MIB),
    output_bytes=2 * MIB,
)


def test_every_buffer_is_counted_under_its_kind() -> None:
    assert read_facts(GEMMA.splitlines()) == EXPECTED


def test_a_chat_template_is_seen_in_the_header() -> None:
    line = "0.00.042.965 I llama_model_loader: - kv  31:    tokenizer.chat_template str   = {% for message in messages"
    assert read_facts([line, *GEMMA.splitlines()]) == replace(EXPECTED, has_chat_template=True)


def test_a_graph_that_is_planned_again_takes_the_place_of_the_first() -> None:
    again = ["9 I sched_reserve: reserving ...", "9 I sched_reserve:  CPU compute buffer size =    40.00 MiB"]
    assert read_facts([*GEMMA.splitlines(), *again]) == replace(EXPECTED, compute_bytes=40 * MIB)


def test_the_states_of_recurrent_layers_are_one_sum() -> None:
    lines = [
        "0 I llama_memory_recurrent:        CPU RS buffer size =   163.91 MiB",
        "0 I llama_kv_cache_dsv4:        CPU DSV4 csa state buffer size =     2.00 MiB",
    ]
    assert read_facts(lines).recurrent_state_bytes == round(163.91 * MIB) + 2 * MIB


def test_several_devices_are_added() -> None:
    lines = [f"0 I load_tensors: {name} model buffer size = {size} MiB" for name, size in DEVICES.items()]
    assert read_facts(lines).weights_bytes == 600 * MIB


DEVICES = {"CPU_Mapped": "100.00", "CUDA0": "  200.00", "CUDA1": "  300.00"}


def test_nothing_said_is_nothing_found() -> None:
    assert read_facts(["", "noise", "buffer size = x MiB"]) == Facts("", "", 0, False, 0, 0, 0, 0, 0, 0, 0)
