"""A llama of 60,000 random weights with a vocabulary of bytes: llama.cpp loads it in milliseconds and it runs."""

from pathlib import Path

import gguf
import numpy as np

EMBED, LAYERS, HEADS, HIDDEN = 64, 1, 2, 128
N_CTX_TRAIN = 4096

THINKING_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' }}"
    "{% if message.reasoning_content %}{{ '<think>\\n' + message.reasoning_content + '\\n</think>\\n\\n' }}{% endif %}"
    "{{ message.content + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}"
    "{% if enable_thinking is defined and enable_thinking is false %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}"
    "{% endif %}"
)
"""The shape of the templates of Qwen3: thinking is on unless it is switched off."""


def write(path: Path, *, template: str | None = None, architecture: str = "llama") -> Path:
    """Write the model.

    Args:
        path: the file.
        template: a chat template, if it is to have one.
        architecture: as the header names it.
    """
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_block_count(LAYERS)
    writer.add_context_length(N_CTX_TRAIN)
    writer.add_embedding_length(EMBED)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(EMBED // HEADS)
    tokens, kinds = _vocabulary()
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    if template is not None:
        writer.add_chat_template(template)
    random = np.random.default_rng(1)
    shapes = {"token_embd.weight": (len(tokens), EMBED), "output.weight": (len(tokens), EMBED)}
    for layer in range(LAYERS):
        shapes |= {f"blk.{layer}.attn_{name}.weight": (EMBED, EMBED) for name in ("q", "k", "v", "output")}
        shapes |= {f"blk.{layer}.ffn_{name}.weight": (HIDDEN, EMBED) for name in ("gate", "up")}
        shapes[f"blk.{layer}.ffn_down.weight"] = (EMBED, HIDDEN)
    for name, shape in shapes.items():
        writer.add_tensor(name, (random.standard_normal(shape) / 8).astype(np.float32))
    for name in ["output_norm.weight", *(f"blk.{i}.{n}_norm.weight" for i in range(LAYERS) for n in ("attn", "ffn"))]:
        writer.add_tensor(name, np.ones(EMBED, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _vocabulary() -> tuple[list[bytes], list[int]]:
    """Three special tokens, then one for each byte."""
    tokens = [b"<unk>", b"<s>", b"</s>", *(f"<0x{byte:02X}>".encode() for byte in range(256))]
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL, *[gguf.TokenType.BYTE] * 256]
    return tokens, [int(kind) for kind in kinds]
