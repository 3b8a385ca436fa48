"""`[preflight]`: what is looked for in answers, and what becomes of those in which it is found."""

from typing import Annotated

from pydantic import Field

from bakeoff.evaluate.preflight.faults import DEFAULT_RULES, Fault, Rule, Rules
from bakeoff.project.config.section import Section


class PreflightSection(Section):
    """`[preflight]`; a fault is marked in any case, and its answer counts as it was graded or is left out."""

    probe: Annotated[bool, Field(description="ask each candidate two short questions before its rows")] = True
    blank: Annotated[Rule | None, Field(description="no text")] = None
    cut: Annotated[Rule | None, Field(description="ended at the token limit")] = None
    truncated: Annotated[Rule | None, Field(description="the server dropped part of the prompt")] = None
    unclosed_thinking: Annotated[Rule | None, Field(description="still thinking when it ended")] = None
    loop: Annotated[Rule | None, Field(description="the same text over and over")] = None
    special_tokens: Annotated[Rule | None, Field(description="marks of a chat template in the answer")] = None
    next_turn: Annotated[Rule | None, Field(description="goes on with a turn of the user")] = None
    refusal: Annotated[Rule | None, Field(description="reads like a refusal")] = None
    stop_ignored: Annotated[Rule | None, Field(description="goes on after a text at which it should stop")] = None
    limit_ignored: Annotated[Rule | None, Field(description="longer than `max_tokens` allows")] = None
    other_model: Annotated[Rule | None, Field(description="another model answered than was asked")] = None
    other_provider: Annotated[Rule | None, Field(description="another provider answered than was chosen")] = None
    usage: Annotated[Rule | None, Field(description="a token count that the text cannot have")] = None
    in_examples: Annotated[Rule | None, Field(description="the row is one of the few-shot examples")] = None

    def rules(self) -> Rules:
        """What becomes of each fault."""
        set_here: dict[Fault, Rule | None] = {name: getattr(self, name) for name in DEFAULT_RULES}
        return {name: set_here[name] or rule for name, rule in DEFAULT_RULES.items()}
