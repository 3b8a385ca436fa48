"""From `via` to an address and a request: presets, providers, thinking, schemas, keys; contradictions are refused."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bakeoff.cost.prices import provider_at, provider_ids
from bakeoff.errors import KeyMissing, ProjectError, UsageError
from bakeoff.evaluate.types import Row
from bakeoff.project.config import Config, read_config
from bakeoff.project.presets import base_url, presets, variable
from bakeoff.project.routes import Resolved, read_key, resolve

HEAD = '[data]\nfile = "d.csv"\n\n[prompt]\nuser = "{{ text }}"\n\n'
TAIL = '\n[[graders]]\nkind = "exact"\ntarget = "x"\n'


def config(folder: Path, candidate: str, *, head: str = HEAD) -> Config:
    path = folder / "bakeoff.toml"
    path.write_text(f'{head}[[candidates]]\nmodel = "org/m"\n{candidate}\n{TAIL}', encoding="utf-8")
    return read_config(path)


def resolved(folder: Path, candidate: str, *, head: str = HEAD) -> Resolved:
    found = config(folder, candidate, head=head)

    def no_weights(model: str, build: str | None) -> Any:
        raise AssertionError("no file is needed")

    return resolve(found.candidates[0], found, no_weights)


def body(folder: Path, candidate: str, *, head: str = HEAD) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        resolved(folder, candidate, head=head).route.request(Row("1", 1, {"text": "t"})).body
    )
    return found


def refused(folder: Path, candidate: str, *, head: str = HEAD) -> str:
    with pytest.raises(UsageError) as caught:
        resolved(folder, candidate, head=head)
    assert caught.value.hint
    return caught.value.message


def template_says(on: bool) -> dict[str, Any]:
    return {"chat_template_kwargs": {"enable_thinking": on, "thinking": on}}


def test_every_preset_has_an_address_a_source_and_a_date() -> None:
    for name, preset in presets().items():
        assert preset.base_url.startswith("https://" if not preset.local else "http://127.0.0.1:"), name
        assert preset.source.startswith("https://"), name
        assert preset.as_of == "2026-11-24", name
        assert (preset.key is None) is preset.local, name
        assert set(preset.thinking) <= {"on", "off"}, name
        assert not set(preset.rename) & {*preset.refuses, *preset.ignores}, name


def test_the_price_list_knows_the_presets_by_their_addresses() -> None:
    """Else a hosted candidate would have no price, and a cap on money would refuse it."""
    ids = {"gemini": "google"}
    sold = {name: ids.get(name, name) for name in presets()}
    for name, provider in sold.items():
        if provider in provider_ids():
            assert provider_at(presets()[name].base_url) == provider, name


def test_a_preset_gives_address_key_and_names(tmp_path: Path) -> None:
    found = resolved(tmp_path, 'via = "groq"')
    assert found.base_url == found.route.endpoint == "https://api.groq.com/openai/v1"
    assert found.route.candidate.key == "GROQ_API_KEY"
    assert (found.route.build, found.concurrency, found.local) == ("groq", 8, False)
    sent = body(tmp_path, 'via = "groq"')
    assert sent["max_completion_tokens"] == 512
    assert "max_tokens" not in sent


def test_a_local_preset_is_local(tmp_path: Path) -> None:
    found = resolved(tmp_path, 'via = "ollama"')
    assert (found.base_url, found.concurrency, found.local) == ("http://127.0.0.1:11434/v1", 1, True)


@pytest.mark.parametrize(
    ("name", "environment", "address"),
    [
        ("ollama", {"OLLAMA_HOST": "0.0.0.0"}, "http://127.0.0.1:11434/v1"),
        ("ollama", {"OLLAMA_HOST": "box:99"}, "http://box:99/v1"),
        ("ollama", {"OLLAMA_HOST": ":99"}, "http://127.0.0.1:99/v1"),
        ("ollama", {"OLLAMA_HOST": "https://box/ollama/"}, "https://box:443/ollama/v1"),
        ("ollama", {"OLLAMA_HOST": "x", "BAKEOFF_OLLAMA_URL": "http://y:1/v1/"}, "http://y:1/v1"),
        ("llama-server", {"BAKEOFF_LLAMA_SERVER_URL": "http://gpu:8080/v1"}, "http://gpu:8080/v1"),
        ("vllm", {}, "http://127.0.0.1:8000/v1"),
    ],
)
def test_the_environment_moves_a_server(name: str, environment: dict[str, str], address: str) -> None:
    assert base_url(presets()[name], environment) == address


def test_an_address_that_is_none_is_refused() -> None:
    assert variable("llama-server") == "BAKEOFF_LLAMA_SERVER_URL"
    with pytest.raises(UsageError, match="is no address"):
        base_url(presets()["vllm"], {"BAKEOFF_VLLM_URL": "localhost:8000"})


def test_model_and_provider_are_chosen_apart(tmp_path: Path) -> None:
    assert body(tmp_path, 'via = "huggingface"\nprovider = "together"')["model"] == "org/m:together"
    sent = body(tmp_path, 'via = "openrouter"\nprovider = "deepinfra/fp8"')
    assert sent["model"] == "org/m"
    assert sent["provider"] == {"order": ["deepinfra/fp8"], "allow_fallbacks": False}
    own = body(tmp_path, 'via = "openrouter"\nprovider = { sort = "price" }')
    assert own["provider"] == {"sort": "price"}
    assert config(tmp_path, 'via = "huggingface"\nprovider = "together"').candidates[0].name == "m (together)"


@pytest.mark.parametrize(
    ("via", "on", "off"),
    [
        ("vllm", template_says(True), template_says(False)),
        ("ollama", {"reasoning_effort": "medium"}, {"reasoning_effort": "none"}),
        ("openrouter", {"reasoning": {"enabled": True}}, {"reasoning": {"enabled": False}}),
        ("deepseek", {"thinking": {"type": "enabled"}}, {"thinking": {"type": "disabled"}}),
    ],
)
def test_thinking_is_said_in_the_servers_way(tmp_path: Path, via: str, on: dict[str, Any], off: dict[str, Any]) -> None:
    for word, expected in (("true", on), ("false", off)):
        sent = body(tmp_path, f'via = "{via}"\nthinking = {word}')
        assert {name: sent[name] for name in expected} == expected


def test_thinking_for_all_can_be_set_otherwise_for_one(tmp_path: Path) -> None:
    head = HEAD + "[parameters]\nthinking = false\n\n"
    assert body(tmp_path, 'via = "ollama"', head=head)["reasoning_effort"] == "none"
    assert body(tmp_path, 'via = "ollama"\nthinking = true', head=head)["reasoning_effort"] == "medium"
    assert "thinking" not in body(tmp_path, 'via = "ollama"', head=head)


def test_a_schema_becomes_a_response_format(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"type": "object"}')
    expected = {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": {"type": "object"}},
    }
    for given in ('json_schema = "s.json"', 'json_schema = { type = "object" }'):
        sent = body(tmp_path, f'via = "vllm"\n{given}')
        assert sent["response_format"] == expected
        assert "json_schema" not in sent


def test_a_parameter_can_be_left_out_for_one_candidate(tmp_path: Path) -> None:
    assert "temperature" not in body(tmp_path, 'via = "openai"\nunset = ["temperature"]')
    assert "stream_options" not in body(tmp_path, 'via = "mistral"')
    assert body(tmp_path, 'via = "mistral"\nseed = 7')["random_seed"] == 7
    sent = body(tmp_path, 'via = "vllm"\nmax_completion_tokens = 9')
    assert (sent.get("max_tokens"), sent["max_completion_tokens"]) == (None, 9)


@pytest.mark.parametrize(
    ("candidate", "says"),
    [
        ('via = "vllm"\nthinking = false\nreasoning_effort = "low"', "both say whether it thinks"),
        ('via = "vllm"\nthinking = false\nchat_template_kwargs = { enable_thinking = true }', "both say whether"),
        ('via = "vllm"\nthinking = false\napi = "completions"', "no effect on a text to complete"),
        ('via = "mistral"\nthinking = true', "is not known"),
        ('via = "http://127.0.0.1:1/v1"\nthinking = true', "is not known"),
        ('via = "vllm"\njson_schema = "missing.json"', "cannot be read"),
        ('via = "vllm"\njson_schema = { type = "object" }\ngrammar = "x"', "both set the form"),
        ('via = "groq"\nlogprobs = true', "refuses the parameter 'logprobs'"),
        ('via = "anthropic"\nseed = 1', "does not follow it"),
        ('via = "openai"\nmax_tokens = 5\nmax_completion_tokens = 9', "are the same for OpenAI"),
        ('via = "vllm"\nmax_tokens = 5\nmax_completion_tokens = 9', "max_tokens is 5"),
        ('via = "huggingface"\nmodel = "org/m:groq"\nprovider = "together"', "names a provider"),
    ],
)
def test_contradictions_are_refused_with_the_fix(tmp_path: Path, candidate: str, says: str) -> None:
    text = candidate
    if "\nmodel" in text:
        path = tmp_path / "bakeoff.toml"
        path.write_text(f"{HEAD}[[candidates]]\n{text}\n{TAIL}", encoding="utf-8")
        found = read_config(path)
        with pytest.raises(ProjectError, match=says):
            resolve(found.candidates[0], found, lambda model, build: None)  # type: ignore[arg-type,return-value]
        return
    assert says in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("candidate", "says"),
    [
        ('via = "vllm"\nprovider = "together"', "chosen behind a router only"),
        ('via = "file"', "needs the file"),
        ('via = "vllm"\nanswers = "a.csv"', "made elsewhere"),
        ('via = "file"\nanswers = "a.csv"\ntemperature = 1', "has no effect on answers"),
        ('unset = ["seed"]\nseed = 1', "is set and in `unset`"),
        ("extra_body = { a = 1 }", "belongs to a client library"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_line(tmp_path: Path, candidate: str, says: str) -> None:
    with pytest.raises(ProjectError, match=r"bakeoff\.toml:\d+") as caught:
        config(tmp_path, candidate)
    assert says in caught.value.message


def test_a_key_comes_from_the_environment_or_a_private_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    candidate = config(tmp_path, 'via = "groq"').candidates[0]
    keys = tmp_path / "keys.toml"
    monkeypatch.setenv("BAKEOFF_KEYS", str(keys))
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    with pytest.raises(KeyMissing, match="GROQ_API_KEY"):
        read_key(candidate)
    keys.write_text('GROQ_API_KEY = "from the file"\n')
    keys.chmod(0o600)
    assert read_key(candidate) == "from the file"
    monkeypatch.setenv("GROQ_API_KEY", "from the environment")
    assert read_key(candidate) == "from the environment"


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_file_of_keys_that_others_can_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    candidate = config(tmp_path, 'via = "groq"').candidates[0]
    keys = tmp_path / "keys.toml"
    monkeypatch.setenv("BAKEOFF_KEYS", str(keys))
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    keys.write_text('GROQ_API_KEY = "sk-secret"\n')
    keys.chmod(0o644)
    with pytest.raises(ProjectError, match="read by others") as refusal:
        read_key(candidate)
    assert "chmod 600" in (refusal.value.hint or "")
    keys.write_text("sk-secret")
    keys.chmod(0o600)
    with pytest.raises(ProjectError) as refusal:
        read_key(candidate)
    assert "sk-secret" not in f"{refusal.value.message}{refusal.value.hint}"


def test_the_embedded_engine_has_no_eyes(tmp_path: Path) -> None:
    head = HEAD.replace('user = "{{ text }}"', 'user = "{{ text }}"\nimages = ["{{ photo }}"]')
    assert "projector" in refused(tmp_path, 'via = "embedded"', head=head)
