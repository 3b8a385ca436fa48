"""What a model really reads: the text after its chat template and its tokens, by the server that has both.

llama.cpp's server tells them (`/apply-template`, `/tokenize`): the same code that prepares a request, so that nothing
has to be imitated. Other servers do not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bakeoff.evaluate.client import Client


@dataclass(frozen=True, slots=True)
class Rendered:
    """A prompt as the model gets it."""

    text: str
    tokens: tuple[str, ...]
    """The pieces of text, one for each token."""

    ids: tuple[int, ...]

    @property
    def doubled_start(self) -> bool:
        """It begins with the same special token twice: the template writes it, and the tokenizer adds it again."""
        return len(self.ids) > 1 and self.ids[0] == self.ids[1] and self.tokens[0].startswith(("<", "["))


async def rendered(client: Client, body: Mapping[str, Any]) -> Rendered | None:
    """Ask for the text and the tokens of one request. None where the server does not tell.

    Args:
        client: of a llama.cpp server.
        body: of the request, parsed.
    """
    text = body.get("prompt")
    if "messages" in body:
        told = await client.aside("/apply-template", {k: v for k, v in body.items() if k != "stream_options"})
        text = told.get("prompt") if isinstance(told, dict) else None
    if not isinstance(text, str):
        return None
    # As the server tokenizes a prompt: with the tokens that the model wants at its start, and marks taken as tokens.
    told = await client.aside(
        "/tokenize", {"content": text, "add_special": True, "parse_special": True, "with_pieces": True}
    )
    pieces = told.get("tokens") if isinstance(told, dict) else None
    if not isinstance(pieces, list):
        return None
    try:
        return Rendered(text, tuple(map(_piece, pieces)), tuple(int(one["id"]) for one in pieces))
    except (TypeError, ValueError, KeyError, AttributeError):
        return None


def _piece(token: Mapping[str, Any]) -> str:
    """A piece that is no whole character comes as its bytes."""
    piece = token.get("piece", "")
    return bytes(piece).decode("utf-8", "backslashreplace") if isinstance(piece, list) else str(piece)
