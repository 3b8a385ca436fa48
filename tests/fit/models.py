"""Architectures to test with, written out by hand."""

from bakeoff.catalog.architecture import (
    Architecture,
    Attention,
    FeedForward,
    Indexer,
    Latent,
    Layer,
    LayerRun,
    Recurrent,
    Weight,
)

SMOLLM2 = Architecture(
    "llama", 576, 49152, True, (LayerRun(30, Layer(Attention(9, 3, 64, 64), None, FeedForward(1536))),), 8192
)
"""HuggingFaceTB/SmolLM2-135M-Instruct."""

_GEMMA = Attention(4, 1, 256, 256, qk_norm=True)
_SLIDING = Layer(Attention(4, 1, 256, 256, window=512, qk_norm=True), None, FeedForward(2048), 4)
GEMMA_270M = Architecture(
    "gemma3",
    640,
    262144,
    True,
    (
        *(
            run
            for _ in range(3)
            for run in (LayerRun(5, _SLIDING), LayerRun(1, Layer(_GEMMA, None, FeedForward(2048), 4)))
        ),
    ),
    32768,
)
"""google/gemma-3-270m."""

LLAMA_8B = Architecture(
    "llama", 4096, 128256, False, (LayerRun(32, Layer(Attention(32, 8, 128, 128), None, FeedForward(14336))),), 131072
)
"""meta-llama/Llama-3.1-8B."""

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

GPT_OSS = Architecture(
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
    native_quantization="mxfp4",
)

_LATENT = Attention(32, 32, 192, 128, latent=Latent(512, 1536, 128, 64, 128), indexer=Indexer(16, 128, 2048))
GLM = Architecture(
    "glm-dsa",
    2048,
    32000,
    False,
    (
        LayerRun(1, Layer(_LATENT, None, FeedForward(8192))),
        LayerRun(
            7,
            Layer(
                _LATENT,
                None,
                FeedForward(0, n_experts=32, n_experts_used=4, expert_size=1024, shared_size=1024, router_bias=True),
            ),
        ),
    ),
    131072,
    n_next_token_layers=1,
)
"""A small one of GLM-5's shape: leading dense block, latent attention with indexer, shared expert, prediction layer."""

_EXPERTS = FeedForward(0, n_experts=64, n_experts_used=8, expert_size=512, shared_size=512, shared_gate=True)
QWEN_NEXT = Architecture(
    "qwen3next",
    2048,
    151936,
    False,
    (
        LayerRun(3, Layer(None, Recurrent("gated_delta_net", 4, 4096, 128, n_groups=16, time_step_rank=32), _EXPERTS)),
        LayerRun(1, Layer(Attention(16, 2, 256, 256, qk_norm=True, gated_output=True), None, _EXPERTS)),
    )
    * 6,
    262144,
)

GEMMA_E = Architecture(
    "gemma3n",
    2048,
    262400,
    True,
    (
        LayerRun(
            20,
            Layer(
                Attention(8, 2, 256, 256, window=512, qk_norm=True),
                None,
                FeedForward(8192),
                5,
                (Weight("inp_gate.weight", 2048, 256), Weight("laurel_l.weight", 2048, 64)),
            ),
        ),
    ),
    32768,
    per_layer_embedding_size=256,
    extra=(Weight("altup_proj.weight", 2048, 2048, 3),),
)

LFM2 = Architecture(
    "lfm2",
    2048,
    65536,
    True,
    (
        LayerRun(2, Layer(None, Recurrent("short_conv", 3, 2048, 0), FeedForward(8192))),
        LayerRun(1, Layer(Attention(32, 8, 64, 64, qk_norm=True), None, FeedForward(8192))),
    )
    * 5,
    128000,
)

NEMOTRON = Architecture(
    "nemotron_h",
    4480,
    131072,
    False,
    (
        LayerRun(1, Layer(None, Recurrent("mamba2", 4, 10240, 128, n_groups=8, time_step_rank=128), None, 1)),
        LayerRun(1, Layer(None, None, FeedForward(15680, gated=False), 1)),
        LayerRun(1, Layer(Attention(40, 8, 128, 128), None, None, 1)),
    )
    * 4,
    131072,
)

ALL = (SMOLLM2, GEMMA_270M, LLAMA_8B, MIXTRAL, GPT_OSS, GLM, QWEN_NEXT, GEMMA_E, LFM2, NEMOTRON)
