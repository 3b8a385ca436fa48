"""The answer means about the same as the target, by static word embeddings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders import static_model
from bakeoff.evaluate.graders.files import sha256
from bakeoff.evaluate.graders.rule import Case, Grade, Rule, Scored
from bakeoff.values import reason


@dataclass(frozen=True, slots=True)
class Similarity(Scored):
    """Cosine between the embeddings of answer and target, by a static model (model2vec): a small file, no network, no
    GPU. It hears topics, not truth: "it works" and "it does not work" are close.
    """

    model: str = ""
    """Folder of a model2vec model (`model.safetensors`, `tokenizer.json`); relative to the project's folder."""

    def __post_init__(self) -> None:
        """There is no model by default: which one is right depends on the language."""
        Scored.__post_init__(self)
        if not self.model:
            raise ValueError("write `model`: the folder of a model2vec model")

    def check(self, target: str, folder: Path) -> None:
        """The model must be there and be one."""
        if not (folder / self.model).expanduser().is_dir():
            raise ProjectError(
                f"grader similarity: there is no folder {self.model}",
                hint="fetch one, for example: hf download minishlab/potion-multilingual-128M --local-dir models/potion",
            )
        self._model(folder)

    def identity(self, folder: Path) -> Any:
        """The options, and the vectors themselves."""
        return [Rule.identity(self, folder), sha256((folder / self.model).expanduser() / "model.safetensors")]

    def grade(self, case: Case) -> Grade:
        """Judge one answer."""
        model = self._model(case.folder)
        target, answer = model.embed(case.target), model.embed(case.answer)
        if target is None:
            return Grade(None, detail=reason("grade.no_known_word"))
        if answer is None:
            return Grade(0.0, detail=reason("grade.no_known_word"))
        cosine = float(target @ answer)
        return self.scored(min(1.0, max(0.0, cosine)))

    def _model(self, folder: Path) -> static_model.StaticModel:
        return static_model.load((folder / self.model).expanduser())
