"""`bakeoff deploy`: commands and files that run a model in production, and what to begin with."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bakeoff.cli.output import Language, answer, language_option, print_json, say

if TYPE_CHECKING:
    from bakeoff.deploy import Deployment

KINDS = ("command", "modelfile", "compose", "kubernetes", "endpoint")


@click.command("deploy")
@click.argument("candidate")
@click.option("--project", type=click.Path(path_type=Path), default=Path(), help="Folder [default: this one].")
@click.option("--on", metavar="TEXT", help="A machine by name [default: that of the needs, else this one].")
@click.option("--engine", help="llama.cpp, vllm, sglang.")
@click.option("--build", help="Only this one: Q4_K_M, awq.")
@click.option("--context", type=click.IntRange(1), help="Tokens of context of each user.")
@click.option("--users", type=click.IntRange(1), help="Requests at the same time.")
@click.option("--only", type=click.Choice(KINDS), help="Print this one alone.")
@click.option("--write", "target", type=click.Path(path_type=Path), help="Write the files into this folder.")
@click.option("--check", is_flag=True, help="Start the candidate here, or ask its server, and send it one row.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON (schema bakeoff.deploy).")
@language_option
def deploy_command(
    candidate: str,
    project: Path,
    target: Path | None,
    only: str | None,
    check: bool,
    as_json: bool,
    lang: Language,
    **asked: Any,
) -> int:
    """Print what runs CANDIDATE in production, with the planned parameters.

    CANDIDATE is one of the project's, or any model by name. With --check a candidate of this machine is started by
    llama-server where that is on the PATH, by vLLM or SGLang where --engine names one that is installed, else in the
    embedded engine.

    \b
    Examples:
      bakeoff deploy "qwen3 8b"
      bakeoff deploy gpt-oss-120b --on "2x H100 SXM" --engine vllm --users 50 --write deploy/
      bakeoff deploy "gemma 3 4b" --only modelfile > Modelfile
      bakeoff deploy "SmolLM2-135M-Instruct Q4_1" --check
    """
    from bakeoff.errors import UsageError
    from bakeoff.project.deploying import deployment_for, write_recipes
    from bakeoff.report.deploy_json import deploy_json

    if check:
        return _check(candidate, project, asked, as_json=as_json, lang=lang)
    found = deployment_for(
        candidate,
        project,
        on=asked["on"],
        engine=asked["engine"],
        build=asked["build"],
        context_tokens=asked["context"],
        users=asked["users"],
    )
    if only is not None:
        text = next((one.text for one in found.recipes if one.kind == only), None)
        if text is None:
            raise UsageError(f"there is no {only} for this plan", hint=_left_out(found, lang) or "leave out --only")
        answer(text.rstrip("\n"))
    elif as_json:
        print_json(deploy_json(found))
    else:
        _show(found, lang)
    if target is not None:
        for path in write_recipes(found, target):
            say(str(path))
    return 0


def _check(candidate: str, project: Path, asked: dict[str, Any], *, as_json: bool, lang: Language) -> int:
    """Send one row to what is going to run."""
    from bakeoff.project import Project
    from bakeoff.project.deploy_check import try_candidate
    from bakeoff.report.words import sentence
    from bakeoff.values import reason, to_json

    found = try_candidate(
        candidate,
        Project(project),
        engine=asked["engine"],
        build=asked["build"],
        users=asked["users"],
        context_tokens=asked["context"],
        note=lambda one: say(sentence(one, lang)),
    )
    if as_json:
        print_json({"schema": "bakeoff.deploy_check", "version": 1, **to_json(found)})
        return 0
    if found.load_seconds is not None:
        answer(sentence(reason("deployed.loaded", candidate=found.candidate, seconds=found.load_seconds), lang))
    answer(
        sentence(
            reason(
                "deployed.answered",
                candidate=found.candidate,
                row=found.row_id,
                first_token=found.first_token_ms,
                speed=found.tokens_per_second,
            ),
            lang,
        )
    )
    answer(sentence(reason("deployed.same", same="unknown" if found.same is None else found.same), lang))
    return 0


def _show(found: "Deployment", lang: Language) -> None:
    from bakeoff.report.words import label, sentence

    plan = found.plan
    answer(f"{plan.model.id} · {plan.build} · {plan.engine}")
    answer("\n" + label("deploy.steps", lang))
    for number, step in enumerate(found.steps, 1):
        answer(f"  {number}. {sentence(step, lang)}")
    for one in found.recipes:
        answer(f"\n--- {label(f'deploy.kind.{one.kind}', lang)} ({one.file_name})\n")
        answer(one.text.rstrip("\n"))
    if found.left_out:
        say("\n" + _left_out(found, lang))


def _left_out(found: "Deployment", lang: Language) -> str:
    from bakeoff.report.words import sentence

    return "\n".join(f"! {sentence(why, lang)}" for why in found.left_out)
