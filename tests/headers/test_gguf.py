"""GGUF headers: read as the reference reads them, refused where llama.cpp refuses, in bounded memory whatever comes."""

import contextlib
import struct
import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.errors import StorageError, WeightsError
from bakeoff.headers import cursor
from bakeoff.headers.gguf import GgufHeader, LongArray, read_header, read_header_from, shard_paths
from bakeoff.values import to_json
from bakeoff.weights import ModelFile
from tests import gguf_files
from tests.gguf_files import ARRAY, BOOL, F32, FLOAT32, Q4_0, STRING, UINT32, UINT64, header, text, whole, write


def read_bytes(data: bytes, **options: Any) -> GgufHeader:
    return read_header_from(lambda offset, length: data[offset : offset + length], len(data), **options)


def reference_value(field: gguf.ReaderField) -> Any:
    content = field.contents()
    return tuple(content) if isinstance(content, list) else content


def assert_same(ours: GgufHeader, path: Path) -> None:
    """Every key and every tensor as the `gguf` package of llama.cpp reads them."""
    theirs = gguf.GGUFReader(path)
    keys = {key: field for key, field in theirs.fields.items() if not key.startswith("GGUF.")}
    assert set(ours.metadata) == set(keys)
    for key, value in ours.metadata.items():
        if isinstance(value, LongArray):
            assert value.length == len(keys[key].data)
        else:
            assert value == reference_value(keys[key]), key
    assert [tensor.name for tensor in ours.tensors] == [tensor.name for tensor in theirs.tensors]
    for tensor, reference in zip(ours.tensors, theirs.tensors, strict=True):
        assert list(tensor.shape) == list(reference.shape)
        assert tensor.type.name == reference.tensor_type.name
        assert (tensor.n_elements, tensor.n_bytes) == (reference.n_elements, reference.n_bytes)
        assert ours.data_offset + tensor.offset == reference.data_offset


def test_a_file_of_the_reference_writer_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(4096)
    writer.add_uint8("n.u8", 255)
    writer.add_int64("n.i64", -(2**62))
    writer.add_float64("n.f64", 1.5)
    writer.add_bool("n.bool", True)
    writer.add_string("n.text", "Tiếng Việt \U0001f1fb\U0001f1f3")
    writer.add_array("n.ints", [1, 2, 3])
    writer.add_array("n.texts", ["x", "", "z"])
    writer.add_token_list([f"t{i}" for i in range(3000)])
    writer.add_custom_alignment(64)
    writer.add_tensor("x", np.zeros((3, 5), dtype=np.float32))
    writer.add_tensor("y", np.zeros((2, 34), dtype=np.uint8), raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("z", np.zeros(7, dtype=np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    ours = read_header(path)
    assert_same(ours, path)
    assert (ours.alignment, ours.context_length, ours.architecture) == (64, 4096, "llama")
    assert ours.metadata["tokenizer.ggml.tokens"] == LongArray("string", 3000)


@pytest.mark.slow
def test_the_real_models_read_as_the_reference_reads_them(smollm2: ModelFile, gemma: ModelFile) -> None:
    small, large = read_header(smollm2.path), read_header(gemma.path)
    assert_same(small, smollm2.path)  # the reference takes twenty seconds for the other one
    assert (small.architecture, small.file_type, small.n_parameters) == ("llama", "Q4_1", 134_515_008)
    assert (large.architecture, large.file_type, large.n_parameters) == ("gemma3", "Q4_K_M", 268_098_176)
    assert (small.context_length, large.context_length) == (8192, 32768)
    assert (small.license, large.license) == ("apache-2.0", "gemma")
    assert small.chat_template is not None
    assert large.chat_template is None
    assert (small.expected_file_bytes, large.expected_file_bytes) == (smollm2.size_bytes, gemma.size_bytes)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(("order", "name"), [("<", "little"), (">", "big")])
def test_both_versions_and_both_byte_orders_are_read(version: int, order: str, name: str) -> None:
    found = read_bytes(whole(version=version, order=order))
    assert (found.version, found.byte_order) == (version, name)
    assert (found.architecture, found.file_type, found.context_length, found.license) == (
        "llama",
        "Q4_K_M",
        2048,
        "mit",
    )
    assert found.metadata["llama.attention.head_count_kv"] == (1, 2, 3)
    # 64 x 3 in blocks of 32 numbers and 18 bytes: 108 bytes; 5 floats: 20 bytes, from the next multiple of 32.
    assert (found.n_parameters, found.tensor_bytes) == (197, 128)
    assert found.expected_file_bytes == found.data_offset + gguf_files.DATA_BYTES


def test_long_arrays_are_passed_over_unless_asked_for() -> None:
    assert read_bytes(whole()).metadata["tokenizer.ggml.tokens"] == LongArray("string", 1500)
    assert read_bytes(whole()).metadata["tokenizer.ggml.scores"] == LongArray("float32", 1500)
    kept = read_bytes(whole(), keep=["tokenizer.ggml.tokens", "tokenizer.ggml.scores"]).metadata
    assert kept["tokenizer.ggml.tokens"][1499] == "token 1499"
    assert kept["tokenizer.ggml.scores"] == (0.5,) * 1500


def test_a_header_can_be_written_as_json() -> None:
    data = to_json(read_bytes(whole()))
    assert data["metadata"]["general.architecture"] == "llama"
    assert data["metadata"]["tokenizer.ggml.scores"] == {"element_type": "float32", "length": 1500}


def test_a_header_over_a_network_takes_few_ranges_and_none_twice() -> None:
    tokens = [f"token number {i}" for i in range(200_000)]
    data = whole(keys=[("tokenizer.ggml.tokens", ARRAY, (STRING, tokens))])
    asked: list[tuple[int, int]] = []

    def read(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return data[offset : offset + length]

    found = read_header_from(read, None)
    assert found.n_parameters == 197
    assert found.data_offset > 4_000_000
    assert len(asked) <= 8
    assert all(offset >= before + length for (before, length), (offset, _) in pairwise(asked))


def test_memory_stays_small_whatever_the_vocabulary(tmp_path: Path) -> None:
    tokens = [f"token number {i}" for i in range(300_000)]
    path = write(tmp_path / "a.gguf", keys=[("tokenizer.ggml.tokens", ARRAY, (STRING, tokens))])
    tracemalloc.start()
    read_header(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * cursor.LARGEST_CHUNK_BYTES


def test_a_file_that_is_one_byte_short_is_cut_off(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gguf")
    assert read_header(path).n_parameters == 197
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(WeightsError, match="is cut off") as caught:
        read_header(path)
    assert caught.value.hint is not None


def test_every_cut_of_a_header_is_noticed() -> None:
    data = whole(keys=gguf_files.USUAL[:4])
    for end in range(len(data)):
        with pytest.raises(WeightsError):
            read_bytes(data[:end])


KEY = ("general.architecture", STRING, "llama")
HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "the file is empty"),
    "text": (b"Hello, this is not a model\n", "a text file, not a GGUF: it starts with 'Hell'"),
    "web page": (b"<!DOCTYPE html><html>", "a web page"),
    "LFS pointer": (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
    "zip": (b"PK\x03\x04" + bytes(100), "zip archive"),
    "old format": (b"tjgg" + bytes(100), "older than GGUF"),
    "binary": (b"\x7fELF" + bytes(100), "starts with the bytes 7f 45 4c 46"),
    "three bytes": (b"GGU", "text file"),
    "magic only": (b"GGUF", "ends in the middle"),
    "version 0": (header(version=0), "version 0 is not known"),
    "version 1": (header(version=1), "version 1 is not known"),
    "version 4": (header(version=4), "version 4 is not known"),
    "many keys": (header(n_keys=1 << 40), "1,099,511,627,776 keys"),
    "negative keys": (header(n_keys=-1), "-1 keys"),
    "many tensors": (header(n_tensors=1 << 62), "tensors"),
    "negative tensors": (header(n_tensors=-5), "-5 tensors"),
    "more keys than there are": (header([KEY], [], n_keys=60_000), "ends in the middle"),
    "key of 4 GB": (b"GGUF" + struct.pack("<IqqQ", 3, 0, 1, 1 << 32), "a string of 4.0 GiB"),
    "key of 2^64-1": (b"GGUF" + struct.pack("<IqqQ", 3, 0, 1, 2**64 - 1), "a string of"),
    "empty key": (header([("", UINT32, 1)], []), "a key of 0 characters"),
    "long key": (header([("k" * 70_000, UINT32, 1)], []), "a key of 70,000 characters"),
    "key twice": (header([KEY, KEY], []), "'general.architecture' is there twice"),
    "unknown type": (header([], [], n_keys=1) + text("k") + struct.pack("<I", 13), "unknown type 13"),
    "array of arrays": (
        header([], [], n_keys=1) + text("k") + struct.pack("<IIQIQ", ARRAY, ARRAY, 1, ARRAY, 1) + bytes(64),
        "array of the type 9",
    ),
    "array of 2^63 bytes": (
        header([], [], n_keys=1) + text("k") + struct.pack("<IIQ", ARRAY, 0, 1 << 63),
        "ends in the middle",
    ),
    "array of 2^60 strings": (
        header([], [], n_keys=1) + text("k") + struct.pack("<IIQ", ARRAY, STRING, 1 << 60) + bytes(4096),
        "ends in the middle",
    ),
    "string in an array of 4 GB": (
        header([], [], n_keys=1) + text("k") + struct.pack("<IIQQ", ARRAY, STRING, 5000, 1 << 32) + bytes(99),
        "a string of 4.0 GiB",
    ),
    "alignment 0": (header([("general.alignment", UINT32, 0)]), "alignment of '0'"),
    "alignment 24": (header([("general.alignment", UINT32, 24)]), "not a power of two"),
    "alignment text": (header([("general.alignment", STRING, "32")]), "not a power of two"),
    "alignment bool": (header([("general.alignment", BOOL, True)]), "not a power of two"),
    "alignment 2^63": (header([("general.alignment", UINT64, 1 << 63)]), "starts at 128 and not at"),
    "five dimensions": (header(tensors=[("t", (1, 1, 1, 1, 1), F32, 0)]), "5 dimensions"),
    "negative extent": (header(tensors=[("t", (-32,), F32, 0)]), "has the shape"),
    "overflow": (header(tensors=[("t", (1 << 32, 1 << 32), F32, 0)]), "has the shape"),
    "unknown tensor type": (header(tensors=[("t", (32,), 4, 0)]), "type 4, which is not known"),
    "half a block": (header(tensors=[("t", (48,), Q4_0, 0)]), "rows of 48 are no whole blocks of Q4_0"),
    "long tensor name": (header(tensors=[("t" * 64, (1,), F32, 0)]), "tensor name of 64"),
    "tensor twice": (header(tensors=[("t", (8,), F32, 0), ("t", (8,), F32, 32)]), "'t' is there twice"),
    "offset in the air": (header(tensors=[("t", (8,), F32, 64)]), "starts at 64 and not at 0"),
    "offset 2^64-1": (header(tensors=[("t", (8,), F32, 2**64 - 1)]), "and not at 0"),
    "overlap": (header(tensors=[("t", (8,), F32, 0), ("u", (8,), F32, 0)]), "starts at 0 and not at 32"),
    "huge tensor": (header(tensors=[("t", (1 << 40,), F32, 0)]), "cut off"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_in_words(name: str) -> None:
    data, words = HOSTILE[name]
    with pytest.raises(WeightsError) as caught:
        read_bytes(data, name="x.gguf")
    assert words in caught.value.message
    assert caught.value.message.startswith("x.gguf")
    assert caught.value.hint


def test_an_endless_source_is_given_up() -> None:
    """A server that sends zeros for ever: zeros are empty strings, so only the cap on the header ends it."""
    start = header([], [], n_keys=1) + text("k") + struct.pack("<IIQ", ARRAY, STRING, 1 << 62)

    def read(offset: int, length: int) -> bytes:
        return (start[offset : offset + length] + bytes(length))[:length]

    with pytest.raises(WeightsError, match=r"longer than 64\.0 MiB"):
        read_header_from(read, None)


def test_bytes_that_are_not_utf8_do_not_stop_the_reader() -> None:
    data = header([], [], n_keys=1) + text("general.name") + struct.pack("<I", STRING) + text(b"caf\xe9")
    assert read_bytes(data).name == "caf\ufffd"


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ([("general.file_type", UINT32, 1024 + 7)], "Q8_0"),
        ([("general.file_type", UINT32, 38)], "MXFP4"),
        ([("general.file_type", UINT32, 999)], None),
        ([("general.file_type", STRING, "Q8_0")], None),
        ([], None),
    ],
)
def test_the_file_type_is_known_guessed_or_not_said(keys: list[gguf_files.Key], wanted: str | None) -> None:
    assert read_bytes(whole(keys=keys)).file_type == wanted


def test_facts_of_the_wrong_kind_are_no_facts() -> None:
    keys = [("general.architecture", UINT32, 7), ("general.name", FLOAT32, 1.0), ("None.context_length", BOOL, True)]
    found = read_bytes(whole(keys=keys))
    assert (found.architecture, found.name, found.context_length, found.split_count) == (None, None, None, 1)


def test_what_is_no_file_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        read_header(tmp_path / "missing.gguf")
    with pytest.raises(WeightsError, match="is not a file"):
        read_header(tmp_path)
    with pytest.raises(WeightsError, match="no such file"):
        read_header(Path("a\0b.gguf"))


def test_a_disk_that_fails_is_not_the_files_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.gguf")

    def refuse(*_: object, **__: object) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(StorageError, match="Permission denied"):
        read_header(path)


def test_the_parts_of_a_split_model_are_found_by_name(tmp_path: Path) -> None:
    paths = gguf_files.write_split(tmp_path, "big", 3)
    assert shard_paths(paths[1]) == tuple(paths)
    assert [read_header(path).split_count for path in paths] == [3, 3, 3]
    single = write(tmp_path / "single.gguf")
    assert shard_paths(single) == (single,)
    paths[2].unlink()
    with pytest.raises(WeightsError, match=r"big-00003-of-00003\.gguf: this part of a model in 3 parts is missing"):
        shard_paths(paths[0])


VALID = whole()


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.binary(min_size=1, max_size=9)), min_size=1, max_size=6))
def test_a_mutated_header_is_read_or_refused_and_nothing_else(changes: list[tuple[int, bytes]]) -> None:
    data = bytearray(VALID)
    for at, new in changes:
        data[at : at + len(new)] = new
    try:
        found = read_bytes(bytes(data))
    except WeightsError:
        return
    assert found.expected_file_bytes <= len(data)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"GGUF", b"GGUF\x03\0\0\0", b"GGUF\0\0\0\x03", VALID[:24], VALID[:90]]),
)
def test_random_bytes_are_refused_and_nothing_else(tail: bytes, start: bytes) -> None:
    with contextlib.suppress(WeightsError):
        read_bytes(start + tail)
