"""What is planned for this machine, and what makes two engines the same."""

from dataclasses import fields, replace

import pytest

from bakeoff.errors import UsageError
from bakeoff.evaluate.engines.parameters import ARITHMETIC, EngineParameters, engine_digest, usable_cores
from bakeoff.hardware.probe import Probe

BASE = EngineParameters(threads=4, n_slots=1, context_per_slot=4096)

OTHER = {
    "threads": 8,
    "n_slots": 4,
    "context_per_slot": 8192,
    "batch": 512,
    "ubatch": 128,
    "flash_attention": False,
    "kv_type_k": "q8_0",
    "kv_type_v": "f16",
    "n_gpu_layers": 0,
    "batch_invariant": True,
    "seed": 7,
}
"""Another value of each parameter."""


def digest(parameters: EngineParameters, *, model: str = "a" * 64, version: str = "1") -> str:
    return engine_digest(parameters, model_sha256=model, version=version)


@pytest.mark.parametrize("name", [field.name for field in fields(EngineParameters)])
def test_the_digest_changes_with_what_changes_answers_and_with_nothing_else(name: str) -> None:
    changed = digest(replace(BASE, **{name: OTHER[name]})) != digest(BASE)  # type: ignore[arg-type]
    assert changed == (name in ARITHMETIC)


@pytest.mark.parametrize(
    ("key", "value", "flash", "counts"),
    [
        ("f16", "f16", True, True),
        ("f32", "f32", True, True),
        ("f16", "f16", False, False),
        ("f16", "f32", True, False),
        ("bf16", "bf16", True, False),
        ("q8_0", "q8_0", True, False),
    ],
)
def test_threads_count_where_attention_splits_its_sums_over_them(
    key: str, value: str, flash: bool, counts: bool
) -> None:
    one = replace(BASE, kv_type_k=key, kv_type_v=value, flash_attention=flash)  # type: ignore[arg-type]
    assert (digest(replace(one, threads=8)) != digest(one)) == counts


def test_the_digest_changes_with_the_model_and_with_the_engine() -> None:
    assert len({digest(BASE), digest(BASE, model="b" * 64), digest(BASE, version="2")}) == 3


@pytest.mark.parametrize(("asked", "given"), [(1, 256), (256, 256), (257, 512), (1000, 1024), (4096, 4096)])
def test_a_context_is_planned_as_llama_cpp_rounds_it(asked: int, given: int) -> None:
    assert EngineParameters.defaults(n_slots=3, context_per_slot=asked).context_per_slot == given


def test_requests_that_share_a_batch_are_computed_by_kernels_that_do_not_care() -> None:
    assert not EngineParameters.defaults(n_slots=1, context_per_slot=512).batch_invariant
    assert EngineParameters.defaults(n_slots=2, context_per_slot=512).batch_invariant


def test_more_requests_at_once_than_llama_cpp_takes_are_refused() -> None:
    with pytest.raises(UsageError, match="at most 256") as raised:
        EngineParameters.defaults(n_slots=257, context_per_slot=512)
    assert "concurrency" in (raised.value.hint or "")


def test_a_context_beyond_what_llama_cpp_can_count_is_refused() -> None:
    with pytest.raises(UsageError, match="2 x 1073741824 tokens of context are more") as raised:
        EngineParameters.defaults(n_slots=2, context_per_slot=1 << 30)
    assert "context_tokens" in (raised.value.hint or "")


def test_quantized_values_need_flash_attention() -> None:
    with pytest.raises(UsageError, match="q8_0 needs flash attention"):
        replace(BASE, kv_type_v="q8_0", flash_attention=False)
    assert replace(BASE, kv_type_v="q8_0").kv_type_v == "q8_0"


class OtherSystem(Probe):
    """A system that has what the test says."""

    def __init__(self, system: str, *, sysctl: dict[str, str] | None = None, logical: int = 0) -> None:
        super().__init__()
        self.system = system
        self._sysctl = sysctl or {}
        self._logical = logical

    def run(self, command: list[str], *, seconds: float = 5.0) -> tuple[int, str] | None:
        said = self._sysctl.get(command[-1])
        return (0, f"{said}\n") if said else (1, f"sysctl: unknown oid '{command[-1]}'\n")

    def logical_cpus(self) -> int:
        return self._logical


@pytest.mark.parametrize(
    ("probe", "cores"),
    [
        (OtherSystem("darwin", sysctl={"hw.perflevel0.physicalcpu": "8", "hw.physicalcpu": "12"}), 8),
        (OtherSystem("darwin", sysctl={"hw.physicalcpu": "6"}, logical=12), 6),
        (OtherSystem("windows", logical=16), 8),
        (OtherSystem("windows", logical=1), 1),
    ],
)
def test_a_thread_for_each_core_that_helps(probe: Probe, cores: int) -> None:
    assert usable_cores(probe) == cores


def test_there_is_a_thread_on_this_machine() -> None:
    assert 1 <= usable_cores() <= Probe().logical_cpus()
