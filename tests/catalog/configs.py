"""Configs of published models, cut to the keys that say something about shape, with the parameters that they have.

The numbers of parameters are those of the published checkpoints (text model alone), where they match to the last one,
or what transformers 5.23 counts on torch's meta device; both are in the facts table that the catalog was built from.
"""

from typing import Any

LLAMA_31_8B = {
    "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "tie_word_embeddings": False,
    "max_position_embeddings": 131072,
}  # fmt: skip
QWEN25_7B = {
    "model_type": "qwen2", "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28,
    "num_attention_heads": 28, "num_key_value_heads": 4, "vocab_size": 152064, "use_sliding_window": False,
    "sliding_window": 131072, "max_position_embeddings": 32768,
}  # fmt: skip
QWEN3_30B = {
    "model_type": "qwen3_moe", "hidden_size": 2048, "intermediate_size": 6144, "num_hidden_layers": 48,
    "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128, "vocab_size": 151936, "num_experts": 128,
    "num_experts_per_tok": 8, "moe_intermediate_size": 768, "decoder_sparse_step": 1, "mlp_only_layers": [],
    "max_position_embeddings": 40960, "tie_word_embeddings": False,
}  # fmt: skip
GPT_OSS_20B = {
    "model_type": "gpt_oss", "hidden_size": 2880, "intermediate_size": 2880, "num_hidden_layers": 24,
    "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64, "vocab_size": 201088, "num_local_experts": 32,
    "num_experts_per_tok": 4, "sliding_window": 128, "tie_word_embeddings": False, "attention_bias": True,
    "layer_types": ["sliding_attention", "full_attention"] * 12, "max_position_embeddings": 131072,
    "quantization_config": {"quant_method": "mxfp4"},
}  # fmt: skip
GEMMA3_12B = {
    "model_type": "gemma3",
    "text_config": {
        "model_type": "gemma3_text", "hidden_size": 3840, "intermediate_size": 15360, "num_hidden_layers": 48,
        "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 256, "vocab_size": 262208,
        "sliding_window": 1024, "sliding_window_pattern": 6, "max_position_embeddings": 131072,
    },
    "vision_config": {"hidden_size": 1152, "num_hidden_layers": 27, "num_attention_heads": 16},
}  # fmt: skip
GEMMA4_26B = {
    "model_type": "gemma4", "tie_word_embeddings": True,
    "text_config": {
        "model_type": "gemma4_text", "hidden_size": 2816, "intermediate_size": 2112, "num_hidden_layers": 30,
        "num_attention_heads": 16, "num_key_value_heads": 8, "num_global_key_value_heads": 2, "head_dim": 256,
        "global_head_dim": 512, "attention_k_eq_v": True, "vocab_size": 262144, "enable_moe_block": True,
        "num_experts": 128, "top_k_experts": 8, "moe_intermediate_size": 704, "sliding_window": 1024,
        "layer_types": (["sliding_attention"] * 5 + ["full_attention"]) * 5, "max_position_embeddings": 262144,
    },
}  # fmt: skip
GEMMA3N_E2B = {
    "model_type": "gemma3n",
    "text_config": {
        "model_type": "gemma3n_text", "hidden_size": 2048, "intermediate_size": [8192] * 30, "num_hidden_layers": 30,
        "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 256, "vocab_size": 262400,
        "num_kv_shared_layers": 10, "sliding_window": 512, "max_position_embeddings": 32768,
        "layer_types": (["sliding_attention"] * 4 + ["full_attention"]) * 6,
    },
}  # fmt: skip
DEEPSEEK_V3 = {
    "model_type": "deepseek_v3", "hidden_size": 7168, "intermediate_size": 18432, "num_hidden_layers": 61,
    "num_attention_heads": 128, "num_key_value_heads": 128, "vocab_size": 129280, "n_routed_experts": 256,
    "num_experts_per_tok": 8, "n_shared_experts": 1, "first_k_dense_replace": 3, "moe_layer_freq": 1,
    "moe_intermediate_size": 2048, "kv_lora_rank": 512, "q_lora_rank": 1536, "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64, "v_head_dim": 128, "num_nextn_predict_layers": 1, "max_position_embeddings": 163840,
    "tie_word_embeddings": False, "quantization_config": {"quant_method": "fp8", "fmt": "e4m3"},
}  # fmt: skip
DEEPSEEK_V32 = {
    **DEEPSEEK_V3, "model_type": "deepseek_v32", "index_n_heads": 64, "index_head_dim": 128, "index_topk": 2048,
}  # fmt: skip
DEEPSEEK_V4_FLASH = {
    "model_type": "deepseek_v4", "hidden_size": 4096, "num_hidden_layers": 43, "num_attention_heads": 64,
    "num_key_value_heads": 1, "head_dim": 512, "vocab_size": 129280, "n_routed_experts": 256, "n_shared_experts": 1,
    "num_experts_per_tok": 6, "moe_intermediate_size": 2048, "q_lora_rank": 1024, "o_groups": 8, "o_lora_rank": 1024,
    "sliding_window": 128, "index_n_heads": 64, "index_head_dim": 128, "index_topk": 512, "expert_dtype": "fp4",
    "compress_ratios": [0, 0] + [4, 128] * 20 + [4, 0], "num_nextn_predict_layers": 1, "tie_word_embeddings": False,
    "max_position_embeddings": 1048576, "quantization_config": {"quant_method": "fp8"},
}  # fmt: skip
GLM_52 = {
    "model_type": "glm_moe_dsa", "hidden_size": 6144, "intermediate_size": 12288, "num_hidden_layers": 78,
    "num_attention_heads": 64, "num_key_value_heads": 64, "head_dim": 192, "vocab_size": 154880,
    "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 8, "moe_intermediate_size": 2048,
    "mlp_layer_types": ["dense"] * 3 + ["sparse"] * 75, "kv_lora_rank": 512, "q_lora_rank": 2048,
    "qk_nope_head_dim": 192, "qk_rope_head_dim": 64, "v_head_dim": 256, "index_n_heads": 32, "index_head_dim": 128,
    "index_topk": 2048, "indexer_types": ["full", "full"] + (["full"] + ["shared"] * 3) * 19,
    "max_position_embeddings": 1048576, "tie_word_embeddings": False,
}  # fmt: skip
QWEN3_NEXT = {
    "model_type": "qwen3_next", "hidden_size": 2048, "intermediate_size": 5120, "num_hidden_layers": 48,
    "num_attention_heads": 16, "num_key_value_heads": 2, "head_dim": 256, "vocab_size": 151936, "num_experts": 512,
    "num_experts_per_tok": 10, "moe_intermediate_size": 512, "shared_expert_intermediate_size": 512,
    "full_attention_interval": 4, "linear_num_key_heads": 16, "linear_num_value_heads": 32, "linear_key_head_dim": 128,
    "linear_value_head_dim": 128, "linear_conv_kernel_dim": 4, "max_position_embeddings": 262144,
    "tie_word_embeddings": False,
}  # fmt: skip
KIMI_LINEAR = {
    "model_type": "kimi_linear", "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 27,
    "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 163840, "num_experts": 256,
    "num_experts_per_token": 8, "num_shared_experts": 1, "first_k_dense_replace": 1, "moe_intermediate_size": 1024,
    "kv_lora_rank": 512, "q_lora_rank": None, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
    "linear_attn_config": {
        "full_attn_layers": [4, 8, 12, 16, 20, 24, 27], "kda_layers": [], "num_heads": 32, "head_dim": 128,
        "short_conv_kernel_size": 4,
    },
    "tie_word_embeddings": False, "model_max_length": 1048576,
}  # fmt: skip
FALCON_7B = {
    "model_type": "falcon", "hidden_size": 4544, "num_hidden_layers": 32, "num_attention_heads": 71,
    "vocab_size": 65024, "multi_query": True, "parallel_attn": True, "bias": False, "new_decoder_architecture": False,
    "tie_word_embeddings": False,
}  # fmt: skip
FALCON_H1_05B = {
    "model_type": "falcon_h1", "hidden_size": 1024, "intermediate_size": 2048, "num_hidden_layers": 36,
    "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 64, "vocab_size": 32784, "mamba_d_ssm": 1536,
    "mamba_n_heads": 24, "mamba_d_head": 64, "mamba_n_groups": 1, "mamba_d_state": 128, "mamba_d_conv": 4,
    "mamba_rms_norm": False, "tie_word_embeddings": False, "max_position_embeddings": 16384,
}  # fmt: skip
NEMOTRON_H_9B = {
    "model_type": "nemotron_h", "hidden_size": 4480, "intermediate_size": 15680, "num_hidden_layers": 56,
    "num_attention_heads": 40, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 131072,
    "hybrid_override_pattern": "M-M-M-MM-M-M-M*-M-M-M*-M-M-M-M*-M-M-M-M*-M-MM-M-M-M-M-M-", "mamba_num_heads": 128,
    "mamba_head_dim": 80, "ssm_state_size": 128, "n_groups": 8, "conv_kernel": 4, "expand": 2,
    "tie_word_embeddings": False, "max_position_embeddings": 131072,
}  # fmt: skip
JAMBA_3B = {
    "model_type": "jamba", "hidden_size": 2560, "intermediate_size": 8192, "num_hidden_layers": 28,
    "num_attention_heads": 20, "num_key_value_heads": 1, "vocab_size": 65536, "num_experts": 1,
    "attn_layer_period": 14, "attn_layer_offset": 7, "mamba_d_conv": 4, "mamba_d_state": 16, "mamba_expand": 2,
    "mamba_dt_rank": 160, "tie_word_embeddings": False, "max_position_embeddings": 262144,
}  # fmt: skip
LFM2_350M = {
    "model_type": "lfm2", "hidden_size": 1024, "intermediate_size": 6656, "num_hidden_layers": 16,
    "num_attention_heads": 16, "num_key_value_heads": 8, "vocab_size": 65536, "conv_L_cache": 3,
    "block_auto_adjust_ff_dim": True, "full_attn_idxs": [2, 5, 8, 10, 12, 14], "max_position_embeddings": 128000,
}  # fmt: skip
LLAMA4_MAVERICK = {
    "model_type": "llama4",
    "text_config": {
        "model_type": "llama4_text", "hidden_size": 5120, "intermediate_size": 8192, "intermediate_size_mlp": 16384,
        "num_hidden_layers": 48, "num_attention_heads": 40, "num_key_value_heads": 8, "head_dim": 128,
        "vocab_size": 202048, "num_local_experts": 128, "num_experts_per_tok": 1, "interleave_moe_layer_step": 2,
        "attention_chunk_size": 8192, "no_rope_layers": [1, 1, 1, 0] * 12, "max_position_embeddings": 1048576,
        "use_qk_norm": False,
    },
}  # fmt: skip
MAMBA_CODESTRAL = {
    "model_type": "mamba2", "hidden_size": 4096, "num_hidden_layers": 64, "num_heads": 128, "head_dim": 64,
    "vocab_size": 32768, "state_size": 128, "conv_kernel": 4, "n_groups": 8, "expand": 2,
    "tie_word_embeddings": False,
}  # fmt: skip
STARCODER2_15B = {
    "model_type": "starcoder2", "hidden_size": 6144, "intermediate_size": 24576, "num_hidden_layers": 40,
    "num_attention_heads": 48, "num_key_value_heads": 4, "vocab_size": 49152, "use_bias": True,
    "tie_word_embeddings": False, "max_position_embeddings": 16384,
}  # fmt: skip
OLMO2_1B = {
    "model_type": "olmo2", "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16,
    "num_attention_heads": 16, "num_key_value_heads": 16, "vocab_size": 100352, "tie_word_embeddings": False,
    "max_position_embeddings": 4096,
}  # fmt: skip
COMMAND_R = {
    "model_type": "cohere", "hidden_size": 8192, "intermediate_size": 22528, "num_hidden_layers": 40,
    "num_attention_heads": 64, "num_key_value_heads": 64, "vocab_size": 256000, "use_qk_norm": False,
    "model_max_length": 131072,
}  # fmt: skip
GRANITE_4_350M = {
    "model_type": "granitemoehybrid", "hidden_size": 1024, "intermediate_size": 2048, "shared_intermediate_size": 2048,
    "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 4, "vocab_size": 100352,
    "num_local_experts": 0, "layer_types": ["attention"] * 28, "tie_word_embeddings": True,
    "max_position_embeddings": 32768,
}  # fmt: skip
PHI3_MINI = {
    "model_type": "phi3", "hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 32064, "tie_word_embeddings": False,
    "max_position_embeddings": 4096,
}  # fmt: skip

PUBLISHED: dict[str, tuple[dict[str, Any], str, int]] = {
    "Llama 3.1 8B": (LLAMA_31_8B, "llama", 8030261248),
    "Qwen2.5 7B": (QWEN25_7B, "qwen2", 7615616512),
    "Qwen3 30B-A3B": (QWEN3_30B, "qwen3moe", 30532122624),
    "gpt-oss 20B": (GPT_OSS_20B, "gpt-oss", 20914757184),
    "Gemma 3 12B": (GEMMA3_12B, "gemma3", 11766034176),
    "Gemma 4 26B-A4B": (GEMMA4_26B, "gemma4", 25233141760),
    "DeepSeek-V3": (DEEPSEEK_V3, "deepseek2", 671026404352),
    "DeepSeek-V3.2": (DEEPSEEK_V32, "deepseek32", 671877929216),
    "Qwen3-Next 80B": (QWEN3_NEXT, "qwen3next", 79674391296),
    "Falcon 7B": (FALCON_7B, "falcon", 7217189760),
    "Falcon-H1 0.5B": (FALCON_H1_05B, "falcon-h1", 521411104),
    "Nemotron Nano 9B v2": (NEMOTRON_H_9B, "nemotron_h", 8888227328),
    "Jamba Reasoning 3B": (JAMBA_3B, "jamba", 3197109632),
    "LFM2 350M": (LFM2_350M, "lfm2", 354483968),
    "Llama 4 Maverick": (LLAMA4_MAVERICK, "llama4", 400711848960),
    "Mamba Codestral 7B": (MAMBA_CODESTRAL, "mamba2", 7285403648),
    "StarCoder2 15B": (STARCODER2_15B, "starcoder2", 15957889024),
    "OLMo 2 1B": (OLMO2_1B, "olmo2", 1484916736),
    "Command R": (COMMAND_R, "command-r", 34980831232),
    "Granite 4.0 350M": (GRANITE_4_350M, "granite", 352379904),
    "Phi-3 mini": (PHI3_MINI, "phi3", 3821079552),
}
"""Config, llama.cpp's name, parameters."""
