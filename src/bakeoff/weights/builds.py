"""Which files of a repository are which build, told from their names as people name them.

Knows nothing about networks: it works on lists of names.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

_QUANTIZATION = re.compile(
    r"(?:^|[-._])(?P<name>(?:UD[-_])?(?:I?Q[0-9](?:_[A-Z0-9]+)*|TQ[0-9]_[0-9]|BF16|FP?16|FP?32|MXFP4(?:_MOE)?|NVFP4))$",
    re.IGNORECASE,
)
"""The build at the end of a name, with Unsloth's `UD-` for its dynamic mixes."""

_SHARD = re.compile(r"(?P<stem>.+)-(?P<number>[0-9]{5})-of-(?P<count>[0-9]{5})")
_NOT_A_MODEL = re.compile(r"(?:^|[-._])(?:mmproj|imatrix|lora|adapter|vocab)(?:[-._]|$)", re.IGNORECASE)
"""GGUF files that are not a language model: image projectors, importance matrices, adapters, vocabularies."""


@dataclass(frozen=True, slots=True)
class FoundBuild:
    """One build in a repository."""

    quantization: str
    """In capitals, `Q4_K_M`; empty where the name does not tell."""

    names: tuple[str, ...]
    """Its file, or all its parts in order, as paths in the repository."""


def quantization_of(stem: str) -> str:
    """`qwen3-4b-q4_k_m` -> `Q4_K_M`; empty where the name does not tell."""
    match = _QUANTIZATION.search(stem)
    return usual_name(match["name"]) if match else ""


def usual_name(quantization: str) -> str:
    """One spelling for names that mean the same: `fp16` and `F16`, `MXFP4_MOE` and `MXFP4`."""
    name = quantization.upper().replace("UD_", "UD-")
    return {"FP16": "F16", "FP32": "F32", "MXFP4_MOE": "MXFP4"}.get(name, name)


def builds_in(names: Iterable[str]) -> list[FoundBuild]:
    """The builds among a repository's files, in the order of their names. Split models with a missing part are none."""
    parts: dict[tuple[str, int], dict[int, str]] = defaultdict(dict)
    for name in names:
        path = PurePosixPath(name)
        if path.suffix.lower() != ".gguf" or _NOT_A_MODEL.search(path.stem):
            continue
        match = _SHARD.fullmatch(path.stem)
        stem, number, count = (match["stem"], int(match["number"]), int(match["count"])) if match else (path.stem, 1, 1)
        parts[str(path.parent / stem), count][number] = name
    return [
        FoundBuild(quantization_of(PurePosixPath(stem).name), tuple(found[number] for number in sorted(found)))
        for (stem, count), found in sorted(parts.items())
        if sorted(found) == list(range(1, count + 1))
    ]
