"""The tables of types against llama.cpp's own, inside the library that the embedded engine uses."""

import ctypes
from pathlib import Path

import gguf
import pytest
import xllamacpp

from bakeoff.headers.ggml import FILE_TYPES, TENSOR_TYPES


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    (path,) = [p for p in Path(xllamacpp.__file__).parent.glob("xllamacpp*") if p.suffix in (".so", ".pyd", ".dylib")]
    found = ctypes.CDLL(str(path))
    if not hasattr(found, "ggml_type_name"):
        pytest.skip("this build of xllamacpp does not export ggml")
    found.ggml_type_name.restype = ctypes.c_char_p
    found.ggml_type_size.restype = ctypes.c_size_t
    found.ggml_blck_size.restype = ctypes.c_int64
    found.llama_ftype_name.restype = ctypes.c_char_p
    return found


def test_every_tensor_type_is_llama_cpps(library: ctypes.CDLL) -> None:
    for number, kind in TENSOR_TYPES.items():
        there = library.ggml_type_name(number).decode()
        assert there.upper() == kind.name
        assert (kind.block_elements, kind.block_bytes) == (
            library.ggml_blck_size(number),
            library.ggml_type_size(number),
        )


def test_no_tensor_type_is_missing(library: ctypes.CDLL) -> None:
    removed = {n for n in range(max(TENSOR_TYPES)) if library.ggml_blck_size(n) == 0}
    assert set(range(max(TENSOR_TYPES) + 1)) - set(TENSOR_TYPES) == removed
    assert {int(kind) for kind in gguf.GGMLQuantizationType} <= set(TENSOR_TYPES)


@pytest.mark.parametrize("number", FILE_TYPES)
def test_every_file_type_is_llama_cpps(library: ctypes.CDLL, number: int) -> None:
    """Its names are longer: `Q4_K - Medium`, `IQ4_XS - 4.25 bpw`, `MXFP4 MoE`, `all F32`."""
    there = library.llama_ftype_name(number).decode()
    if number == 27:
        assert there.startswith("IQ3_S mix")  # LLAMA_FTYPE_MOSTLY_IQ3_M
        return
    short = {"Small": "_S", "Medium": "_M", "Large": "_L"}
    name, _, rest = there.removeprefix("all ").removesuffix(" MoE").partition(" - ")
    if FILE_TYPES[number] != name:
        assert FILE_TYPES[number] == name + short[rest]


def test_no_file_type_is_missing(library: ctypes.CDLL) -> None:
    known = {n for n in range(64) if not library.llama_ftype_name(n).startswith(b"unknown")}
    assert known == set(FILE_TYPES)
