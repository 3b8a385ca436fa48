"""Small facts that travel through a browser and come back unread and unchanged.

A token is the facts as JSON, encrypted and authenticated by one key, with the synthetic initialisation vector of
P. Rogaway and T. Shrimpton (EUROCRYPT 2006): tag = PRF(facts), and the tag begins the key stream. HMAC-SHA256 is the
pseudorandom function. The same facts give the same token; tokens of short facts have one and the same length.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

TAG_BYTES = 32
BLOCK_BYTES = 512
"""Facts are filled up to a multiple of this, so that a token's length does not tell what is in it."""


class BrokenSeal(ValueError):
    """A token that this key did not make."""


def seal(facts: Mapping[str, Any], key: bytes) -> str:
    """A token with letters, digits, - and _ only."""
    text = json.dumps(facts, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
    text += b" " * (-len(text) % BLOCK_BYTES)
    tag = _prf(key, b"tag", text)
    return base64.urlsafe_b64encode(tag + _crypt(text, key, tag)).decode().rstrip("=")


def unseal(token: str, key: bytes) -> dict[str, Any]:
    """The facts of a token.

    Raises:
        BrokenSeal: the token was changed, or comes from elsewhere.
    """
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BrokenSeal from None
    tag, text = raw[:TAG_BYTES], _crypt(raw[TAG_BYTES:], key, raw[:TAG_BYTES])
    if not hmac.compare_digest(tag, _prf(key, b"tag", text)):
        raise BrokenSeal
    found: dict[str, Any] = json.loads(text)
    return found


def _prf(key: bytes, use: bytes, data: bytes) -> bytes:
    return hmac.digest(hmac.digest(key, use, hashlib.sha256), data, hashlib.sha256)


def _crypt(text: bytes, key: bytes, tag: bytes) -> bytes:
    blocks = range(-(-len(text) // TAG_BYTES))
    stream = b"".join(_prf(key, b"stream", tag + number.to_bytes(8, "big")) for number in blocks)
    return bytes(one ^ other for one, other in zip(text, stream, strict=False))
