"""Adding from the Hub: small questions only, clear refusals, and the token goes nowhere else."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.catalog import fetch
from bakeoff.catalog.adding import add
from bakeoff.catalog.describing import lines_of, repository_facts
from bakeoff.catalog.facts import gather
from bakeoff.catalog.fetch import checked_url, get, open_ranges
from bakeoff.catalog.finding import find
from bakeoff.catalog.hub import Repository
from bakeoff.catalog.loading import load
from bakeoff.catalog.reading import read_model
from bakeoff.catalog.refresh import refresh
from bakeoff.catalog.schema import complaints
from bakeoff.errors import BakeoffError, KeyMissing, NetworkError, UsageError
from tests.catalog import configs
from tests.catalog.servers import Server, running

CARD = {
    "pipeline_tag": "text-generation",
    "tags": ["license:apache-2.0", "conversational"],
    "createdAt": "2026-10-01T08:00:00.000Z",
    "lastModified": "2026-11-01T08:00:00.000Z",
    "downloads": 123456,
    "likes": 42,
    "gated": False,
    "cardData": {"language": ["en", "vi"], "base_model": "Qwen/Qwen3-8B-Base", "base_model_relation": "finetune"},
    "safetensors": {"total": 8030261248},
    "config": {"model_type": "llama", "tokenizer_config": {"chat_template": "{{ messages }}"}},
}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with running() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


def test_a_model_of_the_hub_is_added_with_all_that_its_card_says(hub: Server, own_catalog: Path) -> None:
    hub.model("acme/New-8B", configs.LLAMA_31_8B, **CARD)
    done = add("acme/New-8B")
    model = load()["acme/New-8B"]
    assert done.model == model
    assert done.overrides == ()
    assert model.architecture is not None
    assert (model.architecture.name, model.architecture.n_layers) == ("llama", 32)
    assert (model.kind, model.tier, model.organisation, model.family) == ("chat", 3, "acme", "llama")
    assert model.parameters.total == 8030261248
    assert model.context_tokens == 131072
    assert model.licence is not None
    assert model.licence.name == "Apache License 2.0"
    assert model.languages == ("en", "vi")
    assert model.vietnamese == "stated"
    assert [(parent.relation, parent.model) for parent in model.lineage] == [("finetune", "Qwen/Qwen3-8B-Base")]
    assert model.release is not None
    assert (model.release.date, model.release.approximate) == ("2026-10-01", True)
    assert model.hub is not None
    assert (model.hub.downloads, model.hub.likes) == (123456, 42)
    assert all(source.yours for source in model.provenance.values())
    assert find("new 8b").id == "acme/New-8B"
    assert own_catalog.exists()


def test_adding_twice_adds_nothing(hub: Server) -> None:
    hub.model("acme/New-8B", configs.LLAMA_31_8B, **CARD)
    assert add("acme/New-8B").added != ()
    assert add("acme/New-8B").added == ()


def test_own_facts_about_a_shipped_model_are_said_to_beat_it(hub: Server) -> None:
    hub.model("Qwen/Qwen3-8B", {**configs.LLAMA_31_8B, "max_position_embeddings": 999}, **CARD)
    done = add("Qwen/Qwen3-8B")
    assert {"architecture", "context", "parameters"} <= set(done.overrides)
    assert load()["Qwen/Qwen3-8B"].context_tokens == 999


def test_only_small_files_are_fetched(hub: Server) -> None:
    weights = {"model-00001-of-00002.safetensors": b"x" * 500_000, "model-00002-of-00002.safetensors": b"x" * 500_000}
    hub.model("acme/New-8B", configs.LLAMA_31_8B, weights, **CARD)
    add("acme/New-8B")
    assert hub.paths == ["/api/models/acme/New-8B", "/acme/New-8B/resolve/main/config.json"]


def test_a_family_that_is_not_known_is_added_without_architecture(hub: Server) -> None:
    hub.model("acme/Odd-1B", {"model_type": "brand_new", "hidden_size": 5}, **CARD)
    model = add("acme/Odd-1B").model
    assert model.architecture is None
    assert model.no_architecture is not None
    assert model.no_architecture.code == "catalog.no-architecture.family-unknown"
    assert model.parameters.total == 8030261248


def test_a_family_without_plain_layers_has_its_own_reason(hub: Server) -> None:
    hub.model("acme/Old-1B", {"model_type": "t5"}, **CARD)
    reason = add("acme/Old-1B").model.no_architecture
    assert reason is not None
    assert reason.code == "catalog.no-architecture.encoder-decoder"


@pytest.mark.parametrize(
    ("info", "kind"),
    [
        ({"pipeline_tag": "feature-extraction"}, "embedding"),
        ({"pipeline_tag": "sentence-similarity"}, "embedding"),
        ({"pipeline_tag": "text-ranking"}, "reranker"),
        ({"pipeline_tag": "translation"}, "translation"),
        ({"pipeline_tag": "text-to-speech"}, "speech"),
        ({"pipeline_tag": "text-generation", "tags": ["conversational"]}, "chat"),
        ({"pipeline_tag": "text-generation", "config": {}}, "base"),
        ({"pipeline_tag": "image-text-to-text", "config": {}}, "chat"),
    ],
)
def test_what_a_model_is_for_comes_from_its_pipeline(hub: Server, info: dict[str, Any], kind: str) -> None:
    hub.model("acme/M-8B", configs.LLAMA_31_8B, **{"tags": [], **info})
    assert add("acme/M-8B").model.kind == kind


def test_the_name_of_a_reranker_is_enough(hub: Server) -> None:
    hub.model("acme/M-Reranker-8B", configs.LLAMA_31_8B, pipeline_tag="text-generation", tags=["conversational"])
    assert add("acme/M-Reranker-8B").model.kind == "reranker"


@pytest.mark.parametrize(
    ("page", "error", "message", "hint"),
    [
        (
            {"status": 404, "headers": {"X-Error-Code": "RepoNotFound"}},
            UsageError,
            "there is no model 'acme/X'",
            "spelling",
        ),
        ({"status": 401, "headers": {"X-Error-Code": "RepoNotFound"}}, UsageError, "or it is private", "HF_TOKEN"),
        ({"status": 403, "headers": {"X-Error-Code": "GatedRepo"}}, KeyMissing, "acme/X is gated", "HF_TOKEN"),
        ({"status": 401, "headers": {"X-Error-Code": "GatedRepo"}}, KeyMissing, "acme/X is gated", "accept them at"),
        ({"status": 429, "headers": {"Retry-After": "30"}}, NetworkError, "asks to wait", "try again in 30 s"),
        ({"status": 503}, NetworkError, "status 503", "later"),
        ({"status": 200, "body": b"<html>"}, NetworkError, "does not answer with JSON", "address"),
        ({"status": 200, "body": b"[1, 2]"}, NetworkError, "does not answer as the Hub does", "HF_ENDPOINT"),
    ],
)
def test_a_refusal_says_what_to_do(
    hub: Server, page: dict[str, Any], error: type[BakeoffError], message: str, hint: str
) -> None:
    hub.serve("/api/models/acme/X", page.pop("body", b""), **page)
    with pytest.raises(error, match=message) as caught:
        add("acme/X")
    assert caught.value.hint is not None
    assert hint in caught.value.hint


def test_a_gated_config_is_told_apart_from_a_missing_model(hub: Server) -> None:
    hub.model("acme/X", configs.LLAMA_31_8B, gated="manual")
    hub.serve("/acme/X/resolve/main/config.json", b"", status=401, headers={"X-Error-Code": "GatedRepo"})
    with pytest.raises(KeyMissing, match="gated"):
        add("acme/X")


def test_offline_asks_nothing(hub: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(NetworkError, match="HF_HUB_OFFLINE is set"):
        add("acme/X")
    assert hub.asked == []


def test_no_network_is_said_at_once() -> None:
    with pytest.raises(NetworkError, match="cannot be reached") as caught:
        add("acme/X")
    assert caught.value.hint is not None
    assert "local file" in caught.value.hint


def test_a_hub_that_does_not_answer_is_given_up(hub: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "STEP_SECONDS", 0.2)
    hub.serve("/api/models/acme/X", b"{}", wait=30.0)
    with pytest.raises(NetworkError, match=r"cannot be reached: .*timed out"):
        add("acme/X")


def test_an_endless_answer_is_cut(hub: Server) -> None:
    hub.serve("/big", b"x" * 70_000)
    with pytest.raises(NetworkError, match="more than 1000 bytes"):
        get(f"{hub.url}/big", limit=1000)
    assert get(f"{hub.url}/big", limit=70_000).body == b"x" * 70_000


def test_the_token_goes_to_the_hub_and_not_to_where_it_redirects(hub: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with running() as elsewhere:
        elsewhere.serve("/config.json", configs.LLAMA_31_8B)
        hub.model("acme/X", configs.LLAMA_31_8B, **CARD)
        hub.serve(
            "/acme/X/resolve/main/config.json", b"", status=302, headers={"Location": f"{elsewhere.url}/config.json"}
        )
        add("acme/X")
        assert [asked.headers.get("authorization") for asked in hub.asked] == ["Bearer hf_secret"] * 2
        assert [asked.headers.get("authorization") for asked in elsewhere.asked] == [None]


def test_the_token_does_not_go_to_another_address(hub: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with running() as elsewhere, pytest.raises(BakeoffError):
        add(f"{elsewhere.url}/model.gguf")
    assert all("authorization" not in asked.headers for asked in elsewhere.asked)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a.gguf",
        "ftp://example.org/a",
        "file:///etc/passwd",
        "https://",
        "http://",
        "https://a b/",
        "x",
    ],
)
def test_only_https_and_the_loopback_are_asked(url: str) -> None:
    with pytest.raises(UsageError):
        checked_url(url)


def test_a_redirect_to_a_file_is_not_followed(hub: Server) -> None:
    hub.serve("/away", b"", status=302, headers={"Location": "http://example.org/a"})
    with pytest.raises(BakeoffError):
        get(f"{hub.url}/away")


def test_ranges_are_read_and_a_server_without_them_is_refused(hub: Server) -> None:
    hub.serve("/a", bytes(range(256)))
    read, size = open_ranges(f"{hub.url}/a")
    assert size == 256
    assert read(10, 5) == bytes(range(10, 15))
    assert read(250, 100) == bytes(range(250, 256))
    assert read(999, 10) == b""
    hub.serve("/whole", b"x" * 5000, ranges=False)
    with pytest.raises(NetworkError, match="whole files only"):
        open_ranges(f"{hub.url}/whole")
    hub.serve("/empty", b"")
    assert open_ranges(f"{hub.url}/empty")[1] == 0


def test_an_id_that_is_none_is_refused_without_asking(hub: Server) -> None:
    for wrong in ("a/b/c", "a b/c", "../x/y", "", "a/", "?/x"):
        with pytest.raises(UsageError):
            add(wrong)
    assert hub.asked == []


def test_refresh_adds_dated_facts_and_only_when_they_changed(hub: Server, own_catalog: Path) -> None:
    hub.serve("/api/models/Qwen/Qwen3-8B", {"id": "Qwen/Qwen3-8B", **CARD, "tags": ["license:mit"]})
    done = refresh(["Qwen/Qwen3-8B"])
    assert (done.asked, len(done.changed), done.gone, done.left) == (1, 1, (), 0)
    assert refresh(["Qwen/Qwen3-8B"]).changed == ()
    model = load()["Qwen/Qwen3-8B"]
    assert model.hub is not None
    assert (model.hub.exists, model.hub.downloads, model.hub.licence_tag) == (True, 123456, "mit")
    assert model.licence is not None
    assert model.licence.key == "apache-2.0"  # the licence itself is not overwritten by a tag
    hub.serve("/api/models/Qwen/Qwen3-8B", {"id": "Qwen/Qwen3-8B", **CARD, "downloads": 7})
    refresh(["Qwen/Qwen3-8B"])
    assert [json.loads(line).get("downloads") for line in own_catalog.read_text().splitlines()] == [123456, 7]


def test_refresh_says_what_is_gone(hub: Server) -> None:
    assert refresh(["Qwen/Qwen3-8B"]).gone == ("Qwen/Qwen3-8B",)
    found = load()["Qwen/Qwen3-8B"].hub
    assert found is not None
    assert not found.exists


def test_refresh_of_all_stops_when_the_hub_asks_to_wait_and_goes_on_later(hub: Server) -> None:
    for model_id in load().ids:
        hub.serve(f"/api/models/{model_id}", {"id": model_id, "downloads": 1})
    stop = load().ids[30]
    hub.serve(f"/api/models/{stop}", b"", status=429, headers={"Retry-After": "60"})
    first = refresh()
    assert first.stopped is not None
    assert 0 < first.asked < len(load())
    assert first.left == len(load()) - first.asked
    hub.serve(f"/api/models/{stop}", {"id": stop, "downloads": 1})
    hub.asked.clear()
    second = refresh()
    assert (second.asked, second.left, second.stopped) == (first.left, 0, None)
    assert hub.paths[0] == f"/api/models/{stop}"


def test_refresh_without_network_fails_at_the_first(own_catalog: Path) -> None:
    with pytest.raises(NetworkError, match="cannot be reached"):
        refresh(["Qwen/Qwen3-8B", "Qwen/Qwen3-4B"])
    assert not own_catalog.exists()


def test_own_files_are_not_asked_of_the_hub(hub: Server) -> None:
    with pytest.raises(UsageError, match="there is no model"):
        refresh(["no/such"])
    assert hub.asked == []


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 2**60), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)
KEYS = [
    "siblings",
    "cardData",
    "tags",
    "gated",
    "safetensors",
    "config",
    "createdAt",
    "downloads",
    "pipeline_tag",
    "id",
]
CARD_KEYS = st.sampled_from(["language", "base_model", "base_model_relation", "license_name", "total", "model_type"])


@settings(max_examples=200, deadline=None)
@given(info=st.dictionaries(st.sampled_from(KEYS), st.one_of(JSON, st.dictionaries(CARD_KEYS, JSON, max_size=3))))
def test_whatever_the_hub_says_becomes_facts_that_can_be_read(info: dict[str, Any]) -> None:
    found = Repository("acme/X", info)
    lines = lines_of("acme/X", "huggingface.co", repository_facts(found))
    assert [complaint for line in lines for complaint in complaints(line)] == []
    model = read_model("acme/X", {}, gather(lines)["acme/X"], {})
    assert model.organisation == "acme"


def test_a_name_or_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        add("https://user:secret@example.org/m.gguf")
    assert "secret" not in f"{caught.value.message} {caught.value.hint}"


def test_a_server_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "TOTAL_SECONDS", 0.3)
    with running() as server:
        server.serve("/slow", b"{}", wait=2.0)
        with pytest.raises(NetworkError, match="answers too slowly"):
            get(f"{server.url}/slow")
