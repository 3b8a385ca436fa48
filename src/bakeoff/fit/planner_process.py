"""llama.cpp's own memory planner, in a process of its own: it aborts on a model that it cannot lay out.

`planner` runs this file by its path, and it imports nothing of Bakeoff. It reads one line from standard input (the
order, as JSON), loads the model without memory for weights (`no_alloc`), makes each context, and writes one line per
context to standard output: the log, or why there is none.

The functions are those of include/llama.h, build b11549, in the shared library of xllamacpp. The two structures below
must be laid out as they are there; defaults that are not as expected say that they are not.
"""

import ctypes
import json
import os
import sys
from typing import Any

POINTER, BOOL, INT, UINT, FLOAT = ctypes.c_void_p, ctypes.c_bool, ctypes.c_int32, ctypes.c_uint32, ctypes.c_float


class ModelParameters(ctypes.Structure):
    """`llama_model_params`."""

    _fields_ = (
        ("devices", POINTER),
        ("tensor_buft_overrides", POINTER),
        *((name, INT) for name in ("n_gpu_layers", "split_mode", "load_mode", "lazy_mode", "main_gpu")),
        *((name, POINTER) for name in ("tensor_split", "progress_callback", "progress_data", "kv_overrides")),
        *((name, BOOL) for name in ("vocab_only", "check_tensors", "use_extra_bufts", "no_host")),
        *((name, BOOL) for name in ("no_alloc", "load_mtp")),
    )


class ContextParameters(ctypes.Structure):
    """`llama_context_params`."""

    _fields_ = (
        *((name, UINT) for name in ("n_ctx", "n_batch", "n_ubatch", "n_seq_max", "n_rs_seq")),
        *((name, UINT) for name in ("n_outputs_max", "n_outputs_max_per_seq")),
        *((name, INT) for name in ("n_threads", "n_threads_batch", "ctx_type", "rope_scaling_type")),
        *((name, INT) for name in ("pooling_type", "attention_type", "flash_attn_type")),
        *((name, FLOAT) for name in ("rope_freq_base", "rope_freq_scale", "yarn_ext_factor", "yarn_attn_factor")),
        *((name, FLOAT) for name in ("yarn_beta_fast", "yarn_beta_slow")),
        ("yarn_orig_ctx", UINT),
        ("defrag_thold", FLOAT),
        ("cb_eval", POINTER),
        ("cb_eval_user_data", POINTER),
        ("type_k", INT),
        ("type_v", INT),
        ("moe_cache_size", ctypes.c_size_t),
        ("abort_callback", POINTER),
        ("abort_callback_data", POINTER),
        *((name, BOOL) for name in ("embeddings", "offload_kqv", "no_perf", "op_offload", "swa_full", "kv_unified")),
        ("samplers", POINTER),
        ("n_samplers", ctypes.c_size_t),
        ("ctx_other", POINTER),
    )


EXPECTED = {
    "n_ctx": 512,
    "n_batch": 2048,
    "n_ubatch": 512,
    "n_seq_max": 1,
    "flash_attn_type": -1,
    "yarn_beta_fast": -1.0,
    "defrag_thold": -1.0,
    "type_k": 1,
    "type_v": 1,
    "moe_cache_size": 0,
    "offload_kqv": True,
    "op_offload": True,
    "swa_full": True,
    "kv_unified": False,
    "n_samplers": 0,
}
"""Defaults of a context that show a shifted layout."""

ARRAYS: dict[type, tuple[int, Any]] = {bool: (7, BOOL), int: (5, INT), float: (6, FLOAT)}
"""Type of the elements -> `gguf_type` and C type."""

LOG_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
SET_DATA = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)


class Library:
    """The functions that are needed."""

    def __init__(self, path: str) -> None:
        self.c = ctypes.CDLL(path)
        self.log: list[str] = []
        self._keep = (
            LOG_CALLBACK(lambda level, text, data: self.log.append(text.decode(errors="replace"))),
            SET_DATA(lambda tensor, data: None),
            (ctypes.c_void_p * 1)(),
        )
        for name, result, *arguments in (
            ("llama_backend_init", None),
            ("llama_model_default_params", ModelParameters),
            ("llama_context_default_params", ContextParameters),
            ("llama_log_set", None, LOG_CALLBACK, POINTER),
            ("llama_model_load_from_file", POINTER, ctypes.c_char_p, ModelParameters),
            ("llama_model_init_from_user", POINTER, POINTER, SET_DATA, POINTER, ModelParameters),
            ("llama_init_from_model", POINTER, POINTER, ContextParameters),
            ("llama_free", None, POINTER),
            ("gguf_init_empty", POINTER),
            ("gguf_set_val_bool", None, POINTER, ctypes.c_char_p, BOOL),
            ("gguf_set_val_u32", None, POINTER, ctypes.c_char_p, UINT),
            ("gguf_set_val_f32", None, POINTER, ctypes.c_char_p, FLOAT),
            ("gguf_set_val_str", None, POINTER, ctypes.c_char_p, ctypes.c_char_p),
            ("gguf_set_arr_data", None, POINTER, ctypes.c_char_p, INT, POINTER, ctypes.c_size_t),
        ):
            function = getattr(self.c, name)
            function.restype, function.argtypes = result, arguments
        self.c.llama_log_set(self._keep[0], None)
        self.c.llama_backend_init()

    def model(self, path: str | None, metadata: dict[str, Any]) -> int | None:
        """A model from a file, or from metadata alone: then every tensor is as the architecture wants it."""
        wanted = self.c.llama_model_default_params()
        if wanted.no_alloc or wanted.split_mode != 1 or not wanted.use_extra_bufts:
            raise RuntimeError("llama_model_params is not laid out as expected")
        wanted.devices = ctypes.cast(self._keep[2], POINTER)  # none: the processor alone
        wanted.n_gpu_layers, wanted.load_mode = 0, 0
        wanted.no_alloc, wanted.use_extra_bufts = True, False
        if path is not None:
            found: int | None = self.c.llama_model_load_from_file(os.fsencode(path), wanted)
        else:
            found = self.c.llama_model_init_from_user(self._header(metadata), self._keep[1], None, wanted)
        return found

    def context(self, model: int, options: dict[str, Any]) -> bool:
        """Lay out a context; the log then has the sizes."""
        wanted = self.c.llama_context_default_params()
        for name, value in EXPECTED.items():
            if getattr(wanted, name) != value:
                raise RuntimeError(f"{name} of llama_context_params is {getattr(wanted, name)}, expected {value}")
        for name, value in options.items():
            setattr(wanted, name, value)
        found = self.c.llama_init_from_model(model, wanted)
        if found:
            self.c.llama_free(found)
        return bool(found)

    def _header(self, metadata: dict[str, Any]) -> int:
        header: int = self.c.gguf_init_empty()
        for name, value in metadata.items():
            key = name.encode()
            if isinstance(value, list):
                kind, c_type = ARRAYS[type(value[0])]
                self.c.gguf_set_arr_data(header, key, kind, (c_type * len(value))(*value), len(value))
            elif isinstance(value, bool):
                self.c.gguf_set_val_bool(header, key, value)
            elif isinstance(value, int):
                self.c.gguf_set_val_u32(header, key, value)
            elif isinstance(value, float):
                self.c.gguf_set_val_f32(header, key, value)
            else:
                self.c.gguf_set_val_str(header, key, str(value).encode())
        return header


def main() -> None:
    """Answer one order."""
    order = json.loads(sys.stdin.buffer.readline())
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    library = Library(order["library"])
    model = library.model(order["path"], order["metadata"])
    for options in order["contexts"]:
        ready = model is not None and library.context(model, options)
        print(json.dumps({"ready": ready, "log": "".join(library.log)}), file=answer, flush=True)
        if model is None:
            break
        library.log.clear()
    os._exit(0)  # nothing to tear down


if __name__ == "__main__":
    main()
