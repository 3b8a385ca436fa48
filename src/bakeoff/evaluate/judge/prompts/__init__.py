"""What judges are asked, as files: `FORM.LANGUAGE.vN.txt`. A file that was shipped is never edited, only followed."""

from functools import cache
from importlib import resources

from bakeoff.evaluate.judge.settings import Form, PromptLanguage

VERSION = 1
"""Of the files that are used by default."""


def prompt_name(form: Form, language: PromptLanguage, version: int = VERSION) -> str:
    """`pairwise.en.v1`."""
    return f"{form}.{language}.v{version}"


@cache
def prompt_text(name: str) -> str:
    """The text of a shipped prompt."""
    return resources.files("bakeoff.evaluate.judge.prompts").joinpath(f"{name}.txt").read_text(encoding="utf-8")
