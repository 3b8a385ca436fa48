"""What the families of models have in common, by `model_type` of config.json: facts that the config does not say.

Read from the modelling code of transformers 5.23 and from llama.cpp (`src/llama-arch.cpp`, `src/models/`). A family is
data; what a config says beats it. Families whose shape no list of layers describes are in `UNSUPPORTED`, with why.
"""

from dataclasses import dataclass, replace

from bakeoff.catalog.architecture import RecurrentKind


@dataclass(frozen=True, slots=True)
class Family:
    """What a config leaves unsaid."""

    name: str
    """llama.cpp's name, or the model type where llama.cpp does not run the family."""

    pattern: str = "f"
    """Kinds of layers where the config has no list, repeated; the letters are those of `config_layers`."""

    bias: bool = False
    """q, k and v have biases."""

    bias_key: str = "attention_bias"
    """The config's key for that."""

    output_bias: bool | None = None
    """The same for the output projection; None: as q, k and v."""

    qk_norm: bool = False
    wide_qk_norm: bool = False
    gated_output: bool = False
    head_gates: bool = False
    sinks: bool = False
    n_norms: int = 2
    norm_bias: bool = False
    gated: bool = True
    """The feed-forward part has three matrices."""

    ff_bias: bool = False
    ff_bias_key: str = "mlp_bias"
    tied: bool = False
    """Tied embeddings where the config does not say."""

    shared_gate: bool = False
    router_bias: bool = False
    recurrent: RecurrentKind | None = None
    """What its linear or Mamba layers are."""


LLAMA = Family("llama")
DEEPSEEK = Family("deepseek2", router_bias=True)
QWEN2 = Family("qwen2", bias=True, output_bias=False)
QWEN3 = Family("qwen3", qk_norm=True)
QWEN35 = Family("qwen35", pattern="lllf", qk_norm=True, gated_output=True, recurrent="gated_delta_net")
QWEN35_MOE = replace(QWEN35, name="qwen35moe", shared_gate=True)
GEMMA = Family("gemma", tied=True)
GEMMA3 = Family("gemma3", pattern="sssssf", n_norms=4, tied=True, qk_norm=True)
GEMMA4 = replace(GEMMA3, name="gemma4")
GLM4 = Family("glm4", bias=True, output_bias=False, n_norms=4)
GLM4_MOE = Family("glm4moe", bias=True, output_bias=False, router_bias=True)
KIMI_LINEAR = Family("kimi-linear", router_bias=True, recurrent="kda")
COHERE = Family("command-r", n_norms=1, tied=True)
COHERE2_MOE = Family("cohere2moe", pattern="sssf", n_norms=1, tied=True)
OLMO2 = Family("olmo2", qk_norm=True, wide_qk_norm=True)
EXAONE4 = Family("exaone4", pattern="sssf", qk_norm=True)
MIMO2 = Family("mimo2", pattern="sssssf", output_bias=False, router_bias=True, sinks=True)
MINIMAX_01 = Family("minimax-01", pattern="lllllllf", recurrent="lightning")
MINIMAX_M3 = Family("minimax-m3", qk_norm=True, router_bias=True)
FALCON = Family(
    "falcon", bias_key="bias", n_norms=1, norm_bias=True, gated=False, ff_bias_key="bias", tied=True
)  # fmt: skip
PHI3 = Family("phi3")
ALL_BIASES = Family("gpt2", bias=True, norm_bias=True, gated=False, ff_bias=True, tied=True)
INKLING = Family("inkling", pattern="sssssf", qk_norm=True, router_bias=True)
MUSE = Family("muse-glimmer", pattern="fsss", gated_output=True, n_norms=4)
STEP = Family("step35", pattern="fsss", qk_norm=True, head_gates=True, router_bias=True)
STABLELM = Family("stablelm", bias_key="use_qkv_bias", output_bias=False, norm_bias=True)
HUNYUAN = Family("hunyuan-dense", qk_norm=True)
BAILING = Family("bailingmoe2", bias_key="use_qkv_bias", output_bias=False, qk_norm=True, router_bias=True)
GRANITE = Family("granite", tied=True)
LFM2 = Family("lfm2", qk_norm=True, recurrent="short_conv", tied=True)
ERNIE = Family("ernie4_5", bias_key="use_bias", ff_bias_key="use_bias", tied=True)
MAMBA = Family("mamba", pattern="l", n_norms=1, recurrent="mamba1")

FAMILIES: dict[str, Family] = {
    "afmoe": Family("afmoe", pattern="sssf", qk_norm=True, gated_output=True, n_norms=4, router_bias=True),
    "apertus": Family("apertus", gated=False, qk_norm=True),
    "apertus1p5": Family("apertus", gated=False, qk_norm=True),
    "apriel": LLAMA,
    "arcee": Family("arcee", gated=False),
    "arctic": Family("arctic", n_norms=3),
    "axk1": replace(DEEPSEEK, n_norms=3),
    "axk2": replace(DEEPSEEK, name="axk2", gated_output=True),
    "baichuan": Family("baichuan"),
    "bailing_hybrid": Family("bailingmoe3", pattern="lllllf", head_gates=True, router_bias=True, recurrent="kda"),
    "bailing_moe": BAILING,
    "bamba": Family("granitehybrid", recurrent="mamba2"),
    "beam": Family("beam", pattern="sssssf", gated_output=True, router_bias=True),
    "bitnet": Family("bitnet"),
    "bloom": replace(ALL_BIASES, name="bloom"),
    "chatglm": Family("chatglm", bias=True, bias_key="add_qkv_bias", output_bias=False),
    "cohere": COHERE,
    "cohere2": replace(COHERE, name="cohere2", pattern="sssf"),
    "cohere2_moe": COHERE2_MOE,
    "cohere2_vision": COHERE2_MOE,
    "cwm": Family("llama", pattern="fsss"),
    "dbrx": Family("dbrx"),
    "deci": Family("deci"),
    "deepseek": Family("deepseek"),
    "deepseek_v2": replace(DEEPSEEK, router_bias=False),
    "deepseek_v3": DEEPSEEK,
    "deepseek_v32": replace(DEEPSEEK, name="deepseek32"),
    "deepseek_v4": replace(DEEPSEEK, name="deepseek4", sinks=True),
    "dots1": Family("dots1", qk_norm=True, router_bias=True),
    "ernie4_5": ERNIE,
    "ernie4_5_moe": replace(ERNIE, name="ernie4_5-moe", router_bias=True, tied=False),
    "exaone": Family("exaone"),
    "exaone4": EXAONE4,
    "exaone4_5": EXAONE4,
    "exaone_moe": Family("exaone-moe", pattern="sssf", qk_norm=True, router_bias=True),
    "falcon": FALCON,
    "falcon_h1": Family("falcon-h1", pattern="h", recurrent="mamba2"),
    "falcon_mamba": MAMBA,
    "flex_olmo": replace(OLMO2, name="flexolmo"),
    "gemma": GEMMA,
    "gemma2": Family("gemma2", pattern="sf", n_norms=4, tied=True),
    "gemma3": GEMMA3,
    "gemma3n": replace(GEMMA3, name="gemma3n", pattern="ssssf", n_norms=5),
    "gemma4": GEMMA4,
    "gemma4_unified": GEMMA4,
    "glm": Family("chatglm", bias=True, output_bias=False),
    "glm4": GLM4,
    "glm4_moe": GLM4_MOE,
    "glm4_moe_lite": DEEPSEEK,
    "glm4v": GLM4,
    "glm4v_moe": GLM4_MOE,
    "glm5_next": replace(KIMI_LINEAR, name="glm5-next", pattern="lllf"),
    "glm_moe_dsa": replace(DEEPSEEK, name="glm-dsa"),
    "gpt2": ALL_BIASES,
    "gpt_bigcode": replace(ALL_BIASES, name="starcoder"),
    "gpt_neo": replace(ALL_BIASES, bias=False, output_bias=True),
    "gpt_neox": replace(ALL_BIASES, name="gptneox", tied=False),
    "gpt_oss": Family("gpt-oss", pattern="sf", bias=True, sinks=True, ff_bias=True),
    "gptj": Family("gptj", n_norms=1, norm_bias=True, gated=False, ff_bias=True),
    "granite": GRANITE,
    "granite_swa": replace(GRANITE, name="granite_swa", pattern="fsss", sinks=True),
    "granitemoe": replace(GRANITE, name="granitemoe"),
    "granitemoe_swa": replace(GRANITE, name="granite_swa", pattern="fsss", sinks=True),
    "granitemoehybrid": replace(GRANITE, name="granitehybrid", recurrent="mamba2"),
    "granitemoeshared": replace(GRANITE, name="granitemoe"),
    "gravity_moe": DEEPSEEK,
    "grok-1": Family("grok", n_norms=4, tied=True),
    "hunyuan_v1_dense": HUNYUAN,
    "hunyuan_v1_moe": replace(HUNYUAN, name="hunyuan-moe"),
    "hy_v3": Family("hy_v3", qk_norm=True, router_bias=True),
    "hy_v4": replace(DEEPSEEK, name="hy_v4", gated_output=True, sinks=True),
    "hyperclovax": Family("hyperclovax", n_norms=4),
    "hyperclovax_vision_v2": Family("hyperclovax", n_norms=4),
    "idefics3": LLAMA,
    "inkling": INKLING,
    "inkling_mm_model": INKLING,
    "internlm2": Family("internlm2", bias_key="bias"),
    "internlm3": LLAMA,
    "interns1": QWEN3,
    "internvl_chat": QWEN3,
    "iquest_q1": Family("iquest-q1", qk_norm=True),
    "iquestcoder": LLAMA,
    "jais": replace(ALL_BIASES, name="jais", gated=True),
    "jais2": replace(ALL_BIASES, name="jais2", tied=False),
    "jamba": Family("jamba", recurrent="mamba1"),
    "k2_horizon": Family("k2-horizon"),
    "kimi_k2": DEEPSEEK,
    "kimi_linear": KIMI_LINEAR,
    "kimi_vl": DEEPSEEK,
    "kolibri1": Family("kolibri", pattern="ssssf", qk_norm=True, n_norms=4, router_bias=True),
    "laguna": Family("laguna", qk_norm=True, head_gates=True, router_bias=True),
    "lfm2": LFM2,
    "lfm2_moe": replace(LFM2, name="lfm2moe", router_bias=True),
    "lfm3": replace(LFM2, name="lfm3", head_gates=True, n_norms=4),
    "llada2_moe": replace(BAILING, name="llada2-moe"),
    "llama": LLAMA,
    "llama4": Family("llama4", pattern="cccf"),
    "llava": LLAMA,
    "llava_next": LLAMA,
    "longcat_flash": Family("longcat-flash", router_bias=True),
    "mamba": replace(MAMBA, tied=True),
    "mamba2": Family("mamba2", pattern="l", n_norms=1, recurrent="mamba2"),
    "mellum": Family("mellum", qk_norm=True),
    "mimo": replace(QWEN2, name="mimo"),
    "mimo_v2": MIMO2,
    "mimo_v2_flash": MIMO2,
    "minicpm": Family("minicpm"),
    "minicpm3": Family("minicpm3"),
    "minicpmv": QWEN3,
    "minicpmv4_6": QWEN35,
    "minicpmv4_7": QWEN35,
    "minimax": MINIMAX_01,
    "minimax_m1": MINIMAX_01,
    "minimax_m2": Family("minimax-m2", qk_norm=True, wide_qk_norm=True, router_bias=True),
    "minimax_m3": MINIMAX_M3,
    "minimax_m3_vl": MINIMAX_M3,
    "minimax_text_01": MINIMAX_01,
    "ministral": Family("mistral3", pattern="sssf"),
    "ministral3": Family("mistral3"),
    "mistral": LLAMA,
    "mistral3": LLAMA,
    "mistral4": Family("mistral4"),
    "mistral_large4": Family("mistral-large4", router_bias=True),
    "mixtral": LLAMA,
    "mllama": Family("mllama"),
    "molmo": QWEN2,
    "molmo2": QWEN3,
    "mpt": Family("mpt", gated=False, tied=True),
    "muse_glimmer": MUSE,
    "muse_spark": replace(MUSE, name="muse-spark", router_bias=True),
    "nanbeige": Family("nanbeige"),
    "nemotron": Family("nemotron", norm_bias=True, gated=False),
    "nemotron-nas": Family("deci"),
    "nemotron_h": Family("nemotron_h", n_norms=1, gated=False, router_bias=True, recurrent="mamba2"),
    "olmo": Family("olmo", n_norms=0),
    "olmo2": OLMO2,
    "olmo3": replace(OLMO2, pattern="sssf"),
    "olmo_hybrid": replace(OLMO2, name="olmo-hybrid", pattern="lllf", recurrent="gated_delta_net"),
    "olmoe": replace(OLMO2, name="olmoe"),
    "openelm": Family("openelm", qk_norm=True, tied=True),
    "orion": Family("orion", norm_bias=True),
    "phi": Family("phi2", bias=True, n_norms=1, norm_bias=True, gated=False, ff_bias=True),
    "phi3": PHI3,
    "phi3_v": PHI3,
    "phi3small": Family("phi3small", bias=True, norm_bias=True, ff_bias=True, tied=True),
    "phi4-siglip": PHI3,
    "phi4mm": PHI3,
    "phimoe": Family("phimoe", bias=True, norm_bias=True),
    "pixtral": LLAMA,
    "qwen2": QWEN2,
    "qwen2_5_omni_thinker": replace(QWEN2, name="qwen2vl"),
    "qwen2_5_vl": replace(QWEN2, name="qwen2vl"),
    "qwen2_moe": Family("qwen2moe", bias=True, bias_key="qkv_bias", output_bias=False, shared_gate=True),
    "qwen2_vl": replace(QWEN2, name="qwen2vl"),
    "qwen3": QWEN3,
    "qwen3_5": QWEN35,
    "qwen3_5_moe": QWEN35_MOE,
    "qwen3_moe": replace(QWEN3, name="qwen3moe"),
    "qwen3_next": replace(QWEN35_MOE, name="qwen3next"),
    "qwen3_omni_moe": replace(QWEN3, name="qwen3vlmoe"),
    "qwen3_omni_moe_thinker": replace(QWEN3, name="qwen3vlmoe"),
    "qwen3_vl": replace(QWEN3, name="qwen3vl"),
    "qwen3_vl_moe": replace(QWEN3, name="qwen3vlmoe"),
    "qwen4_exp": replace(QWEN35_MOE, name="qwen4exp"),
    "refinedweb": FALCON,
    "refinedwebmodel": FALCON,
    "rwkv7": Family("rwkv7", pattern="l", norm_bias=True, gated=False, recurrent="rwkv7"),
    "sarvam_mla": DEEPSEEK,
    "sarvam_moe": replace(BAILING, name="sarvam-moe"),
    "seed_oss": Family("seed_oss", bias=True, output_bias=False),
    "smollm3": Family("smollm3", tied=True),
    "smolvlm": LLAMA,
    "solar": LLAMA,
    "solar_open": replace(GLM4_MOE, name="solar-open", bias=False),
    "solar_open2": replace(GLM4_MOE, name="solar-open", bias=False),
    "spark2_5": Family("spark2_5", tied=True),
    "stablelm": STABLELM,
    "stablelm_epoch": STABLELM,
    "starcoder2": replace(ALL_BIASES, name="starcoder2", bias_key="use_bias", ff_bias_key="use_bias"),
    "step3p5": STEP,
    "step3p7": STEP,
    "trillion": LLAMA,
    "youtu": DEEPSEEK,
}
"""By `model_type` of the text part, lower case, without `_text`."""

UNSUPPORTED: dict[str, str] = {
    "bart": "encoder-decoder",
    "bert": "encoder",
    "deepseek_v41": "attention-unknown",
    "gigachat3_5": "dimensions-missing",
    "hymba": "recurrence-unknown",
    "inkling2": "attention-unknown",
    "m2m_100": "encoder-decoder",
    "marian": "encoder-decoder",
    "mbart": "encoder-decoder",
    "modernbert": "encoder",
    "motif": "attention-unknown",
    "mt5": "encoder-decoder",
    "nomic_bert": "encoder",
    "phi4flash": "recurrence-unknown",
    "plamo2": "recurrence-unknown",
    "recurrent_gemma": "recurrence-unknown",
    "t5": "encoder-decoder",
    "umt5": "encoder-decoder",
    "xlm-roberta": "encoder",
    "xlstm": "recurrence-unknown",
    "zamba": "shared-blocks",
    "zamba2": "shared-blocks",
    "zaya": "attention-unknown",
}
"""Why there is no list of layers for a type: the code of the reason."""


def family_of(model_type: str) -> Family | None:
    """The family, or None for a type that is not known. `qwen3_5_moe_text` is `qwen3_5_moe`."""
    key = model_type.lower()
    return FAMILIES.get(key) or FAMILIES.get(key.removesuffix("_text"))
