"""`[run]`: how the rows are asked."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bakeoff.evaluate.caps import PricePerToken
from bakeoff.project import FILE_NAME
from bakeoff.project.config.section import Section

MILLION = Decimal(1_000_000)


class RunSection(Section):
    """`[run]`; the options of `bakeoff run` count before it."""

    repeats: Annotated[int, Field(ge=1, le=100, description="answers to each row")] = 1
    seed: Annotated[
        int, Field(ge=-(2**63), lt=2**63, description="of the order of rows, which is the same for all candidates")
    ] = 0
    max_minutes: Annotated[float | None, Field(gt=0, description="no request is sent after so long")] = None
    max_cost_usd: Annotated[Decimal | None, Field(gt=0, description="hard cap of one run, in US dollars")] = None
    together: Annotated[
        bool, Field(description="models on this machine side by side, as far as memory allows; their times suffer")
    ] = False


class PriceSection(BaseModel):
    """`price_per_million` of a candidate."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: Annotated[Decimal, Field(ge=0, description="US dollars per million tokens of prompt")]
    output: Annotated[Decimal, Field(ge=0, description="US dollars per million tokens of answer")]

    def value(self) -> PricePerToken:
        """As the rest of the package sees it."""
        return PricePerToken(self.input / MILLION, self.output / MILLION, FILE_NAME)
