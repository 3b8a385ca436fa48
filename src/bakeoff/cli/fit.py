"""`bakeoff fit`: what runs on a machine, in which build, with how much context, how fast."""

from typing import TYPE_CHECKING, Any

import click

from bakeoff.cli.output import Language, language_option
from bakeoff.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bakeoff.fit.plan.asking import Options


def _tokens(_: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """`32k` -> 32768."""
    if value is None:
        return None
    from bakeoff.fit.plan.wanted import parse_tokens

    try:
        return parse_tokens(value)
    except UsageError as error:
        raise UsageError(f"{parameter.opts[0]}: {error.message}", hint=error.hint) from None


def tokens_option(name: str, text: str) -> "Callable[[click.decorators.FC], click.decorators.FC]":
    """An option that takes a number of tokens."""
    return click.option(name, metavar="N", callback=_tokens, help=text)


@click.command("fit")
@click.argument("model", nargs=-1)
@click.option("--on", metavar="MACHINE", help='By name, for example "RTX 4090, 64 GB RAM". Default: this machine.')
@click.option("--build", metavar="BUILD", help="Only this one: Q4_K_M, awq, fp8, mlx:4bit.")
@click.option("--engine", metavar="ENGINE", help="Only llama.cpp, vllm, sglang, transformers or mlx.")
@tokens_option("--context", "Tokens of context, for example 32k: of each user, or of all --parallel slots together.")
@click.option("--kv", metavar="TYPE", help="Cache type: f16, q8_0, or keys,values; fp8 for vLLM and SGLang.")
@click.option(
    "--parallel", type=click.IntRange(1, 256), metavar="N", help="llama-server's slots; they share --context."
)
@click.option("--users", type=click.IntRange(min=1), default=1, metavar="N", help="Requests at the same time.")
@click.option("--flash-attn", type=click.Choice(["on", "off", "auto"]), default="auto", show_default=True)
@click.option("--batch", type=click.IntRange(1, 1 << 20), default=2048, metavar="N", help="llama.cpp's --batch-size.")
@click.option("--ubatch", type=click.IntRange(1, 1 << 20), default=512, metavar="N", help="llama.cpp's --ubatch-size.")
@click.option("--gpu-memory-utilization", type=float, metavar="SHARE", help="Of a GPU, for vLLM and SGLang: 0.9.")
@tokens_option("--prompt-tokens", "Of your own request; the verdict is about it. Default: 1000.")
@tokens_option("--output-tokens", "Of its answer, thinking included. Default: 400.")
@click.option("--min-speed", type=float, metavar="T", help="Tokens per second below which a build is too slow.")
@click.option("--exact", is_flag=True, help="Have llama.cpp's own planner say what cache and buffers take.")
@click.option("--measure", is_flag=True, help="Run small models here first, and correct predictions by them.")
@click.option("--why", is_flag=True, help="Show every sum term by term.")
@click.option("--task", metavar="TASK", help="Without MODEL: only chat, code, reasoning, vision, translation, ...")
@click.option("--language", metavar="CODE", help="Without MODEL: only models known for it, for example vi.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON (schema bakeoff.fit).")
@language_option
def fit_command(
    model: tuple[str, ...],
    measure: bool,
    why: bool,
    as_json: bool,
    lang: Language,
    **asked: Any,
) -> int:
    """See what is worth running on this machine, or how MODEL runs on it.

    Without MODEL: the best models by task. With MODEL (an id, a nickname, an Ollama tag, or a model file): every build,
    the one to take, what would change that, and the command that runs it. Exits with 1 when nothing runs.

    \b
    Examples:
      bakeoff fit
      bakeoff fit --on "RTX 4060 Laptop, 16 GB" --task code
      bakeoff fit qwen3 8b --context 32k
      bakeoff fit gpt-oss-120b --on "RTX 4090, 64 GB RAM" --why
      bakeoff fit llama 3.3 70b --on "2x H100 SXM" --users 32 --engine vllm
    """
    name = " ".join(model)
    _check(name, measure, why, asked)
    if measure:
        from bakeoff.cli.fit_measure import measure_here

        measure_here(lang=lang, quiet=as_json)
    from bakeoff.fit.plan.asking import fit

    if not name:
        from bakeoff.cli.fit_table import show_table

        return show_table(fit(on=asked["on"], **_options(asked)), as_json=as_json, lang=lang)
    from bakeoff.cli.fit_view import show_answer

    return show_answer(fit(name, on=asked["on"], **_options(asked)), why=why, as_json=as_json, lang=lang)


def _check(name: str, measure: bool, why: bool, asked: dict[str, Any]) -> None:
    """Refuse options that would be passed over."""
    for option, given, fits in (
        ("--why", why, bool(name)),
        ("--exact", asked["exact"], bool(name)),
        ("--task", asked["task"], not name),
        ("--language", asked["language"], not name),
    ):
        if given and not fits:
            raise UsageError(
                f"{option} goes {'without' if name else 'with'} a model",
                hint=f"leave {option} out" if name else f"bakeoff fit MODEL {option}",
            )
    if measure and asked["on"] is not None:
        raise UsageError("--measure is about this machine, and --on names another", hint="leave one of them out")


def _options(asked: dict[str, Any]) -> "Options":
    """The command's options, named as in Python."""
    flash: bool | str = {"on": True, "off": False}.get(asked["flash_attn"], "auto")
    return {
        "context_tokens": asked["context"],
        "prompt_tokens": asked["prompt_tokens"],
        "output_tokens": asked["output_tokens"],
        "users": asked["users"],
        "build": asked["build"],
        "engine": asked["engine"],
        "kv": asked["kv"],
        "parallel": asked["parallel"],
        "flash_attention": flash,  # type: ignore[typeddict-item]
        "batch": asked["batch"],
        "ubatch": asked["ubatch"],
        "utilization": asked["gpu_memory_utilization"],
        "least_speed": asked["min_speed"],
        "exact": asked["exact"],
        "task": asked["task"],
        "language": asked["language"],
    }
