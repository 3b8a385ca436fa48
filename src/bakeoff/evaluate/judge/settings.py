"""How a judge is asked, and what it must show before it is believed. Values only."""

from dataclasses import dataclass, field
from typing import Literal

Form = Literal["pairwise", "rubric"]
"""pairwise: which of two answers is better. rubric: how good one answer is, by criteria with a scale."""

PromptLanguage = Literal["en", "vi"]

Design = Literal["auto", "all", "baseline", "sampled"]
"""Which candidates meet on a row. all: every two. baseline: each against one. sampled: a few pairs by chance.
auto: every two of up to MOST_FOR_ALL candidates, else each against one."""

JuryRule = Literal["mean", "majority"]
"""How the verdicts of several judges become one."""

MOST_FOR_ALL = 3
"""Every two of three candidates are three pairs a row; of ten they would be 45, each asked twice."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that an answer is judged by."""

    name: str
    """A plain word: it is a key of the judge's JSON."""

    description: str = ""
    """What is good and what is bad, in the words of who needs the answers."""

    low: int = 1
    high: int = 5
    """Whole numbers on the scale, both ends included. Pairwise judging has no scale and ignores them."""

    weight: float = 1.0
    """Share in the score."""


QUALITY = Criterion("quality")
"""The only criterion where none is written: correct, complete, and what was asked for."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a judge must show on people's labels before its scores may decide.

    The thresholds are conventions, chosen before any judge was looked at; `docs/concepts/judge.md` gives the reasons.
    """

    labels: int = 20
    """Fewest labels on items that were drawn by chance."""

    each: int = 5
    """Fewest answers that people called right, and as many that they called wrong; of pairs, fewest that are no tie."""

    agreement: float = 0.4
    """Gwet's AC1 must lie above this with 97.5 % confidence: J. Landis and G. Koch, Biometrics 33 (1977) 159, call
    agreement from 0.41 on moderate."""

    most_flips: float = 0.5
    """Largest share of pairs on which a judge takes the other answer when the two change places."""

    most_invalid: float = 0.2
    """Largest share of items on which it gives no valid verdict: those that it can judge may be the easy ones."""

    most_pull: float = 0.1
    """Largest lead of one place over the other that the data must show to be exceeded (lower end of its interval)."""

    most_length: float = 0.1
    """The same for how much more often than people the judge takes the longer answer."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides what a judge is asked and how its answers count."""

    form: Form
    template: str
    """Jinja2 text of the request to the judge."""

    template_name: str
    """`pairwise.en.v1`, or the name of the user's own file."""

    template_digest: str
    """SHA-256 of the text."""

    criteria: tuple[Criterion, ...] = ()
    reference: str | None = None
    """Template of a good answer to a row, shown to the judge."""

    design: Design = "auto"
    baseline: str | None = None
    """Candidate that the others meet; None takes the one that leads."""

    per_row: int = 1
    """Pairs per row of the design `sampled`."""

    rows: int | None = None
    """So many rows, drawn by the seed; None takes all."""

    seed: int = 1
    jury: JuryRule = "mean"
    pass_at: float = 0.75
    """From this score of a rubric on, an answer counts as right when the judge is compared with people: 4 of 1 to 5."""

    structured: bool = True
    """Ask the server to hold the answer to a JSON schema; where it refuses, the request is sent without."""

    bar: Bar = field(default_factory=Bar)
