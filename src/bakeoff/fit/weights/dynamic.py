"""Builds that a publisher mixes by a recipe of its own, on top of llama.cpp's mixtures.

- `Q4_K_L`, `Q3_K_XL` and the like (bartowski): embeddings and head in 8 bits.
- `UD-Q4_K_XL` and the like (Unsloth, "dynamic 2.0"): types chosen tensor by tensor for each model. Those choices are
  not published; the numbers here describe published files on average (benchmarks/gguf_sizes.py prints how far single
  ones lie off), the types beside the experts are those that file headers show.
"""

from collections.abc import Iterator
from dataclasses import dataclass

Spread = tuple[float, float]
"""Shares below and above the value: an 80 % interval."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a build departs from the mixture `base`."""

    base: str
    embedding: str | None = None
    """Type of the token embedding at least, where not the base's."""

    head: str | None = None
    """Type of the head at least, and of a tied embedding."""

    dense: float = 1.0
    """Bytes of the blocks' matrices over those of the base mixture."""

    beside_experts: str | None = None
    """Type of all matrices that are not experts, in models with experts."""

    experts: float | None = None
    """Experts' bytes over those of the base's plain type, without its extra bits. None: the base mixture."""

    spread: Spread = (0.01, 0.01)

    @property
    def plain(self) -> bool:
        """It is the base mixture and nothing else."""
        return self.embedding is None and self.head is None and self.experts is None and self.dense == 1.0

    @property
    def detail(self) -> str:
        """How sizes are found."""
        if self.experts is not None or self.dense != 1.0:
            return f"average of published files beside {self.base}; types of single tensors unknown"
        return f"llama.cpp's mixture {self.base}" + (", embeddings and head in 8 bits" if self.head == "Q8_0" else "")


def _large() -> Iterator[tuple[str, Recipe]]:
    for name, base in (("Q3_K_XL", "Q3_K_L"), ("Q4_K_L", "Q4_K_M"), ("Q5_K_L", "Q5_K_M"), ("Q6_K_L", "Q6_K")):
        yield name, Recipe(base, embedding="Q8_0", head="Q8_0")
    # Unsloth's; bartowski's Q2_K_L has embeddings and head in 8 bits and is up to 14 % larger.
    yield "Q2_K_L", Recipe("Q2_K", embedding="Q4_K", head="Q6_K", spread=(0.03, 0.12))


LARGE: dict[str, Recipe] = dict(_large())

UNSLOTH: dict[str, Recipe] = {
    "UD-IQ1_S": Recipe("IQ1_S", dense=1.07, spread=(0.03, 0.03)),
    "UD-IQ1_M": Recipe("IQ1_M", dense=1.05, spread=(0.03, 0.03)),
    "UD-IQ2_XXS": Recipe("IQ2_XXS", dense=1.04, spread=(0.03, 0.03)),
    "UD-IQ2_M": Recipe("IQ2_M", dense=1.025, spread=(0.03, 0.03)),
    "UD-IQ3_XXS": Recipe("IQ3_XXS", dense=1.01, spread=(0.025, 0.025)),
    "UD-Q2_K_XL": Recipe("Q2_K", "Q4_K", "Q6_K", dense=1.035, spread=(0.025, 0.025)),
    "UD-Q3_K_XL": Recipe("Q3_K_M", "Q4_K", "Q6_K", dense=1.02, spread=(0.025, 0.025)),
    "UD-Q4_K_XL": Recipe("Q4_K_M", "Q4_K", "Q6_K", dense=1.015, spread=(0.03, 0.06)),
    "UD-Q5_K_XL": Recipe("Q5_K_M", "Q5_K", "Q6_K", dense=0.999, spread=(0.02, 0.02)),
    "UD-Q6_K_XL": Recipe("Q6_K", "Q8_0", "Q8_0", dense=1.075, spread=(0.03, 0.03)),
    "UD-Q8_K_XL": Recipe("Q8_0", "BF16", "BF16", dense=1.115, spread=(0.03, 0.03)),
}
"""Models without experts."""

UNSLOTH_EXPERTS: dict[str, Recipe] = {
    "UD-IQ1_S": Recipe("IQ1_S", "Q4_K", "Q5_K", beside_experts="Q5_K", experts=1.02, spread=(0.05, 0.2)),
    "UD-IQ1_M": Recipe("IQ1_M", "Q4_K", "Q5_K", beside_experts="Q5_K", experts=1.02, spread=(0.05, 0.15)),
    "UD-IQ2_XXS": Recipe("IQ2_XXS", "Q4_K", "Q5_K", beside_experts="Q5_K", experts=1.16, spread=(0.08, 0.05)),
    "UD-IQ2_M": Recipe("IQ2_M", "Q5_K", "Q5_K", beside_experts="Q6_K", experts=0.975, spread=(0.05, 0.05)),
    "UD-IQ3_XXS": Recipe("IQ3_XXS", "Q5_K", "Q5_K", beside_experts="Q6_K", experts=1.03, spread=(0.06, 0.06)),
    "UD-Q2_K_XL": Recipe("Q2_K", "Q5_K", "Q5_K", beside_experts="Q6_K", experts=0.965, spread=(0.03, 0.08)),
    "UD-Q3_K_XL": Recipe("Q3_K_M", "Q8_0", "Q6_K", beside_experts="Q8_0", experts=1.03, spread=(0.04, 0.02)),
    "UD-Q4_K_XL": Recipe("Q4_K_M", "Q8_0", "Q8_0", beside_experts="Q8_0", experts=1.08, spread=(0.03, 0.03)),
    "UD-Q5_K_XL": Recipe("Q5_K_M", "Q8_0", "Q8_0", beside_experts="Q8_0", experts=1.1, spread=(0.05, 0.05)),
    "UD-Q6_K_XL": Recipe("Q6_K", "Q8_0", "Q8_0", beside_experts="Q8_0", experts=1.125, spread=(0.04, 0.03)),
    "UD-Q8_K_XL": Recipe("Q8_0", "Q8_0", "Q8_0", beside_experts="Q8_0", experts=1.015, spread=(0.02, 0.08)),
}
"""Models with experts, as Unsloth has made them since 2026: nearly everything beside the experts in 8 bits."""

UNSLOTH_EXPERTS_2025: dict[str, Recipe] = {
    "UD-IQ1_S": Recipe("IQ1_S", "Q4_K", "Q6_K", beside_experts="Q4_K", experts=1.55, spread=(0.1, 0.05)),
    "UD-IQ1_M": Recipe("IQ1_M", "Q4_K", "Q6_K", beside_experts="Q4_K", experts=1.43, spread=(0.08, 0.05)),
    "UD-IQ2_XXS": Recipe("IQ2_XXS", "Q4_K", "Q6_K", beside_experts="Q4_K", experts=1.275, spread=(0.07, 0.05)),
    "UD-IQ2_M": Recipe("IQ2_M", "Q4_K", "Q6_K", beside_experts="Q4_K", experts=1.09, spread=(0.05, 0.05)),
    "UD-IQ3_XXS": Recipe("IQ3_XXS", "Q4_K", "Q6_K", beside_experts="Q4_K", experts=1.11, spread=(0.04, 0.04)),
    "UD-Q2_K_XL": Recipe("Q2_K", "Q4_K", "Q6_K", beside_experts="Q4_K", experts=1.13, spread=(0.04, 0.03)),
    "UD-Q3_K_XL": Recipe("Q3_K_M", "Q4_K", "Q6_K", beside_experts="Q4_K", experts=1.035, spread=(0.04, 0.03)),
    "UD-Q4_K_XL": Recipe("Q4_K_M", "Q4_K", "Q6_K", beside_experts="Q4_K", experts=1.025, spread=(0.03, 0.03)),
    "UD-Q5_K_XL": Recipe("Q5_K_M", "Q4_K", "Q6_K", beside_experts="Q6_K", experts=1.03, spread=(0.03, 0.03)),
    "UD-Q6_K_XL": Recipe("Q6_K", "Q6_K", "Q6_K", beside_experts="Q6_K", experts=1.07, spread=(0.06, 0.03)),
    "UD-Q8_K_XL": Recipe("Q8_0", "BF16", "BF16", beside_experts="BF16", experts=1.01, spread=(0.08, 0.1)),
}
"""The same for models that Unsloth converted in 2025."""

CONVERTED_IN_2025 = frozenset(
    (
        *("ernie4_5-moe", "gpt-oss", "granitehybrid", "granitemoe", "hunyuan-moe"),
        *("lfm2moe", "llama4", "qwen3moe", "qwen3vlmoe"),
    )
)
"""Architectures with experts whose dynamic builds are of 2025."""

NAMES = frozenset(LARGE) | frozenset(UNSLOTH)
"""Every quantization that has a recipe."""


def recipe(quantization: str, name: str, has_experts: bool) -> Recipe | None:
    """The recipe of a quantization for an architecture, or None where it is a mixture of llama.cpp's."""
    if quantization in UNSLOTH:
        if not has_experts:
            return UNSLOTH[quantization]
        return (UNSLOTH_EXPERTS_2025 if name in CONVERTED_IN_2025 else UNSLOTH_EXPERTS)[quantization]
    return LARGE.get(quantization)
