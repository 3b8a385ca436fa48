"""Adding what is on this disk: GGUF and safetensors files, folders, and what Ollama has."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bakeoff.catalog.adding import add, one_build
from bakeoff.catalog.finding import find
from bakeoff.catalog.loading import load
from bakeoff.catalog.ollama import full_name, look_up
from bakeoff.errors import NetworkError, UsageError, WeightsError
from tests import gguf_files
from tests.catalog import configs
from tests.catalog.servers import Server, running
from tests.gguf_files import F32, FLOAT32, STRING, UINT32
from tests.headers.test_safetensors import written

LLAMA_KEYS = [
    ("general.architecture", STRING, "llama"),
    ("general.name", STRING, "My Model"),
    ("general.license", STRING, "apache-2.0"),
    ("general.file_type", UINT32, 15),
    ("llama.block_count", UINT32, 1),
    ("llama.context_length", UINT32, 2048),
    ("llama.embedding_length", UINT32, 64),
    ("llama.feed_forward_length", UINT32, 128),
    ("llama.attention.head_count", UINT32, 4),
    ("llama.attention.head_count_kv", UINT32, 2),
    ("llama.attention.layer_norm_rms_epsilon", FLOAT32, 1e-5),
    ("llama.vocab_size", UINT32, 100),
    ("tokenizer.chat_template", STRING, "{{ messages }}"),
]
SHAPES = [
    ("token_embd.weight", (64, 100)),
    ("output_norm.weight", (64,)),
    ("blk.0.attn_norm.weight", (64,)),
    ("blk.0.ffn_norm.weight", (64,)),
    ("blk.0.attn_q.weight", (64, 64)),
    ("blk.0.attn_k.weight", (64, 32)),
    ("blk.0.attn_v.weight", (64, 32)),
    ("blk.0.attn_output.weight", (64, 64)),
    ("blk.0.ffn_gate.weight", (64, 128)),
    ("blk.0.ffn_up.weight", (64, 128)),
    ("blk.0.ffn_down.weight", (128, 64)),
]
PARAMETERS = 6400 + 3 * 64 + 2 * 4096 + 2 * 2048 + 3 * 8192


def tiny_llama(path: Path, keys: Any = None) -> Path:
    """A llama of one layer in F32."""
    tensors, offset = [], 0
    for name, shape in SHAPES:
        tensors.append((name, shape, F32, offset))
        offset += 4 * shape[0] * (shape[1] if len(shape) > 1 else 1)
    return gguf_files.write(path, keys=keys or LLAMA_KEYS, tensors=tensors, data=offset)


def checkpoint(folder: Path, config: Any = configs.LLAMA_31_8B) -> Path:
    """A folder as the Hub has it, with two small shards."""
    folder.mkdir(parents=True)
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer_config.json").write_text('{"chat_template": "x"}')
    for number in (1, 2):
        written(folder / f"model-{number:05d}-of-00002.safetensors", {f"w{number}": ("BF16", [8, 4])})
    return folder


def test_a_gguf_file_is_added_with_its_own_shape(tmp_path: Path) -> None:
    path = tiny_llama(tmp_path / "My-Model-Q4_K_M.gguf")
    model = add(str(path)).model
    assert model.id == "local/My-Model-Q4_K_M"
    assert (model.kind, model.tier, model.family) == ("chat", 3, "llama")
    assert model.parameters.total == PARAMETERS
    assert model.architecture is not None
    assert (model.architecture.name, model.architecture.n_layers, model.architecture.hidden_size) == ("llama", 1, 64)
    assert model.architecture.tied_embeddings
    assert model.context_tokens == 2048
    assert model.licence is not None
    assert model.licence.key == "apache-2.0"
    assert model.file == str(path.absolute())
    assert find("my model").id == model.id


def test_two_files_of_one_name_get_two_ids_and_the_same_file_keeps_its_own(tmp_path: Path) -> None:
    one, other = tiny_llama(tmp_path / "a" / "m.gguf"), tiny_llama(tmp_path / "b" / "m.gguf")
    assert add(str(one)).model.id == "local/m"
    assert add(str(other)).model.id == "local/m-2"
    assert add(str(one)).model.id == "local/m"
    assert add(str(other), name="acme/mine").model.id == "acme/mine"


def test_a_file_without_ending_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    path = tiny_llama(tmp_path / "sha256-abc")
    assert add(str(path)).model.parameters.total == PARAMETERS


def test_an_architecture_that_is_not_known_is_told(tmp_path: Path) -> None:
    keys = [("general.architecture", STRING, "brandnew"), *LLAMA_KEYS[1:]]
    model = add(str(tiny_llama(tmp_path / "new.gguf", keys))).model
    assert model.architecture is None
    assert model.no_architecture is not None
    assert model.no_architecture.code == "catalog.no-architecture.family-unknown"
    assert model.parameters.total == PARAMETERS


@pytest.mark.parametrize("architecture", ["bert", "nomic-bert"])
def test_an_embedder_is_no_chat_model(tmp_path: Path, architecture: str) -> None:
    keys = [("general.architecture", STRING, architecture), *LLAMA_KEYS[1:]]
    assert add(str(tiny_llama(tmp_path / "e.gguf", keys))).model.kind == "embedding"


def test_a_projector_is_no_model(tmp_path: Path) -> None:
    path = tiny_llama(tmp_path / "mmproj.gguf", [("general.architecture", STRING, "clip")])
    with pytest.raises(WeightsError, match="no language model"):
        add(str(path))


def test_a_cut_file_and_a_text_file_are_refused(tmp_path: Path, own_catalog: Path) -> None:
    path = tiny_llama(tmp_path / "m.gguf")
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(WeightsError, match="cut off"):
        add(str(path))
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(WeightsError, match=r"neither a \.gguf nor a \.safetensors"):
        add(str(tmp_path / "notes.txt"))
    assert not own_catalog.exists()


def test_a_folder_of_the_hub_is_added_from_config_and_headers(tmp_path: Path) -> None:
    model = add(str(checkpoint(tmp_path / "My-Llama"))).model
    assert model.id == "local/My-Llama"
    assert model.kind == "chat"
    assert model.architecture is not None
    assert model.architecture.n_layers == 32
    assert model.parameters.total == 64  # what is in the two small files, and not what the config promises
    assert model.parameters.text == 8030261248
    assert model.parameters.mismatch


def test_a_folder_with_a_config_alone_counts_from_it(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "config.json").write_text(json.dumps(configs.QWEN3_30B))
    model = add(str(tmp_path / "m")).model
    assert (model.parameters.total, model.parameters.basis) == (30532128768, "computed") or (
        model.parameters.total == 30532122624
    )
    assert model.parameters.active is not None
    assert model.parameters.active < 4 * 10**9


def test_a_folder_without_config_is_added_without_architecture(tmp_path: Path) -> None:
    model = add(str(checkpoint(tmp_path / "m", None))).model
    assert model.no_architecture is not None
    assert model.no_architecture.code == "catalog.no-architecture.config-missing"
    assert model.parameters.total == 64


def test_a_folder_with_one_gguf_is_that_model_and_with_two_asks(tmp_path: Path) -> None:
    tiny_llama(tmp_path / "d" / "m-Q8_0.gguf")
    tiny_llama(tmp_path / "d" / "mmproj-m.gguf")
    assert add(str(tmp_path / "d")).model.id == "local/m-Q8_0"
    tiny_llama(tmp_path / "d" / "m-Q4_0.gguf")
    with pytest.raises(UsageError, match="2 GGUF models") as caught:
        add(str(tmp_path / "d"))
    assert caught.value.hint is not None
    assert "m-Q4_0.gguf" in caught.value.hint


@pytest.mark.parametrize(
    ("names", "message"),
    [([], "neither a config.json nor a model file"), (["adapter_config.json"], "an adapter, not a model")],
)
def test_a_folder_without_model_is_refused(tmp_path: Path, names: list[str], message: str) -> None:
    (tmp_path / "d").mkdir()
    for name in names:
        (tmp_path / "d" / name).write_text("{}")
    with pytest.raises(UsageError, match=message):
        add(str(tmp_path / "d"))


@pytest.mark.parametrize("text", ["", "  ", "no-such-file.gguf", "just a name", "/no/such/folder", "x" * 5000, "a\0b"])
def test_what_is_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        add(text)


def test_a_file_on_the_web_is_read_by_its_header_only(tmp_path: Path) -> None:
    data = tiny_llama(tmp_path / "m.gguf").read_bytes() + bytes(3_000_000)
    with running() as server:
        server.serve("/files/Web-Model-Q4_K_M.gguf", data)
        model = add(f"{server.url}/files/Web-Model-Q4_K_M.gguf").model
        assert sum(asked.sent for asked in server.asked) < 1_000_000
    assert model.id == "web/Web-Model-Q4_K_M"
    assert model.parameters.total == PARAMETERS


def test_a_repository_of_gguf_files_alone_is_added_from_a_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tiny_llama(tmp_path / "m.gguf").read_bytes()
    with running() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        server.model("acme/New-GGUF", None, {"New-Q4_K_M.gguf": data, "mmproj.gguf": b"x"}, tags=["license:mit"])
        model = add("acme/New-GGUF").model
    assert model.architecture is not None
    assert model.architecture.name == "llama"
    assert model.licence is not None
    assert model.licence.key in ("mit", "apache-2.0")
    assert model.gguf_repositories == ("acme/New-GGUF",)


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        ([], []),
        (["a.safetensors", "mmproj-F16.gguf"], []),
        (["m-Q8_0.gguf", "m-Q4_0.gguf"], ["m-Q4_0.gguf"]),
        (["q/m-BF16-00001-of-00003.gguf", "m-Q4_0.gguf"], ["m-Q4_0.gguf"]),
        (
            [f"bf/m-00001-of-0000{n}.gguf" for n in (3,)] + ["q/m-00002-of-00002.gguf", "q/m-00001-of-00002.gguf"],
            ["bf/m-00001-of-00003.gguf"],
        ),
        (
            [*(f"bf/m-0000{n}-of-00003.gguf" for n in (1, 2, 3)), "q/m-00002-of-00002.gguf", "q/m-00001-of-00002.gguf"],
            ["q/m-00001-of-00002.gguf", "q/m-00002-of-00002.gguf"],
        ),
    ],
)
def test_one_build_of_a_repository_is_asked(files: list[str], chosen: list[str]) -> None:
    assert one_build(files) == chosen


def test_a_part_on_the_web_is_refused(tmp_path: Path) -> None:
    keys = [*LLAMA_KEYS, ("split.count", 2, 2), ("split.no", 2, 0)]
    with running() as server:
        server.serve("/m-00001-of-00002.gguf", tiny_llama(tmp_path / "m.gguf", keys).read_bytes())
        with pytest.raises(UsageError, match="one of 2 parts"):
            add(f"{server.url}/m-00001-of-00002.gguf")


# Ollama


def stored(folder: Path, name: str, tag: str, model: Path) -> None:
    """A model in Ollama's store."""
    digest = "ab" * 32
    (folder / "blobs").mkdir(parents=True, exist_ok=True)
    shutil.copy(model, folder / "blobs" / f"sha256-{digest}")
    manifest = folder / "manifests" / "registry.ollama.ai" / "library" / name / tag
    manifest.parent.mkdir(parents=True)
    layers = [{"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}"}]
    manifest.write_text(json.dumps({"schemaVersion": 2, "layers": layers}))


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with running() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        yield server


def test_a_model_in_the_store_needs_no_running_ollama(tmp_path: Path) -> None:
    stored(tmp_path / "ollama", "mine", "7b", tiny_llama(tmp_path / "m.gguf"))
    model = add("ollama:mine:7b").model
    assert model.id == "ollama/mine-7b"
    assert model.architecture is not None
    assert model.parameters.total == PARAMETERS
    assert find("mine:7b").id == model.id
    assert add("mine:7b").added == ()


def test_without_tag_it_is_the_latest(tmp_path: Path) -> None:
    stored(tmp_path / "ollama", "mine", "latest", tiny_llama(tmp_path / "m.gguf"))
    assert add("ollama:mine").model.id == "ollama/mine-latest"


def test_the_api_tells_where_the_file_is(tmp_path: Path, ollama: Server) -> None:
    path = tiny_llama(tmp_path / "blob")
    ollama.serve("/api/show", {"modelfile": f"# made by ollama\nFROM {path}\n", "details": {}, "model_info": {}})
    model = add("ollama:mine:7b").model
    assert model.parameters.total == PARAMETERS
    assert json.loads(ollama.asked[0].body) == {"model": "mine:7b"}


def test_a_file_that_cannot_be_read_leaves_what_the_api_says(ollama: Server) -> None:
    info = {"general.architecture": "qwen3", "general.parameter_count": 8190735360, "qwen3.context_length": 40960}
    ollama.serve("/api/show", {"modelfile": "FROM /no/such/blob", "details": {"family": "qwen3"}, "model_info": info})
    model = add("ollama:mine:7b").model
    assert (model.family, model.parameters.total, model.context_tokens) == ("qwen3", 8190735360, 40960)
    assert model.no_architecture is not None
    assert model.no_architecture.code == "catalog.no-architecture.file-not-readable"


def test_a_model_that_ollama_does_not_have_is_told(ollama: Server) -> None:
    with pytest.raises(UsageError, match="Ollama has no model 'nope:latest'") as caught:
        add("ollama:nope")
    assert caught.value.hint is not None
    assert "ollama pull nope:latest" in caught.value.hint


def test_ollama_that_does_not_run_is_told() -> None:
    with pytest.raises(NetworkError, match="Ollama does not answer"):
        look_up("nope:7b")


def test_only_this_machines_ollama_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "http://models.example.org:11434")
    with pytest.raises(UsageError, match="only Ollama on this machine"):
        look_up("nope:7b")


@pytest.mark.parametrize("name", ["../../etc/passwd", "a:b:c", "a b", "", ":", "a/b/c/d", "..", "x:.."])
def test_a_name_cannot_leave_the_store(name: str) -> None:
    with pytest.raises(UsageError):
        full_name(f"ollama:{name}")


MODEL_LAYER = '{"layers": [{"mediaType": "application/vnd.ollama.image.model"%s}]}'


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "[]",
        "{",
        '{"layers": 5}',
        '{"layers": [5]}',
        MODEL_LAYER % "",
        MODEL_LAYER % ', "digest": "sha256:../../../etc/passwd"',
        MODEL_LAYER % ', "digest": 5',
    ],
)
def test_a_damaged_manifest_is_as_good_as_none(tmp_path: Path, manifest: str) -> None:
    path = tmp_path / "ollama" / "manifests" / "registry.ollama.ai" / "library" / "mine" / "7b"
    path.parent.mkdir(parents=True)
    path.write_text(manifest)
    with pytest.raises(NetworkError, match="not in Ollama's store"):
        look_up("mine:7b")


def test_the_shipped_files_are_never_touched(tmp_path: Path) -> None:
    from bakeoff.catalog.loading import DATA

    before = {path: path.stat().st_mtime_ns for path in DATA.rglob("*") if path.is_file()}
    add(str(tiny_llama(tmp_path / "m.gguf")))
    assert {path: path.stat().st_mtime_ns for path in DATA.rglob("*") if path.is_file()} == before
    assert "local/m" in load()
