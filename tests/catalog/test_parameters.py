"""Parameter counts against what the checkpoints themselves hold, to the last parameter."""

import pytest

from bakeoff.catalog.architecture import Architecture, Attention, FeedForward, Latent, Layer, LayerRun, Recurrent
from bakeoff.catalog.parameters import count_parameters


def dense(
    name: str,
    layers: int,
    hidden: int,
    heads: int,
    kv_heads: int,
    head_dim: int,
    size: int,
    vocab: int,
    *,
    tied: bool = False,
    bias: bool = False,
    qk_norm: bool = False,
    n_norms: int = 2,
) -> Architecture:
    attention = Attention(heads, kv_heads, head_dim, head_dim, bias=bias, qk_norm=qk_norm)
    layer = Layer(attention, None, FeedForward(size), n_norms)
    return Architecture(name, hidden, vocab, tied, (LayerRun(layers, layer),), 4096)


LLAMA_31_8B = dense("llama", 32, 4096, 32, 8, 128, 14336, 128256)
MIXTRAL = Architecture(
    "llama",
    4096,
    32000,
    False,
    (
        LayerRun(
            32,
            Layer(Attention(32, 8, 128, 128), None, FeedForward(0, n_experts=8, n_experts_used=2, expert_size=14336)),
        ),
    ),
    32768,
)
DEEPSEEK_V3_ATTENTION = Attention(128, 128, 192, 128, latent=Latent(512, 1536, 128, 64, 128))
DEEPSEEK_V3 = Architecture(
    "deepseek2",
    7168,
    129280,
    False,
    (
        LayerRun(3, Layer(DEEPSEEK_V3_ATTENTION, None, FeedForward(18432))),
        LayerRun(
            58,
            Layer(
                DEEPSEEK_V3_ATTENTION,
                None,
                FeedForward(0, n_experts=256, n_experts_used=8, expert_size=2048, shared_size=2048, router_bias=True),
            ),
        ),
    ),
    163840,
    n_next_token_layers=1,
)
GPT_OSS_20B = Architecture(
    "gpt-oss",
    2880,
    201088,
    False,
    (
        LayerRun(
            24,
            Layer(
                Attention(64, 8, 64, 64, bias=True, output_bias=True, sinks=True),
                None,
                FeedForward(0, bias=True, n_experts=32, n_experts_used=4, expert_size=2880),
            ),
        ),
    ),
    131072,
)


def falcon_h1() -> Architecture:
    mamba = Recurrent("mamba2", 4, 1536, 128, n_groups=1, time_step_rank=24, norm=False)
    layer = Layer(Attention(8, 2, 64, 64), mamba, FeedForward(2048))
    return Architecture("falcon-h1", 1024, 32784, False, (LayerRun(36, layer),), 16384)


def qwen3_next() -> Architecture:
    experts = FeedForward(0, n_experts=512, n_experts_used=10, expert_size=512, shared_size=512, shared_gate=True)
    linear = Layer(None, Recurrent("gated_delta_net", 4, 32 * 128, 128, n_groups=16, time_step_rank=32), experts)
    full = Layer(Attention(16, 2, 256, 256, qk_norm=True, gated_output=True), None, experts)
    return Architecture("qwen3next", 2048, 151936, False, (LayerRun(3, linear), LayerRun(1, full)) * 12, 262144)


@pytest.mark.parametrize(
    ("architecture", "total"),
    [
        pytest.param(dense("llama", 30, 576, 9, 3, 64, 1536, 49152, tied=True), 134_515_008, id="SmolLM2-135M"),
        pytest.param(LLAMA_31_8B, 8_030_261_248, id="Llama-3.1-8B"),
        pytest.param(
            dense("qwen2", 24, 896, 14, 2, 64, 4864, 151936, tied=True, bias=True), 494_032_768, id="Qwen2.5-0.5B"
        ),
        pytest.param(
            dense("qwen3", 28, 1024, 16, 8, 128, 3072, 151936, tied=True, qk_norm=True), 596_049_920, id="Qwen3-0.6B"
        ),
        pytest.param(
            dense("gemma3", 26, 1152, 4, 1, 256, 6912, 262144, tied=True, qk_norm=True, n_norms=4),
            999_885_952,
            id="Gemma-3-1B",
        ),
        pytest.param(MIXTRAL, 46_702_792_704, id="Mixtral-8x7B"),
        pytest.param(DEEPSEEK_V3, 671_026_404_352 + 58 * 256, id="DeepSeek-V3"),
        pytest.param(GPT_OSS_20B, 20_914_757_184, id="gpt-oss-20b"),
        pytest.param(falcon_h1(), 521_411_104, id="Falcon-H1-0.5B"),
        pytest.param(qwen3_next(), 79_674_391_296, id="Qwen3-Next-80B-A3B"),
    ],
)
def test_the_count_is_the_checkpoints_own_total(architecture: Architecture, total: int) -> None:
    assert count_parameters(architecture).total == total


def test_tied_embeddings_count_once() -> None:
    tied = count_parameters(dense("llama", 2, 256, 4, 4, 64, 512, 1000, tied=True))
    untied = count_parameters(dense("llama", 2, 256, 4, 4, 64, 512, 1000))
    assert untied.total - tied.total == 1000 * 256
    assert (tied.output, untied.output) == (0, 1000 * 256)
    assert tied.without_tables == untied.without_tables


def test_a_token_takes_its_share_of_the_experts_and_all_of_the_rest() -> None:
    found = count_parameters(MIXTRAL)
    assert found.experts == 32 * 8 * 3 * 4096 * 14336
    assert found.active == found.total - found.experts * 6 // 8 == 12_879_925_248  # 12.9 billion, as Mistral says


def test_prediction_layers_are_counted_apart() -> None:
    # DeepSeek-V3's checkpoint holds 684.5 billion: 671.0 and a prediction layer, whose embedding and head are copies.
    found = count_parameters(DEEPSEEK_V3)
    copies = 2 * 129280 * 7168
    assert found.total + found.next_token + copies == pytest.approx(684_531_386_000, rel=1e-4)
    assert found.router_bias == 58 * 256
