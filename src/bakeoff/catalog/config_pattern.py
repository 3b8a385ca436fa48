"""Which kind every layer of a model is, from the many ways in which configs say so. Letters as in `config_layers`."""

from bakeoff.catalog.config import Config
from bakeoff.catalog.config_families import Family
from bakeoff.catalog.config_layers import n_experts
from bakeoff.errors import DataError

KINDS = {
    "full_attention": "f",
    "attention": "f",
    "global_attention": "f",
    "global": "f",
    "indexed_attention": "f",
    "deepseek_sparse_attention": "f",
    "minimax_m3_sparse": "f",
    "sliding_attention": "s",
    "local_attention": "s",
    "local": "s",
    "chunked_attention": "c",
    "linear_attention": "l",
    "mamba": "l",
    "mamba2": "l",
    "conv": "l",
    "short_conv": "l",
    "hybrid": "h",
    "hybrid_sliding": "s",
    "mlp": "n",
    "moe": "n",
    "compressed_sparse_attention": "a",
    "heavily_compressed_attention": "b",
}
"""transformers' names of layer types."""

NEMOTRON = {"M": "l", "*": "f", "-": "n", "E": "n"}
"""Letters of `hybrid_override_pattern` (Nemotron-H)."""

INTERVALS = (
    "sliding_window_pattern",
    "full_attention_interval",
    "global_attn_every_n_layers",
    "global_attn_every_n_layer",
    "layer_group_size",
)
"""Keys that say: every so many layers one of full attention."""


def layer_kinds(c: Config, family: Family) -> str:
    """One letter per layer.

    Raises:
        DataError: a kind that is not known, or a list of another length.
    """
    kinds = _listed(c) or _indexed(c) or _repeated(c, family)
    if family.recurrent is None:
        kinds = kinds.replace("h", "f")
    if "s" in kinds and not _slides(c):
        kinds = kinds.replace("s", "f")
    return kinds


def _listed(c: Config) -> str | None:
    """A list with an entry per layer."""
    pattern = c.values.get("hybrid_override_pattern")
    if isinstance(pattern, str):
        return _letters(c, list(pattern), NEMOTRON, "hybrid_override_pattern")
    for key in ("layer_types", "layers_block_type"):
        names = c.strings(key)
        if names:
            return _letters(c, names, KINDS, key)
    ratios = c.numbers("compress_ratios", c.n_layers)
    if ratios is not None:
        return "".join("s" if ratio == 0 else "a" if ratio <= 16 else "b" for ratio in ratios)
    for key, letters in (("hybrid_layer_pattern", "fs"), ("attn_type_list", "lf"), ("no_rope_layers", "fc")):
        marks = c.numbers(key, c.n_layers, high=1)
        if marks:
            return "".join(letters[mark] for mark in marks)
    return None


def _letters(c: Config, names: list[str], known: dict[str, str], key: str) -> str:
    wrong = next((name for name in names if name not in known), None)
    if wrong is not None:
        raise DataError(f"config.json: {key} holds {wrong[:60]!r}, which is not a known kind of layer")
    count = c.n_layers if c.has("num_hidden_layers", "n_layers", "n_layer", "num_layers") else len(names)
    if len(names) < count:
        raise DataError(f"config.json: {key} has {len(names)} entries for {count} layers")
    return "".join(known[name] for name in names[:count])


def _indexed(c: Config) -> str | None:
    """Lists of the layers that are of a kind."""
    count = c.n_layers
    linear = c.part("linear_attn_config")
    if linear is not None and linear.has("full_attn_layers"):
        full = set(linear.numbers("full_attn_layers") or ())
        return "".join("f" if number in full else "l" for number in range(1, count + 1))
    if isinstance(c.values.get("full_attn_idxs"), list):
        full = set(c.numbers("full_attn_idxs") or ())
        return "".join("f" if number in full else "l" for number in range(count))
    if isinstance(c.values.get("local_layer_ids"), list):
        local = set(c.numbers("local_layer_ids") or ())
        return "".join("s" if number in local else "f" for number in range(count))
    if c.has("attn_layer_period"):
        period = c.number("attn_layer_period")
        offset = c.number("attn_layer_offset", default=0, low=0) % period
        return "".join("f" if number % period == offset else "l" for number in range(count))
    return None


def _repeated(c: Config, family: Family) -> str:
    """The family's pattern, with the interval of the config where it has one."""
    count, pattern = c.n_layers, family.pattern
    text = c.values.get("sliding_window_pattern")
    if isinstance(text, str) and text and set(text) <= {"L", "G"} and len(text) <= 64:
        pattern = text.replace("L", "s").replace("G", "f")
    elif len(pattern) > 1 and c.has(*INTERVALS):
        interval = c.number(*INTERVALS, high=4096)
        pattern = pattern[0] * (interval - 1) + "f" if pattern[-1] == "f" else "f" + pattern[-1] * (interval - 1)
    prefix = c.number("first_k_dense_replace", default=0, low=0) if c.has("prefix_dense_sliding_window_pattern") else 0
    kinds = "f" * prefix + pattern * (count // len(pattern) + 1)
    return kinds[:count]


def _slides(c: Config) -> bool:
    """Whether the windows of the config are in force. Qwen2 and Mistral 7B declare windows that runtimes ignore."""
    if not c.flag("use_sliding_window", default=True):
        return False
    return c.has("sliding_window", "sliding_window_size", "window_size", "local_window_size")


def sparse_layers(c: Config) -> list[bool]:
    """Which layers have experts.

    Raises:
        DataError: a list of another length.
    """
    count = c.n_layers
    if not n_experts(c):
        return [False] * count
    names = c.strings("mlp_layer_types", count)
    if names:
        return [name != "dense" for name in names]
    marks = c.numbers("moe_layer_freq", count)
    if marks:
        return [mark > 0 for mark in marks]
    listed = _expert_numbers(c)
    if listed is not None:
        return [number in listed for number in range(count)]
    return [_sparse_by_rule(c, number, count) for number in range(count)]


def _expert_numbers(c: Config) -> set[int] | None:
    if isinstance(c.values.get("moe_layers"), list):
        return set(c.numbers("moe_layers") or ())
    text = c.values.get("moe_layers_enum")
    if isinstance(text, str) and len(text) < 40_000:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if not all(part.isdecimal() and len(part) < 6 for part in parts):
            raise DataError("config.json: moe_layers_enum is not a list of layer numbers")
        return {int(part) for part in parts}
    return None


def _sparse_by_rule(c: Config, number: int, count: int) -> bool:
    first = c.number("first_k_dense_replace", "num_dense_layers", "moe_layer_start_index", "dense_mlp_idx",
                     default=0, low=0)  # fmt: skip
    if number < first or number > c.number("moe_layer_end_index", default=count, low=0):
        return False
    if number in (c.numbers("mlp_only_layers") or ()):
        return False
    if c.has("expert_layer_period"):
        period = c.number("expert_layer_period")
        return number % period == c.number("expert_layer_offset", default=0, low=0) % period
    step = c.number("decoder_sparse_step", "interleave_moe_layer_step", "moe_layer_interval", default=1)
    if step > 1:
        return (number + 1) % step == 0
    frequency = c.number("moe_layer_freq", default=1)
    return number % frequency == 0
