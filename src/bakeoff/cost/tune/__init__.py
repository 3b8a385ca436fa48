"""What fine-tuning takes: memory, time and money for LoRA, QLoRA and full; and what it must bring to pay.

The module can be called: `bakeoff.cost.tune("qwen3-8b", rows=5000)` is `bakeoff.cost.tune.asking.tune`.
"""

from bakeoff.rooms import answers_as

answers_as(__name__, "bakeoff.cost.tune.asking", "tune")
