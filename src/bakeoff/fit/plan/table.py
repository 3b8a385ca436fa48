"""What is worth running on a machine, by task: the whole catalog, one row per base model.

Models come in the order of their ability (`ability`), each in the build that `choose` would take, less what that build
may lose; what is merely usable stands lower, and what is too slow for a conversation is left out, whatever it could do.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from bakeoff.catalog.builds import Build, Engine
from bakeoff.catalog.loading import Catalog
from bakeoff.catalog.model import Model
from bakeoff.errors import UsageError
from bakeoff.fit.plan.ability import Ability, Group, ability
from bakeoff.fit.plan.bases import base, counted_date, is_derived
from bakeoff.fit.plan.calibration import NOTHING, Calibration
from bakeoff.fit.plan.candidates import candidates
from bakeoff.fit.plan.choose import (
    BEARABLE_LOSS,
    HEAVY,
    POINTS_PER_DOUBLING,
    SAME_LOSS,
    UNKNOWN_LOSS,
    WHOLE_LOSS,
    choose,
    is_whole,
    loss,
    step,
)
from bakeoff.fit.plan.making import Maker
from bakeoff.fit.plan.plan import Plan
from bakeoff.fit.plan.pools import capacity, usable
from bakeoff.fit.plan.wanted import Wanted
from bakeoff.fit.speed.decode import processor_bandwidth
from bakeoff.fit.speed.verdict import READING_TOKENS_PER_SECOND, USABLE_ANSWER_SECONDS, WAITING_SHARE
from bakeoff.hardware.machine import Machine
from bakeoff.values import Reason

TASKS: dict[str, Group] = {"chat": "general", "code": "code", "reasoning": "reasoning", "vision": "general"}
"""Tasks that are shown unasked, and which benchmarks speak about them."""

WORTH_A_ROW = ("comfortable", "usable")

ROWS_PER_TASK, ROWS_OF_ONE = 6, 15
"""Rows of a task, among others and alone."""


ONLY_USABLE = 2.0
"""Doublings that a model which is merely usable stands lower: of two like it the faster may be a quarter as large. A
judgement, like every exchange of waiting for quality."""


@dataclass(frozen=True, slots=True)
class Row:
    """One model."""

    task: str
    rank: int
    plan: Plan
    ability: Ability
    score: float
    """What it is ordered by, in doublings: ability less the most that the build may lose and what waiting costs."""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows, by task."""

    machine: Machine
    wanted: Wanted
    rows: tuple[Row, ...]
    snapshot: str
    """ISO date of the catalog."""

    looked_at: int
    """Models that could have been shown."""

    notes: tuple[Reason, ...] = ()


def table(
    machine: Machine,
    wanted: Wanted,
    catalog: Catalog,
    *,
    task: str | None = None,
    language: str | None = None,
    calibration: Calibration = NOTHING,
) -> Table:
    """The table for a machine.

    Args:
        machine: the machine.
        wanted: context, request, users; a build or an engine limits the choice.
        catalog: the models.
        task: only this one, as the catalog spells tasks.
        language: only models that know it, ISO code.
        calibration: what measurements on this machine taught.

    Raises:
        UsageError: no model has the task or the language.
    """
    models = catalog.by_id
    found = [model for model in catalog.models if is_offered(model) and (not language or _speaks(model, language))]
    if not found:
        raise UsageError(f"no model in the catalog is known for the language {language!r}", hint="an ISO code: vi, en")
    search = Search(machine, wanted, catalog, models, calibration)
    names = [task] if task is not None else list(TASKS)
    rows: list[Row] = []
    for name in names:
        able = [model for model in found if does(model, name, language)]
        if not able and task is not None:
            known = sorted({one for model in found for one in model.tasks} | {"chat"})
            raise UsageError(f"no model in the catalog has the task {task!r}", hint=f"one of {', '.join(known)}")
        rows += search.best(able, name, ROWS_OF_ONE if task is not None else ROWS_PER_TASK)
    return Table(machine, wanted, tuple(rows), catalog.snapshot, len(found), (*machine.notes, *calibration.notes))


def _speaks(model: Model, language: str) -> bool:
    from bakeoff.catalog.searching import speaks

    return speaks(model, language)


def is_offered(model: Model) -> bool:
    """A model to talk to, whose facts are complete and confirmed: no embedder, base model, or vanished repository."""
    return (
        model.kind in ("chat", "translation")
        and not model.is_base
        and model.tier != 2
        and not model.unverified
        and model.architecture is not None
        and not writes_by_diffusion(model)
        and not (model.hub is not None and not model.hub.exists)
    )


def writes_by_diffusion(model: Model) -> bool:
    """It does not write one token after the other: no server of ours runs it, and no speed here is about it."""
    name = model.architecture.name if model.architecture is not None else ""
    return name.startswith(("llada", "dream", "diffusion")) or "diffusion" in model.id.lower()


LANGUAGE_DOMAINS = ("languages", "vietnamese", "japanese", "korean", "russian", "multilingual")
"""Words in a domain that mean languages and no subject."""


def does(model: Model, task: str, language: str | None) -> bool:
    """A model may stand under a task.

    Code, and what sees pictures, are not asked to be special for it where the model is a general one; a model of one
    subject stands only under its own.
    """
    domain = (model.domain or "").lower()
    if domain and any(word in domain for word in LANGUAGE_DOMAINS):
        domain = "" if language else domain
    if task == "translation":
        return model.kind == "translation" or task in model.tasks
    if model.kind != "chat":
        return False
    if task == "chat":
        return not domain
    if task == "code":
        return not domain or "code" in domain
    if task == "vision":
        return "image" in model.inputs and not domain
    if task == "reasoning":
        return not domain or "math" in domain or "reasoning" in domain
    return task in model.tasks or task in domain


LEAST_STREAM = 1.05
"""No family of devices reads faster than its rated bandwidth over this (`fit.speed.decode`)."""

BITS = {
    "BF16": 16.0, "Q8_0": 8.5, "Q6_K": 6.5, "Q5_K_M": 5.6, "Q4_K_M": 4.7, "IQ4_XS": 4.2, "MXFP4": 4.2, "Q3_K_M": 3.7,
    "IQ3_XXS": 3.0, "Q2_K": 2.7, "IQ2_M": 2.5, "IQ2_XXS": 2.0, "IQ1_M": 1.7, "FP8": 8.0, "AWQ": 4.0, "NVFP4": 4.3,
    "bf16": 16.0, "8bit": 8.5, "6bit": 6.5, "4bit": 4.5,
}  # fmt: skip
"""Least bits per weight, for passing over what cannot have room without looking closer."""


def _worth_a_look(found: Iterable[Plan], least: float) -> float:
    """Points of loss beyond the least, within which a build may still be taken (`choose`)."""
    whole = any(is_whole(plan) and step(plan) == 0 and loss(plan) <= least + SAME_LOSS for plan in found)
    return SAME_LOSS if whole else WHOLE_LOSS


@dataclass(slots=True)
class Search:
    """The search over the catalog, which keeps each model's plan."""

    machine: Machine
    wanted: Wanted
    catalog: Catalog
    models: Mapping[str, Model]
    calibration: Calibration
    plans: dict[str, Plan | None] = field(default_factory=dict)

    def best(self, able: Iterable[Model], task: str, most: int) -> list[Row]:
        """The best rows of a task. Loss only takes away, so that the search ends when no ability is left to compare."""
        ranked = sorted(self._heads(able, TASKS.get(task, "general")), key=lambda one: -one[1].value)
        rows: list[Row] = []
        for model, standing in ranked:
            if len(rows) >= most and standing.value <= rows[-1].score:
                break
            plan = self.plan(model)
            if plan is None or plan.verdict not in WORTH_A_ROW:
                continue
            lost = loss(plan) if plan.quality_loss is None else plan.quality_loss.high
            waits = ONLY_USABLE if plan.verdict == "usable" else 0.0
            rows.append(Row(task, 0, plan, standing, standing.value - lost / POINTS_PER_DOUBLING - waits))
            rows.sort(key=lambda row: -row.score)
            del rows[most:]
        return [replace(row, rank=number) for number, row in enumerate(rows, start=1)]

    def _heads(self, able: Iterable[Model], group: Group) -> Iterator[tuple[Model, Ability]]:
        """Of each base its head: the maker's newest, which is taken to be no worse than its versions before.

        What others made from it comes in its place only where benchmarks put it higher.
        """
        bases: dict[tuple[object, ...], list[tuple[Model, Ability]]] = {}
        for model in able:
            found = ability(model, group, self.catalog.evidence(model.id), date=counted_date(model, self.models))
            if found is not None:
                bases.setdefault(base(model, self.models), []).append((model, found))
        for versions in bases.values():
            yield self._head(versions)

    def _head(self, versions: list[tuple[Model, Ability]]) -> tuple[Model, Ability]:
        own = [one for one in versions if not is_derived(one[0], self.models)]
        proven = [one for one in versions if one[1].benchmarks]
        best = max((one[1] for one in (own or versions)), key=lambda found: found.value)
        if own:
            newest = max(own, key=lambda one: (one[0].release.date if one[0].release is not None else "", one[1].value))
            better = [one for one in proven if one[1].value > best.value]
            return max(better, key=lambda one: one[1].value) if better else (newest[0], best)
        return max(versions, key=lambda one: (one[1].value, one[1].benchmarks))

    def plan(self, model: Model) -> Plan | None:
        """The plan to take; None where none runs fast enough or the model cannot be asked this."""
        if model.id not in self.plans:
            self.plans[model.id] = self._planned(model)
        return self.plans[model.id]

    def _planned(self, model: Model) -> Plan | None:
        limit = model.context_tokens
        if limit and self.wanted.per_conversation(limit) > limit:
            return None
        if self.wanted.request_tokens > self.wanted.per_conversation(limit):
            return None
        maker = Maker(model, self.machine, self.wanted, limit, self.calibration)
        try:
            pairs = [pair for pair in candidates(model, self.machine, self.wanted) if self._has_room(model, pair[0])]
            return self._chosen(maker, pairs)
        except UsageError:
            return None

    def _chosen(self, maker: Maker, pairs: list[tuple[Build, Engine]]) -> Plan | None:
        """As `choose` over all builds, without making plans that it cannot take.

        Builds are gone through by loss. Once one is in the first step, only those of the same loss can beat it.
        """
        found: list[Plan] = []
        losses = {
            pair: expected.value if (expected := maker.loss(pair[0])) is not None else UNKNOWN_LOSS for pair in pairs
        }
        enough: float | None = None
        for pair in sorted(pairs, key=lambda pair: losses[pair]):
            if enough is not None and losses[pair] > enough + _worth_a_look(found, enough):
                break
            if losses[pair] > BEARABLE_LOSS and any(step(plan) < HEAVY for plan in found):
                break
            if self._hopeless(maker, pair[0]):
                continue
            plan = maker.make(*pair)
            found.append(plan)
            if enough is None and plan.runs and step(plan) == 0:
                enough = losses[pair]
        return choose(found)

    def _has_room(self, model: Model, build: Build) -> bool:
        """By the number of parameters alone."""
        count = model.parameters.text or model.parameters.total or 0
        return count * BITS.get(build.quantization, 1.7) / 8 < capacity(self.machine)

    def _hopeless(self, maker: Maker, build: Build) -> bool:
        """Reading its weights alone takes longer than a usable answer may, however they are spread."""
        weights = maker.weights(build)
        machine = self.machine
        bandwidths = [one.bandwidth_bytes_per_second for one in machine.accelerators]
        speeds = [one.value for one in bandwidths if one is not None]
        system = machine.processor.bandwidth_bytes_per_second
        known = system is not None and len(speeds) == len(machine.accelerators)
        if build.format != "gguf" or not known or self.calibration.scales:
            return False
        slow = processor_bandwidth(machine.processor)
        whole, read = weights.tensor_bytes, weights.bytes_per_token
        on_gpus = min(float(whole), sum(usable(machine, place) for place in range(len(bandwidths))))
        share = weights.expert_bytes_read / weights.expert_bytes if weights.expert_bytes else read / whole
        from_system = max(0.0, whole - on_gpus) * share
        seconds = from_system / slow + (read - from_system) / max(speeds, default=slow)
        return LEAST_STREAM * seconds > min(
            1 / (WAITING_SHARE * READING_TOKENS_PER_SECOND), USABLE_ANSWER_SECONDS / self.wanted.output_tokens
        )
