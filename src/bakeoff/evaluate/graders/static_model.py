"""Static word embeddings: a text's vector is the mean of its tokens' vectors, as model2vec does it.

Reads a model2vec folder (`model.safetensors`, `tokenizer.json`, `config.json`) with numpy and `tokenizers`; no network
is run, and none is asked.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders.files import existing
from bakeoff.headers.safetensors import read_header

MOST_CHARACTERS = 100_000
"""Of a text that are embedded."""

_TYPES = {"F32": np.float32, "F16": np.float16, "F64": np.float64, "I8": np.int8, "I32": np.int32, "I64": np.int64}
_HINT = "a model2vec model is a folder with model.safetensors and tokenizer.json"


@dataclass(frozen=True, slots=True)
class StaticModel:
    """A vocabulary and its vectors."""

    tokenizer: Any
    vectors: np.ndarray[Any, Any]
    """One row per entry."""

    mapping: np.ndarray[Any, Any] | None
    """Token to row of `vectors`, where several tokens share one."""

    weights: np.ndarray[Any, Any] | None
    """Weight of each token in the mean."""

    unknown: int | None
    """The token for what is not in the vocabulary: it says nothing and is left out."""

    def embed(self, text: str) -> np.ndarray[Any, Any] | None:
        """The text's vector, of length 1; None where no token of it is known."""
        tokens = [
            t for t in self.tokenizer.encode(text[:MOST_CHARACTERS], add_special_tokens=False).ids if t != self.unknown
        ]
        if not tokens:
            return None
        rows = self.mapping[tokens] if self.mapping is not None else np.asarray(tokens)
        vectors = self.vectors[rows].astype(np.float32)
        if self.weights is not None:
            vectors = vectors * self.weights[tokens].astype(np.float32)[:, None]
        mean = vectors.mean(axis=0, dtype=np.float64)
        size = float(np.linalg.norm(mean))
        return mean / size if size else None


@lru_cache(maxsize=4)
def load(folder: Path) -> StaticModel:
    """Read a model; once per process.

    Raises:
        ProjectError: it is not one.
    """
    from tokenizers import Tokenizer

    what = "grader similarity: model"
    weights = existing(folder, "model.safetensors", what)
    tokenizer_file = existing(folder, "tokenizer.json", what)
    try:
        tokenizer = Tokenizer.from_file(str(tokenizer_file))
    except Exception as error:  # the Rust library raises plain Exception
        raise ProjectError(f"{what}: {tokenizer_file}: {error}", hint=_HINT) from None
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tensors = read_tensors(weights)
    vectors = tensors.get("embeddings", tensors.get("embedding.weight"))
    if vectors is None or vectors.ndim != 2:
        raise ProjectError(f"{what}: {weights} has no table of embeddings", hint=_HINT)
    mapping = tensors.get("mapping")
    size = len(mapping) if mapping is not None else len(vectors)
    if size < tokenizer.get_vocab_size() or (mapping is not None and int(mapping.max(initial=0)) >= len(vectors)):
        raise ProjectError(
            f"{what}: {folder} has {size:,} vectors and a vocabulary of {tokenizer.get_vocab_size():,}",
            hint="are tokenizer.json and model.safetensors of the same model?",
        )
    return StaticModel(tokenizer, vectors, mapping, tensors.get("weights"), _unknown(tokenizer, tokenizer_file))


def _unknown(tokenizer: Any, file: Path) -> int | None:
    model = json.loads(file.read_text(encoding="utf-8")).get("model", {})
    if isinstance(model.get("unk_id"), int):
        return int(model["unk_id"])
    token = model.get("unk_token")
    return tokenizer.token_to_id(token) if token else None


def read_tensors(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Every tensor of a safetensors file whose type numpy has, without copying it into memory.

    Raises:
        WeightsError: the file is not safetensors, or is damaged.
    """
    header = read_header(path)
    return {
        tensor.name: np.memmap(path, _TYPES[tensor.dtype], "r", header.data_offset + tensor.offset, tensor.shape)
        for tensor in header.tensors
        if tensor.dtype in _TYPES and tensor.shape
    }
