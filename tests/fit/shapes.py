"""Architectures of the memory tests, and which models of the catalog were measured."""

from bakeoff.catalog.architecture import Architecture, Attention, FeedForward, Latent, Layer, LayerRun, Recurrent

MAMBA2 = Architecture(
    "mamba2",
    2560,
    50288,
    True,
    (LayerRun(64, Layer(recurrent=Recurrent("mamba2", 4, 5120, 128, 1, 80), n_norms=1)),),
    1048576,
)
"""state-spaces/mamba2-2.7b."""

MLA = Architecture(
    "deepseek2",
    2048,
    102400,
    False,
    (
        LayerRun(
            3,
            Layer(
                Attention(16, 16, 192, 128, latent=Latent(512, None, 128, 64, 128)),
                None,
                FeedForward(0, n_experts=64, n_experts_used=6, expert_size=1408, shared_size=2816),
            ),
        ),
    ),
    163840,
)
"""Three layers of deepseek-ai/DeepSeek-V2-Lite."""

CATALOG = {
    "command-r-35b": "CohereLabs/c4ai-command-r-v01",
    "deepseek-v2-lite": "deepseek-ai/DeepSeek-V2-Lite-Chat",
    "falcon-h1-1.5b": "tiiuae/Falcon-H1-1.5B-Instruct",
    "gemma3-12b": "google/gemma-3-12b-it",
    "gpt-oss-20b": "openai/gpt-oss-20b",
    "llama3.1-8b": "meta-llama/Llama-3.1-8B-Instruct",
    "llama3.2-1b": "meta-llama/Llama-3.2-1B-Instruct",
    "phi3-mini": "microsoft/Phi-3-mini-4k-instruct",
    "qwen2.5-7b": "Qwen/Qwen2.5-7B-Instruct",
    "qwen3-30b-a3b": "Qwen/Qwen3-30B-A3B",
    "smollm2": "HuggingFaceTB/SmolLM2-135M-Instruct",
}
"""Name in the measurement -> id in the catalog."""
