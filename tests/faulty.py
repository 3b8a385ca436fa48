"""Answers with each fault that preflight looks for, for `tests.stub`: a server that misbehaves politely."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

LIMIT = 512
"""Prompt tokens after which the truncating servers stop counting."""

LONG = "The review praises the picture and the price, and complains about the battery. "


@dataclass(frozen=True)
class Said:
    """One answer, before it is sent."""

    text: str
    usage: dict[str, Any]
    finish: str = "stop"
    event: dict[str, Any] = field(default_factory=dict)
    """Further keys of each event."""

    headers: str = ""


def _tokens(said: Said, text: str) -> Said:
    """Another text, with a count that fits it."""
    return replace(said, text=text, usage={**said.usage, "completion_tokens": max(1, len(text.encode()) // 4)})


def misbehave(fault: str, said: Said, body: bytes) -> Said:
    """The answer with its fault; unchanged where the fault is of another kind."""
    texts = {
        "think-tag": f"<think>\nLet me see, the mood is clear.\n</think>\n\n{said.text}",
        "think-lone-end": f"The mood is clear.\n</think>\n{said.text}",
        "think-open": "<think>\nLet me see, the mood",
        "harmony": "<|channel|>analysis<|message|>Clear.<|end|><|start|>assistant<|channel|>final<|message|>"
        + said.text,
        "template": f"{said.text}<|im_end|>\n<|im_start|>user",
        "turn": f"{said.text}\nUser: and this one?",
        "loop": "I think so and then again " * 40,
        "refuses": "I\u2019m sorry, but I can\u2019t help with that.",
        "refuses-vi": "Rất tiếc, tôi không thể hỗ trợ yêu cầu này.",
        "same": "the very same",
        "past-stop": f"{said.text}##and on",
    }
    if fault in texts:
        said = _tokens(said, texts[fault])
    usage, count = said.usage, said.usage["prompt_tokens"]
    changed = {
        "truncates": {"usage": {**usage, "prompt_tokens": min(count, LIMIT)}},
        "ollama": {"usage": {**usage, "prompt_tokens": min(count, 1024)}},
        "past-limit": {"text": LONG * 12, "usage": {**usage, "completion_tokens": 240}},
        "blank": {"text": "", "usage": {**usage, "completion_tokens": 1}},
        "think-open": {"finish": "length"},
        "other-model": {"event": {"model": "tiny-1b"}},
        "other-provider": {"event": {"provider": "Elsewhere"}},
        "changes-build": {"event": {"system_fingerprint": f"fp_{len(body) % 2}"}},
        "two-models": {"event": {"model": f"m-2026-0{1 + len(body) % 2}-01"}},
        "counts-low": {"text": LONG * 3, "usage": {**usage, "completion_tokens": 2}},
        "counts-high": {"usage": {**usage, "completion_tokens": 60}},
        "counts-thinking": {
            "usage": {**usage, "completion_tokens": 60, "completion_tokens_details": {"reasoning_tokens": 58}}
        },
        "unrepeatable": {"text": said.text + (" indeed" if body.endswith(b"\n") else "")},
        "router": {"headers": "x-inference-provider: Elsewhere\r\n"},
    }
    return replace(said, **changed.get(fault, {}))


def aside(fault: str, path: str) -> str | None:
    """What a server says of itself, as JSON; None where it does not know the path."""
    told: dict[str, dict[str, Any]] = {
        "/ollama/api/show": {
            "template": "{{ .Prompt }}",
            "parameters": 'stop "<|im_end|>"',
            "details": {"quantization_level": "Q4_0"},
            "model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40960},
        },
        "/ollama/api/ps": {"models": [{"name": "model-x:latest", "model": "model-x:latest", "context_length": 1024}]},
        "/ollama/api/version": {"version": "0.40.12"},
        "/llama/props": {"default_generation_settings": {"n_ctx": 1024}, "chat_template": "", "build_info": "b11549"},
        "/llama/apply-template": {"prompt": "<s>[INST] q [/INST]"},
        "/llama/tokenize": {"tokens": [{"id": 1, "piece": "<s>"}, {"id": 1, "piece": "<s>"}, {"id": 5, "piece": "q"}]},
    }
    found = told.get(path)
    return None if found is None else json.dumps(found)
