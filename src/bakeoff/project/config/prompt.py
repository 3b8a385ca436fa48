"""`[prompt]`: what every candidate is asked."""

from bakeoff.evaluate.types import Example, Prompt
from bakeoff.project.config.section import Section, Text


class ExampleSection(Section):
    """`[[prompt.examples]]`"""

    user: str
    assistant: str


class PromptSection(Section):
    """`[prompt]`"""

    user: Text
    system: str | None = None
    completion: str | None = None
    examples: tuple[ExampleSection, ...] = ()

    def value(self) -> Prompt:
        """As the rest of the package sees it."""
        return Prompt(
            user=self.user,
            system=self.system,
            examples=tuple(Example(example.user, example.assistant) for example in self.examples),
            completion=self.completion,
        )
