"""Search returns what has everything that is asked, and nothing else."""

import pytest

from bakeoff.catalog.loading import load
from bakeoff.catalog.model import Model
from bakeoff.catalog.searching import Wish, search


def found(**wish: object) -> list[Model]:
    return search(load().models, Wish(**wish))  # type: ignore[arg-type]


def test_no_wish_finds_everything_newest_first() -> None:
    models = found()
    assert len(models) == len(load())
    dates = [model.release.date if model.release else "" for model in models]
    assert dates == sorted(dates, reverse=True)


@pytest.mark.parametrize(
    ("wish", "holds"),
    [
        ({"kind": "chat"}, lambda model: model.kind == "chat"),
        ({"tasks": ("code",)}, lambda model: "code" in model.tasks),
        ({"tasks": ("chat", "tool use")}, lambda model: model.kind == "chat" and "tool use" in model.tasks),
        ({"languages": ("vi",)}, lambda model: "vi" in model.languages or model.vietnamese == "stated"),
        ({"languages": ("ja", "en")}, lambda model: {"ja", "en"} <= set(model.languages)),
        ({"licence": "osi-approved"}, lambda model: model.licence.osi_approved),
        ({"licence": "commercial"}, lambda model: model.licence.commercial_use in ("yes", "conditional")),
        ({"openness": "fully-open"}, lambda model: model.openness.level == "fully-open"),
        ({"openness": "weights+data"}, lambda model: model.openness.training_data == "full"),
        ({"inputs": ("image",)}, lambda model: "image" in model.inputs),
        ({"domain": "medicine"}, lambda model: model.domain == "medicine"),
        ({"parameters_at_most": 8_000_000_000}, lambda model: model.parameters.total <= 8_000_000_000),
        ({"parameters_at_least": 100_000_000_000}, lambda model: model.parameters.total >= 100_000_000_000),
        ({"active_at_most": 4_000_000_000}, lambda model: model.parameters.active <= 4_000_000_000),
        ({"context_at_least": 1_000_000}, lambda model: model.context_tokens >= 1_000_000),
        ({"since": "2026-06-01"}, lambda model: model.release.date >= "2026-06-01"),
        ({"with_architecture": True}, lambda model: model.architecture is not None),
        ({"recommended_only": True}, lambda model: model.tier == 1 and not model.unverified),
        ({"words": "qwen3 coder"}, lambda model: "Qwen3-Coder" in model.id),
        ({"words": "Mistral AI"}, lambda model: "Mistral" in f"{model.organisation} {model.id}"),
    ],
)
def test_a_wish_is_met_by_all_that_are_found_and_by_no_other(wish: dict[str, object], holds: object) -> None:
    assert callable(holds)
    models = found(**wish)
    assert 0 < len(models) < len(load())
    assert [model.id for model in models if not holds(model)] == []


def test_leaving_out_what_is_not_known_is_never_a_hit() -> None:
    unknown = [model for model in load().models if model.parameters.total is None]
    assert unknown
    assert not {model.id for model in unknown} & {model.id for model in found(parameters_at_most=10**15)}
    assert not [model for model in found(licence="commercial") if model.licence is None]


def test_wishes_add_up() -> None:
    both = {model.id for model in found(tasks=("code",), licence="osi-approved", parameters_at_most=10**10)}
    assert both
    assert both == (
        {model.id for model in found(tasks=("code",))}
        & {model.id for model in found(licence="osi-approved")}
        & {model.id for model in found(parameters_at_most=10**10)}
    )


def test_what_nobody_has_finds_nothing() -> None:
    assert found(words="no-such-model-at-all") == []
    assert found(languages=("xx",)) == []
