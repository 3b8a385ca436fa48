"""`[prompt]`: what every candidate is asked."""

from typing import Annotated

from pydantic import Field, model_validator

from bakeoff.evaluate.types import Example, Prompt
from bakeoff.project.config.section import Section, Text


class ExampleSection(Section):
    """`[[prompt.examples]]`"""

    user: Annotated[str, Field(description="what the user side says, as it is: no template")]
    assistant: Annotated[str, Field(description="what the model should answer")]


class VariantSection(Section):
    """`[[prompt.variants]]`; what a variant does not set, it takes from `[prompt]`."""

    name: Annotated[Text, Field(description="in tables: `model · name`")]
    user: Annotated[Text | None, Field(description="instead of that of [prompt]")] = None
    system: Annotated[str | None, Field(description="likewise")] = None
    completion: Annotated[str | None, Field(description="likewise")] = None
    images: Annotated[tuple[Text, ...] | None, Field(description="likewise")] = None


class PromptSection(Section):
    """`[prompt]`"""

    user: Annotated[Text | None, Field(description="Jinja2 template; columns are written `{{ column }}`")] = None
    system: Annotated[str | None, Field(description="template of the system message")] = None
    completion: Annotated[str | None, Field(description="template of the whole text, for models without chat")] = None
    images: Annotated[
        tuple[Text, ...], Field(description="templates of pictures: path in the project, https address or data URI")
    ] = ()
    examples: Annotated[tuple[ExampleSection, ...], Field(description="few-shot, the same for all candidates")] = ()
    variants: Annotated[tuple[VariantSection, ...], Field(description="each is compared with every candidate")] = ()

    @model_validator(mode="after")
    def _something_is_asked(self) -> "PromptSection":
        silent = [variant.name for variant in self.variants if variant.user is None]
        if self.user is None and not self.variants:
            raise ValueError('`user` is missing: write the template of what is asked, for example user = "{{ text }}"')
        if self.user is None and silent:
            raise ValueError(f"variant {silent[0]!r} has no `user`, and [prompt] has none either")
        names = [variant.name for variant in self.variants]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two variants are called {twice[0]!r}")
        return self

    def values(self) -> tuple[Prompt, ...]:
        """Every variant as the rest of the package sees it; one without a name where there are none."""
        examples = tuple(Example(example.user, example.assistant) for example in self.examples)
        own = VariantSection.model_construct(name="", user=None, system=None, completion=None, images=None)
        return tuple(
            Prompt(
                user=variant.user or self.user or "",
                system=self.system if variant.system is None else variant.system,
                examples=examples,
                completion=self.completion if variant.completion is None else variant.completion,
                name=variant.name,
                images=self.images if variant.images is None else variant.images,
            )
            for variant in (self.variants or (own,))
        )
