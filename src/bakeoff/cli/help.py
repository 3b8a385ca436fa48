"""`bakeoff help`: what is the same for all commands."""

import click

from bakeoff.cli.output import answer
from bakeoff.errors import UsageError

TOPICS = {
    "exit-codes": """\
0    done
1    done, and the answer is no: nothing could be chosen, or some cells failed
2    wrong use, or an input file that is not what it should be
3    something outside failed: a model server, the network, the disk, the engine
4    a key or a permission is missing
130  stopped; what was done is kept
141  whoever read the output has stopped (`bakeoff show | head`); what was done is kept""",
    "environment": """\
BAKEOFF_LANG        en or vi: language of tables and sentences
BAKEOFF_CACHE       folder of model files (default: the system's cache folder)
BAKEOFF_CATALOG     file of the models that you added yourself
BAKEOFF_MEASURED    file of what `bakeoff fit --measure` measured
BAKEOFF_KEYS        file of keys, for variables that are not in the environment
BAKEOFF_VLLM_URL    another address of a server that `via` knows by name; likewise BAKEOFF_OLLAMA_URL, ...
BAKEOFF_DEBUG       1: show the traceback of an error
BAKEOFF_COMMAND_OPTION
                    any option of any command, for example BAKEOFF_REPORT_FORMAT=md
HF_TOKEN            for gated models on the Hugging Face Hub
HF_ENDPOINT         another Hub
HF_HUB_OFFLINE      1: never ask the Hub
OLLAMA_HOST         where Ollama answers, for models added by their Ollama name
OLLAMA_MODELS       where Ollama keeps its models
NO_COLOR            any value: no colour""",
    "completion": """\
bash   eval "$(_BAKEOFF_COMPLETE=bash_source bakeoff)"
zsh    eval "$(_BAKEOFF_COMPLETE=zsh_source bakeoff)"
fish   _BAKEOFF_COMPLETE=fish_source bakeoff | source""",
}


@click.command("help")
@click.argument("topic", required=False)
def help_command(topic: str | None) -> None:
    """Explain TOPIC: exit-codes, environment or completion.

    \b
    Examples:
      bakeoff help exit-codes
    """
    if topic is None:
        for name, text in TOPICS.items():
            answer(f"{name}\n\n{text}\n")
    elif topic in TOPICS:
        answer(TOPICS[topic])
    else:
        raise UsageError(f"no topic {topic!r}", hint=f"there are: {', '.join(TOPICS)}")
