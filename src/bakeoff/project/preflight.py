"""What a project's candidates should look like, for preflight: from the project file, the routes and the probes."""

from collections.abc import Sequence
from typing import Protocol

from bakeoff.evaluate.client import Client
from bakeoff.evaluate.order import Order
from bakeoff.evaluate.preflight import Expected, Preflight
from bakeoff.evaluate.preflight.probe import Plan, Probed, found_again, kept, probe, probe_request
from bakeoff.evaluate.request import digest
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.writer import Writer
from bakeoff.project.config.preflight import PreflightSection
from bakeoff.project.contestants import Contestant
from bakeoff.project.routes import Resolved
from bakeoff.values import Reason

LIMITS = ("max_completion_tokens", "max_tokens")


def preflight_of(
    contestant: Contestant, section: PreflightSection, ledger: Ledger, *, rows: Order | None = None
) -> Preflight:
    """Everything that is known before the answers of one contestant are looked at.

    Args:
        contestant: whose answers they are.
        section: `[preflight]`.
        ledger: knows the last probe.
        rows: only these, by their index in the table; None means all.
    """
    resolved = contestant.resolved
    if resolved is None:
        return Preflight(rules=section.rules())
    probed, sizes = last_probe(resolved, ledger), contestant.sizes
    if sizes is not None and rows is not None:
        sizes = [sizes[int(i)] for i in rows]
    return Preflight(
        expected=expected(resolved, probed),
        rules=section.rules(),
        sizes=sizes,
        findings=probed.findings if probed is not None else (),
    )


def expected(resolved: Resolved, probed: Probed | None) -> Expected:
    """What the answers of one candidate should look like."""
    route, parameters = resolved.route, resolved.route.parameters
    if resolved.answers is not None:
        return Expected(chat=False)
    stop = parameters.get("stop") or ()
    limits = [parameters[name] for name in LIMITS if isinstance(parameters.get(name), int)]
    context = probed.facts.context_tokens if probed is not None else None
    return Expected(
        model=route.candidate.model if resolved.base_url is not None else None,
        provider=route.candidate.provider,
        context_tokens=context or (resolved.context_tokens if resolved.base_url is None else None),
        chat=route.api == "chat",
        stop=(stop,) if isinstance(stop, str) else tuple(one for one in stop if isinstance(one, str)),
        limit=limits[0] if limits else None,
    )


def plan_of(resolved: Resolved) -> Plan:
    """What a probe should find."""
    route = resolved.route
    embedded = resolved.base_url is None
    return Plan(
        name=route.candidate.name,
        api=route.api,
        model=route.model,
        parameters=route.parameters,
        prompt=route.prompt,
        build=None if embedded else route.candidate.build,
        context_tokens=resolved.context_tokens,
        has_template=resolved.chat_template,
        local=resolved.local,
        way="llama-server" if embedded else resolved.preset.context if resolved.preset is not None else None,
    )


class OnNote(Protocol):
    """Who wants to know what is found."""

    def note(self, note: Reason) -> None:
        """Something worth a line happened."""


async def look_before(
    resolved: Resolved, client: Client, *, ledger: Ledger, writer: Writer, run: int, on: OnNote
) -> None:
    """Probe a candidate that was not probed as it is set up now; keep and tell what is found.

    A server that does not answer is left to the rows, which will tell why.
    """
    if ledger.probe(_digest(resolved)) is not None:
        return
    found = await probe(client, plan_of(resolved))
    if found is None:
        return
    name = resolved.route.candidate.name
    await writer.between(lambda: ledger.record_probe(run, _digest(resolved), name, kept(found)))
    for finding in found.findings:
        on.note(finding)


def last_probe(resolved: Resolved, ledger: Ledger) -> Probed | None:
    """What the last probe of a candidate, as it is set up now, found; None where there was none."""
    if resolved.answers is not None:
        return None
    stored = ledger.probe(_digest(resolved))
    return found_again(stored, resolved.route.candidate.name) if stored is not None else None


def _digest(resolved: Resolved) -> str:
    """What makes a probe the same: where it goes, what it asks, and what the file says that it should find."""
    plan = plan_of(resolved)
    request = probe_request(plan)
    texts: Sequence[str] = (plan.prompt.system or "", plan.prompt.user)
    return digest(resolved.route.endpoint, request.body, plan.build or "", str(plan.context_tokens), *texts)
