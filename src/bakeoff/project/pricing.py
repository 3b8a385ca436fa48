"""What a candidate's tokens cost while it is run: from the project file, else from the price list of `bakeoff.cost`."""

from collections.abc import Mapping

from bakeoff.cost.hosted import MILLION
from bakeoff.cost.load import Load
from bakeoff.errors import ProjectError
from bakeoff.evaluate.caps import PricePerToken, longest_output
from bakeoff.evaluate.types import BETWEEN, Candidate
from bakeoff.project.contestants import Contestant
from bakeoff.project.routes import Resolved


def price_of(candidate: Candidate, resolved: Resolved, prices: Mapping[str, PricePerToken]) -> PricePerToken | None:
    """US dollars per token; None where nobody said. What runs on this machine has no price per token, unless given.

    Args:
        candidate: the candidate, or one of its columns.
        resolved: where it runs.
        prices: of the project file, by name of the candidate.
    """
    given = prices.get(candidate.name) or prices.get(candidate.name.rpartition(BETWEEN)[0])
    if given is not None or resolved.local or resolved.base_url is None:
        return given
    from bakeoff.cost.prices import offer_at

    offer = offer_at(resolved.base_url, resolved.route.model, Load())
    if offer is None:
        return None
    rates = [rate for rate, _ in offer.rates]
    return PricePerToken(
        input=max(rate.input for rate in rates) / MILLION,
        output=max(rate.output for rate in rates) / MILLION,
        source=f"{offer.source}, {offer.as_of}",
        per_request=max(rate.per_request for rate in rates),
    )


def check_prices(contestants: list[Contestant], prices: Mapping[str, PricePerToken]) -> None:
    """See whether a cap on money can be held.

    Raises:
        ProjectError: a price is not known, or nothing cuts the answers of a candidate; with the line to write.
    """
    for contestant in contestants:
        resolved = contestant.resolved
        if resolved is None or resolved.answers is not None:
            continue
        name = contestant.candidate.name
        price = price_of(contestant.candidate, resolved, prices)
        if price is None and not resolved.local:
            raise ProjectError(
                f"{name}: its price is not known, so a cap on money cannot be held",
                hint="write under its [[candidates]]: price_per_million = { input = 0.10, output = 0.40 }"
                " (US dollars per million tokens; 0 where it costs nothing)",
            )
        if price is not None and longest_output(resolved.route.parameters) is None:
            raise ProjectError(
                f"{name}: nothing limits the length of its answers, so a cap on money cannot be held",
                hint="write max_tokens under [parameters] or under its [[candidates]]",
            )
