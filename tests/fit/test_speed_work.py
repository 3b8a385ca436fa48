"""What a token reads and multiplies, counted against the catalog's own counts and by hand."""

from dataclasses import fields

import pytest

from bakeoff.catalog.builds import parse_build
from bakeoff.catalog.parameters import count_parameters
from bakeoff.fit.speed import SYSTEM, Part, of_file, placed, whole
from bakeoff.fit.speed.attention import attention_operations
from bakeoff.fit.weights import build_weights
from tests.fit.speed_cases import TINY, architecture, work

MODELS = ("llama 3.1 8b", "qwen3 30b a3b", "gpt-oss-20b", "deepseek-ai/DeepSeek-V3", "gemma-3-27b-it", "qwen3.6 27b")
NUMBERS = [field.name for field in fields(Part) if field.name != "place"]


@pytest.mark.parametrize("model", MODELS)
def test_a_token_multiplies_the_active_parameters(model: str) -> None:
    shape = architecture(model)
    counted = count_parameters(shape)
    part = work(model).parts[0]
    multiplied = part.dense_weights + part.expert_weights
    # The embedding is looked up and not multiplied; where it is the head, too, the last norm is not counted with it.
    if shape.tied_embeddings:
        assert multiplied == pytest.approx(counted.active - shape.hidden_size, rel=1e-9)
    else:
        assert multiplied == pytest.approx(counted.active - counted.embedding, rel=1e-9)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("depth", [0, 100, 50_000])
def test_the_parts_of_a_split_model_are_the_whole(model: str, depth: int) -> None:
    shape = architecture(model)
    weights = build_weights(shape, parse_build("q4_k_m"))
    n = shape.n_layers
    split = placed(
        shape,
        weights,
        layers=[SYSTEM if i % 3 == 0 else i % 2 for i in range(n)],
        experts=[SYSTEM if i < n // 2 else 0 for i in range(n)],
        head=1,
        depth_tokens=depth,
    )
    one = whole(shape, weights, depth_tokens=depth)
    for name in NUMBERS:
        assert sum(getattr(part, name) for part in split.parts) == pytest.approx(getattr(one.parts[0], name)), name
    assert split.expert_share == pytest.approx(one.expert_share)
    assert split.read_bytes == pytest.approx(one.read_bytes)


def test_the_tiny_model_by_hand() -> None:
    weights = build_weights(TINY, parse_build("f16"))
    found = whole(TINY, weights, depth_tokens=1000)
    part = found.parts[0]
    attention = 256 * 256 + 2 * 256 * 128 + 256 * 256
    norms = 2 * 256
    dense = 3 * (attention + norms) + 2 * 3 * 256 * 512 + 256 * 8
    head = 1000 * 256 + 256
    assert part.dense_weights == dense + head
    assert part.head_weights == head
    assert part.expert_weights == 2 * 3 * 256 * 256
    assert found.expert_share == pytest.approx(2 / 8)
    assert (part.layers, part.expert_layers, part.delta_layers) == (3, 1, 0)
    # 2 KV heads x (64 + 64) numbers x 2 bytes per layer and token; the third layer sees 100 tokens.
    assert part.cache_bytes == 2 * (64 + 64) * 2 * (1000 + 1000 + 100)
    # A prompt multiplies everything but the head for each token, the head once.
    assert found.operations(10) == pytest.approx(
        2 * (dense + 2 * 3 * 256 * 256) * 10 + 2 * head + attention_operations(TINY, 0, 10)
    )


def test_attention_is_causal() -> None:
    width = 4 * (64 + 64)
    full = sum(2 * width * (i + 0.5) for i in range(60))
    assert attention_operations(TINY, 0, 60) == pytest.approx(3 * full)
    # 200 tokens after 400: the windowed layer sees 100 each.
    late = sum(2 * width * (400 + i + 0.5) for i in range(200))
    assert attention_operations(TINY, 400, 200) == pytest.approx(2 * late + 2 * width * 100 * 200)


def test_a_latent_cache_is_read_compressed() -> None:
    part = work("deepseek-ai/DeepSeek-V3", depth=1000).parts[0]
    assert part.latent_bytes == 61 * (512 + 64) * 2 * 1000
    assert part.cache_bytes == 0


def test_a_window_is_read_only_once_it_is_full() -> None:
    short, long = (work("gemma-3-27b-it", depth=depth).parts[0].cache_bytes for depth in (1_000, 100_000))
    numbers = 2 * 16 * (128 + 128)
    # Five of six layers see 1,024 tokens; 62 layers are 52 and 10.
    assert short == 62 * numbers * 1_000
    assert long == 52 * numbers * 1_024 + 10 * numbers * 100_000


def test_a_recurrent_state_costs_the_same_at_any_depth() -> None:
    shape = architecture("qwen3.6 27b")
    recurrent = [layer.recurrent for layer in shape.layers() if layer.recurrent is not None]
    traffic = sum(2 * 4 * one.inner_size * one.state_size for one in recurrent)
    assert work("qwen3.6 27b", depth=0).parts[0].cache_bytes == traffic
    assert traffic > 100e6


@pytest.mark.parametrize(("tokens", "share"), [(0, 0.0), (1, 1 / 4), (2, 7 / 16), (1e9, 1.0)])
def test_a_step_of_more_tokens_touches_more_experts(tokens: float, share: float) -> None:
    found = whole(TINY, build_weights(TINY, parse_build("f16")))
    assert found.experts_read(tokens) == pytest.approx(share)


def test_a_known_file_size_replaces_the_estimate() -> None:
    one = work("llama 3.1 8b", depth=500)
    larger = of_file(one, 1.1)
    assert larger.parts[0].dense_bytes == pytest.approx(1.1 * one.parts[0].dense_bytes)
    assert larger.parts[0].cache_bytes == one.parts[0].cache_bytes
    assert larger.parts[0].dense_weights == one.parts[0].dense_weights
