"""From a model, a machine and wishes to an answer: every build, the one to take, and what would change that."""

from dataclasses import replace

from bakeoff.catalog.builds import Build
from bakeoff.catalog.model import Model
from bakeoff.errors import UsageError
from bakeoff.fit.plan.calibration import NOTHING, Calibration
from bakeoff.fit.plan.candidates import candidates
from bakeoff.fit.plan.changes import changes
from bakeoff.fit.plan.choose import choose
from bakeoff.fit.plan.explain import explain
from bakeoff.fit.plan.making import Maker
from bakeoff.fit.plan.plan import Answer, Plan
from bakeoff.fit.plan.wanted import Wanted
from bakeoff.fit.weights import BuildWeights
from bakeoff.hardware.machine import Machine
from bakeoff.values import Reason, reason

LEAST_CONTEXT = 64
"""Tokens of a slot, below which nothing can be asked."""


def answer(model: Model, machine: Machine, wanted: Wanted, *, calibration: Calibration = NOTHING) -> Answer:
    """What runs, how well, and what to take.

    Args:
        model: from the catalog, or from a file.
        machine: where it is to run.
        wanted: context, request, users, and what is fixed.
        calibration: what measurements on this machine taught.

    Raises:
        UsageError: the model cannot be planned, the context is longer than it has, or nothing on the machine can run
            the build or engine that was asked for.
        EngineError: `exact` was asked for, and llama.cpp's planner does not lay out the model.
    """
    maker = _maker(model, machine, wanted, calibration)
    wanted, limit = maker.wanted, maker.limit
    plans = make_all(maker)
    chosen = choose(plans)
    if chosen is not None:
        best = maker.make(chosen.build, chosen.engine, largest=True)
        if wanted.exact:
            from bakeoff.fit.plan.exactly import exactly

            best = exactly(best, limit)
        plans = [best if plan is chosen else plan for plan in plans]
        chosen = best
    return Answer(
        machine=machine,
        model=model,
        wanted=wanted,
        context_tokens=wanted.per_conversation(limit),
        plans=tuple(plans),
        chosen=chosen,
        changes=tuple(changes(maker, plans, chosen)),
        why=tuple(explain(maker, chosen)) if chosen is not None else (),
        notes=(*_notes(model, machine, wanted), *calibration.notes),
    )


def take(model: Model, machine: Machine, wanted: Wanted, *, calibration: Calibration = NOTHING) -> Plan | None:
    """The plan that `answer` would choose, but for its largest context; None where nothing runs. A third of the time.

    Raises:
        UsageError: as of `answer`.
    """
    return choose(make_all(_maker(model, machine, wanted, calibration)))


def _maker(model: Model, machine: Machine, wanted: Wanted, calibration: Calibration) -> Maker:
    if model.architecture is None:
        raise _no_architecture(model)
    limit = check_context(model, wanted)
    file = _in_file(model)
    own = file[1] if file is not None else None
    if file is not None and wanted.build is None:
        wanted = replace(wanted, build=file[0])
    return Maker(model, machine, wanted, limit, calibration, own)


def _in_file(model: Model) -> tuple[Build, BuildWeights] | None:
    """The build in the model's own file."""
    if model.file is None:
        return None
    from bakeoff.fit.plan.from_file import build_of_file

    return build_of_file(model)


def make_all(maker: Maker) -> list[Plan]:
    """Every build that the machine's engines can load.

    Raises:
        UsageError: none can, or none takes the settings.
    """
    found, refused = [], None
    for build, engine in candidates(maker.model, maker.machine, maker.wanted):
        try:
            found.append(maker.make(build, engine))
        except UsageError as error:
            refused = refused or error
    if not found and refused is not None:
        raise refused
    return found


def check_context(model: Model, wanted: Wanted) -> int | None:
    """The longest context of one conversation; None where it is not known.

    Raises:
        UsageError: more was asked for, or the request does not fit into it.
    """
    own = model.context_tokens or 0
    limit = max(own, model.context_tokens_extended or 0)
    asked = wanted.per_conversation(own or None)
    if wanted.n_slots is not None and asked < LEAST_CONTEXT:
        raise UsageError(
            f"{wanted.context_tokens:,} tokens of context over {wanted.n_slots} slots leave {asked} for each",
            hint=f"--context {LEAST_CONTEXT * wanted.n_slots} at least, or fewer --parallel",
        )
    if limit and asked > limit:
        raise UsageError(
            f"{model.id} has a context of {limit:,} tokens; {asked:,} were asked for", hint=f"--context {limit}"
        )
    if wanted.request_tokens > asked:
        raise UsageError(
            f"a request of {wanted.prompt_tokens:,} + {wanted.output_tokens:,} tokens does not fit into a context of "
            f"{asked:,}",
            hint="ask for more --context, or for fewer --prompt-tokens and --output-tokens",
        )
    return (limit if asked > own else own) or None


def _no_architecture(model: Model) -> UsageError:
    why = model.no_architecture.code.rpartition(".")[2].replace("-", " ") if model.no_architecture else "missing"
    return UsageError(
        f"{model.id} cannot be planned: its architecture is not known ({why})",
        hint="bakeoff catalog add FILE reads it from a GGUF file's header, or from a folder with a config.json",
    )


def _notes(model: Model, machine: Machine, wanted: Wanted) -> list[Reason]:
    found = list(machine.notes)
    if model.context_tokens and wanted.per_conversation(model.context_tokens) > model.context_tokens:
        found.append(reason("fit.context_extended", tokens=model.context_tokens))
    if model.unverified:
        found.append(reason("fit.model_unverified", model=model.id))
    if model.kind not in ("chat", "base"):
        found.append(reason("fit.not_chat", model=model.id, kind=model.kind))
    return found
