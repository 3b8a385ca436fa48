"""A model and its weights from a file on this disk: the header says what each tensor takes, so nothing is estimated."""

import re
from collections import defaultdict
from itertools import groupby
from pathlib import Path

from bakeoff.catalog.architecture import Architecture
from bakeoff.catalog.builds import Build, parse_build
from bakeoff.catalog.facts import gather
from bakeoff.catalog.loading import load
from bakeoff.catalog.local import facts_of_path
from bakeoff.catalog.model import Model
from bakeoff.catalog.reading import read_model
from bakeoff.errors import UsageError
from bakeoff.fit.weights import BlockWeights, BuildWeights
from bakeoff.headers import gguf
from bakeoff.headers.gguf import GgufHeader, Tensor

_BLOCK = re.compile(r"blk\.(\d+)\.")


def model_of_path(text: str) -> Model:
    """The model in a file or folder, as far as its headers tell.

    Raises:
        UsageError: there is no such file, or no model in it.
        WeightsError: it is damaged.
        StorageError: it cannot be read.
    """
    path = Path(text).expanduser()
    lines = facts_of_path(path)
    model_id = lines[0]["model"]
    return read_model(model_id, {}, gather(lines)[model_id], load().licences)


def build_of_file(model: Model) -> tuple[Build, BuildWeights] | None:
    """The build in the model's GGUF file with its exact weights; None for other models.

    Raises:
        WeightsError: the file is damaged.
        StorageError: it cannot be read.
    """
    if model.file is None or model.architecture is None or not Path(model.file).is_file():
        return None
    if Path(model.file).suffix.lower() != ".gguf":
        return None
    headers = [gguf.read_header(part) for part in gguf.shard_paths(Path(model.file))]
    name = headers[0].file_type or "F16"
    try:
        build = parse_build(f"gguf:{name}")
    except UsageError:
        build = Build("gguf", name)
    return build, weights_of_headers(headers, model.architecture, build)


def weights_of_headers(headers: list[GgufHeader], architecture: Architecture, build: Build) -> BuildWeights:
    """Bytes of every tensor of a file, sorted as planning needs them.

    Args:
        headers: of all parts of the file.
        architecture: of the model in it; it says which blocks are layers and which prediction layers.
        build: what to call it.
    """
    dense: dict[int, int] = defaultdict(int)
    experts: dict[int, int] = defaultdict(int)
    outside = {"embedding": 0, "layer embedding": 0, "output": 0}
    for tensor in (tensor for header in headers for tensor in header.tensors):
        found = _BLOCK.match(tensor.name)
        if found is None:
            outside[_outside(tensor)] += tensor.n_bytes
        elif "_exps." in tensor.name:
            experts[int(found[1])] += tensor.n_bytes
        else:
            dense[int(found[1])] += tensor.n_bytes
    layers = list(architecture.layers())
    parts = [layer.feed_forward for layer in layers]
    used = [part.share_used if part is not None else 1.0 for part in parts]
    blocks = [(dense[number], experts[number], share) for number, share in enumerate(used)]
    embedding = outside["embedding"]
    return BuildWeights(
        build=build,
        blocks=tuple(
            BlockWeights(len(list(group)), dense_bytes, expert_bytes, round(expert_bytes * share))
            for (dense_bytes, expert_bytes, share), group in groupby(blocks)
        ),
        embedding_bytes=embedding,
        output_bytes=outside["output"],
        layer_embedding_bytes=outside["layer embedding"],
        next_token_bytes=sum(size for table in (dense, experts) for at, size in table.items() if at >= len(layers)),
        metadata_bytes=sum(header.data_offset for header in headers),
        embedding_row_bytes=(embedding + outside["layer embedding"]) // max(architecture.vocab_size, 1),
        tied=architecture.tied_embeddings,
        below=0.0,
        above=0.0,
        detail="tensors in the file's header",
    )


def _outside(tensor: Tensor) -> str:
    if tensor.name.startswith("token_embd."):
        return "embedding"
    return "layer embedding" if tensor.name.startswith("per_layer_token_embd.") else "output"
