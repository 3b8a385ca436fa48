"""ROUGE, chrF, BLEU, and embeddings."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.errors import BakeoffError, ProjectError
from bakeoff.evaluate.graders import grader
from bakeoff.evaluate.graders.overlap import rouge
from bakeoff.evaluate.graders.text import words
from tests.graders import judged, score, why

A = ("the cat sat on the mat", "the cat was on the mat")
B = ("police killed the gunman", "the gunman police killed the gunman")
C = ("a b c d e f g", "g f e d c b a")
D = ("the the the the", "the cat the dog the")
E = ("The quick brown fox jumps over the lazy dog.", "A quick brown dog jumps over the lazy fox, quickly!")

BY_ROUGE_SCORE = [
    (A, "rouge1", (5 / 6, 5 / 6, 5 / 6)),
    (A, "rouge2", (0.6, 0.6, 0.6)),
    (A, "rougeL", (5 / 6, 5 / 6, 5 / 6)),
    (B, "rouge1", (2 / 3, 1.0, 0.8)),
    (B, "rouge2", (0.6, 1.0, 0.75)),
    (B, "rougeL", (2 / 3, 1.0, 0.8)),
    (C, "rouge1", (1.0, 1.0, 1.0)),
    (C, "rouge2", (0.0, 0.0, 0.0)),
    (C, "rougeL", (1 / 7, 1 / 7, 1 / 7)),
    (("one", "two three"), "rougeL", (0.0, 0.0, 0.0)),
    (D, "rouge1", (0.6, 0.75, 0.666666666667)),
    (D, "rouge2", (0.0, 0.0, 0.0)),
    (D, "rougeL", (0.6, 0.75, 0.666666666667)),
    (E, "rouge1", (0.8, 0.888888888889, 0.842105263158)),
    (E, "rouge2", (0.444444444444, 0.5, 0.470588235294)),
    (E, "rougeL", (0.6, 0.666666666667, 0.631578947368)),
]
"""((target, answer), variant, precision, recall and F1 by rouge-score 0.1.2 without stemming)."""


@pytest.mark.parametrize(("texts", "variant", "expected"), BY_ROUGE_SCORE)
def test_rouge_is_that_of_rouge_score(texts: tuple[str, str], variant: str, expected: tuple[float, ...]) -> None:
    found = rouge(words(texts[1]), words(texts[0]), variant)
    assert (found["precision"], found["recall"], found["f1"]) == pytest.approx(expected, abs=1e-9)


def test_rouge_reads_vietnamese_by_syllables() -> None:
    assert score("rouge", "Trời hôm nay đẹp", "hôm nay trời đẹp quá", variant="rouge1") == pytest.approx(8 / 9)
    assert score("rouge", "má", "ma", variant="rouge1") == 0.0
    assert score("rouge", "today", "today it rains", measure="recall") == 1.0
    assert score("rouge", "a b c d", "a b c x", at_least=0.7) == 1.0
    assert why("rouge", "...", "x") == "grade.no_target"


@given(st.text(max_size=60), st.text(st.characters(exclude_characters="{}"), min_size=1, max_size=60))
def test_every_overlap_lies_between_0_and_1_and_is_1_for_the_same(answer: str, target: str) -> None:
    for variant in ("rouge1", "rouge2", "rougeL"):
        found = rouge(words(answer), words(target), variant)
        assert all(0 <= value <= 1 for value in found.values())
    assert score("chrf", "x" + target, "x" + target) == pytest.approx(1.0)


def test_chrf_and_bleu_are_sacrebleus() -> None:
    """By `sacrebleu.sentence_chrf` and `sentence_bleu`, 2.6.0."""
    import sacrebleu

    answer, target = "Con mèo ngồi trên thảm.", "Con mèo nằm trên tấm thảm."
    assert score("chrf", target, answer) == pytest.approx(sacrebleu.sentence_chrf(answer, [target]).score / 100)
    plus = sacrebleu.sentence_chrf(answer, [target], word_order=2).score / 100
    assert score("chrf", target, answer, word_order=2) == pytest.approx(plus)
    assert score("bleu", target, answer) == pytest.approx(sacrebleu.sentence_bleu(answer, [target]).score / 100)
    assert score("bleu", target, "") == 0.0
    assert score("bleu", target, target) == pytest.approx(1.0)


@pytest.mark.parametrize("kind", ["rouge", "chrf", "bleu"])
def test_megabytes_are_compared(kind: str) -> None:
    assert score(kind, "the cat sat on the mat", "the cat " * 200_000) is not None


def safetensors(tensors: dict[str, tuple[str, list[int], bytes]]) -> bytes:
    """A file with these tensors."""
    header: dict[str, Any] = {}
    body = b""
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


VOCABULARY = {"[UNK]": 0, "cat": 1, "kitten": 2, "dog": 3, "car": 4, "mèo": 5}
VECTORS = [(9.0, 9.0), (1.0, 0.0), (0.8, 0.6), (0.0, 1.0), (-1.0, 0.0), (1.0, 0.0)]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model2vec model with six words and two dimensions."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
        "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": None,
        "decoder": None, "model": {"type": "WordLevel", "vocab": VOCABULARY, "unk_token": "[UNK]"},
    }  # fmt: skip
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    data = b"".join(struct.pack("<2f", *vector) for vector in VECTORS)
    (folder / "model.safetensors").write_bytes(safetensors({"embeddings": ("F32", [6, 2], data)}))
    return tmp_path


@pytest.mark.parametrize(
    ("target", "answer", "expected"),
    [
        ("cat", "Kitten", 0.8),
        ("cat", "mèo", 1.0),
        ("cat", "dog", 0.0),
        ("cat", "car", 0.0),  # a cosine of -1 is as far as it goes
        ("cat dog", "cat", 0.5**0.5),
        ("cat", "cat xylophone", 1.0),
    ],
)
def test_similarity_is_the_cosine_of_mean_vectors(model: Path, target: str, answer: str, expected: float) -> None:
    assert score("similarity", target, answer, model="tiny", folder=model) == pytest.approx(expected, abs=1e-6)


def test_words_that_nobody_knows_have_no_similarity(model: Path) -> None:
    assert judged("similarity", "xyz", "cat", model="tiny", folder=model).score is None
    assert why("similarity", "cat", "xyz", model="tiny", folder=model) == "grade.no_known_word"
    assert score("similarity", "cat", "kitten " * 100_000, model="tiny", folder=model) == pytest.approx(0.8)


def test_shared_vectors_and_weights_are_read(model: Path) -> None:
    """Newer model2vec files map many tokens to few vectors, and weigh them."""
    floats = struct.pack("<4f", 1.0, 0.0, 0.0, 1.0)
    mapping = struct.pack("<6q", 0, 0, 0, 1, 1, 0)
    weights = struct.pack("<6f", 1.0, 3.0, 1.0, 1.0, 1.0, 1.0)
    tensors = {
        "embeddings": ("F32", [2, 2], floats),
        "mapping": ("I64", [6], mapping),
        "weights": ("F32", [6], weights),
    }
    (model / "tiny" / "model.safetensors").write_bytes(safetensors(tensors))
    # cat weighs three times as much as dog: (3, 1) / |(3, 1)| against (1, 0).
    assert score("similarity", "cat", "cat dog", model="tiny", folder=model) == pytest.approx(3 / 10**0.5, abs=1e-6)


def test_a_folder_that_is_no_model_is_refused(model: Path) -> None:
    with pytest.raises(ProjectError, match="no folder other"):
        grader("similarity", "x", model="other", folder=model).check()
    with pytest.raises(ProjectError, match="write `model`"):
        grader("similarity", "x")
    before = (model / "tiny" / "model.safetensors").read_bytes()
    (model / "tiny" / "model.safetensors").write_bytes(safetensors({"embeddings": ("F32", [2, 2], b"0" * 16)}))
    with pytest.raises(ProjectError, match="2 vectors and a vocabulary of 6"):
        grader("similarity", "x", model="tiny", folder=model).check()
    (model / "tiny" / "model.safetensors").write_bytes(before[:-5])
    with pytest.raises(BakeoffError):
        grader("similarity", "x", model="tiny", folder=model).check()
    (model / "tiny" / "tokenizer.json").write_text("{}")
    with pytest.raises(ProjectError, match=r"tokenizer\.json"):
        grader("similarity", "x", model="tiny", folder=model).check()
