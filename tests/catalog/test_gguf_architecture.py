"""From a GGUF header to a model's shape, and back: real files, every shape of the catalog, and hostile headers."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.catalog.architecture import Architecture
from bakeoff.catalog.gguf_architecture import architecture_from_gguf
from bakeoff.catalog.gguf_metadata import metadata_of
from bakeoff.catalog.loading import load
from bakeoff.catalog.tensors import tensors
from bakeoff.errors import DataError
from bakeoff.headers.ggml import TENSOR_TYPES
from bakeoff.headers.gguf import GgufHeader, LongArray, Tensor, read_header
from bakeoff.weights import ModelFile
from tests.fit.models import GEMMA_270M, LLAMA_8B, SMOLLM2
from tests.fit.shapes import MAMBA2, MLA


def header_of(architecture: Architecture, **changes: Any) -> GgufHeader:
    """A header as a converter would write it; `changes` set keys under the architecture's name, None removes one."""
    metadata = {
        key: tuple(value) if isinstance(value, list) else value for key, value in metadata_of(architecture).items()
    }
    for key, value in changes.items():
        metadata[f"{architecture.name}.{key.replace('__', '.')}"] = value
    kept = {key: value for key, value in metadata.items() if value is not None}
    found = []
    for number, tensor in tensors(architecture):
        name = tensor.name if number is None else f"blk.{number}.{tensor.name}"
        shape: tuple[int, ...] = (tensor.columns, tensor.rows, tensor.depth)
        while len(shape) > 1 and shape[-1] == 1:
            shape = shape[:-1]
        found.append(Tensor(name, shape, TENSOR_TYPES[1], 0))
    return GgufHeader(3, "little", kept, tuple(found), 32, 0)


def _size(architecture: Architecture) -> int:
    return sum(tensor.size for _, tensor in tensors(architecture))


def _bare(architecture: Architecture) -> list[tuple[object, ...]]:
    return [(layer.attention, layer.recurrent, layer.feed_forward, layer.n_norms) for layer in architecture.layers()]


def test_every_shape_of_the_catalog_comes_back() -> None:
    checked = 0
    for model in load().models:
        architecture = model.architecture
        if architecture is None or architecture.name in ("bailingmoe3", "gemma3n", "hy_v4"):
            continue
        found = architecture_from_gguf(header_of(architecture))
        assert _bare(found) == _bare(architecture), model.id
        assert _size(found) == _size(architecture), model.id
        for name in ("hidden_size", "vocab_size", "tied_embeddings", "context_tokens", "norm_bias"):
            assert getattr(found, name) == getattr(architecture, name), model.id
        checked += 1
    assert checked > 600


def test_real_files(smollm2: ModelFile, gemma: ModelFile) -> None:
    for file, expected in ((smollm2, SMOLLM2), (gemma, GEMMA_270M)):
        header = read_header(file.path)
        found = architecture_from_gguf(header)
        assert _bare(found) == _bare(expected)
        assert (found.hidden_size, found.vocab_size, found.tied_embeddings) == (
            expected.hidden_size,
            expected.vocab_size,
            True,
        )
        assert _size(found) == header.n_parameters


def test_a_window_pattern_that_the_file_does_not_have_is_the_architectures_own() -> None:
    # Gemma 3: every sixth layer sees everything. A number in the file changes the period, a list says it per layer.
    pattern = "attention__sliding_window_pattern"

    def full(value: object) -> list[int]:
        found = architecture_from_gguf(header_of(GEMMA_270M, **{pattern: value}))
        return [n for n, layer in enumerate(found.layers()) if layer.attention and layer.attention.window is None]

    assert full(None) == [5, 11, 17]
    assert full(3) == [2, 5, 8, 11, 14, 17]
    assert full(tuple(number != 4 for number in range(18))) == [4]
    assert architecture_from_gguf(header_of(LLAMA_8B, attention__sliding_window=4096)) == LLAMA_8B  # no such pattern


def test_a_latent_cache_of_old_files_is_whole() -> None:
    # Converted before `key_length_mla`: the engine keeps keys and values of every head.
    old = architecture_from_gguf(
        header_of(
            MLA,
            attention__key_length_mla=None,
            attention__value_length_mla=None,
            attention__key_length=192,
            attention__value_length=128,
            attention__head_count_kv=16,
        )
    )
    attention = next(old.layers()).attention
    assert attention is not None
    assert attention.latent is None
    assert (attention.n_kv_heads, attention.head_dim_k, attention.head_dim_v) == (16, 192, 128)


def test_prediction_layers_are_set_apart() -> None:
    header = header_of(LLAMA_8B, nextn_predict_layers=2)
    extra = [Tensor(f"blk.{n}.nextn.eh_proj.weight", (8192, 4096), TENSOR_TYPES[1], 0) for n in (30, 31)]
    found = architecture_from_gguf(replace(header, tensors=(*header.tensors, *extra)))
    assert (found.n_layers, found.n_next_token_layers) == (30, 2)
    # Announced and not there: plain layers.
    assert architecture_from_gguf(header).n_layers == 32


def test_the_vocabulary_is_counted_where_the_embedding_is_not_there() -> None:
    header = header_of(LLAMA_8B)
    without = tuple(tensor for tensor in header.tensors if tensor.name != "token_embd.weight")
    tokens = {**header.metadata, "tokenizer.ggml.tokens": LongArray("string", 777)}
    assert architecture_from_gguf(replace(header, tensors=without, metadata=tokens)).vocab_size == 777


def test_parts_of_a_split_model_are_read_together() -> None:
    header = header_of(LLAMA_8B)
    first, second = replace(header, tensors=header.tensors[:100]), replace(header, tensors=header.tensors[100:])
    assert architecture_from_gguf(first, second) == LLAMA_8B
    with pytest.raises(DataError, match="has no tensors") as error:
        architecture_from_gguf(first)
    assert error.value.hint is not None
    assert "all of them" in error.value.hint


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"embedding_length": None}, "embedding_length is missing"),
        ({"embedding_length": 0}, "embedding_length is 0"),
        ({"embedding_length": "4096"}, "embedding_length is '4096'"),
        ({"embedding_length": True}, "embedding_length is True"),
        ({"block_count": -1}, "block_count is -1"),
        ({"block_count": 1 << 31}, "block_count"),
        ({"attention__head_count": (32, 32)}, "has 2 values for 32 layers"),
        ({"attention__head_count": LongArray("int32", 5000)}, "head_count is"),
        ({"attention__head_count": 1.5}, "head_count is 1.5"),
        ({"nextn_predict_layers": 32}, "32 of 32 layers"),
    ],
)
def test_a_senseless_header_is_a_data_error(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        architecture_from_gguf(header_of(LLAMA_8B, **change))


@pytest.mark.parametrize("name", [None, "", 5, "a" * 101])
def test_a_header_without_an_architecture_is_a_data_error(name: object) -> None:
    header = header_of(LLAMA_8B)
    with pytest.raises(DataError, match="does not say what model"):
        architecture_from_gguf(replace(header, metadata={**header.metadata, "general.architecture": name}))


def _keys() -> Iterable[str]:
    for architecture in (LLAMA_8B, MAMBA2, MLA, GEMMA_270M):
        yield from (key for key in metadata_of(architecture) if key.startswith(architecture.name))


WILD = st.one_of(
    st.none(), st.booleans(), st.integers(-(1 << 63), 1 << 63), st.floats(), st.text(max_size=5),
    st.lists(st.integers(-5, 1 << 40), max_size=70).map(tuple),
)  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(st.sampled_from((LLAMA_8B, MAMBA2, MLA, GEMMA_270M)), st.dictionaries(st.sampled_from(sorted(_keys())), WILD))
def test_a_wild_header_is_read_or_refused(architecture: Architecture, wild: dict[str, Any]) -> None:
    header = header_of(architecture)
    try:
        found = architecture_from_gguf(replace(header, metadata={**header.metadata, **wild}))
    except DataError:
        return
    assert found.n_layers <= 4096
