"""What llama.cpp does with an architecture by its name, where the layers alone do not tell.

Read from src/llama-arch.cpp, src/llama-model.cpp and src/models/*.cpp of build b11549.
"""

from bakeoff.catalog.architecture import Architecture, Attention

_SUPPORTED = """
afmoe apertus arcee arctic arwkv7 baichuan bailingmoe bailingmoe2 bailingmoe3 bitnet bloom chameleon chatglm
codeshell cogvlm cohere2 cohere2moe command-r dbrx deci deepseek deepseek2 deepseek2-ocr deepseek32 deepseek4
dots1 dots3note dream ernie4_5 ernie4_5-moe exaone exaone-moe exaone4 falcon falcon-h1 gemma gemma2 gemma3
gemma3n gemma4 glm-dsa glm4 glm4moe glm5-next gpt-oss gpt2 gptneox granite granite_swa granitehybrid granitemoe
graniteswitch grok grovemoe hrm_text hunyuan-dense hunyuan-moe hunyuan_vl hy_v3 hy_v4 internlm2 jais jais2 jamba
k2-horizon kimi-k3 kimi-linear laguna lfm2 lfm2moe llada llada-moe llama llama4 maincoder mamba mamba2 maple
mellum mimo2 minicpm minicpm3 minimax-01 minimax-m2 minimax-m3 mistral3 mistral4 mpt muse-glimmer nanbeige
nemotron nemotron_h nemotron_h_moe olmo olmo2 olmoe openelm orion paddleocr pangu-embedded phi2 phi3 phimoe
plamo plamo2 plamo3 plm qwen qwen2 qwen2moe qwen2vl qwen3 qwen35 qwen35moe qwen3moe qwen3next qwen3vl qwen3vlmoe
qwen4exp refact rnd1 rwkv6 rwkv6qwen2 rwkv7 seed_oss smallthinker smollm3 spark2_5 stablelm starcoder starcoder2
step35 talkie xverse
"""
SUPPORTED = frozenset(_SUPPORTED.split())
"""Architectures of text generators that the engine runs (`LLM_ARCH_NAMES`)."""

_WINDOWED = """
afmoe cohere2 cohere2moe deepseek4 dots3note exaone-moe exaone4 gemma2 gemma3 gemma3n gemma4 gpt-oss granite_swa
laguna lfm2 llama4 maple mellum mimo2 muse-glimmer olmo2 plamo3 smallthinker spark2_5 step35
"""
WINDOWED = frozenset(_WINDOWED.split())
"""Where `swa_type` is set. Elsewhere a sliding window is run, and cached, as full attention (Mistral 7B, Phi-3)."""

FIXED_WINDOWS = {"llama4": 8192, "smallthinker": 4096}
"""Windows that are constants in the engine's source."""

UNABSORBED = frozenset(("minicpm3", "plm", "deepseek2-ocr"))
"""Multi-head latent attention whose cache holds whole keys and values."""


def supported(name: str) -> bool:
    """The engine runs the architecture."""
    return name in SUPPORTED


def effective_window(architecture: Architecture, attention: Attention) -> int | None:
    """Tokens that the engine keeps for a layer; None for all."""
    name = architecture.name
    if attention.window is None or (name in SUPPORTED and name not in WINDOWED):
        return None
    if name == "exaone4" and architecture.n_layers != 64:
        return None
    return FIXED_WINDOWS.get(name, attention.window)


def flash_runs(name: str) -> bool:
    """The engine has flash attention for the architecture; it turns it off for Grok."""
    return name != "grok"
