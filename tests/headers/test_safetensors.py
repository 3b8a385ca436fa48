"""Safetensors headers: read as the format says, refused where the reference reader refuses, in bounded memory."""

import contextlib
import json
import tracemalloc
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.errors import WeightsError
from bakeoff.headers.safetensors import BITS, MAX_HEADER_BYTES, SafetensorsHeader, Tensor, read_header, read_header_from

USUAL = {"b": ("BF16", [2, 3]), "a": ("F32", [4]), "scalar": ("I64", []), "empty": ("F16", [0, 5])}


def laid_out(tensors: Mapping[str, tuple[str, Sequence[int]]], **more: Any) -> tuple[dict[str, Any], int]:
    """The header's content, tensors one after the other, and the bytes of their data."""
    content: dict[str, Any] = dict(more)
    at = 0
    for name, (dtype, shape) in tensors.items():
        size = BITS[dtype] // 8
        for extent in shape:
            size *= extent
        content[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    return content, at


def file(content: Any, data: int = 0, *, length: int | None = None) -> bytes:
    """Length, header, data."""
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + bytes(data)


def written(path: Path, tensors: Mapping[str, tuple[str, Sequence[int]]]) -> Path:
    """A whole file on the disk."""
    path.write_bytes(file(*laid_out(tensors)))
    return path


def read_bytes(data: bytes) -> SafetensorsHeader:
    return read_header_from(lambda offset, length: data[offset : offset + length], len(data))


def test_a_file_reads_as_it_was_written(tmp_path: Path) -> None:
    content, size = laid_out(USUAL, __metadata__={"format": "pt"})
    path = tmp_path / "m.safetensors"
    path.write_bytes(file(content, size))
    header = read_header(path)
    assert header.metadata == {"format": "pt"}
    assert sorted(header.tensors, key=lambda tensor: tensor.name) == [
        Tensor("a", "F32", (4,), 12),
        Tensor("b", "BF16", (2, 3), 0),
        Tensor("empty", "F16", (0, 5), 36),
        Tensor("scalar", "I64", (), 28),
    ]
    assert (header.n_elements, header.tensor_bytes) == (6 + 4 + 1, 12 + 16 + 8)
    assert header.expected_file_bytes == path.stat().st_size


def test_four_bit_numbers_take_half_a_byte() -> None:
    content = {"w": {"dtype": "F4", "shape": [3, 4], "data_offsets": [0, 6]}}
    assert read_bytes(file(content, 6)).tensor_bytes == 6
    with pytest.raises(WeightsError):
        read_bytes(file({"w": {"dtype": "F4", "shape": [3], "data_offsets": [0, 1]}}, 1))


def test_the_source_is_asked_twice_and_never_for_the_data() -> None:
    content, size = laid_out({"w": ("BF16", [1000, 1000])})
    data, asked = file(content, size), []

    def read(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return data[offset : offset + length]

    read_header_from(read, len(data))
    assert asked == [(0, 8), (8, len(data) - 8 - size)]


def test_without_size_the_end_is_not_checked() -> None:
    content, size = laid_out(USUAL)
    data = file(content, size)[:-5]
    assert read_header_from(lambda offset, length: data[offset : offset + length], None).tensor_bytes == size
    with pytest.raises(WeightsError, match="and not the"):
        read_bytes(data)


def one(**changes: Any) -> dict[str, Any]:
    return {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "has 0 bytes"),
        (b"\x08\x00", "has 2 bytes"),
        (b"GGUF\x03\x00\x00\x00" + bytes(40), "a GGUF file, not a safetensors file"),
        (b"\xff" * 16, "not a safetensors file"),
        (file(b"{}", length=MAX_HEADER_BYTES + 1), "not a safetensors file"),
        (file(b"{}", length=50), "cut off in its header"),
        (file(b"[]"), "not JSON"),
        (file(b"{"), "not JSON"),
        (file(b'{"a":' * 100_000), "not JSON"),
        (file(b"\xff\xfe"), "not JSON"),
        (file(b'{"w": {}, "w": {}}'), "in the header twice"),
        (file({"__metadata__": {"a": 5}}), "the metadata are not texts"),
        (file({"w": 5}), "not described"),
        (file(one(dtype="F5"), 8), "unknown type 'F5'"),
        (file(one(dtype=None), 8), "unknown type 'None'"),
        (file(one(shape=[-2]), 8), r"has the shape \[-2\]"),
        (file(one(shape=[True, 2]), 8), "has the shape"),
        (file(one(shape=[1] * 9), 8), "has the shape"),
        (file(one(shape=[2**40, 2**40]), 8), "has the shape"),
        (file(one(shape="2"), 8), "has the shape 2"),
        (file(one(data_offsets=[0]), 8), "no place in the file"),
        (file(one(data_offsets=[8, 0]), 8), "takes -8 bytes"),
        (file(one(data_offsets=[0, 7]), 8), "takes 7 bytes and not 8"),
        (file(one(data_offsets=[4, 12]), 12), "starts at 4 and not at 0"),
        (file({**one(), **{"v": one()["w"]}}, 8), "starts at 0 and not at 8"),
        (file(one(), 7), "has 61 bytes and not|bytes and not the"),
        (file(one(), 9), "bytes and not the"),
    ],
)
def test_what_the_reference_refuses_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(WeightsError, match=message) as caught:
        read_bytes(data)
    assert caught.value.hint


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        read_header(tmp_path / "no.safetensors")
    with pytest.raises(WeightsError, match="is not a file"):
        read_header(tmp_path)


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_give_a_header_or_our_own_error(data: bytes) -> None:
    with contextlib.suppress(WeightsError):
        read_bytes(data)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=6)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=12), inner, max_size=4)),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(
    content=st.dictionaries(
        st.sampled_from(["w", "v", "__metadata__", "", "\ud800".encode("utf-8", "replace").decode()]),
        st.one_of(
            JSON,
            st.fixed_dictionaries(
                {
                    "dtype": st.one_of(st.sampled_from(sorted(BITS)), JSON),
                    "shape": st.one_of(st.lists(st.integers(-1, 2**40), max_size=9), JSON),
                    "data_offsets": st.one_of(st.lists(st.integers(-1, 2**64), max_size=3), JSON),
                }
            ),
        ),
        max_size=4,
    ),
    data=st.integers(0, 40),
)
def test_any_header_gives_a_header_or_our_own_error(content: dict[str, Any], data: int) -> None:
    with contextlib.suppress(WeightsError):
        header = read_bytes(file(content, data))
        assert header.tensor_bytes == data


def test_a_header_that_claims_much_costs_little() -> None:
    data = file(b"{}", length=MAX_HEADER_BYTES)
    tracemalloc.start()
    try:
        with pytest.raises(WeightsError):
            read_bytes(data)
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()
